"""The settings file: the shipped one is right, and every fault is told with its line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from acd.adapters.rules_file import load_rules
from kernel.errors import ConfigurationError

SHIPPED = Path(__file__).parents[3] / "config" / "acd.yaml"


def test_the_shipped_settings_are_valid() -> None:
    rules = load_rules(SHIPPED)
    assert [t.team for t in rules.teams] == [
        "consumer", "urban", "labour", "security", "general",
    ]  # fmt: skip
    assert rules.ring_timeout == timedelta(seconds=20)
    assert rules.service_level == timedelta(seconds=15)
    assert rules.team(rules.teams[0].team).overflow_to == "general"
    assert rules.team(rules.fallback_team).overflow_to is None


FAULTS = {
    "unknown key": ("grace_s: 60", "grace_x: 60", "unknown setting grace_x"),
    "not a number": ("grace_s: 60", "grace_s: soon", "seconds are expected here"),
    "out of range": ("grace_s: 60", "grace_s: 100000", "seconds must be between 5 and 600"),
    "unknown overflow": (
        "overflow_to: general, ",
        "overflow_to: nobody, ",
        "overflow_to is no other team",
    ),
    "half an overflow": ("overflow_to: general, ", "", "go together"),
    "unknown fallback": ("fallback_team: general", "fallback_team: x", "fallback_team is none"),
    "twice": ("grace_s: 60", "grace_s: 60\ngrace_s: 60", "setting grace_s stands twice"),
    "a list": ("general: {}", "general: []", "a group of settings is expected here"),
    "empty value": ("grace_s: 60", "grace_s:", "a value is expected here"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_file_and_line(name: str, tmp_path: Path) -> None:
    right, wrong, message = FAULTS[name]
    text = SHIPPED.read_text(encoding="utf-8")
    assert right in text
    line = text[: text.index(right)].count("\n") + 1 + (1 if name == "twice" else 0)
    file = tmp_path / "acd.yaml"
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as told:
        load_rules(file)
    assert message in told.value.message
    assert f"acd.yaml:{line}: " in told.value.message


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8").replace("ring_timeout_s: 20\n", "")
    file = tmp_path / "acd.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="setting ring_timeout_s is missing"):
        load_rules(file)


@pytest.mark.parametrize("text", ["", "a: [", "teams"])
def test_what_is_no_settings_file_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "acd.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"acd.yaml:\d+: "):
        load_rules(file)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_rules(tmp_path / "nowhere.yaml")
