"""What a what-if draws and changes: survival, chance, rings, doubles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import exp, inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.core import inputs as inp
from acd.core.what_if.chance import Chance
from acd.core.what_if.change import Change, changed_rules, changed_staff
from acd.core.what_if.day import Offers, RecordedDay
from acd.core.what_if.score import Outcome, score
from acd.core.what_if.survival import Survival
from kernel.errors import BadInput, NotFound
from kernel.ids import AgentId, BoothId, Endpoint
from kernel.language import Language
from tests.fakes.clock import NOON
from tests.unit.acd.rules import GENERAL, LABOUR, make_rules, s

samples = st.lists(st.tuples(st.integers(0, 50).map(float), st.booleans()), max_size=40)

# --- survival -------------------------------------------------------------------------------


def test_kaplan_meier_of_a_table_worked_by_hand() -> None:
    """Six callers: hung up after 2 and 5 s (of 6 and 4 there), answered after 3 and 4, hung up
    after 8, answered after 9."""
    found = Survival([(2, True), (3, False), (4, False), (5, True), (8, True), (9, False)])
    assert (found.ended, found.censored) == (3, 3)
    assert found.part(1.9) == 1.0
    assert found.part(2) == pytest.approx(5 / 6)
    assert found.part(6) == pytest.approx(5 / 6 * 2 / 3)
    assert found.part(100) == pytest.approx(5 / 6 * 2 / 3 * 1 / 2)
    assert found.beyond(0, 0.99) == 2
    assert found.beyond(0, 0.5) == 8
    assert found.beyond(2, 0.99) == 5
    # Beyond the last end: exponential, 3 ends in 31 s.
    assert found.beyond(8, 0.5) == pytest.approx(8 + log(2) * 31 / 3)


@given(samples, st.floats(0, 80), st.floats(0.001, 0.999))
def test_what_has_lasted_lasts_longer(
    seen: list[tuple[float, bool]], watched: float, draw: float
) -> None:
    found = Survival(seen)
    lasts = found.beyond(watched, draw)
    assert lasts >= watched
    assert (lasts == inf) == (found.rate == 0 and not _ends_after(seen, watched, found, draw))
    assert found.beyond(watched, draw / 2) >= lasts, "a smaller draw is more patient"


def _ends_after(
    seen: list[tuple[float, bool]], watched: float, found: Survival, draw: float
) -> bool:
    target = draw * found.part(watched)
    return any(ended and w > watched and found.part(w) <= target for w, ended in seen)


def test_the_patience_of_those_who_were_answered_is_found_again() -> None:
    """Exponential patience of 120 s, seen only where it was shorter than a wait of up to 60 s."""
    chance = Chance(1)
    seen = []
    for n in range(4000):
        patience = -120 * log(chance.part("patience", n))
        wait = 60 * chance.part("wait", n)
        seen.append((min(patience, wait), patience < wait))
    found = Survival(seen)
    for at in (10, 30, 50):
        assert found.part(at) == pytest.approx(exp(-at / 120), abs=0.02)
    drawn = sorted(found.beyond(0, chance.part("draw", n)) for n in range(4000))
    assert drawn[2000] == pytest.approx(120 * log(2), rel=0.1)


# --- chance ---------------------------------------------------------------------------------


def test_chance_answers_the_same_question_the_same_way_whatever_was_asked_before() -> None:
    one, other = Chance(7), Chance(7)
    first = one.part("patience", "c-1")
    other.part("something", "else")
    assert other.part("patience", "c-1") == first
    assert Chance(8).part("patience", "c-1") != first
    parts = [one.part(n) for n in range(2000)]
    assert all(0 < p < 1 for p in parts)
    assert sum(parts) / 2000 == pytest.approx(0.5, abs=0.02)


# --- the change -----------------------------------------------------------------------------


def test_a_ring_opens_when_it_is_told_and_those_before_it_stay() -> None:
    rules = make_rules(general_after=60)
    changed = changed_rules(rules, Change(rings=[(LABOUR, 2, s(20))], wrap_ups=[(GENERAL, s(30))]))
    labour = next(t for t in changed.teams if t.team == LABOUR)
    assert labour.rings[0].stay == s(20)
    assert labour.rings[1] == rules.team(LABOUR).rings[1]
    assert changed.team(GENERAL).wrap_up_limit == s(30)
    untouched = [t for t in changed.teams if t.team not in (LABOUR, GENERAL)]
    assert untouched == [t for t in rules.teams if t.team not in (LABOUR, GENERAL)]


def test_the_time_of_a_later_ring_counts_from_the_arrival() -> None:
    first, second = make_rules().team(LABOUR).rings
    middle = replace(second, stay=s(30))
    rules = make_rules(rings={LABOUR: (replace(first, stay=s(20)), middle, second)})
    changed = changed_rules(rules, Change(rings=[(LABOUR, 3, s(35))]))
    assert [r.stay for r in changed.team(LABOUR).rings] == [s(20), s(15), None]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (Change(rings=[(GENERAL, 2, s(20))]), NotFound),
        (Change(rings=[(LABOUR, 2, s(0))]), BadInput),
        (Change(wrap_ups=[(LABOUR, s(2))]), BadInput),
        (Change(wrap_ups=[(LABOUR, s(901))]), BadInput),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(change: Change, error: type[Exception]) -> None:
    with pytest.raises(error):
        changed_rules(make_rules(), change)


def day_of(operators: int) -> RecordedDay:
    """So many in labour, one hour each, with a break."""
    acts = []
    ids = [AgentId(f"op{n:04}") for n in range(operators)]
    for n, agent in enumerate(ids):
        log_in = inp.LogIn(
            agent,
            BoothId(f"{n:03}"),
            Endpoint(f"booth{n:03}"),
            ((LABOUR, 5),),
            (Language.MANDARIN,),
        )
        for minute, command in (
            (n, log_in),
            (n, inp.ChooseReady(agent)),
            (n + 30, inp.ChooseNotReady(agent, "break")),
            (n + 60, inp.LogOut(agent)),
        ):
            acts.append((NOON + timedelta(minutes=minute), command))
    return RecordedDay(
        rules=make_rules(),
        rules_changed=False,
        begin=NOON,
        end=NOON + timedelta(hours=3),
        visits=(),
        given=sorted(acts, key=lambda g: g[0]),
        log_ins={},
        homes=dict.fromkeys(ids, LABOUR),
        offers=Offers(),
        recoveries=(),
        left_out=0,
        busy_idle={},
    )


def logged_in(acts: list[tuple[object, inp.Command]]) -> list[inp.LogIn]:
    return [command for _, command in acts if isinstance(command, inp.LogIn)]


def test_an_added_operator_is_the_double_of_one_of_the_team_at_a_booth_of_its_own() -> None:
    day = day_of(4)
    acts = changed_staff(day, Change(more=[(LABOUR, 6)]))
    assert len(acts) == 10 * 4
    assert [at for at, _ in acts] == sorted(at for at, _ in acts)
    seats = logged_in(list(acts))
    for part in ("agent_id", "booth_id", "endpoint"):
        assert len({getattr(seat, part) for seat in seats}) == 10, part
    doubles = [seat for seat in seats if "+" in seat.agent_id]
    originals = {seat.agent_id: seat for seat in logged_in(list(day.given))}
    taken = [AgentId(double.agent_id.partition("+")[0]) for double in doubles]
    assert set(taken) == set(originals), "spread over the whole team"
    assert max(taken.count(a) for a in taken) <= 2
    for double, of in zip(doubles, taken, strict=True):
        hours = [at for at, c in acts if getattr(c, "agent_id", None) == double.agent_id]
        assert hours == [at for at, c in day.given if getattr(c, "agent_id", None) == of]
        assert double.skills == originals[of].skills


def test_fewer_operators_are_taken_out_whole() -> None:
    acts = changed_staff(day_of(4), Change(more=[(LABOUR, -2)]))
    left = {getattr(command, "agent_id", None) for _, command in acts}
    assert left == {"op0001", "op0003"}
    assert len(acts) == 2 * 4


def test_staff_that_cannot_be_is_refused() -> None:
    with pytest.raises(NotFound):
        changed_staff(day_of(4), Change(more=[(GENERAL, 1)]))
    with pytest.raises(BadInput):
        changed_staff(day_of(4), Change(more=[(LABOUR, -5)]))


# --- the score ------------------------------------------------------------------------------


def test_a_score_counts_each_visit_once() -> None:
    outcomes = [
        Outcome(LABOUR, 15.0, True, True),
        Outcome(LABOUR, 15.1, True, False),
        Outcome(LABOUR, 4.9, False),
        Outcome(LABOUR, 5.0, False),
        Outcome(LABOUR, 40.0, False),
    ]
    found = score(outcomes, (30, 10), threshold_s=15, short_s=5)
    assert found.calls == 5
    assert found.level.abandons_negative == 1 / 4
    assert found.level.ignoring_abandons == 1 / 3
    assert found.level.abandons_positive == 2 / 4
    assert found.connect_rate == 2 / 5
    assert found.abandon_rate == 2 / 4
    assert found.short_abandon_rate == 1 / 5
    assert found.waits == (15.1, 15.1, 15.1)
    assert (found.own_team, found.occupancy) == (0.5, 0.75)
    nothing = score([], (0, 0), threshold_s=15, short_s=5)
    assert nothing.level.abandons_negative is nothing.own_team is nothing.occupancy is None
