"""Errors that cross a department's border. Each says what the reader can do about it."""

from __future__ import annotations


class HotlineError(Exception):
    """Base of all errors this product raises on purpose.

    `message` is written for a person (Chinese msgid of the catalogue); `code` is for programs.
    """

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidTransition(HotlineError):
    """The event is not allowed in the present state; nothing was changed."""

    code = "invalid_transition"


class NotFound(HotlineError):
    """No such record, or none that this person may see (the two are never told apart)."""

    code = "not_found"


class NotAllowed(HotlineError):
    """The policy denies this action to this person."""

    code = "not_allowed"


class Conflict(HotlineError):
    """Somebody else changed it first, or the place is taken."""

    code = "conflict"


class BadInput(HotlineError):
    """The input breaks a rule. `field` names the offending field, if there is one."""

    code = "bad_input"

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class ConfigurationError(HotlineError):
    """Reviewed data under `config/` is wrong; the message names file and line."""

    code = "configuration"


class Unavailable(HotlineError):
    """A part outside this process (Asterisk, database, bus) does not answer."""

    code = "unavailable"


class Superseded(Unavailable):
    """A newer run of the platform has taken over; this one must do nothing more."""

    code = "superseded"
