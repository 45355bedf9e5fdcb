"""The words of the desktop against the data they name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from agent_desktop.core.choices import NOT_READY_REASONS
from agent_desktop.core.menu_titles import STEP_TITLES, StepTitles

ROOT = Path(__file__).resolve().parents[3]


def steps_of(name: str) -> set[str]:
    flow = yaml.safe_load((ROOT / "config" / "ivr" / f"{name}.yaml").read_text())
    return set(flow["steps"])


def steps() -> dict[str, str]:
    """Step -> kind, of both flows."""
    flows = [
        yaml.safe_load((ROOT / "config" / "ivr" / name).read_text())
        for name in ("main.yaml", "survey.yaml")
    ]
    return {name: step["kind"] for flow in flows for name, step in flow["steps"].items()}


def test_every_step_of_the_flows_has_a_title_or_is_marked_unheard() -> None:
    assert set(steps()) == set(STEP_TITLES)


def test_steps_that_only_decide_are_not_shown() -> None:
    deciding = {name for name, kind in steps().items() if kind in ("condition", "lookup")}
    assert deciding == {name for name, title in STEP_TITLES.items() if title is None}


def test_a_step_of_another_flow_is_called_by_its_id() -> None:
    assert StepTitles().step_title("other", "novel") == "novel"


def test_reasons_are_told_apart() -> None:
    assert len({r.code for r in NOT_READY_REASONS}) == len(NOT_READY_REASONS)


# --- the look: contrast of the tokens ---------------------------------------------------------

_TOKEN = re.compile(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")


def tokens() -> dict[str, tuple[str, str]]:
    text = (ROOT / "frontend" / "css" / "hotline.css").read_text()
    return {name: (light, dark) for name, light, dark in _TOKEN.findall(text)}


def luminance(colour: str) -> float:
    """Relative luminance. Source: WCAG 2.2, definition of relative luminance."""

    def linear(part: str) -> float:
        value = int(part, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[i : i + 2]) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


TEXT_ON = [
    *((ink, ground) for ink in ("ink", "ink-soft") for ground in ("surface", "canvas", "raised")),
    *((state, "surface") for state in ("accent", "ok", "info", "warn", "danger")),
    *((state, f"{state}-wash") for state in ("accent", "ok", "info", "warn", "danger")),
    ("ink", "accent-wash"),
    ("ink-soft", "accent-wash"),
    ("ink-soft", "info-wash"),
    ("ink-soft", "warn-wash"),
    ("ink-soft", "ok-wash"),
    ("ink-soft", "danger-wash"),
    ("accent-ink", "accent"),
    ("surface", "info"),
]


@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_contrasts_with_its_ground_by_four_and_a_half(
    ink: str, ground: str, theme: int
) -> None:
    known = tokens()
    assert contrast(known[ink][theme], known[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_edge_of_a_control_contrasts_by_three(theme: int) -> None:
    known = tokens()
    assert contrast(known["control-edge"][theme], known["surface"][theme]) >= 3
