"""The plans' file: the shipped one is right, and every fault is told with its line."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from acd.adapters.plans_file import Known, load_plans
from acd.adapters.rules_file import load_rules
from acd.core.plans import (
    HALL,
    Announce,
    Combine,
    Measure,
    OfferCallback,
    OpenRingTo,
    Summon,
    Trigger,
    WrapUpAtMost,
)
from kernel.errors import ConfigurationError
from tests.unit.acd.rules import LABOUR, TEAMS, s

CONFIG = Path(__file__).parents[3] / "config"
SHIPPED = CONFIG / "plans.yaml"
PROMPTS = ("busy_now", "busy_storm", "busy_elsewhere")
REASONS = ("break", "meal", "paperwork", "training", "meeting", "equipment")
KNOWN = Known(load_rules(CONFIG / "acd.yaml"), PROMPTS, REASONS)


def test_the_shipped_plans_are_valid() -> None:
    plans = {p.plan_id: p for p in load_plans(SHIPPED, KNOWN)}
    assert list(plans) == [
        "typhoon", "morning_peak", "labour_spring", *(f"overrun.{t}" for t in TEAMS),
    ]  # fmt: skip
    typhoon = plans["typhoon"]
    assert (typhoon.measured, typhoon.teams, typhoon.combine) == (HALL, TEAMS, Combine.ALL)
    assert typhoon.triggers[1] == Trigger(Measure.SERVICE_LEVEL, 0.4, 0.8)
    assert typhoon.least == timedelta(minutes=30)
    assert plans["morning_peak"].hours == (time(8), time(11))
    spring = plans["labour_spring"]
    assert spring.dates == (date(2026, 12, 28), date(2027, 2, 5))
    assert spring.actions == (
        OpenRingTo(3),
        WrapUpAtMost(s(30)),
        Announce(("busy_now", "busy_elsewhere")),
        OfferCallback(),
        Summon(("break", "paperwork")),
    )
    overrun = plans["overrun.labour"]
    assert (overrun.measured, overrun.teams, overrun.zh) == (LABOUR, (LABOUR,), "班组来电激增")


ID = "id: morning_peak"
WAITING = "{measure: waiting, start: 60, end: 15}"
FAULTS = {
    "unknown key": (ID, f"{ID}\n    color: red", "unknown setting color"),
    "missing key": ("    cool_down_s: 600\n", "", "setting cool_down_s is missing"),
    "id": (ID, "id: Morning Peak", "an id is small letters"),
    "twice": (ID, "id: typhoon", "a plan typhoon stands above already"),
    "measured": ("measured: labour", "measured: sport", "sport is neither a team nor hall"),
    "when": ("when: all", "when: most", "when is any or all"),
    "long name": ("zh: 早高峰", f"zh: {'早' * 21}", "a name has 20 characters at most"),
    "measure": (WAITING, "{measure: mood, start: 9, end: 1}", "measure is one of waiting"),
    "no gap": (WAITING, "{measure: waiting, start: 60, end: 60}", "end must be below start"),
    "wrong side": (
        "{measure: service_level, start: 0.7, end: 0.85}",
        "{measure: service_level, start: 0.7, end: 0.6}",
        "end must be above start",
    ),
    "no threshold": (WAITING, "{measure: waiting, start: many, end: 1}", "a threshold is expected"),
    "more than all": (
        "{measure: service_level, start: 0.7, end: 0.85}",
        "{measure: service_level, start: 0.7, end: 85}",
        "a threshold must be between 0 and 1",
    ),
    "measured twice": (
        WAITING,
        f"{WAITING}\n      - {WAITING}",
        "each measure has one trigger",
    ),
    "no triggers": (
        "    triggers:\n      - {measure: waiting, start: 25, end: 6}\n"
        "      - {measure: longest_wait_s, start: 90, end: 20}\n",
        "    triggers: []\n",
        "a plan needs a trigger",
    ),
    "short": ("least_s: 600", "least_s: 5", "seconds must be between 60 and 14400"),
    "hours": ("[08:00, 11:00]", "[early, 11:00]", "two times are expected here"),
    "hours backwards": ("[08:00, 11:00]", "[11:00, 08:00]", "the first time must be before"),
    "one hour": ("[08:00, 11:00]", "[08:00]", "a first and a last are expected here"),
    "dates": ("[2026-12-28, 2027-02-05]", "[2026-12-28, soon]", "two dates are expected here"),
    "dates backwards": (
        "[2026-12-28, 2027-02-05]",
        "[2027-02-05, 2026-12-28]",
        "the first date must not be after",
    ),
    "ring": ("open_ring: 4", "open_ring: 5", "a ring from 2 to 4 is expected here"),
    "first ring": ("open_ring: 4", "open_ring: 1", "a ring from 2 to 4 is expected here"),
    "wrap-up": ("wrap_up_s: 20", "wrap_up_s: 2", "seconds must be between 5 and 900"),
    "prompt": ("[busy_now]", "[busy_new]", "there is no prompt busy_new"),
    "prompts": ("[busy_now]", "[]", "one to 2 prompts are expected here"),
    "callback": ("offer_callback: true", "offer_callback: maybe", "true is expected here"),
    "reason": ("summon: [paperwork]", "summon: [tea]", "nobody is not ready for tea"),
    "reasons": ("summon: [paperwork]", "summon: []", "a reason of not being ready is expected"),
    "does nothing": (
        "      open_ring: 3\n      wrap_up_s: 40\n      summon: [paperwork, training]\n"
        "      announce: [busy_now]\n",
        "      {}\n",
        "a plan does something",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_file_and_line(fault: str, tmp_path: Path) -> None:
    right, wrong, message = FAULTS[fault]
    text = SHIPPED.read_text(encoding="utf-8")
    assert right in text
    path = tmp_path / "plans.yaml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"plans\.yaml:\d+: ") as caught:
        load_plans(path, KNOWN)
    assert message in str(caught.value)


def test_a_file_that_is_empty_or_missing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "plans.yaml"
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_plans(path, KNOWN)
    path.write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"plans\.yaml:1: the file is empty"):
        load_plans(path, KNOWN)
