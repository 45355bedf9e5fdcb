"""Identifiers. Each is a distinct type, so that a call's id is never passed as an agent's."""

from __future__ import annotations

from typing import NewType, Protocol

CallId = NewType("CallId", str)
"""One caller's contact: `<system>-<epoch>-<seq>`, made by the dialplan from Asterisk's UNIQUEID.

Safe as a file name and in a URL; sorts roughly by time; exists even while the platform is down.
"""

OfferId = NewType("OfferId", str)
"""One presentation of one call to one agent: `<call_id>.<n>`, n counting from 1."""

CallbackId = NewType("CallbackId", str)
"""One wish to be called back, made by the distribution: letters, digits and `-`, at most 64
characters, because it travels through the dialplan. Each dialling of it names it again."""

AgentId = NewType("AgentId", str)
"""An operator's work number, e.g. `op0001`; equals the account name."""

BoothId = NewType("BoothId", str)
"""A place: `001` .. `506`."""

Endpoint = NewType("Endpoint", str)
"""A phone's PJSIP endpoint name: `booth001` (browser softphone) or `desk001` (desk phone)."""

TeamId = NewType("TeamId", str)
"""One of the five skill teams: consumer, urban, labour, security, general."""

AuthorityId = NewType("AuthorityId", str)
"""One of the 123 authorities."""

EventId = NewType("EventId", str)


class IdSource(Protocol):
    """Makes identifiers that sort by the time of making (UUID version 7 text)."""

    def new(self) -> str: ...
