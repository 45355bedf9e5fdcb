"""Expected waits from the question to the score: what a caller is told, remembered, judged. Pure.

`hear` learns from every published event and answers with the scores to publish when a wait ends;
`announce` makes a forecast, tells it or keeps silent, and remembers it either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from acd.core.effects import NO_ID
from acd.core.expected_wait import Doubt, Forecast, WaitModel
from acd.core.floor import Floor
from acd.core.rules import Rules
from acd.core.wait_scores import Accuracy, WaitScores
from acd.core.wait_told import Told, told
from kernel import events as ev
from kernel.ids import CallId, TeamId


@dataclass(frozen=True, slots=True)
class WaitNews:
    """What a waiting caller may be told: the place, from 1, and perhaps how long it will take."""

    team: TeamId
    position: int
    expected_s: float | None
    told: Told | None


class Waits:
    """Owned by one task; `hear` gets each published event, in order."""

    def __init__(self, rules: Rules) -> None:
        self._model = WaitModel(rules)
        self._scores = WaitScores()

    def hear(self, event: ev.Event) -> ev.WaitForecastsScored | None:
        """Learn; the scores to be published when the event ends a caller's wait."""
        self._model.fold(event)
        match event:
            case ev.WaitForecastsScored():
                self._scores.learn(event.team, event.scores, event.occurred_at)
            case ev.CallAnswered():
                return self._judged(event, event.team, answered=True)
            case ev.CallAbandoned() | ev.CallDiverted():
                return self._judged(event, event.team, answered=False)
            case ev.CallEnded() if event.call_id is not None:
                self._scores.end(event.call_id, event.occurred_at, answered=False)
            case _:
                pass
        return None

    def _judged(
        self, event: ev.Event, team: TeamId, *, answered: bool
    ) -> ev.WaitForecastsScored | None:
        if event.call_id is None:
            return None
        scores = self._scores.end(event.call_id, event.occurred_at, answered=answered)
        if not scores:
            return None
        return ev.WaitForecastsScored(
            event_id=NO_ID,
            occurred_at=event.occurred_at,
            call_id=event.call_id,
            team=team,
            scores=scores,
        )

    def announce(self, floor: Floor, call_id: CallId, now: datetime) -> WaitNews | None:
        """What to tell this caller now; None for one who is not in line. Forecasts that are not
        told are remembered and judged like the others."""
        call = floor.calls.get(call_id)
        if call is None or not call.in_line:
            return None
        forecast = self._model.forecast(floor, call, now)
        said = self._said(call_id, forecast, now) if forecast is not None else None
        return WaitNews(
            team=call.team,
            position=floor.position(call),
            expected_s=forecast.seconds if forecast is not None and said is not None else None,
            told=said,
        )

    def _said(self, call_id: CallId, forecast: Forecast, now: datetime) -> Told | None:
        if forecast.doubt is Doubt.NOBODY:
            return None
        low_s, high_s = self._scores.span(forecast)
        range_ = told(low_s, high_s, self._scores.last_told(call_id))
        sure = forecast.doubt is Doubt.NONE and self._scores.trusted
        self._scores.add(call_id, forecast, range_, now, told=sure)
        return range_ if sure else None

    def accuracy(self, team: TeamId | None, now: datetime) -> Accuracy:
        """How right the announcements of the last 24 hours were; None: of all teams."""
        return self._scores.accuracy(team, now)
