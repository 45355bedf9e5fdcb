"""Asterisk's truth after a reconnect."""

from __future__ import annotations

import pytest

from cti.core.read_back import ChannelRow, live_call, reachable, truth
from cti.core.words import Place

CALL = "gz1-1795492774-0"


def caller(state: str, bridge: str = "", **more: str) -> ChannelRow:
    variables = {
        "CC_ROLE": "caller",
        "CC_CALL_ID": CALL,
        "CC_STATE": state,
        "CC_SEQ": "4",
        "CC_ANI": "13800138000",
        "CC_DNIS": "12345",
        "CC_TEAM": "labour",
        "CC_LANGUAGE": "yue",
        "CC_PRIORITY": "1",
        "CC_ARRIVED": "1795492774123",
        "CC_OFFER": "2",
        "CC_ENDPOINT": "desk001",
        **more,
    }
    return ChannelRow("PJSIP/carrier-00000000", bridge, True, variables)


def leg(role: str, channel: str, up: bool = True) -> ChannelRow:
    return ChannelRow(channel, "", up, {"CC_ROLE": role, "CC_LEG_OF": CALL})


OPERATOR = leg("operator", "PJSIP/desk001-00000001")
COLLEAGUE = leg("consulted", "PJSIP/desk002-00000002")


@pytest.mark.parametrize(
    ("rows", "place", "endpoint"),
    [
        ([caller("ivr")], "ivr", None),
        ([caller("waiting")], "waiting", None),
        ([caller("fallback")], "fallback", None),
        ([caller("fallback", "b1"), OPERATOR], "talking", "desk001"),
        (
            [caller("offered"), leg("operator", "PJSIP/desk001-00000001", False)],
            "offered",
            "desk001",
        ),
        ([caller("offered", "b1"), OPERATOR], "talking", "desk001"),
        ([caller("talking", "b1"), OPERATOR], "talking", "desk001"),
        ([caller("talking", "b1"), COLLEAGUE], "talking", "desk002"),
        ([caller("consulting"), OPERATOR, COLLEAGUE], "consulting", "desk001"),
        ([caller("after_call")], "after_call", None),
        ([caller("out")], "after_call", None),
        ([caller("never heard of")], "ivr", None),
    ],
)
def test_where_a_caller_is(rows: list[ChannelRow], place: str, endpoint: str | None) -> None:
    found = truth(rows, [])
    live = live_call(found.tracks[0])
    assert (live.place, live.endpoint) == (place, endpoint)
    assert (live.offer_id is None) == (endpoint is None)


def test_a_caller_is_read_back_whole() -> None:
    track = truth([caller("consulting"), OPERATOR, COLLEAGUE], []).tracks[0]
    assert track.place is Place.CONSULTING and track.consult_talking
    assert (track.seq, track.team, track.priority, track.language.value) == (4, "labour", 1, "yue")
    assert track.consulted is not None and track.consulted.endpoint == "desk002"
    assert track.offer_id == f"{CALL}.2"
    assert track.arrived_at is not None and track.arrived_at.year == 2026


def test_channels_that_are_not_ours_are_passed_over() -> None:
    stranger = ChannelRow("PJSIP/carrier-00000009", "", True, {})
    not_entered = caller("ivr", CC_SEQ="0")
    assert truth([stranger, not_entered, OPERATOR], []).tracks == ()


def test_only_registered_phones_are_reachable() -> None:
    states = [
        {"device": "PJSIP/booth001", "state": "NOT_INUSE"},
        {"device": "PJSIP/booth002", "state": "UNAVAILABLE"},
        {"device": "PJSIP/desk001", "state": "INUSE"},
        {"device": "PJSIP/desk002", "state": ""},
        {"device": "Queue:fallback-general_avail", "state": "NOT_INUSE"},
    ]
    assert reachable(states) == {"booth001", "desk001"}
