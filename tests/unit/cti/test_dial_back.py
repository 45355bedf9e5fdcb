"""What may be dialled, how it is said to Asterisk, and what its answers mean."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.adapters.ami_actions import MANNERS, Repeat, action_of
from cti.adapters.ami_fence import UnsafeAction, check_action
from cti.core.dial_back import DialOut, DialTold, dial_out, dial_result
from cti.core.reports import parse_event
from cti.ports import DialCitizen
from kernel.errors import BadInput
from kernel.ids import CallbackId, TeamId
from kernel.language import Language
from kernel.phone import CALLABLE, PhoneNumber
from kernel.telephony import DialResult

ARRIVED = datetime(2026, 11, 24, 1, 2, 3, 456_000, UTC)
CITIZEN = PhoneNumber("13800138000")


def out(
    callback_id: str = "cb-gz1-1795492774-0",
    number: PhoneNumber = CITIZEN,
    team: str = "labour",
    ring_s: float = 25,
) -> DialOut:
    return dial_out(
        CallbackId(callback_id),
        number,
        TeamId(team),
        Language.CANTONESE,
        2,
        ARRIVED,
        timedelta(seconds=ring_s),
    )


def test_an_originate_is_the_order_that_a_local_channel_brings_along() -> None:
    assert action_of(DialCitizen(out()), 7) == {
        "Action": "Originate",
        "Channel": "Local/7*dial*13800138000*25@cc-order/n",
        "ChannelId": "dial-cb-gz1-1795492774-0",
        "Context": "cc-dialler",
        "Exten": "s",
        "Priority": "1",
        "Timeout": "55000",
        "Async": "true",
        "Variable": [
            "CC_ROLE=dialler",
            "CC_CALLBACK=cb-gz1-1795492774-0",
            "CC_TEAM=labour",
            "CC_LANGUAGE=yue",
            "CC_PRIORITY=2",
            "CC_ARRIVED=1795482123456",
        ],
    }
    assert MANNERS["Originate"].repeat is Repeat.ONCE


@pytest.mark.parametrize("digits", ["", "110", "12345", "0085291234567", "13800138000#", "1380013"])
def test_no_other_number_is_dialled(digits: str) -> None:
    with pytest.raises(BadInput):
        out(number=PhoneNumber(digits))


@pytest.mark.parametrize("callback_id", ["", "a b", "a,b", "cb-1\nAction: x", "${X}", "x" * 65])
def test_an_id_that_would_be_dialplan_is_refused(callback_id: str) -> None:
    with pytest.raises(BadInput):
        out(callback_id=callback_id)


@pytest.mark.parametrize("team", ["", "A", "x*y", "general,y"])
def test_a_team_that_would_be_dialplan_is_not_dialled_for(team: str) -> None:
    with pytest.raises(BadInput):
        out(team=team)


@pytest.mark.parametrize(("asked", "rung"), [(0.0, 1), (19.6, 20), (600.0, 120)])
def test_the_ringing_lasts_between_one_second_and_two_minutes(asked: float, rung: int) -> None:
    assert out(ring_s=asked).ring_s == rung


@st.composite
def callable_numbers(draw: st.DrawFn) -> PhoneNumber:
    pattern = draw(st.sampled_from(CALLABLE)).replace("X", "[0-9]")
    return PhoneNumber(draw(st.from_regex(re.compile(f"{pattern}\\Z"), fullmatch=True)))


@given(
    callable_numbers(),
    st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True),
    st.integers(-99, 99),
    st.integers(0, 2000),
)
def test_every_dialling_passes_the_fence(
    number: PhoneNumber, callback_id: str, priority: int, ring_s: int
) -> None:
    made = dial_out(
        CallbackId(callback_id),
        number,
        TeamId("general"),
        Language.ENGLISH,
        priority,
        ARRIVED,
        timedelta(seconds=ring_s),
    )
    check_action({**action_of(DialCitizen(made), 3), "ActionID": "3-1"})


@pytest.mark.parametrize(
    "change",
    [
        {"Application": "System", "Data": "id"},
        {"Channel": "PJSIP/desk001"},
        {"Channel": "Local/1*dial*110*20@cc-order/n"},
        {"Channel": "Local/1*dial*13800138000*20@cc-order/n&PJSIP/0085291234567@carrier-out"},
        {"Channel": "Local/s@cc-entry/n"},
        {"Context": "cc-entry"},
        {"Exten": "13800138000"},
        {"Codecs": "alaw"},
        {"Variable": ["SHELL(id)=1"]},
        {"Variable": ["CC_TEAM=${SHELL(id)}"]},
        {"Variable": "CC_TEAM=x,SHELL(id)=1"},
    ],
)
@pytest.mark.parametrize("name", ["Originate", "originate", "ORIGINATE"])
def test_any_other_originate_is_refused_before_a_byte_is_sent(
    change: dict[str, object], name: str
) -> None:
    with pytest.raises(UnsafeAction):
        check_action({**action_of(DialCitizen(out()), 7), "Action": name, **change})


@pytest.mark.parametrize(
    ("status", "cause", "result"),
    [
        ("BUSY", 17, DialResult.BUSY),
        ("CHANUNAVAIL", 21, DialResult.REFUSED),
        ("NOANSWER", 0, DialResult.NO_ANSWER),
        ("NOANSWER", 19, DialResult.NO_ANSWER),
        ("CANCEL", 0, DialResult.CANCELLED),
        ("CHANUNAVAIL", 1, DialResult.FAILED),
        ("CONGESTION", 34, DialResult.FAILED),
        ("", 16, DialResult.FAILED),
    ],
)
def test_what_the_dialling_channel_saw_is_told(status: str, cause: int, result: DialResult) -> None:
    assert dial_result(DialTold(CallbackId("cb-1"), "Local/x;2", status, cause)) is result


def test_what_was_taken_back_before_the_carrier_answered_was_cancelled() -> None:
    # Asterisk then tells no status, or CHANUNAVAIL; it used to count as a failed attempt.
    told = DialTold(CallbackId("cb-1"), "Local/x;2", "", 0)
    assert dial_result(told) is DialResult.FAILED
    assert dial_result(told, taken_back=True) is DialResult.CANCELLED


def test_the_dialling_channels_events_are_read() -> None:
    event = {"event": "UserEvent", "userevent": "Hotline", "channel": "Local/x;2"}
    begun = parse_event({**event, "fact": "dialling", "callback": "cb-1"})
    assert begun == DialTold(CallbackId("cb-1"), "Local/x;2")
    over = {**event, "fact": "dialled", "callback": "cb-1", "result": "BUSY", "cause": "17"}
    assert parse_event(over) == DialTold(CallbackId("cb-1"), "Local/x;2", "BUSY", 17)
    with pytest.raises(ValueError):
        parse_event({**event, "fact": "dialled"})
