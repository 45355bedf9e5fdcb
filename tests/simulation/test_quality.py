"""A small hall of the benchmark of routing: the real core, the bound, five separate queues.

A hundred booths for an hour at the load that the pool carries at 95 % in 15 s; the whole benchmark,
with its bars, is `python -m bench.quality`.
"""

from __future__ import annotations

from functools import cache

import pytest

from bench.quality.figures import Figures
from bench.quality.runs import OURS, POOLED, SEPARATE, Run, play


@cache
def figures(policy: str, load: float = 1.0) -> Figures:
    return play(Run("steady", load, policy, booths=100, seed=3, hours=1.0))


def test_every_policy_meets_the_same_callers() -> None:
    assert figures(OURS).calls == figures(POOLED).calls == figures(SEPARATE).calls > 500


def test_at_a_load_that_can_be_carried_the_hall_is_nearly_one_pool() -> None:
    assert figures(POOLED).in_time - figures(OURS).in_time < 0.02
    # Teams of twenty need more help than those of a hundred, who keep 91 % to themselves.
    assert figures(OURS).own_team > 0.75


@pytest.mark.parametrize("load", [1.0, 1.25])
def test_help_between_teams_answers_more_in_time_than_separate_teams(load: float) -> None:
    assert figures(OURS, load).in_time > figures(SEPARATE, load).in_time
    assert figures(OURS, load).abandoned <= figures(SEPARATE, load).abandoned
