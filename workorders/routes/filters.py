"""The filters of the list: from the address to the core's value and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

from kernel.errors import BadInput
from kernel.ids import AuthorityId, CallId, TeamId
from kernel.phone import clean
from workorders.core.case import CaseFilter
from workorders.core.numbers import CITY_ZONE
from workorders.core.words import CaseState

Text = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The filters as they stand in the address; an empty text does not narrow.

    `first` and `last` are days in the city, both included.
    """

    status: str = ""
    team: str = ""
    authority: str = ""
    district: str = ""
    category: str = ""
    first: str = ""
    last: str = ""
    number: str = ""
    caller: str = ""
    call: str = ""
    text: str = ""

    def wanted(self) -> CaseFilter:
        """Raises BadInput for an unknown state or an impossible day."""
        until = _day(self.last, "last")
        return CaseFilter(
            state=_state(self.status),
            team=TeamId(self.team) or None,
            authority=AuthorityId(self.authority) or None,
            district=self.district or None,
            category=self.category or None,
            since=_midnight(_day(self.first, "first")),
            until=_midnight(until + timedelta(days=1) if until else None),
            number=self.number.strip().upper() or None,
            ani=clean(self.caller).digits or None,
            call_id=CallId(self.call.strip()) or None,
            text=self.text.strip() or None,
        )

    def address(self, path: str) -> str:
        """`path` with the filters that are set."""
        chosen = {name: getattr(self, name) for name in self.__slots__ if getattr(self, name)}
        return f"{path}?{urlencode(chosen)}" if chosen else path


def list_query(
    status: Text = "",
    team: Text = "",
    authority: Text = "",
    district: Text = "",
    category: Text = "",
    first: Text = "",
    last: Text = "",
    number: Text = "",
    caller: Text = "",
    call: Text = "",
    text: Text = "",
) -> ListQuery:
    """The dependency that reads the address."""
    return ListQuery(
        status=status,
        team=team,
        authority=authority,
        district=district,
        category=category,
        first=first,
        last=last,
        number=number,
        caller=caller,
        call=call,
        text=text,
    )


Filters = Annotated[ListQuery, Depends(list_query)]
Cursor = Annotated[str, Query(max_length=400)]


def _state(value: str) -> CaseState | None:
    if not value:
        return None
    try:
        return CaseState(value)
    except ValueError as error:
        raise BadInput("没有这个状态", "status") from error


def _day(value: str, field: str) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise BadInput("日期格式应为 年-月-日", field) from error


def _midnight(day: date | None) -> datetime | None:
    """When the day begins in the city, as UTC."""
    return datetime.combine(day, time(), CITY_ZONE).astimezone(UTC) if day else None
