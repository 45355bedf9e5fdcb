"""Reports move the picture of a call and yield facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.core import reports as rp
from cti.core.call_track import CallTrack, Leg, offer_result, restamp, step
from cti.core.words import Place, Tell
from kernel import telephony as tel
from kernel.ids import CallbackId, CallId, Endpoint, OfferId, TeamId

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
ARRIVED = NOW - timedelta(seconds=30)
CALL = CallId("gz1-1795492774-0")
CALLER, PHONE, OTHER = "PJSIP/carrier-00000000", "PJSIP/desk001-00000001", "PJSIP/desk002-00000002"
DESK, COLLEAGUE = Endpoint("desk001"), Endpoint("desk002")
OFFER = OfferId(f"{CALL}.1")


def told(tell: Tell, seq: int = 0, **fields: object) -> rp.Told:
    base: dict[str, object] = {"team": TeamId("general"), "arrived_at": ARRIVED, "ani": "10086"}
    return rp.Told(tell=tell, call_id=CALL, channel=CALLER, seq=seq, **(base | fields))  # type: ignore[arg-type]


def a_track(place: Place) -> CallTrack:
    with_phone = place in (Place.OFFERED, Place.TALKING, Place.CONSULTING)
    return CallTrack(
        call_id=CALL,
        channel=CALLER,
        place=place,
        team=TeamId("general"),
        arrived_at=ARRIVED,
        offer_id=OFFER if with_phone else None,
        endpoint=DESK if with_phone else None,
        operator=Leg(PHONE, DESK) if with_phone else None,
        consulted=Leg(OTHER, COLLEAGUE) if place is Place.CONSULTING else None,
    )


def names(facts: tuple[tel.TelephonyFact, ...]) -> list[str]:
    return [type(f).__name__ for f in facts]


def run(*reports: rp.Report) -> tuple[CallTrack | None, list[str]]:
    track: CallTrack | None = None
    seen: list[str] = []
    for report in reports:
        track, facts = step(track, report, NOW)
        seen += names(facts)
    return track, seen


def test_a_call_entered_through_both_doors_is_told_once() -> None:
    begun = rp.Begun(CALL, "10086", "张三", "12345")
    track, seen = run(begun, told(Tell.ENTERED, 1), begun)
    assert seen == ["CallEntered"]
    assert track is not None and track.channel == CALLER


def test_a_whole_call_yields_its_facts_in_order() -> None:
    track, seen = run(
        told(Tell.ENTERED, 1),
        told(Tell.WAITING, 2),
    )
    assert track is not None
    offered = CallTrack(
        **{
            **{f: getattr(track, f) for f in track.__slots__},
            "place": Place.OFFERED,
            "offer_id": OFFER,
            "endpoint": DESK,
        }
    )
    for report in (
        rp.LegDialled(CALLER, PHONE),
        rp.LegRinging(CALLER, PHONE),
        rp.LegAnswered(CALLER, PHONE),
        rp.HoldToggled(PHONE, True),
        rp.HoldToggled(PHONE, False),
        told(Tell.TALK_ENDED, 3),
        told(Tell.HUNGUP, 4, ended_by_platform=True, in_survey=True, cause=16),
    ):
        after, facts = step(offered, report, NOW)
        seen += names(facts)
        if after is not None:
            offered = after
    assert seen == [
        "CallEntered",
        "CallWaiting",
        "OfferRinging",
        "OfferAnswered",
        "HoldChanged",
        "HoldChanged",
        "TalkEnded",
        "CallHungUp",
    ]


def test_a_caller_who_hangs_up_at_the_moment_of_the_answer_still_was_a_call() -> None:
    assert run(told(Tell.HUNGUP, 1))[1] == ["CallEntered", "CallHungUp"]
    # Seen on a loaded machine: counted, and gone before the event was sent.
    assert run(told(Tell.HUNGUP, 2))[1] == ["CallEntered", "CallHungUp"]
    assert run(told(Tell.HUNGUP, 4))[1] == ["CallHungUp"]


# What each telling of the dialplan means in each place. A place and a telling that are not listed
# cannot follow each other in the dialplan; they must at least raise nothing (see below).
EXPECTED: dict[tuple[Place, Tell], list[str]] = {
    (Place.IVR, Tell.WAITING): ["CallWaiting"],
    (Place.WAITING, Tell.WAITING): ["CallWaiting"],
    (Place.FALLBACK, Tell.WAITING): ["CallWaiting"],
    (Place.OFFERED, Tell.WAITING): ["OfferFailed", "CallWaiting"],
    (Place.TALKING, Tell.WAITING): ["TalkEnded", "CallWaiting"],
    (Place.CONSULTING, Tell.WAITING): ["TalkEnded", "CallWaiting"],
    (Place.OFFERED, Tell.OFFER_FAILED): ["OfferFailed"],
    (Place.TALKING, Tell.TALK_ENDED): ["TalkEnded"],
    (Place.CONSULTING, Tell.TALK_ENDED): ["TalkEnded"],
    (Place.CONSULTING, Tell.JOINED): ["ConsultChanged"],
    (Place.TALKING, Tell.HELD): [],
    (Place.WAITING, Tell.FALLBACK): [],
    (Place.IVR, Tell.FALLBACK): [],
    (Place.IVR, Tell.HUNGUP): ["CallHungUp"],
    (Place.WAITING, Tell.HUNGUP): ["CallHungUp"],
    (Place.FALLBACK, Tell.HUNGUP): ["CallHungUp"],
    (Place.OFFERED, Tell.HUNGUP): ["CallHungUp"],
    (Place.TALKING, Tell.HUNGUP): ["TalkEnded", "CallHungUp"],
    (Place.CONSULTING, Tell.HUNGUP): ["TalkEnded", "CallHungUp"],
    (Place.AFTER_CALL, Tell.HUNGUP): ["CallHungUp"],
    (Place.OUT, Tell.HUNGUP): ["CallHungUp"],
}


@pytest.mark.parametrize(("place", "tell"), EXPECTED)
def test_what_the_dialplan_tells_in_each_place(place: Place, tell: Tell) -> None:
    _, facts = step(a_track(place), told(tell), NOW)
    assert names(facts) == EXPECTED[place, tell]


@pytest.mark.parametrize(("place", "tell"), list(product(Place, Tell)))
def test_no_telling_in_any_place_is_fatal(place: Place, tell: Tell) -> None:
    after, facts = step(a_track(place), told(tell), NOW)
    assert (after is None) == (tell is Tell.HUNGUP)
    assert all(getattr(f, "call_id", CALL) == CALL for f in facts)


def test_a_report_that_is_older_than_the_truth_is_dropped() -> None:
    track, _ = step(None, told(Tell.WAITING, 5), NOW)
    again, facts = step(track, told(Tell.WAITING, 5), NOW)
    assert facts == () and again == track


def test_the_first_arrival_survives_a_failed_offer() -> None:
    track, _ = step(a_track(Place.OFFERED), told(Tell.OFFER_FAILED, 3, result="NOANSWER"), NOW)
    _, facts = step(track, told(Tell.WAITING, 4), NOW)
    assert names(facts) == ["CallWaiting"]
    waiting = facts[0]
    assert isinstance(waiting, tel.CallWaiting) and waiting.first_arrival_at == ARRIVED


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=-365)])
def test_a_jump_of_the_machines_clock_moves_nobody_in_the_line(jump: timedelta) -> None:
    # The dialplan's stamp follows the jump: an hour back, and the newcomer stood before everybody.
    track, _ = step(None, told(Tell.ENTERED, 1, arrived_at=None), NOW)
    track, facts = step(track, told(Tell.WAITING, 2, arrived_at=NOW + jump), NOW)
    assert isinstance(facts[0], tel.CallWaiting) and facts[0].first_arrival_at == NOW
    assert track is not None
    assert restamp(track, told(Tell.WAITING, 2, arrived_at=NOW + jump)) == "1795492800000"
    assert restamp(track, told(Tell.WAITING, 2, arrived_at=NOW)) is None
    later = NOW + timedelta(minutes=1)
    _, facts = step(track, told(Tell.WAITING, 3, arrived_at=NOW + jump), later)
    assert isinstance(facts[0], tel.CallWaiting) and facts[0].first_arrival_at == NOW


def test_a_citizen_who_was_called_back_keeps_an_old_arrival() -> None:
    old, callback = NOW - timedelta(hours=2), CallbackId("c-1")
    track, _ = step(None, told(Tell.ENTERED, 1, arrived_at=old, callback_id=callback), NOW)
    _, facts = step(track, told(Tell.WAITING, 2, arrived_at=old, callback_id=callback), NOW)
    waiting = [f for f in facts if isinstance(f, tel.CallWaiting)]
    assert [f.first_arrival_at for f in waiting] == [old]


@pytest.mark.parametrize(
    ("result", "cause", "expected"),
    [
        ("NOANSWER", 19, tel.OfferResult.NO_ANSWER),
        ("BUSY", 17, tel.OfferResult.BUSY),
        ("CHANUNAVAIL", 21, tel.OfferResult.BUSY),
        ("CHANUNAVAIL", 20, tel.OfferResult.UNREACHABLE),
        ("CONGESTION", 34, tel.OfferResult.UNREACHABLE),
        ("CANCEL", 0, tel.OfferResult.CANCELLED),
        ("", 0, tel.OfferResult.UNREACHABLE),
    ],
)
def test_why_an_offer_failed(result: str, cause: int, expected: tel.OfferResult) -> None:
    assert offer_result(told(Tell.OFFER_FAILED, result=result, cause=cause)) is expected


@pytest.mark.parametrize(
    ("by_platform", "in_survey", "expected"),
    [
        (False, False, tel.EndedBy.CALLER),
        (False, True, tel.EndedBy.CALLER),
        (True, True, tel.EndedBy.AGENT),
        (True, False, tel.EndedBy.PLATFORM),
    ],
)
def test_who_ended_the_call(by_platform: bool, in_survey: bool, expected: tel.EndedBy) -> None:
    report = told(Tell.HUNGUP, ended_by_platform=by_platform, in_survey=in_survey)
    _, facts = step(a_track(Place.AFTER_CALL), report, NOW)
    hung_up = facts[-1]
    assert isinstance(hung_up, tel.CallHungUp) and hung_up.ended_by is expected


@pytest.mark.parametrize(
    ("word", "phase", "left_with"),
    [
        ("completed", tel.ConsultPhase.COMPLETED, COLLEAGUE),
        ("cancelled", tel.ConsultPhase.CANCELLED, DESK),
        ("failed", tel.ConsultPhase.FAILED, DESK),
    ],
)
def test_how_a_consultation_ends(word: str, phase: tel.ConsultPhase, left_with: Endpoint) -> None:
    track, facts = step(a_track(Place.CONSULTING), told(Tell.JOINED, consult=word), NOW)
    assert isinstance(facts[0], tel.ConsultChanged) and facts[0].phase is phase
    assert track is not None and track.place is Place.TALKING
    assert track.endpoint == left_with and track.consulted is None
    _, ended = step(track, told(Tell.TALK_ENDED), NOW)
    assert isinstance(ended[0], tel.TalkEnded) and ended[0].endpoint == left_with


def test_a_native_queue_makes_an_offer_number_zero() -> None:
    track = a_track(Place.FALLBACK)
    for report in (rp.LegDialled(CALLER, PHONE), rp.LegRinging(CALLER, PHONE)):
        after, facts = step(track, report, NOW)
        assert after is not None and facts == ()
        track = after
    after, facts = step(track, rp.LegAnswered(CALLER, PHONE), NOW)
    assert after is not None and after.place is Place.TALKING
    assert isinstance(facts[0], tel.OfferAnswered) and facts[0].offer_id == f"{CALL}.0"


REPORTS = st.one_of(
    st.builds(told, st.sampled_from(Tell), st.integers(0, 12)),
    st.sampled_from(
        [
            rp.LegDialled(CALLER, PHONE),
            rp.LegDialled(PHONE, OTHER),
            rp.LegRinging(CALLER, PHONE),
            rp.LegAnswered(CALLER, PHONE),
            rp.LegAnswered(PHONE, OTHER),
            rp.HoldToggled(PHONE, True),
            rp.Begun(CALL, "", "", "12345"),
        ]
    ),
)


@given(st.lists(REPORTS, max_size=30))
@settings(max_examples=300)
def test_in_any_order_of_reports_a_conversation_ends_only_after_it_began(
    reports: list[rp.Report],
) -> None:
    track: CallTrack | None = None
    open_talks = 0
    for report in reports:
        track, facts = step(track, report, NOW)
        for fact in facts:
            if isinstance(fact, tel.OfferAnswered):
                assert open_talks == 0
                open_talks = 1
            elif isinstance(fact, tel.TalkEnded):
                open_talks = 0
            elif isinstance(fact, tel.CallWaiting):
                assert open_talks == 0
        if track is None:
            assert open_talks == 0
