"""What of a case a person may see. Pure.

A number is masked unless the policy grants `SEE_FULL_NUMBER`. A case that is confidential or
anonymous hides name and numbers from everybody; who holds the grant may *reveal* them, one case
at a time, with a reason and an entry in the audit trail and in the case's timeline.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernel.phone import mask, mask_in_text
from kernel.policy import Action, Principal, allows
from workorders.core.case import Case


@dataclass(frozen=True, slots=True)
class Identity:
    """What is shown of who spoke. `hidden` says why nothing is shown; `revealable`: may ask."""

    name: str
    number: str
    contact_number: str
    hidden: str
    revealable: bool


CONFIDENTIAL = "已保密"
ANONYMOUS = "匿名"


def identity_of(case: Case, viewer: Principal) -> Identity:
    """The identity as `viewer` sees it without asking for a reveal."""
    may_see = allows(viewer, Action.SEE_FULL_NUMBER)
    if case.hides_identity:
        reason = CONFIDENTIAL if case.content.confidential else ANONYMOUS
        return Identity("", "", "", hidden=reason, revealable=may_see)
    if may_see:
        return full_identity(case)
    return Identity(
        name=case.content.requester_name,
        number=mask(case.ani),
        contact_number=mask(case.content.contact_number),
        hidden="",
        revealable=False,
    )


def full_identity(case: Case) -> Identity:
    """Everything; only for a grant holder, and for hidden cases only after an audit entry."""
    return Identity(case.content.requester_name, case.ani, case.content.contact_number, "", False)


def shown_text(text: str, case: Case, viewer: Principal) -> str:
    """Free text of a case. Numbers in the text of a case that hides its identity are masked for
    those who may not see them."""
    if case.hides_identity and not allows(viewer, Action.SEE_FULL_NUMBER):
        return mask_in_text(text)
    return text


def may_read_in_lists(case: Case, viewer: Principal) -> bool:
    """Lists show the words of a case that hides its identity to grant holders only."""
    return not case.hides_identity or allows(viewer, Action.SEE_FULL_NUMBER)
