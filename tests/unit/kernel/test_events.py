"""Every event type survives the wire, and old readers survive new writers."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.event_wire import decode, encode, event_types
from kernel.events import CallArrived, Event, MenuStepEntered
from kernel.ids import CallId, EventId
from kernel.language import Language

MOMENTS = st.datetimes(
    min_value=datetime.fromisoformat("2014-01-01"),
    max_value=datetime.fromisoformat("2100-01-01"),
    timezones=st.just(UTC),
)
# JSON knows no NaN, and no duration is one.
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TYPES = sorted(event_types().values(), key=lambda cls: cls.__name__)
AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


def any_part(cls: Any) -> st.SearchStrategy[Any]:
    """An event, or a part of one."""
    hints = get_type_hints(cls)
    return st.builds(cls, **{f.name: any_value(hints[f.name]) for f in fields(cls)})


def any_value(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field; an optional one is None now and then."""
    if type(None) in get_args(hint):
        return st.none() | any_value(next(a for a in get_args(hint) if a is not type(None)))
    if get_origin(hint) is tuple:
        return st.lists(any_value(get_args(hint)[0]), max_size=3).map(tuple)
    if is_dataclass(hint):
        return any_part(hint)
    if hint is datetime:
        return MOMENTS
    return NUMBERS if hint is float else st.from_type(hint)


def test_there_are_event_types() -> None:
    assert len(TYPES) >= 20


@pytest.mark.parametrize("event_type", TYPES, ids=lambda cls: cls.__name__)
@given(data=st.data())
def test_an_event_comes_back_as_it_went(event_type: type[Event], data: st.DataObject) -> None:
    event = data.draw(any_part(event_type))

    wire = json.loads(json.dumps(encode(event)))

    assert decode(wire) == event
    assert wire["type"] == event_type.__name__


def arrived() -> dict[str, Any]:
    return encode(
        CallArrived(
            event_id=EventId("e1"),
            occurred_at=AT,
            call_id=CallId("gz1-1-1"),
            ani="13800138000",
            caller_name="",
            dnis="12345",
            line_name=None,
            team=None,
        )
    )


def test_a_field_of_a_newer_writer_is_ignored() -> None:
    assert decode({**arrived(), "weather": "雨"}) == decode(arrived())


def test_a_missing_field_is_a_type_error() -> None:
    wire = arrived()
    del wire["ani"]

    with pytest.raises(TypeError):
        decode(wire)


def test_an_unknown_type_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        decode({**arrived(), "type": "NeverHeardOf"})


def test_enums_travel_by_value_and_come_back_as_enums() -> None:
    event = MenuStepEntered(
        event_id=EventId("e2"),
        occurred_at=AT,
        call_id=CallId("gz1-1-1"),
        flow="main",
        flow_version="1",
        step="welcome",
        language=Language.CANTONESE,
    )

    assert encode(event)["language"] == "yue"
    back = decode(encode(event))
    assert isinstance(back, MenuStepEntered)
    assert back.language is Language.CANTONESE


def test_the_offset_of_a_moment_is_kept_on_the_wire() -> None:
    assert arrived()["occurred_at"] == "2026-11-24T04:00:00+00:00"
