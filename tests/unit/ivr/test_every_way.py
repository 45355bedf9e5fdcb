"""Every step and every way out of every shipped flow is walked, by inputs that are generated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from ivr.core.flow import Flow, Menu
from ivr.core.walk import visit_flow
from ivr.flows import PURPOSES
from tests.unit.ivr.every_way import edges, explore, worlds
from tests.unit.ivr.shipped import CONFIG, main_flow, survey_flow

FLOWS = {"main": main_flow, "survey": survey_flow}


def test_these_are_the_shipped_flows() -> None:
    named = {path.stem for path in CONFIG.glob("*.yaml") if "flow" in _read(path)}
    assert named == set(FLOWS) == set(PURPOSES)


def _read(path: Path) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(path.read_text())
    return found


@pytest.mark.parametrize("name", FLOWS)
def test_every_step_and_every_way_out_of_it_is_walked(name: str) -> None:
    flow = FLOWS[name]()
    found = explore(flow, worlds())
    assert set(flow.steps) - set(found.ways) == set(), "steps that nobody comes to"
    assert sorted(edges(flow) - found.edges) == [], "ways out that nobody takes"
    assert found.edges <= edges(flow)


@pytest.mark.parametrize("name", FLOWS)
def test_the_way_found_to_each_step_leads_there(name: str) -> None:
    flow = FLOWS[name]()
    for step, way in explore(flow, worlds()).ways.items():
        if way.late:
            continue
        journey = visit_flow(flow, way.keys, way.visit)
        entered = {h.step for turn in journey.turns for h in turn.happened if hasattr(h, "step")}
        assert step in entered


def test_a_way_that_no_input_takes_would_be_noticed() -> None:
    flow = with_a_step_apart(main_flow())
    found = explore(flow, worlds())
    assert "apart" not in found.ways
    assert ("apart", "silence") in edges(flow) - found.edges


def with_a_step_apart(flow: Flow) -> Flow:
    menu = flow.steps["self_service"]
    assert isinstance(menu, Menu)
    return replace(flow, steps={**flow.steps, "apart": replace(menu, name="apart")})
