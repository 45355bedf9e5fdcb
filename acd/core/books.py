"""The books that are kept beside the floor: figures and expected waits, from the published events.

The service and a replay keep the same books by the same calls, so what a replay finds is what was
written and shown. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acd.core.connect_rate import ConnectRates
from acd.core.effects import NO_ID
from acd.core.floor import Floor, microseconds
from acd.core.inputs import RestoredAgent
from acd.core.metrics import ClosedMinute, Metrics
from acd.core.rules import Rules
from acd.core.self_audit import Drift
from acd.core.views import Sources, Wallboard, as_json, primary_team, wallboard
from acd.core.waits import WaitNews, Waits
from kernel import events as ev
from kernel.ids import CallId, TeamId


@dataclass(frozen=True, slots=True)
class FiguresShown:
    """The figures of the wallboard as they were shown at `at`: the whole centre, then each team.

    Written for the first reading in each minute, so that a replay can be held against what people
    saw. A row is a `TeamRow` in plain values, by name: what a later version shows beside is no
    difference.
    """

    at: datetime
    rows: tuple[dict[str, Any], ...]


class Books:
    """Owned by one task; `hear` gets each published event, in order."""

    def __init__(self, rules: Rules) -> None:
        self.metrics = Metrics(rules)
        self.waits = Waits(rules)
        self._connect_rates = ConnectRates(self.metrics)
        self._shown_minute = -1

    # --- the start -------------------------------------------------------------------------

    def restore(
        self,
        *,
        minutes: Iterable[ClosedMinute],
        closed_since: Collection[tuple[int, TeamId]],
        agents: Iterable[RestoredAgent],
        events: Iterable[ev.Event],
        waits: Iterable[ev.Event],
        now: datetime,
    ) -> list[ClosedMinute]:
        """Go on where earlier runs ended, before the first input.

        Args:
            minutes: closed before the events begin, oldest first.
            closed_since: minutes and teams that the log has as closed after that.
            agents: who was logged in.
            events: those of the last hour, oldest first.
            waits: judged forecasts of the last day, oldest first.

        Returns:
            Minutes that ended while nobody was there to close them, to be written now.
        """
        self.metrics.restore(minutes, now)
        for restored in agents:
            self.metrics.note_primary(restored.log_in.agent_id, _best(restored.log_in.skills))
        closed: list[ClosedMinute] = []
        for event in events:
            closed += self.metrics.fold(event)
            self.waits.hear(event)
        for event in waits:
            self.waits.hear(event)
        closed += self.metrics.advance(now)
        return [m for m in closed if (m.minute, m.team) not in closed_since]

    def resume(self, floor: Floor, now: datetime) -> None:
        """Begin the clocks of those who were logged in, after the first input."""
        for agent in floor.agents.values():
            self.metrics.times.resume(agent, microseconds(now))

    # --- while it runs ---------------------------------------------------------------------

    def hear(
        self, event: ev.Event, floor: Floor
    ) -> tuple[list[ClosedMinute], ev.WaitForecastsScored | None]:
        """Count one event: the minutes that closed before it, and what is to be published after
        it."""
        if isinstance(event, ev.AgentLoggedIn):
            agent = floor.agents.get(event.agent_id)
            home = primary_team(agent) if agent is not None else None
            self.metrics.note_primary(event.agent_id, home)
        return self.metrics.fold(event), self.waits.hear(event)

    def announce(
        self, floor: Floor, call_id: CallId, now: datetime
    ) -> tuple[WaitNews, ev.WaitAnnounced] | None:
        """What to tell a caller now, and the event that says so; None for one who is not in
        line."""
        news = self.waits.announce(floor, call_id, now)
        if news is None:
            return None
        return news, ev.WaitAnnounced(
            event_id=NO_ID,
            occurred_at=now,
            call_id=call_id,
            team=news.team,
            position=news.position,
            expected_s=news.expected_s,
            low_min=news.told.low if news.told else None,
            high_min=news.told.high if news.told else None,
        )

    def show(
        self, floor: Floor, drifts: tuple[Drift, ...], now: datetime
    ) -> tuple[Wallboard, FiguresShown | None]:
        """The centre now, `metrics` having been brought to `now`; with what is to be written about
        it, once a minute."""
        sources = Sources(self.metrics, self._connect_rates, self.waits, drifts)
        board = wallboard(floor, sources, now)
        if self._shown_minute == self.metrics.minute:
            return board, None
        self._shown_minute = self.metrics.minute
        rows = (board.total, *board.teams)
        return board, FiguresShown(now, tuple(as_json(row) for row in rows))


def _best(skills: tuple[tuple[TeamId, int], ...]) -> TeamId | None:
    return min(skills, key=lambda s: (-s[1], s[0]))[0] if skills else None
