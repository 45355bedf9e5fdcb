"""Plans that are short to read, for the tests of the plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from acd.core.plans import Combine, Figures, Measure, OpenRingTo, Plan, Trigger
from tests.fakes.clock import NOON
from tests.unit.acd.rules import LABOUR, s


def make_plan(plan_id: str = "peak", **changed: Any) -> Plan:
    """Starts at 20 waiting for 10 s, ends at 5 for 60 s; lasts 300 s, rests 120 s."""
    plan = Plan(
        plan_id=plan_id,
        zh="高峰",
        en="Peak",
        measured=LABOUR,
        teams=(LABOUR,),
        triggers=(Trigger(Measure.WAITING, 20, 5),),
        combine=Combine.ANY,
        actions=(OpenRingTo(2),),
        start_after=s(10),
        end_after=s(60),
        least=s(300),
        cool_down=s(120),
        by_hand_for=s(3600),
    )
    return replace(plan, **changed)


def at(seconds: float) -> datetime:
    return NOON + s(seconds)


def waiting(count: int) -> dict[Any, Figures]:
    return {LABOUR: Figures(waiting=count)}
