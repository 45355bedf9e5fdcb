"""What waiting callers are offered while a plan runs: more than always, and at once."""

from __future__ import annotations

from typing import cast

import pytest

from acd.plans import Plans
from hotline.bridges import PlannedOffers
from ivr.core.waiting import QueueOffers
from kernel.ids import TeamId

LABOUR, URBAN = TeamId("labour"), TeamId("urban")


class Standing:
    def __init__(self, always: QueueOffers) -> None:
        self._always = always

    def offers(self, team: TeamId) -> QueueOffers:
        return self._always


class OnePlan:
    """A plan for the labour team only, as `acd.plans.Plans` answers for it."""

    def __init__(self, said: tuple[str, ...], callback: bool, message: bool) -> None:
        self._said, self._callback, self._message = said, callback, message

    def opens_message_box(self, team: TeamId) -> bool:
        return self._message and team == LABOUR

    def said(self, team: TeamId) -> tuple[str, ...]:
        return self._said if team == LABOUR else ()

    def offers_callback(self, team: TeamId) -> bool:
        return self._callback and team == LABOUR


def offers(
    always: QueueOffers,
    said: tuple[str, ...] = (),
    callback: bool = False,
    *,
    by_night: bool = False,
    message: bool = False,
) -> PlannedOffers:
    found = PlannedOffers(Standing(always))
    found.follow(cast(Plans, OnePlan(said, callback, message)), lambda: not by_night)
    return found


@pytest.mark.parametrize("always", [QueueOffers(), QueueOffers(callback=True)])
def test_without_a_plan_for_the_team_the_reviewed_data_stand(always: QueueOffers) -> None:
    assert PlannedOffers(Standing(always)).offers(LABOUR) == always
    assert offers(always).offers(LABOUR) == always
    assert offers(always, ("busy_now",), True).offers(URBAN) == always


def test_a_plan_says_its_prompts_first_and_at_once() -> None:
    found = offers(QueueOffers(callback=True, announcement=("always",)), ("busy_now",))
    assert found.offers(LABOUR) == QueueOffers(True, ("busy_now", "always"), at_once=True)


def test_a_plan_offers_a_callback_that_is_not_always_there() -> None:
    assert offers(QueueOffers(), callback=True).offers(LABOUR) == QueueOffers(True, (), True)


def test_nobody_is_offered_a_callback_at_hours_at_which_citizens_are_not_rung() -> None:
    always = QueueOffers(callback=True)
    assert offers(always, by_night=True).offers(URBAN) == QueueOffers()
    assert offers(always, callback=True, by_night=True).offers(LABOUR) == QueueOffers()
    spoken = offers(always, ("busy_now",), True, by_night=True).offers(LABOUR)
    assert spoken == QueueOffers(False, ("busy_now",), at_once=True)


def test_a_plan_opens_the_message_box_by_night_too() -> None:
    found = offers(QueueOffers(callback=True), message=True, by_night=True)
    assert found.offers(LABOUR) == QueueOffers(message=True, at_once=True)
    assert not found.offers(URBAN).message
