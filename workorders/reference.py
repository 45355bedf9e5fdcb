"""Reviewed data of this department, loaded once and checked against the city's book."""

from __future__ import annotations

from dataclasses import dataclass

from workorders.core.calendar import WorkCalendar
from workorders.core.category import CategoryTree
from workorders.core.policy_pack import PolicyPack
from workorders.core.words import RequestType


@dataclass(frozen=True, slots=True)
class Template:
    """A complaint template: which category it files under and which fields it asks for."""

    template_id: str
    zh: str
    en: str
    intro_zh: str
    intro_en: str
    request_type: RequestType
    category: str
    fields: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class SelfServiceItem:
    """An item that citizens help themselves with. `article` and `template` may be empty."""

    item_id: str
    zh: str
    en: str
    summary_zh: str
    summary_en: str
    category: str
    template: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Disposition:
    """How an operator closes the wrap-up of a call."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class TransferTarget:
    """A hotline that a caller may be sent on to. `number` is what is dialled."""

    number: str
    zh: str
    en: str
    emergency: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """Everything under `config/` that this department reads."""

    tree: CategoryTree
    policy: PolicyPack
    calendar: WorkCalendar
    templates: tuple[Template, ...]
    items: tuple[SelfServiceItem, ...]
    dispositions: tuple[Disposition, ...]
    targets: tuple[TransferTarget, ...]
