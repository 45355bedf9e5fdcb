"""What the service's commands answer, beside the values of the core."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.errors import Conflict
from workorders.core.case import Draft, WorkOrder
from workorders.core.words import CaseState
from workorders.ports import AuthorityName


class DraftConflict(Conflict):
    """Somebody else (another tab) saved first. `stored` is the version that is kept."""

    def __init__(self, stored: Draft) -> None:
        super().__init__("草稿已在别处修改，请对照后再保存")
        self.stored = stored


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledCase:
    """What filing gave. `created` is False when this draft had been filed before."""

    number: str
    state: CaseState
    order: WorkOrder | None
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityChoice:
    """Whom a work order may go to: suggestions first choice first, then everybody."""

    suggested: tuple[AuthorityName, ...]
    everybody: tuple[AuthorityName, ...]
