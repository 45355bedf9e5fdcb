"""The policy of the screening, read from `config/ivr/screening.yaml`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ivr.adapters.marked_yaml import Value, read
from ivr.core.screening.policy import (
    Automatic,
    BlockLimit,
    Bounds,
    ChallengeRules,
    Level,
    LineCapacity,
    ListRules,
    Measures,
    NumberLimit,
    OnFailure,
    Policy,
    Thresholds,
)

_MOST = 100_000
_KEYS = frozenset("2345678")
_NOTHING: frozenset[str] = frozenset()


def load_screening(path: Path) -> Policy:
    """Raises ConfigurationError: `file:line: what is wrong`, at the first mistake."""
    fields = _group(
        read(path),
        *("area_code", "emergency_dialled", "levels", "automatic", "line", "lists", "challenge"),
        *("after_others", "pinned_longest_hours", "bounds"),
    )
    return Policy(
        area_code=_digits(fields["area_code"], 0, 4),
        emergency_dialled=frozenset(_digits(v, 3, 12) for v in fields["emergency_dialled"].items()),
        levels=_levels(fields["levels"]),
        automatic=_automatic(fields["automatic"]),
        line=_line(fields["line"]),
        lists=_lists(fields["lists"]),
        challenge=_challenge(fields["challenge"]),
        after_others=_whole(fields["after_others"], -120, -1),
        pinned_longest=timedelta(hours=fields["pinned_longest_hours"].number(1, 72)),
        bounds=_bounds(fields["bounds"]),
    )


def _levels(value: Value) -> dict[Level, Measures]:
    groups = _group(value, *(level.value for level in Level))
    found = {level: _measures(groups[level.value]) for level in Level}
    for lower, higher in ((Level.NORMAL, Level.RAISED), (Level.RAISED, Level.STORM)):
        if _wider_above(found[lower], found[higher]):
            raise groups[higher.value].wrong(
                f"a limit of {higher.value!r} is wider than that of {lower.value!r}"
            )
    return found


def _wider_above(lower: Measures, higher: Measures) -> bool:
    return any(
        below < above
        for below, above in (
            (lower.number.per_minute, higher.number.per_minute),
            (lower.number.per_hour, higher.number.per_hour),
            (lower.number.at_once, higher.number.at_once),
            (lower.block.per_minute, higher.block.per_minute),
            (lower.block.per_hour, higher.block.per_hour),
        )
    )


def _measures(value: Value) -> Measures:
    fields = _group(
        value,
        *("number", "block", "challenge_anonymous", "challenge_strangers", "on_failure", "tries"),
    )
    number = _group(fields["number"], "per_minute", "per_hour", "at_once")
    block = _group(fields["block"], "per_minute", "per_hour")
    failure = fields["on_failure"].text()
    if failure not in [way.value for way in OnFailure]:
        raise fields["on_failure"].wrong(f"{failure!r} is neither after_others nor refuse")
    return Measures(
        number=NumberLimit(
            per_minute=_whole(number["per_minute"], 1, 60),
            per_hour=_whole(number["per_hour"], 1, 100),
            at_once=_whole(number["at_once"], 1, 60),
        ),
        block=BlockLimit(
            per_minute=_whole(block["per_minute"], 1, _MOST),
            per_hour=_whole(block["per_hour"], 1, _MOST),
        ),
        challenge_anonymous=_yes_or_no(fields["challenge_anonymous"]),
        challenge_strangers=_yes_or_no(fields["challenge_strangers"]),
        on_failure=OnFailure(failure),
        tries=_whole(fields["tries"], 1, 5),
    )


def _automatic(value: Value) -> Automatic:
    fields = _group(value, "raised", "storm", "calm_part", "calm_s", "least_s")
    return Automatic(
        raised=_thresholds(fields["raised"]),
        storm=_thresholds(fields["storm"]),
        calm_part=fields["calm_part"].number(0.1, 0.95),
        calm=timedelta(seconds=fields["calm_s"].number(10, 3600)),
        least=timedelta(seconds=fields["least_s"].number(10, 3600)),
    )


def _thresholds(value: Value) -> Thresholds:
    fields = _group(
        value,
        *("strangers_5s", "strangers_10s", "calls_10s", "anonymous_10s"),
        *("suspicious_minute", "occupied"),
    )
    found = Thresholds(
        strangers_5s=_whole(fields["strangers_5s"], 0, _MOST),
        strangers_10s=_whole(fields["strangers_10s"], 0, _MOST),
        calls_10s=_whole(fields["calls_10s"], 0, _MOST),
        anonymous_10s=_whole(fields["anonymous_10s"], 0, _MOST),
        suspicious_minute=_whole(fields["suspicious_minute"], 0, _MOST),
        occupied=fields["occupied"].number(0, 1),
    )
    if found == Thresholds(0, 0, 0, 0, 0, 0):
        raise value.wrong("looks at no figure at all")
    return found


def _line(value: Value) -> LineCapacity:
    fields = _group(value, "calls_at_once", "reserve_part")
    return LineCapacity(
        calls_at_once=_whole(fields["calls_at_once"], 10, _MOST),
        reserve_part=fields["reserve_part"].number(0.01, 0.5),
    )


def _lists(value: Value) -> ListRules:
    fields = _group(value, "ruled_minutes", "grey_longest_days", "spared_longest_days")
    return ListRules(
        ruled_for=timedelta(minutes=fields["ruled_minutes"].number(1, 24 * 60)),
        grey_longest=timedelta(days=fields["grey_longest_days"].number(1, 31)),
        spared_longest=timedelta(days=fields["spared_longest_days"].number(1, 366)),
    )


def _challenge(value: Value) -> ChallengeRules:
    fields = _group(
        value,
        *("keys", "timeout_s", "trusted_hours", "talked_days", "talk_least_s", "told_minutes"),
        "brief_above",
    )
    keys = fields["keys"].text()
    if not keys or not set(keys) <= _KEYS or len(set(keys)) != len(keys):
        raise fields["keys"].wrong(f"{keys!r} are not different keys from 2 to 8")
    return ChallengeRules(
        keys=keys,
        timeout=timedelta(seconds=fields["timeout_s"].number(2, 20)),
        trusted_for=timedelta(hours=fields["trusted_hours"].number(1, 31 * 24)),
        talked_for=timedelta(days=fields["talked_days"].number(1, 366)),
        talk_least=timedelta(seconds=fields["talk_least_s"].number(1, 600)),
        told_for=timedelta(minutes=fields["told_minutes"].number(1, 60)),
        brief_above=_whole(fields["brief_above"], 0, _MOST),
    )


def _bounds(value: Value) -> Bounds:
    fields = _group(value, "numbers", "blocks", "known", "ruled", "listed")
    return Bounds(**{name: _whole(field, 10, 1_000_000) for name, field in fields.items()})


def _group(value: Value, *names: str) -> dict[str, Value]:
    return value.fields(frozenset(names), _NOTHING)


def _whole(value: Value, least: int, most: int) -> int:
    number = value.number(least, most)
    if number != int(number):
        raise value.wrong(f"{value.text()!r} is no whole number")
    return int(number)


def _digits(value: Value, least: int, most: int) -> str:
    text = value.text()
    if not least <= len(text) <= most or not set(text) <= set("0123456789"):
        raise value.wrong(f"{text!r} is no number of {least} to {most} digits")
    return text


def _yes_or_no(value: Value) -> bool:
    text = value.text()
    if text not in ("true", "false"):
        raise value.wrong(f"{text!r} is neither true nor false")
    return text == "true"
