"""Where each prompt is said: found in the flows, and outside them as the code says them."""

from __future__ import annotations

import re
from pathlib import Path

from ivr.core.prompt_use import (
    ASKED_BACK,
    CALLED_BACK,
    NUMERALS,
    PLANS,
    WAITING,
    Use,
    use_outside,
    uses,
)
from tests.unit.ivr.shipped import CONFIG, TEAMS, catalogue, main_flow, survey_flow

IVR = Path(__file__).parents[3] / "ivr" / "core"


def test_every_prompt_of_the_shipped_catalogue_is_said_somewhere() -> None:
    found = uses([main_flow(), survey_flow()], TEAMS)
    assert [n for n in catalogue().texts if not found.get(n) and not use_outside(n)] == []


def test_steps_of_a_flow_are_named_with_what_they_say() -> None:
    found = uses([main_flow(), survey_flow()], TEAMS)
    assert Use("main", "menu_own") in found["menu"]
    # Said by a place holder: the greeting of whichever old line was dialled, and each digit.
    assert any(use.step == "line_own" for use in found["line_labour"])
    assert any(use.flow == "main" for use in found["digit_7"])
    assert found["survey_thanks"] == (Use("survey", "thanks"),)


def test_places_outside_the_flows_are_those_where_the_code_says_them() -> None:
    said = {
        WAITING: (IVR / "waiting.py").read_text() + (IVR / "announce.py").read_text(),
        CALLED_BACK: (IVR / "called_back.py").read_text(),
        PLANS: (CONFIG.parent / "plans.yaml").read_text(),
        ASKED_BACK: (IVR / "listening.py").read_text(),
    }
    for place, text in said.items():
        around = r"[\[ ]([a-z][a-z0-9_]+)[\],]" if place == PLANS else r"\"([a-z][a-z0-9_]+)\""
        named = re.findall(around, text)
        names = {name for name in named if name in catalogue().texts}
        assert names, place
        assert {n for n in names if use_outside(n) != (Use(place),)} == set(), place
    assert use_outside("number_26") == (Use(NUMERALS),)
    assert use_outside("welcome") == ()
