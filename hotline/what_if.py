"""`hotline whatif`: a recorded day with other staff or other rules, side by side with what was."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from acd.adapters.rules_file import load_rules
from acd.core.what_if.change import Change
from acd.core.what_if.day import RecordedDay
from acd.core.what_if.rerun import ALIKE_AT_LEAST
from acd.core.what_if.score import Score
from acd.what_if import WHOLE_CENTRE, Answer, read_day, what_if
from hotline.replay import city_day, percent, recorded_log, runs_of_day
from hotline.settings import Settings
from kernel.errors import BadInput, NotFound
from kernel.ids import TeamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The options as typed: `labour=20`, `labour.2=20s`, `labour=30s`, a file of rules."""

    more: Sequence[str] = ()
    rings: Sequence[str] = ()
    wrap_ups: Sequence[str] = ()
    rules: Path | None = None


_MORE = re.compile(r"([a-z_]+)=([+-]?\d{1,3})")
_RING = re.compile(r"([a-z_]+)\.([2-6])=(\d{1,4})(s|m)?")
_WRAP_UP = re.compile(r"([a-z_]+)=(\d{1,4})(s|m)?")


def change_of(wish: Wish) -> Change:
    """Raises BadInput for a text that is none of these, ConfigurationError for a file that is no
    set of rules."""
    return Change(
        more=[(TeamId(m[1]), int(m[2])) for m in _parsed(_MORE, wish.more, "labour=20")],
        rings=[
            (TeamId(m[1]), int(m[2]), _seconds(m[3], m[4]))
            for m in _parsed(_RING, wish.rings, "labour.2=20s")
        ],
        wrap_ups=[
            (TeamId(m[1]), _seconds(m[2], m[3]))
            for m in _parsed(_WRAP_UP, wish.wrap_ups, "labour=30s")
        ],
        rules=load_rules(wish.rules) if wish.rules is not None else None,
    )


def _parsed(form: re.Pattern[str], texts: Iterable[str], example: str) -> Iterable[re.Match[str]]:
    for text in texts:
        found = form.fullmatch(text)
        if found is None:
            raise BadInput(f"{text!r} is not understood; write it like {example}")
        yield found


def _seconds(number: str, unit: str | None) -> timedelta:
    return timedelta(seconds=int(number) * (60 if unit == "m" else 1))


async def ask(
    settings: Settings, day: date | None, wish: Wish, seed: int, every: bool, console: Console
) -> None:
    """Read the day, play it twice, and print the answer. Raises NotFound without a record."""
    change = await asyncio.to_thread(change_of, wish)
    begin, end = city_day(day)
    async with recorded_log(settings) as log:
        recorded = await read_day(log, await runs_of_day(log, begin, end, None), begin, end)
    if recorded is None or not recorded.visits:
        raise NotFound(f"Nobody called on {begin.date()}.")
    answer = what_if(recorded, change, seed)
    named = {t for t, *_ in (*change.more, *change.rings, *change.wrap_ups)}
    for team in answer.recorded:
        if every or team == WHOLE_CENTRE or team in named:
            console.print(answer_table(team, answer, str(begin.date())))
    for line in notes(recorded, answer, seed):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


# --- words ----------------------------------------------------------------------------------

_ROWS: Sequence[tuple[str, Callable[[Score], float | None], str]] = (
    ("calls that were answered or hung up", lambda s: s.calls, "n"),
    ("answered in time, abandons count against", lambda s: s.level.abandons_negative, "%"),
    ("  abandons ignored", lambda s: s.level.ignoring_abandons, "%"),
    ("  abandons in time count for", lambda s: s.level.abandons_positive, "%"),
    ("connect rate", lambda s: s.connect_rate, "%"),
    ("abandoned", lambda s: s.abandon_rate, "%"),
    ("  short abandons", lambda s: s.short_abandon_rate, "%"),
    ("wait of the answered, half", lambda s: s.waits[0], "s"),
    ("  9 of 10", lambda s: s.waits[1], "s"),
    ("  99 of 100", lambda s: s.waits[2], "s"),
    ("occupancy", lambda s: s.occupancy, "%"),
    ("answered by the own team", lambda s: s.own_team, "%"),
)


def answer_table(team: TeamId, answer: Answer, day: str) -> Table:
    """One team's figures, or the whole centre's, side by side."""
    table = Table(
        "",
        "as recorded",
        "again, unchanged",
        "WHAT IF",
        "difference",
        title=f"{day}, {team or 'whole centre'}",
        title_justify="left",
    )
    columns = [s[team] for s in (answer.recorded, answer.unchanged, answer.changed)]
    for name, figure, unit in _ROWS:
        values = [figure(s) for s in columns]
        table.add_row(name, *(_shown(v, unit) for v in values), _apart(*values[1:], unit=unit))
    return table


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "%":
        return percent(value)
    return f"{value:.1f} s" if unit == "s" else f"{value:.0f}"


def _apart(before: float | None, after: float | None, *, unit: str) -> str:
    if before is None or after is None:
        return "-"
    apart = after - before
    if unit == "%":
        return f"{100 * apart:+.2f} points"
    return f"{apart:+.1f} s" if unit == "s" else f"{apart:+.0f}"


def notes(day: RecordedDay, answer: Answer, seed: int) -> Iterable[str]:
    """What was seen, what was estimated and how, and what is not in the answer."""
    patience, offers = answer.seen.everybody, day.offers
    yield "What this rests on:"
    yield (
        f"  - {len(day.visits)} waits and {len(day.homes)} operators as recorded. The answer is the"
        " difference between the last two columns; the first two show how far a re-run can be"
        " trusted."
    )
    if patience.ended:
        yield (
            f"  - Patience is ESTIMATED: {patience.ended} callers showed theirs by hanging up,"
            f" {patience.censored} were answered before (censored). Kaplan-Meier for each team (all"
            f" together under {ALIKE_AT_LEAST} hang-ups); beyond {patience.longest:.0f} s, the"
            " longest seen, exponential with the mean rate."
        )
    else:
        yield (
            "  - Patience is NOT KNOWN: nobody hung up, so in the re-runs nobody ever does. Longer"
            " waits than the recorded would in truth drive callers away."
        )
    yield (
        f"  - {answer.drawn} talks are DRAWN from others of the team: those callers had hung up."
        f" How long a phone rings, and whether an offer is taken ({offers.declined} declined and"
        f" {offers.ring_no_answer} not answered of {offers.made}), are drawn as seen, by seed"
        f" {seed}."
    )
    yield (
        "  - Operators come, go and take breaks as recorded; an added one is the double of one of"
        " the team. Not in it: colleagues who were consulted, callers who call again, people who"
        " work faster or slower under other load, and what plans or supervisors would have done"
        " otherwise."
    )
    if day.left_out:
        yield f"  - {day.left_out} waits that ended otherwise (cut off, diverted) are left out."
    if day.rules_changed:
        yield "  - The rules were changed during the day; the re-runs use the last ones all day."
    if answer.refused:
        yield f"  - {answer.refused} choices of operators did not fit any more: passed over."
