"""The policy of the guard as reviewed data: what is refused, with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.adapters.screening_file import load_screening
from ivr.core.screening.policy import Level
from kernel.errors import ConfigurationError
from tests.fakes.guard_room import SHIPPED, shipped_policy


def test_shipped_policy_asks_nobody_in_a_quiet_hour() -> None:
    policy = shipped_policy()
    normal = policy.levels[Level.NORMAL]
    assert not normal.challenge_anonymous
    assert not normal.challenge_strangers
    assert policy.line.for_strangers < policy.line.calls_at_once


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ("per_minute: 4,", "per_minute: 0,", "is not between 1 and 60"),
        ("per_minute: 4,", "per_minute: 2.5,", "is no whole number"),
        ("challenge_anonymous: false", "challenge_anonymous: perhaps", "neither true nor false"),
        ("on_failure: after_others", "on_failure: block", "neither after_others nor refuse"),
        ('keys: "2345678"', 'keys: "1*"', "are not different keys from 2 to 8"),
        ('keys: "2345678"', 'keys: "22"', "are not different keys from 2 to 8"),
        ("reserve_part: 0.1", "reserve_part: 0", "is not between 0.01 and 0.5"),
        ("after_others: -10", "after_others: 5", "is not between -120 and -1"),
        ('["12350", "12322"]', '["12350; rm"]', "is no number of 3 to 12 digits"),
        ("calm_part: 0.6", "calm_part: 1", "is not between 0.1 and 0.95"),
        ("ruled_minutes: 30", "ruled_minutes: 0", "is not between 1 and 1440"),
        ("  known: 200000\n", "", "lacks known"),
        ("area_code:", "area_kode:", "unknown field 'area_kode'"),
        ("number: {per_minute: 1, per_hour: 8, at_once: 1}\n    block: {per_minute: 30",
         "number: {per_minute: 5, per_hour: 8, at_once: 1}\n    block: {per_minute: 30",
         "a limit of 'raised' is wider than that of 'normal'"),
    ],
)  # fmt: skip
def test_wrong_policy_is_refused_with_file_and_line(
    tmp_path: Path, written: str, instead: str, complaint: str
) -> None:
    body = SHIPPED.read_text(encoding="utf-8")
    assert written in body
    path = tmp_path / "screening.yaml"
    path.write_text(body.replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_screening(path)
    source, line, said = refused.value.message.split(":", 2)
    assert source == str(path)
    assert int(line) > 0
    assert complaint in said


def test_level_that_looks_at_no_figure_is_refused(tmp_path: Path) -> None:
    body = SHIPPED.read_text(encoding="utf-8")
    for name, value in (("strangers_5s", "70"), ("strangers_10s", "110"), ("occupied", "0.9")):
        body = body.replace(f"{name}: {value}", f"{name}: 0")
    path = tmp_path / "screening.yaml"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="looks at no figure"):
        load_screening(path)
