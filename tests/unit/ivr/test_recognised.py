"""A caller whose number has a recent order: told of it after the greeting, if found by then."""

from __future__ import annotations

import asyncio

import pytest

from ivr.core.rehearsal import example_order
from ivr.core.saying import Stage
from ivr.core.walk import Journey, Visit, visit_flow
from ivr.enquiries import RECOGNISED_AT_ONCE, Enquiries
from ivr.ports import CallersOrder, OrderProgress
from kernel.language import Language
from kernel.phone import PhoneNumber, clean
from kernel.telephony import Collect, EnterQueue, Instruction, TransferOut
from tests.fakes.clock import NOON
from tests.fakes.ivr_world import DictOrderBook
from tests.fakes.log import KeptLog
from tests.unit.ivr.shipped import main_flow
from tests.unit.ivr.test_dialogue import CALL, MOBILE, entered, keys
from tests.unit.ivr.test_dialogue import Stage as Room

ORDER = CallersOrder("20261124000123", OrderProgress(Stage.ANSWERED, NOON))


def journey(*pressed: str, language: Language | None = None) -> Journey:
    visit = Visit(started_at=NOON, language=language, known=example_order("answered", NOON))
    return visit_flow(main_flow(), pressed, visit)


@pytest.mark.parametrize("language", [None, *Language])
def test_recognised_caller_hears_how_far_the_order_is_after_the_greeting(
    language: Language | None,
) -> None:
    found = journey("", language=language)
    tongue = (language or Language.MANDARIN).value
    assert found.steps[-1] == "known_order"
    told = [h.split("/")[1] for h in found.heard if h.startswith(f"{tongue}/")]
    assert told[-5:] == [
        "known_order", "order_answered", "progress_since", "day_yesterday", "known_next",
    ]  # fmt: skip


def test_recognised_caller_is_told_the_number_only_when_asked() -> None:
    assert not any("digit_" in heard for heard in journey("").heard)
    assert journey("", "1", "").steps[-1] == "known_told"
    assert sum("digit_" in heard for heard in journey("", "1", "").heard) == 14
    # "Case" is said at once; the number follows when no second figure of 110 did.
    assert journey("", "1").heard[-1] == "zh/progress_is"


@pytest.mark.parametrize("number", ["110", "119", "120", "122"])
@pytest.mark.parametrize("before", [("",), ("", "1", "")])
def test_emergency_number_typed_where_the_order_is_told_is_recognised(
    number: str, before: tuple[str, ...]
) -> None:
    found = journey(*before, number[0], number[1:])
    assert isinstance(found.ending, TransferOut)
    assert found.ending.number == number


@pytest.mark.parametrize(
    "pressed", [("", "2"), ("", "0"), ("", ""), ("", "1", "2"), ("", "1", "", "")]
)
def test_adding_something_asking_for_a_person_and_silence_lead_to_one(
    pressed: tuple[str, ...],
) -> None:
    assert isinstance(journey(*pressed).ending, EnterQueue)


def test_other_matter_leads_to_the_menu_and_the_star_to_help() -> None:
    assert journey("", "3").steps[-1] == "menu_own"
    assert journey("", "*").steps[-1] == "emergency"


def test_key_pressed_during_the_greeting_is_followed_at_once() -> None:
    found = journey("3")
    assert isinstance(found.ending, EnterQueue)
    assert found.ending.team == "labour"


# --- in the dialogue -----------------------------------------------------------------------------


async def second_answer(room: Room) -> Instruction:
    await room.dialogue.begin(entered())
    for _ in range(3):
        await asyncio.sleep(0)  # the loop turns while the greeting is heard
    return await room.dialogue.next(CALL, keys(""))


def names(instruction: Instruction) -> list[str]:
    return [prompt.name for prompt in instruction.prompts]


async def test_order_is_looked_for_while_the_greeting_is_heard() -> None:
    room = Room()
    room.orders.callers[MOBILE.digits] = ORDER
    assert "known_order" in names(await second_answer(room))


@pytest.mark.parametrize("fate", ["silent", "broken"])
async def test_caller_is_never_kept_waiting_for_being_recognised(fate: str) -> None:
    room = Room()
    room.orders.callers[MOBILE.digits] = ORDER
    setattr(room.orders, fate, True)
    answer = await second_answer(room)
    assert isinstance(answer, Collect)
    assert names(answer) == ["menu"]
    room.dialogue.forget(CALL)


async def test_call_that_ends_takes_its_question_with_it() -> None:
    room = Room()
    room.orders.silent = True
    await room.dialogue.begin(entered())
    room.dialogue.forget(CALL)
    await asyncio.sleep(0)
    assert not [
        t for t in asyncio.all_tasks() if t.get_name().startswith(("recognise-", "remember-"))
    ]


@pytest.mark.parametrize("ani", ["", "02083330000"])
async def test_nameless_callers_and_switchboards_are_not_recognised(ani: str) -> None:
    orders = DictOrderBook(callers={ani: ORDER})
    found = await Enquiries(orders, KeptLog()).recognise(clean(ani), NOON)
    assert found == {}


async def test_flood_of_calls_is_not_a_flood_of_queries() -> None:
    orders = DictOrderBook(silent=True)
    enquiries = Enquiries(orders, KeptLog(), deadline_s=30)
    numbers = [PhoneNumber(f"138{n:08}") for n in range(RECOGNISED_AT_ONCE + 5)]
    tasks = [asyncio.create_task(enquiries.recognise(number, NOON)) for number in numbers]
    done, pending = await asyncio.wait(tasks, timeout=0.05)
    assert (len(done), len(pending)) == (5, RECOGNISED_AT_ONCE)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    assert await Enquiries(DictOrderBook(), KeptLog()).recognise(numbers[0], NOON) == {}


def test_example_of_a_rehearsal_needs_a_stage() -> None:
    assert example_order("", NOON) == {}
