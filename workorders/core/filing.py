"""The rules of filing: what must be filled in, and the case that comes of a draft. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar, assert_never

from kernel.errors import BadInput
from kernel.phone import clean
from workorders.core.case import (
    Answered,
    CaseContent,
    Dispatched,
    Outcome,
    Submitted,
    TransferredOut,
    Withdrawn,
)
from workorders.core.category import CategoryTree
from workorders.core.deadline import Due
from workorders.core.lifecycle import Happening
from workorders.core.words import Actor, CaseEvent, RequestType, Urgency

LIMITS: Mapping[str, int] = {
    "category": 80,
    "district": 32,
    "address": 200,
    "description": 4000,
    "requester_name": 60,
    "contact_number": 32,
    "answer": 4000,
    "article_id": 64,
    "reason": 500,
    "target": 32,
}
_WHEN_WITH_AUTHORITY = ("category", "district", "address", "description")
_WHEN_ANSWERED = ("category", "description")


def required_fields(outcome: type[Outcome], category: str, tree: CategoryTree) -> tuple[str, ...]:
    """Names of the fields that must be filled in, in the order of the form."""
    if issubclass(outcome, Answered):
        return _WHEN_ANSWERED
    if issubclass(outcome, TransferredOut | Withdrawn):
        # One action must be enough to send a caller on to an emergency number.
        return ()
    found = tree.find(category)
    return _WHEN_WITH_AUTHORITY + (found.required if found else ())


def missing_fields(
    content: CaseContent, outcome: type[Outcome], tree: CategoryTree
) -> tuple[str, ...]:
    """Those of the required fields that are still empty, in the order of the form."""
    return tuple(
        name
        for name in required_fields(outcome, content.category, tree)
        if not _value(content, name).strip()
    )


def check(
    content: CaseContent, outcome: Outcome, tree: CategoryTree, districts: frozenset[str]
) -> None:
    """Raises BadInput naming the first field that is missing, too long or of the wrong form."""
    for name, limit in LIMITS.items():
        if len(_value(content, name)) > limit:
            raise BadInput("内容过长", name)
    missing = missing_fields(content, type(outcome), tree)
    if missing:
        raise BadInput("请填写必填项", missing[0])
    if content.category:
        tree.leaf(content.category)
    if content.district and content.district not in districts:
        raise BadInput("没有这个行政区", "district")
    if content.contact_number and clean(content.contact_number).anonymous:
        raise BadInput("联系电话格式不正确", "contact_number")
    _check_details(content.details, tree)
    _check_outcome(outcome)


def _check_details(details: Mapping[str, str], tree: CategoryTree) -> None:
    for name, value in details.items():
        spec = tree.fields.get(name)
        if spec is None:
            raise BadInput("没有这个字段", name)
        if value.strip() and not spec.accepts(value.strip()):
            raise BadInput("格式不正确", name)


def _check_outcome(outcome: Outcome) -> None:
    match outcome:
        case Answered():
            if not (outcome.article_id or outcome.answer.strip()):
                raise BadInput("请选择知识条目或填写答复内容", "answer")
            _within("answer", outcome.answer)
            _within("article_id", outcome.article_id or "")
        case TransferredOut():
            _filled("target", outcome.target)
            _filled("reason", outcome.reason)
        case Withdrawn():
            _filled("reason", outcome.reason)
        case Dispatched():
            _filled("authority", outcome.authority)
        case Submitted():
            pass
        case _:
            assert_never(outcome)


def _within(name: str, value: str) -> None:
    if len(value) > LIMITS[name]:
        raise BadInput("内容过长", name)


def _filled(name: str, value: str) -> None:
    if not value.strip():
        raise BadInput("请填写必填项", name)
    if name in LIMITS:
        _within(name, value)


def _value(content: CaseContent, name: str) -> str:
    if hasattr(content, name):
        return str(getattr(content, name))
    return content.details.get(name, "")


def happening_of(
    outcome: Outcome, *, account: str, at: datetime, due: Due | None = None
) -> Happening:
    """The event by which a draft leaves reception. `due` is needed for a dispatch."""
    event, particulars = _event_of(outcome)
    return Happening(
        event=event,
        actor=Actor.AGENT,
        account=account,
        at=at,
        particulars={k: v for k, v in particulars.items() if v},
        due=due,
        assisting=outcome.assisting if isinstance(outcome, Dispatched) else (),
    )


def _event_of(outcome: Outcome) -> tuple[CaseEvent, dict[str, str]]:
    match outcome:
        case Answered():
            found = {"article_id": outcome.article_id or "", "answer": outcome.answer.strip()}
            return CaseEvent.ANSWERED, found
        case Dispatched():
            return CaseEvent.DISPATCHED, {
                "authority": outcome.authority,
                "assisting": ",".join(outcome.assisting),
            }
        case Submitted():
            return CaseEvent.SUBMITTED, {}
        case TransferredOut():
            return CaseEvent.TRANSFERRED_OUT, {"target": outcome.target, "reason": outcome.reason}
        case Withdrawn():
            # The citizen is on the line and says so; that is the proof.
            return CaseEvent.WITHDRAWN, {"reason": outcome.reason, "requester_verified": "来电确认"}
        case _:
            assert_never(outcome)


# --- the form's values ------------------------------------------------------------------------

_TRUE = frozenset({"1", "true", "on", "yes"})
FORM_FIELDS = (
    "request_type",
    "category",
    "district",
    "address",
    "description",
    "urgency",
    "confidential",
    "anonymous",
    "requester_name",
    "contact_number",
)


def content_of(fields: Mapping[str, str], tree: CategoryTree) -> CaseContent:
    """The content that a form's values say; names of the tree's fields become `details`.

    Raises BadInput for an unknown request type or urgency.
    """
    return CaseContent(
        request_type=_choice(RequestType, fields, "request_type", RequestType.CONSULT),
        category=fields.get("category", "").strip(),
        description=fields.get("description", "").strip(),
        district=fields.get("district", "").strip(),
        address=fields.get("address", "").strip(),
        urgency=_choice(Urgency, fields, "urgency", Urgency.NORMAL),
        confidential=fields.get("confidential", "").lower() in _TRUE,
        anonymous=fields.get("anonymous", "").lower() in _TRUE,
        requester_name=fields.get("requester_name", "").strip(),
        contact_number=fields.get("contact_number", "").strip(),
        details={k: v.strip() for k, v in fields.items() if k in tree.fields and v.strip()},
    )


Choice = TypeVar("Choice", RequestType, Urgency)


def _choice(kind: type[Choice], fields: Mapping[str, str], name: str, default: Choice) -> Choice:
    value = fields.get(name, "").strip()
    if not value:
        return default
    try:
        return kind(value)
    except ValueError as error:
        raise BadInput("选项无效", name) from error
