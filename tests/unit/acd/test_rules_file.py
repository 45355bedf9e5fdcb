"""The settings file: the shipped one is right, and every fault is told with its line."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from acd.adapters.rules_file import load_rules
from acd.core.rules import Ring, Sharing, WrapUpMode
from kernel.errors import ConfigurationError
from kernel.ids import TeamId
from kernel.language import Language
from tests.unit.acd.rules import CONSUMER, GENERAL, LABOUR

SHIPPED = Path(__file__).parents[3] / "config" / "acd.yaml"


def test_the_shipped_settings_are_valid() -> None:
    rules = load_rules(SHIPPED)
    assert [t.team for t in rules.teams] == [
        "consumer", "urban", "labour", "security", "general",
    ]  # fmt: skip
    assert rules.ring_timeout == timedelta(seconds=20)
    assert rules.service_level == timedelta(seconds=15)
    s = timedelta(seconds=1)
    everybody = (CONSUMER, GENERAL, TeamId("urban"), LABOUR, TeamId("security"))
    assert rules.team(CONSUMER).rings == (
        Ring(teams=(CONSUMER,), stay=5 * s, own_only=True),
        Ring(teams=(CONSUMER,), stay=5 * s),
        Ring(teams=everybody, stay=110 * s),
        Ring(teams=everybody, help_regardless=True),
    )
    assert all(set(t.rings[-1].teams) == set(everybody) for t in rules.teams)
    assert rules.sharing == Sharing(
        least_level=0.2, least_calls=20, window=180 * s, own_first_after=45 * s
    )


FAULTS = {
    "unknown key": ("grace_s: 60", "grace_x: 60", "unknown setting grace_x"),
    "not a number": ("grace_s: 60", "grace_s: soon", "seconds are expected here"),
    "out of range": ("grace_s: 60", "grace_s: 100000", "seconds must be between 5 and 600"),
    "unknown fallback": ("fallback_team: general", "fallback_team: x", "fallback_team is none"),
    "unknown mode": (
        "wrap_up_mode: time_boxed",
        "wrap_up_mode: never",
        "wrap_up_mode is one of optional, mandatory, time_boxed, fixed",
    ),
    "twice": ("grace_s: 60", "grace_s: 60\ngrace_s: 60", "setting grace_s stands twice"),
    "a list": (
        "  consumer:\n",
        "  consumer: []\n  other:\n",
        "a group of settings is expected here",
    ),
    "no number": ("least_calls: 20", "least_calls: 1.5", "a whole number is expected here"),
    "no part": ("least_level: 0.2", "least_level: some", "a part is expected here"),
    "more than all": ("least_level: 0.2", "least_level: 30", "a part must be between 0 and 1"),
    "too short": ("window_s: 180", "window_s: 5", "seconds must be between 60 and 3600"),
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


def test_a_team_may_have_its_own_way_of_writing_up(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    file = tmp_path / "acd.yaml"
    own = "  general:\n    wrap_up_mode: mandatory\n"
    file.write_text(text.replace("  general:\n", own), encoding="utf-8")
    rules = load_rules(file)
    general, labour = rules.team(GENERAL), rules.team(LABOUR)
    assert (general.wrap_up_mode, general.wrap_up_limit) == (
        WrapUpMode.MANDATORY,
        timedelta(minutes=15),
    )
    assert (labour.wrap_up_mode, labour.wrap_up_limit) == (
        WrapUpMode.TIME_BOXED,
        timedelta(seconds=60),
    )


LABOUR_RINGS = """  labour:
    rings:
      - {stay_s: 5, own_only: true}
      - {stay_s: 5}
      - {stay_s: 110, add_teams: [general, security, consumer, urban]}
      - {help_regardless: true}
"""


def with_labour(tmp_path: Path, lines: str) -> Path:
    """The shipped settings with other rings for one team."""
    text = SHIPPED.read_text(encoding="utf-8")
    assert LABOUR_RINGS in text
    file = tmp_path / "acd.yaml"
    file.write_text(text.replace(LABOUR_RINGS, f"  labour:\n{lines}"), encoding="utf-8")
    return file


def test_a_ring_admits_whom_the_ones_before_admit_and_more(tmp_path: Path) -> None:
    file = with_labour(
        tmp_path,
        """    rings:
      - {stay_s: 15, least_level: 5}
      - {stay_s: 15, least_level: 3, drop_languages: [yue]}
      - {stay_s: 30, add_teams: [general]}
      - {least_level: 1, add_teams: [consumer], drop_languages: [en]}
