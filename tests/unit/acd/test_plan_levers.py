"""What plans change, and that it is given back exactly."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from acd.core.plan_levers import (
    NO_LIMIT,
    UNTOUCHED,
    Held,
    LeverKey,
    LeverKind,
    pull,
    target,
    wants,
)
from acd.core.plans import Announce, OfferCallback, OpenRingTo, Plan, WrapUpAtMost
from tests.unit.acd.plan_kit import make_plan
from tests.unit.acd.rules import CONSUMER, LABOUR, s

WEAK = make_plan("weak", actions=(OpenRingTo(2), WrapUpAtMost(s(40)), Announce(("a", "b"))))
STRONG = make_plan(
    "strong",
    teams=(LABOUR, CONSUMER),
    actions=(OpenRingTo(4), WrapUpAtMost(s(20)), Announce(("b", "c"))),
)


def test_of_two_plans_the_stronger_counts_for_each_lever() -> None:
    both = wants((WEAK, STRONG))
    assert both.levers == {
        (LeverKind.RING, LABOUR): 4,
        (LeverKind.WRAP_UP, LABOUR): 20,
        (LeverKind.RING, CONSUMER): 4,
        (LeverKind.WRAP_UP, CONSUMER): 20,
    }
    assert wants((STRONG, WEAK)).levers == both.levers


def test_callers_are_told_two_prompts_at_most_each_once_the_first_plans_first() -> None:
    assert wants((WEAK, STRONG)).said == {LABOUR: ("a", "b"), CONSUMER: ("b", "c")}
    assert wants((STRONG, WEAK)).said[LABOUR] == ("b", "c")


def test_a_plan_never_makes_weaker_what_stood_there() -> None:
    held = pull(LeverKind.RING, 4, None, 2)
    assert held == Held(4, 4)
    assert pull(LeverKind.WRAP_UP, 10, None, 40) == Held(10, 10)
    assert target(4, None, held) == 4


def test_a_callback_is_offered_to_the_teams_of_the_plans_that_say_so() -> None:
    plan = make_plan("calls_back", teams=(CONSUMER,), actions=(OfferCallback(),))
    assert wants((WEAK, plan)).callback == {CONSUMER}
    assert wants((WEAK,)).callback == frozenset()


KINDS = st.sampled_from(LeverKind)
CHOICES = {
    LeverKind.RING: (1.0, 2.0, 3.0, 4.0),
    LeverKind.WRAP_UP: (NO_LIMIT, 60.0, 30.0, 20.0),
}


class Model:
    """The levers of a hall, plans that come and go, and a supervisor who sets them, too."""

    def __init__(self) -> None:
        self.actual: dict[LeverKey, float] = {}
        self.held: dict[LeverKey, Held] = {}
        self.running: list[Plan] = []

    def settle(self) -> None:
        wanted = wants(self.running).levers
        for key in {*wanted, *self.held}:
            actual = self.actual.get(key, UNTOUCHED[key[0]])
            before = self.held.pop(key, None)
            after = pull(key[0], actual, before, wanted.get(key))
            self.actual[key] = target(actual, before, after)
            if after is not None:
                self.held[key] = after

    def changed(self) -> dict[LeverKey, float]:
        return {k: v for k, v in self.actual.items() if v != UNTOUCHED[k[0]]}


MOVES = st.lists(st.sampled_from(("weak", "strong")), max_size=12)


@given(moves=MOVES, before=st.dictionaries(KINDS, st.integers(0, 3)))
def test_the_end_of_the_last_plan_gives_back_exactly_what_stood_there(
    moves: list[str], before: dict[LeverKind, int]
) -> None:
    model = Model()
    model.actual = {(kind, LABOUR): CHOICES[kind][n] for kind, n in before.items()}
    stood = model.changed()
    for move in moves:
        plan = WEAK if move == "weak" else STRONG
        if plan in model.running:
            model.running.remove(plan)
        else:
            model.running.append(plan)
        model.settle()
        wanted = wants(model.running).levers
        assert all(model.held[key].base == stood.get(key, UNTOUCHED[key[0]]) for key in wanted)
    model.running = []
    model.settle()
    assert model.changed() == stood
    assert model.held == {}


def test_who_moves_a_lever_meanwhile_has_set_what_it_goes_back_to() -> None:
    model, key = Model(), (LeverKind.RING, LABOUR)
    model.running = [WEAK]
    model.settle()
    model.actual[key] = 3  # a supervisor opened more
    model.settle()
    assert model.actual[key] == 3
    model.running = []
    model.settle()
    assert model.actual[key] == 3


def test_a_lever_that_somebody_moved_before_the_end_is_left_alone() -> None:
    assert target(3, Held(1, 2), None) == 3
