"""What is at a phone, and what follows with certainty, from lists as Asterisk gives them."""

from __future__ import annotations

import pytest

from cti.core.phone_check import Look, look
from cti.core.read_back import ChannelRow, truth
from cti.core.reports import PhoneUsed, parse_event, phone_used
from cti.core.words import Place, Role
from kernel.ids import CallId, Endpoint
from kernel.telephony import PhoneUse

CALL, OTHER = CallId("gz1-1795492774-0"), CallId("gz1-1795492774-1")
DESK, CHANNEL, CALLER = Endpoint("desk001"), "PJSIP/desk001-00000001", "PJSIP/carrier-00000000"


def caller(place: Place, call_id: CallId = CALL, bridge: str = "b") -> ChannelRow:
    variables = {
        "CC_ROLE": Role.CALLER.value,
        "CC_CALL_ID": call_id,
        "CC_STATE": place.value,
        "CC_SEQ": "3",
        "CC_OFFER": "1",
        "CC_ENDPOINT": DESK,
        "CC_TEAM": "general",
    }
    return ChannelRow(CALLER, bridge, True, variables)


def leg(
    call_id: CallId = CALL, channel: str = CHANNEL, *, role: Role = Role.OPERATOR, up: bool = True
) -> ChannelRow:
    variables = {"CC_ROLE": role.value, "CC_LEG_OF": call_id}
    return ChannelRow(channel, "b" if up else "", up, variables)


def foreign(channel: str = CHANNEL) -> ChannelRow:
    return ChannelRow(channel, "", True, {})


def at_desk(*rows: ChannelRow, call_id: CallId | None = CALL, free: bool = False) -> Look:
    return look(rows, DESK, call_id, free=free)


def test_a_conversation_as_it_should_be_has_nothing_to_mend() -> None:
    found = at_desk(caller(Place.OFFERED), leg())
    assert found.talk is not None and found.talk.call_id == CALL
    assert (found.use, found.drop, found.gone, found.alone) == (PhoneUse.IN_USE, (), False, None)
    assert at_desk(caller(Place.OFFERED), leg(), free=True).drop == ()


def test_a_phone_that_rings_is_in_no_conversation() -> None:
    found = at_desk(caller(Place.OFFERED, bridge=""), leg(up=False))
    assert (found.use, found.talk, found.drop) == (PhoneUse.RINGING, None, ())


@pytest.mark.parametrize(
    "rows", [[leg()], [caller(Place.WAITING), leg()], [caller(Place.AFTER_CALL), leg()]]
)
def test_a_leg_whose_conversation_is_over_belongs_to_nobody(rows: list[ChannelRow]) -> None:
    found = at_desk(*rows, call_id=None)
    assert (found.use, found.drop) == (PhoneUse.IN_USE, (CHANNEL,))


def test_the_phones_of_the_fallback_queue_are_left_alone() -> None:
    assert at_desk(caller(Place.FALLBACK, bridge=""), leg(up=False), free=True).drop == ()


@pytest.mark.parametrize("free", [False, True])
def test_what_nobody_knows_is_dropped_only_when_it_is_to_be_freed(free: bool) -> None:
    second = leg(channel="PJSIP/desk001-00000002", role=Role.CONSULTED)
    found = at_desk(caller(Place.TALKING), leg(), second, foreign("PJSIP/desk001-9"), free=free)
    assert "PJSIP/desk001-00000002" in found.drop or not free
    assert CHANNEL not in found.drop
    only = at_desk(foreign(), call_id=None, free=free)
    assert only.drop == ((CHANNEL,) if free else ())


def test_a_caller_is_never_dropped() -> None:
    row = ChannelRow(CHANNEL, "", True, caller(Place.IVR).variables)
    assert at_desk(row, free=True).drop == ()


def test_a_call_that_is_not_listed_is_gone() -> None:
    assert at_desk(caller(Place.TALKING, OTHER), call_id=CALL).gone
    assert not at_desk(call_id=None).gone


def test_a_caller_whose_conversation_has_no_other_leg_talks_to_nobody() -> None:
    assert at_desk(caller(Place.TALKING)).alone == CALLER
    assert at_desk(caller(Place.CONSULTING)).alone is None, "its own loop notices"
    assert at_desk(caller(Place.OFFERED)).alone is None, "still dialling"


@pytest.mark.parametrize(
    ("device", "state", "use"),
    [
        ("PJSIP/desk001", "NOT_INUSE", PhoneUse.IDLE),
        ("PJSIP/desk001", "UNAVAILABLE", PhoneUse.IDLE),
        ("PJSIP/desk001", "RINGING", PhoneUse.RINGING),
        ("PJSIP/desk001", "INUSE", PhoneUse.IN_USE),
        ("PJSIP/desk001", "ONHOLD", PhoneUse.IN_USE),
        ("PJSIP/desk001", "RINGINUSE", PhoneUse.IN_USE),
        ("PJSIP/desk001", "INVALID", None),
        ("Queue:fallback-general_avail", "INUSE", None),
        ("PJSIP/", "INUSE", None),
    ],
)
def test_a_devices_state_is_what_the_phone_does(
    device: str, state: str, use: PhoneUse | None
) -> None:
    headers = {"event": "DeviceStateChange", "device": device, "state": state}
    expected = PhoneUsed(DESK, use) if use else None
    assert phone_used(headers) == expected
    assert parse_event(headers) == expected
    assert truth((), [headers]).phones == (((DESK, use),) if use else ())
