"""Where each prompt of the catalogue is said: in a step of a flow, or outside them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from ivr.core import numerals
from ivr.core.flow import Flow
from ivr.core.validation import prompts_of_step
from kernel.ids import TeamId

WAITING, CALLED_BACK, PLANS, ASKED_BACK = "waiting", "called_back", "plans", "asked_back"
NUMERALS, SCREENED = "numerals", "screened"
"""Where prompts are said outside the flows."""
_OUTSIDE = (
    ("waiting_", WAITING),
    ("position_", WAITING),
    ("wait_", WAITING),
    ("callback_", CALLED_BACK),
    ("busy_", PLANS),
    ("asked_", ASKED_BACK),
    ("named_", ASKED_BACK),
    ("screening_", SCREENED),
)
"""How such names begin. A test compares them with what is really said there."""
_PIECES = frozenset(
    (*numerals.NUMBERS, *numerals.DATES, *numerals.TIMES, *numerals.AMOUNTS)
) - frozenset(numerals.DIGITS)


@dataclass(frozen=True, slots=True)
class Use:
    """`step` is empty outside the flows."""

    flow: str
    step: str = ""


def uses(flows: Iterable[Flow], teams: Collection[TeamId]) -> Mapping[str, tuple[Use, ...]]:
    """Prompt -> where it is said, in the order of the flows and their steps."""
    found: dict[str, dict[Use, None]] = {}
    for flow in flows:
        for step in flow.steps.values():
            for name in prompts_of_step(step, teams):
                found.setdefault(name, {})[Use(flow.name, step.name)] = None
    return {name: tuple(places) for name, places in found.items()}


def use_outside(name: str) -> tuple[Use, ...]:
    """Of a prompt that is said while a caller waits, is called back or asked back, or a plan runs,
    and of the pieces of numbers, dates, times and amounts, which every flow may say."""
    if name in _PIECES:
        return (Use(NUMERALS),)
    return tuple(Use(place) for beginning, place in _OUTSIDE if name.startswith(beginning))[:1]
