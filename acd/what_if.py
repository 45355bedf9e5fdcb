"""A recorded day read from the log and asked what would have been."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from acd.core.rules import Rules
from acd.core.what_if.chance import Chance
from acd.core.what_if.change import Change, changed_rules, changed_staff, homes_with_doubles
from acd.core.what_if.day import ENTRIES, DayReader, RecordedDay
from acd.core.what_if.rerun import Rerun, Seen, rerun
from acd.core.what_if.score import Outcome, Score, score
from acd.ports import RecordedLog, RecordedRun
from kernel.ids import TeamId

WHOLE_CENTRE = TeamId("")
Scores = Mapping[TeamId, Score]
"""By team in the order of the menu, the whole centre first."""


async def read_day(
    log: RecordedLog, runs: Iterable[RecordedRun], begin: datetime, end: datetime
) -> RecordedDay | None:
    """The day of these runs, oldest first; None when nothing was recorded on it."""
    reader = DayReader(begin, end)
    for run in runs:
        async for entry in log.entries(run, ENTRIES):
            if entry.at >= end:
                break
            reader.hear(entry)
    return reader.day()


@dataclass(frozen=True, slots=True)
class Answer:
    """`recorded` is what was; `unchanged` the day once more as it was, which shows how far a re-run
    can be trusted; `changed` the same with the change. The difference between the last two is the
    answer."""

    recorded: Scores
    unchanged: Scores
    changed: Scores
    seen: Seen
    drawn: int
    refused: int


def what_if(day: RecordedDay, change: Change, seed: int) -> Answer:
    """Two re-runs. Deterministic: the same day, change and seed give the same answer.

    Raises NotFound or BadInput for a change that cannot be made.
    """
    seen, chance = Seen(day), Chance(seed)
    rules, staff = changed_rules(day.rules, change), changed_staff(day, change)
    same = rerun(day, day.rules, day.given, day.homes, seen, chance)
    other = rerun(day, rules, staff, homes_with_doubles(day, staff), seen, chance)
    return Answer(
        recorded=scores(day.rules, day.outcomes, day.busy_idle),
        unchanged=_scores_of(day.rules, same),
        # By the same thresholds, whatever the other rules say.
        changed=_scores_of(day.rules, other),
        seen=seen,
        drawn=other.drawn,
        refused=other.refused,
    )


def _scores_of(rules: Rules, played: Rerun) -> Scores:
    return scores(rules, played.outcomes, played.busy_idle)


def scores(
    rules: Rules,
    outcomes: Sequence[Outcome],
    busy_idle: Mapping[TeamId, tuple[int, int]],
) -> Scores:
    """Of the whole centre and of each team of the rules."""
    second = timedelta(seconds=1)
    threshold_s, short_s = rules.service_level / second, rules.short_abandon / second
    by_team: dict[TeamId, list[Outcome]] = {t.team: [] for t in rules.teams}
    for outcome in outcomes:
        by_team.setdefault(outcome.team, []).append(outcome)
    whole = (sum(b for b, _ in busy_idle.values()), sum(i for _, i in busy_idle.values()))
    found = {WHOLE_CENTRE: score(outcomes, whole, threshold_s, short_s)}
    for team, own in by_team.items():
        found[team] = score(own, busy_idle.get(team, (0, 0)), threshold_s, short_s)
    return found
