"""A recorded run replayed from the log: what it began with, each entry, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from acd.core.books import Books
from acd.core.metrics import Bucket
from acd.core.replay import Difference, Replay, Tally, What
from acd.ports import Memory, RecordedLog, RecordedRun
from kernel.ids import TeamId

Progress = Callable[[int], None]
"""Told how many entries were compared, now and then."""
TOLD_EVERY = 1000


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a replay found. Without a `difference` all that was written came again, bit for bit,
    except that the last `unwritten` things are not in the log: it broke off there.

    `logged` and `counted` are the closed minutes as written and as counted again.
    """

    run: RecordedRun
    tally: Tally
    difference: Difference | None
    unwritten: int
    logged: dict[tuple[int, TeamId], Bucket]
    counted: dict[tuple[int, TeamId], Bucket]


async def replay_run(
    log: RecordedLog, run: RecordedRun, *, until: datetime, progress: Progress | None = None
) -> RunReport:
    """Step the run again from its beginning to its end, to `until`, or to the first difference."""
    memory = await log.memory(run)
    started = run.started
    books = Books(started.rules)
    missed = books.restore(
        minutes=memory.minutes,
        closed_since=memory.closed_since,
        agents=memory.agents,
        events=memory.events,
        waits=memory.waits,
        now=started.recalled_at or run.began_at,
    )
    replay = Replay(started, books, missed)
    found = _start_differs(run, memory)
    cut = False
    number = 0
    if found is None:
        async for entry in log.entries(run):
            if entry.at >= until:
                cut = True
                break
            found = replay.feed(entry)
            if found is not None:
                break
            number += 1
            if progress is not None and number % TOLD_EVERY == 0:
                progress(number)
    unwritten = 0 if cut or found is not None else len(replay.unwritten)
    return RunReport(run, replay.tally, found, unwritten, replay.logged, replay.counted)


def _start_differs(run: RecordedRun, memory: Memory) -> Difference | None:
    """Whether the run began with what the log before it says."""
    started = run.started
    if started.recalled_at is None:
        return None
    again = memory.started(started.rules, started.recalled_at, started.code)
    if again == started:
        return None
    # The rules are the run's own and would fill pages.
    logged, came = (replace(s, rules=started.rules) for s in (started, again))
    return Difference(What.START, run.first, 0, run.began_at, logged, came)
