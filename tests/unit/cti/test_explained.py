"""The reasons of an offer, in words that a person who complains can be given."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict

import pytest

from cti.core.explained import Place, explained, lasting, places
from kernel import events as ev
from kernel.assignment import Assignment, Candidate, Choice, RivalCall
from kernel.ids import AgentId, BoothId, CallId, Endpoint, EventId, OfferId, TeamId
from kernel.language import Language

T0 = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
CALL, LABOUR, GENERAL = CallId("gz1-1-1"), TeamId("labour"), TeamId("general")
LI, CHEN = AgentId("op0001"), AgentId("op0002")


class _Head(TypedDict):
    event_id: EventId
    occurred_at: datetime
    call_id: CallId


def at(seconds: float) -> _Head:
    moment = T0 + timedelta(seconds=seconds)
    return {"event_id": EventId(f"e{seconds}"), "occurred_at": moment, "call_id": CALL}


def candidate(agent: AgentId, level: int, since_call_s: float) -> Candidate:
    return Candidate(agent_id=agent, team=LABOUR, level=level, since_call_s=since_call_s)


WHY = Assignment(
    choice=Choice.BEST_AGENT,
    home_team=LABOUR,
    language=Language.MANDARIN,
    language_relaxed=False,
    priority=0,
    ring=1,
    level=7,
    score_us=0,
    position=1,
    since_call_s=95.0,
    free_agents=1,
    candidates=(candidate(LI, 7, 95.0),),
    rival=None,
)


def offered(seconds: float, why: Assignment | None, number: int = 1) -> ev.CallOffered:
    return ev.CallOffered(
        **at(seconds),
        offer_id=OfferId(f"{CALL}.{number}"),
        agent_id=LI,
        booth_id=BoothId("018"),
        endpoint=Endpoint("booth018"),
        team=LABOUR,
        waited_s=seconds,
        ring_timeout_s=20.0,
        why=why,
    )


def queued(seconds: float, position: int, team: TeamId = LABOUR) -> ev.CallQueued:
    return ev.CallQueued(
        **at(seconds),
        team=team,
        language=Language.MANDARIN,
        priority=0,
        position=position,
        cause="entry",
        first_arrival_at=T0,
    )


def announced(seconds: float, position: int) -> ev.WaitAnnounced:
    return ev.WaitAnnounced(
        **at(seconds), team=LABOUR, position=position, expected_s=90.0, low_min=1, high_min=2
    )


def said(why: Assignment) -> list[str]:
    [offer] = explained([offered(3.0, why)])
    return [s.msgid % s.values for s in offer.sentences]


def test_the_only_free_operator() -> None:
    assert said(WHY) == [
        "派出时排在labour队列第 1 位，从首次进线起已等待 0:03.0",
        "当时只有op0001空闲且可以受理，技能等级 7，距上一通电话 1:35",
    ]


def test_the_best_of_several_operators_and_who_came_after() -> None:
    several = replace(
        WHY,
        free_agents=12,
        candidates=(candidate(LI, 7, 95.0), candidate(CHEN, 7, 30.0), candidate(CHEN, 5, 900.0)),
    )
    assert said(several)[1:] == [
        "当时有 12 位空闲话务员可以受理，op0001排在最前：技能等级 7，距上一通电话 1:35",
        "其后是op0002：等级相同，距上一通电话 0:30",
        "其后是op0002：等级较低（5），距上一通电话 15:00",
    ]


def test_an_operator_who_took_the_first_of_those_who_waited() -> None:
    rival = RivalCall(call_id=CallId("gz1-1-9"), team=GENERAL, waited_s=61.0, behind_s=12.0)
    [offer] = explained([offered(73.0, replace(WHY, choice=Choice.BEST_CALL, rival=rival))])
    last = offer.sentences[-1]
    assert last.msgid % last.values == (
        "排在其后的是general队列的一通来电，已等待 1:01，比这通靠后 0:12"
    )
    assert last.call_id == "gz1-1-9"
    earlier = replace(rival, waited_s=80.0, behind_s=-7.0)
    assert said(replace(WHY, choice=Choice.BEST_CALL, rival=earlier))[-1] == (
        "general队列有一通来电等得更久（1:20），按班组互助规则这次未派给op0001"
    )
    alone = said(replace(WHY, choice=Choice.BEST_CALL))
    assert alone[-1] == "当时没有其他等待的来电可由其受理"


def test_an_operator_who_was_asked_for() -> None:
    assert said(replace(WHY, choice=Choice.WANTED))[-1] == "转接时指定了op0001，只由这一位接听"


def test_language_priority_and_a_wider_circle_are_told_when_they_mattered() -> None:
    spoken = replace(WHY, language=Language.CANTONESE, priority=10, ring=2)
    assert said(spoken)[1] == "优先级 10，相当于多等了 10:00"
    assert said(spoken)[-2:] == [
        "来电人说粤语，op0001会说",
        "等待较久，受理范围已放宽到第 2 圈，由labour的话务员接听",
    ]
    alone = replace(WHY, ring=3, unstaffed=True)
    assert said(alone)[-1] == (
        "本组当时没有在岗的话务员，受理范围直接放宽到第 3 圈，由labour的话务员接听"
    )
    relaxed = replace(WHY, language=Language.ENGLISH, language_relaxed=True)
    assert said(relaxed)[-1] == "来电人说英语，当时没有会说的人可派，因此不再按语言挑选"


def test_an_offer_of_an_older_version_without_reasons_is_left_out() -> None:
    assert explained([offered(3.0, None)]) == []


def test_each_offer_tells_how_it_ended() -> None:
    first, second = offered(3.0, WHY), offered(30.0, WHY, number=2)
    missed = ev.OfferEnded(**at(23), offer_id=first.offer_id, agent_id=LI, outcome="ring_no_answer")
    assert [(o.offset_s, o.outcome) for o in explained([first, missed, second])] == [
        (0.0, "ring_no_answer"),
        (27.0, None),
    ]


def test_the_place_over_time_keeps_what_changed() -> None:
    events = [
        queued(0, 5),
        queued(20, 5),
        announced(30, 2),
        offered(60, replace(WHY, position=1)),
        queued(80, 2, GENERAL),
    ]
    assert places(events) == [
        Place(0.0, LABOUR, 5),
        Place(30.0, LABOUR, 2),
        Place(60.0, LABOUR, 1),
        Place(80.0, GENERAL, 2),
    ]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00.0"), (9.94, "0:09.9"), (9.96, "0:10"), (75, "1:15"), (3599.6, "1:00:00")],
)
def test_durations_read_like_a_clock(seconds: float, shown: str) -> None:
    assert lasting(seconds) == shown
