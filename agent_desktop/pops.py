"""Builds the screen pop: the call's story and the caller's past, as one person may see them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from agent_desktop import protocol
from agent_desktop.core.call_story import CallStory
from agent_desktop.core.named import Named
from agent_desktop.core.screen_pop import shown_name, shown_number, visible_steps
from agent_desktop.ports import AgentSituation, CallerPast, MenuTitles, People
from kernel.ids import CallId


def build(
    call_id: CallId,
    story: CallStory | None,
    past: CallerPast | None,
    *,
    situation: AgentSituation,
    failed: bool,
    full_number: bool,
    menu: MenuTitles,
    people: People,
    now: datetime,
) -> protocol.ScreenPop:
    """`past` None means that it is still being read, or could not be read when `failed`."""
    known = past or CallerPast()
    return protocol.ScreenPop(
        call_id=call_id,
        number=shown_number(story.ani, full=full_number) if story else "",
        anonymous=story is not None and story.ani == "",
        caller_name=shown_name(story.caller_name, story.ani, full=full_number) if story else "",
        dnis=story.dnis if story else "",
        line=_choice(people.line(story.dnis)) if story else None,
        team=situation.team or (story.team if story else None),
        language=story.language.value if story else "zh",
        arrived_at=story.arrived_at if story else None,
        waited_s=_waited(story, now),
        answered_at=story.answered_at if story else None,
        callback=_callback(story),
        steps=_steps(story, menu),
        places=_places(story),
        history="failed" if failed else ("ready" if past is not None else "loading"),
        contacts=tuple(
            protocol.PopContact(
                call_id=c.call_id,
                at=c.at,
                team=c.team,
                agent_name=c.agent_name,
                outcome=c.outcome,
            )
            for c in known.contacts
        ),
        cases=tuple(
            protocol.PopCase(
                number=c.number,
                at=c.at,
                title=c.title,
                matter=_choice(c.matter),
                status=c.status,
            )
            for c in known.cases
        ),
        open_orders=tuple(
            protocol.PopOrder(
                number=o.number,
                case_number=o.case_number,
                title=o.title,
                matter=_choice(o.matter),
                authority=o.authority,
                authority_en=o.authority_en,
                status=o.status,
                due_at=o.due_at,
                overdue=o.overdue,
            )
            for o in known.open_orders
        ),
        last_district=known.last_district,
        last_address=known.last_address,
    )


def _callback(story: CallStory | None) -> Literal["dialled", "again"] | None:
    match story.callback if story else None:
        case "dialled":
            return "dialled"
        case "again":
            return "again"
        case _:
            return None


def _choice(named: Named | None) -> protocol.Choice | None:
    return None if named is None else protocol.Choice(code=named.code, zh=named.zh, en=named.en)


def _waited(story: CallStory | None, now: datetime) -> float | None:
    """The offer's own figure when it has arrived; the bus may be a step behind the phone."""
    if story is None:
        return None
    if story.waited_s is not None:
        return story.waited_s
    if story.first_arrival_at is None:
        return None
    return max((now - story.first_arrival_at).total_seconds(), 0.0)


def _steps(story: CallStory | None, menu: MenuTitles) -> tuple[protocol.PopStep, ...]:
    if story is None:
        return ()
    chosen = [story.steps[index] for index in visible_steps(story)]
    titled = [(menu.step_title(s.flow, s.step), s) for s in chosen]
    return tuple(
        protocol.PopStep(title=title, keys=s.keys, at=s.at) for title, s in titled if title
    )


def _places(story: CallStory | None) -> tuple[protocol.PopPlace, ...]:
    if story is None:
        return ()
    return tuple(
        protocol.PopPlace(team=p.team, position=p.position, cause=p.cause, at=p.at)
        for p in story.places
    )