""",
    )
    s, yue, en = timedelta(seconds=1), Language.CANTONESE, Language.ENGLISH
    assert load_rules(file).team(LABOUR).rings == (
        Ring(teams=(LABOUR,), stay=15 * s, least_level=5),
        Ring(teams=(LABOUR,), stay=15 * s, least_level=3, languages_dropped=frozenset({yue})),
        Ring(
            teams=(LABOUR, GENERAL),
            stay=30 * s,
            least_level=3,
            languages_dropped=frozenset({yue}),
        ),
        Ring(
            teams=(LABOUR, GENERAL, CONSUMER),
            least_level=1,
            languages_dropped=frozenset({yue, en}),
        ),
    )


# What is wrong, in which of these lines (from 0), and how it is told.
RING_FAULTS = {
    "none": ("    rings: []", 0, "one to 6 rings are expected here"),
    "seven": (
        "    rings:\n" + "      - {stay_s: 5, least_level: 1}\n" * 7,
        1,
        "one to 6 rings are expected here",
    ),
    "no list": ("    rings: {stay_s: 30}", 0, "a list is expected here"),
    "a stay in the last": ("    rings:\n      - {stay_s: 30}", 1, "and the last has none"),
    "no stay before": ("    rings:\n      - {}\n      - {add_teams: [general]}", 1, "needs stay_s"),
    "a stay too long": (
        "    rings:\n      - {stay_s: 7200}\n      - {add_teams: [general]}",
        1,
        "seconds must be between 1 and 3600",
    ),
    "an unknown team": (
        "    rings:\n      - {stay_s: 30}\n      - {add_teams: [nobody]}",
        2,
        "nobody is no team of this file",
    ),
    "its own team": (
        "    rings:\n      - {add_teams: [labour]}",
        1,
        "labour serves these calls already",
    ),
    "a level of none": ("    rings:\n      - {least_level: 11}", 1, "a skill level from 1 to 10"),
    "a level that rises": (
        "    rings:\n      - {stay_s: 30}\n      - {least_level: 2}",
        2,
        "may not demand more",
    ),
    "an unknown language": (
        "    rings:\n      - {drop_languages: [fr]}",
        1,
        "fr is no language of the hotline",
    ),
    "a language twice": (
        "    rings:\n      - {stay_s: 9, drop_languages: [en]}\n      - {drop_languages: [en]}",
        2,
        "en is not demanded any more",
    ),
    "nothing new": ("    rings:\n      - {stay_s: 30}\n      - {}", 2, "admits nobody new"),
    "an unknown key": ("    rings:\n      - {skills: [a]}", 1, "unknown setting skills"),
    "the own team again": (
        "    rings:\n      - {stay_s: 9}\n      - {own_only: true}",
        2,
        "own_only is for the first rings",
    ),
    "the own team with others": (
        "    rings:\n      - {own_only: true, add_teams: [general]}",
        1,
        "own_only is for the first rings",
    ),
    "regardless twice": (
        "    rings:\n      - {stay_s: 9, help_regardless: true}\n      - {help_regardless: true}",
        2,
        "is open regardless already",
    ),
    "no flag": ("    rings:\n      - {own_only: 3}", 1, "true is expected here"),
}


@pytest.mark.parametrize("name", RING_FAULTS)
def test_a_fault_of_a_ring_is_told_with_file_and_line(name: str, tmp_path: Path) -> None:
    lines, offset, message = RING_FAULTS[name]
    file = with_labour(tmp_path, lines + "\n")
    first = file.read_text(encoding="utf-8").splitlines().index("  labour:") + 2
    with pytest.raises(ConfigurationError) as told:
        load_rules(file)
    assert message in told.value.message
    assert f"acd.yaml:{first + offset}: " in told.value.message


def test_without_the_group_the_rings_alone_decide_who_helps(tmp_path: Path) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    file = tmp_path / "acd.yaml"
    file.write_text(text[: text.index("sharing:\n")], encoding="utf-8")
    assert load_rules(file).sharing is None


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
