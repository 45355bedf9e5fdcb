"""Why this operator: each offer's reasons as sentences, and the place over time. Pure.

Sentences are msgids of the catalogue with named places; the page fills them after translation.
The reasons themselves come with the offer (`kernel.assignment`), nothing is worked out anew here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kernel import events as ev
from kernel.assignment import Assignment, Choice
from kernel.ids import AgentId, BoothId, CallId, TeamId
from kernel.language import Language

LANGUAGE_NAMES: dict[Language, str] = {
    Language.MANDARIN: "普通话",
    Language.CANTONESE: "粤语",
    Language.ENGLISH: "英语",
}
CREDIT_S = 60
"""What one point of priority is worth."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`call_id`: the other call that the sentence is about."""

    msgid: str
    values: dict[str, str] = field(default_factory=dict)
    call_id: CallId | None = None


@dataclass(frozen=True, slots=True)
class ExplainedOffer:
    """One offer of the call, with its reasons; `outcome` is None while it rings."""

    at: datetime
    offset_s: float
    agent_id: AgentId
    booth_id: BoothId
    outcome: str | None
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """The caller's place in a line at a moment, counted from 1."""

    offset_s: float
    team: TeamId
    position: int


def explained(events: Sequence[ev.Event]) -> list[ExplainedOffer]:
    """Every offer that told its reasons; `events` of one call, oldest first."""
    outcomes = {e.offer_id: e.outcome for e in events if isinstance(e, ev.OfferEnded)}
    return [
        ExplainedOffer(
            at=event.occurred_at,
            offset_s=(event.occurred_at - events[0].occurred_at).total_seconds(),
            agent_id=event.agent_id,
            booth_id=event.booth_id,
            outcome=outcomes.get(event.offer_id),
            sentences=tuple(_sentences(event, event.why)),
        )
        for event in events
        if isinstance(event, ev.CallOffered) and event.why is not None
    ]


def places(events: Sequence[ev.Event]) -> list[Place]:
    """The place as it was told or looked at; one that did not change is not repeated."""
    found: list[Place] = []
    for event in events:
        place = _place(event, events[0].occurred_at)
        if place is None:
            continue
        last = found[-1] if found else None
        if last is None or (last.team, last.position) != (place.team, place.position):
            found.append(place)
    return found


def _place(event: ev.Event, start: datetime) -> Place | None:
    offset_s = (event.occurred_at - start).total_seconds()
    if isinstance(event, ev.CallQueued | ev.WaitAnnounced):
        return Place(offset_s, event.team, event.position)
    if isinstance(event, ev.CallOffered) and event.why is not None:
        return Place(offset_s, event.why.home_team, event.why.position)
    return None


def _sentences(offer: ev.CallOffered, why: Assignment) -> Iterator[Sentence]:
    yield Sentence(
        "派出时排在%(team)s队列第 %(position)s 位，从首次进线起已等待 %(waited)s",
        {"team": why.home_team, "position": str(why.position), "waited": lasting(offer.waited_s)},
    )
    if why.priority:
        yield Sentence(
            "优先级 %(priority)s，相当于多等了 %(credit)s",
            {"priority": str(why.priority), "credit": lasting(why.priority * CREDIT_S)},
        )
    match why.choice:
        case Choice.WANTED:
            yield Sentence("转接时指定了%(agent)s，只由这一位接听", {"agent": offer.agent_id})
        case Choice.HELD:
            yield Sentence(
                "这是回拨接通的市民，回拨时已为其留住%(agent)s", {"agent": offer.agent_id}
            )
        case Choice.BEST_AGENT:
            yield from _among_agents(offer, why)
        case Choice.BEST_CALL:
            yield from _among_calls(offer, why)
    yield from _circle(offer, why)


def _among_agents(offer: ev.CallOffered, why: Assignment) -> Iterator[Sentence]:
    chosen = {"agent": offer.agent_id, "level": str(why.level), "since": lasting(why.since_call_s)}
    others = why.candidates[1:]
    if not others:
        yield Sentence(
            "当时只有%(agent)s空闲且可以受理，技能等级 %(level)s，距上一通电话 %(since)s", chosen
        )
        return
    yield Sentence(
        "当时有 %(count)s 位空闲话务员可以受理，%(agent)s排在最前：技能等级 %(level)s，"
        "距上一通电话 %(since)s",
        {**chosen, "count": str(why.free_agents)},
    )
    for other in others:
        same = other.level == why.level
        yield Sentence(
            "其后是%(agent)s：等级相同，距上一通电话 %(since)s"
            if same
            else "其后是%(agent)s：等级较低（%(level)s），距上一通电话 %(since)s",
            {
                "agent": other.agent_id,
                "level": str(other.level),
                "since": lasting(other.since_call_s),
            },
        )


def _among_calls(offer: ev.CallOffered, why: Assignment) -> Iterator[Sentence]:
    yield Sentence(
        "当时有来电在等，没有空闲话务员；%(agent)s空出后，接走其可受理的来电中排在最前的一通",
        {"agent": offer.agent_id},
    )
    rival = why.rival
    if rival is None:
        yield Sentence("当时没有其他等待的来电可由其受理")
    elif rival.behind_s < 0:
        yield Sentence(
            "%(team)s队列有一通来电等得更久（%(waited)s），按班组互助规则这次未派给%(agent)s",
            {"team": rival.team, "waited": lasting(rival.waited_s), "agent": offer.agent_id},
            rival.call_id,
        )
    else:
        yield Sentence(
            "排在其后的是%(team)s队列的一通来电，已等待 %(waited)s，比这通靠后 %(behind)s",
            {
                "team": rival.team,
                "waited": lasting(rival.waited_s),
                "behind": lasting(rival.behind_s),
            },
            rival.call_id,
        )


def _circle(offer: ev.CallOffered, why: Assignment) -> Iterator[Sentence]:
    """How far the circle of those who may serve had been widened."""
    spoken = {"language": LANGUAGE_NAMES[why.language], "agent": offer.agent_id}
    if why.language_relaxed:
        yield Sentence("来电人说%(language)s，当时没有会说的人可派，因此不再按语言挑选", spoken)
    elif why.language is not Language.MANDARIN:
        yield Sentence("来电人说%(language)s，%(agent)s会说", spoken)
    if why.unstaffed:
        yield Sentence(
            "本组当时没有在岗的话务员，受理范围直接放宽到第 %(ring)s 圈，由%(team)s的话务员接听",
            {"ring": str(why.ring), "team": offer.team},
        )
    elif why.ring > 1:
        yield Sentence(
            "等待较久，受理范围已放宽到第 %(ring)s 圈，由%(team)s的话务员接听",
            {"ring": str(why.ring), "team": offer.team},
        )


def lasting(seconds: float) -> str:
    """A duration as a clock shows it: 0:07, 12:30, 1:02:03; tenths below ten seconds."""
    if seconds < 10:
        return f"0:0{max(seconds, 0.0):.1f}" if seconds < 9.95 else "0:10"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
