"""The settings of callbacks: the shipped ones are right, and every fault is told with its line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from acd.adapters.callbacks_file import load_callbacks
from acd.core.rules import CallbackRules
from kernel.errors import ConfigurationError

SHIPPED = Path(__file__).parents[3] / "config" / "callbacks.yaml"


def test_the_shipped_settings_are_valid_and_those_of_the_tests() -> None:
    assert load_callbacks(SHIPPED) == CallbackRules()


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("attempts: 3", "attempts: 0", "a whole number from 1 to 5 is expected"),
        ("attempts: 3", "attempts: some", "a whole number from 1 to 5 is expected"),
        ("intervals_s: [300, 900]", "intervals_s: []", "at least one interval is expected"),
        ("intervals_s: [300, 900]", "intervals_s: [1]", "seconds must be between 60 and 14400"),
        ("hours: [07:00, 22:00]", "hours: [07:00]", "two times of day are expected"),
        ("hours: [07:00, 22:00]", "hours: [22:00, 07:00]", "must be before the second"),
        ("hours: [07:00, 22:00]", "hours: [7, 22:00]", "a time of day is expected"),
        ("hours: [07:00, 22:00]", "hours: [00:00, 24:30]", "a time of day is expected"),
        ("expires_s: 14400", "expires_s: 100000", "seconds must be between 600 and 86400"),
        ("ring_s: 30", "ring_s: 5", "seconds must be between 10 and 60"),
        ("ring_s: 30", "rings_s: 30", "unknown setting rings_s"),
        ("ring_s: 30\n", "", "setting ring_s is missing"),
    ],
)
def test_each_fault_is_told_with_its_line(
    tmp_path: Path, was: str, becomes: str, said: str
) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert was in text
    file = tmp_path / "callbacks.yaml"
    file.write_text(text.replace(was, becomes), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=rf"callbacks\.yaml:\d+: .*{said}"):
        load_callbacks(file)


def test_a_whole_day_is_open_and_an_empty_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "callbacks.yaml"
    text = SHIPPED.read_text(encoding="utf-8").replace("[07:00, 22:00]", "[00:00, 24:00]")
    file.write_text(text, encoding="utf-8")
    assert load_callbacks(file).closes == timedelta(days=1)
    file.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        load_callbacks(file)
