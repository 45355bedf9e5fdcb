"""The progress of an order by telephone: what is typed, what is said, and what never is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.core.attempts import KEYS_KEPT, WRONG_OF_ONE, WRONG_OF_THE_NAMELESS, Attempts
from ivr.core.flow import Enquiry, Reading
from ivr.core.interpreter import UNANSWERED, Answer, Ask, Result
from ivr.core.numerals import digit_names
from ivr.core.saying import DAYS_COUNTED, Stage, all_prompts, prompts_of
from ivr.core.walk import Journey, Visit, visit_flow
from ivr.enquiries import Enquiries
from ivr.ports import OrderProgress
from kernel.language import Language
from kernel.phone import PhoneNumber, clean
from kernel.telephony import Collect, EnterQueue
from tests.fakes.clock import NOON
from tests.fakes.ivr_world import DictOrderBook
from tests.fakes.log import KeptLog
from tests.unit.ivr.shipped import catalogue, main_flow

NUMBER, TAIL = "20261124000123", "8000"
MOBILE = clean("13800138000")
FOUND = Answer(Result.FOUND, {"order_stage": Stage.HANDLED.value, "order_at": NOON.isoformat()})


def journey(*keys: str, answer: Answer = FOUND) -> Journey:
    return visit_flow(main_flow(), keys, Visit(started_at=NOON, answer=answer))


def test_order_is_told_by_its_digits_its_stage_and_its_day() -> None:
    found = journey("6", "1", NUMBER, TAIL)
    heard = [h for h in found.heard if h.startswith("zh/")]
    first = heard.index("zh/progress_is")
    assert heard[first + 1 : first + 15] == [f"zh/{name}" for name in digit_names(NUMBER)]
    assert heard[first + 15 :] == [
        "zh/order_handled", "zh/progress_since", "zh/day_today", "zh/progress_next",
    ]  # fmt: skip


def test_typed_numbers_do_not_stand_in_the_record() -> None:
    found = journey("6", "1", NUMBER, TAIL)
    pressed = [h.keys for t in found.turns for h in t.happened if hasattr(h, "keys")]
    assert pressed == ["6", "1", "·" * 14, "····"]


def test_number_may_end_with_the_pound_key() -> None:
    assert journey("6", "1", NUMBER + "#", TAIL).steps == journey("6", "1", NUMBER, TAIL).steps


@pytest.mark.parametrize("wrong", ["1234", "2026112400012300000", "2026112*000123"])
def test_number_that_can_be_none_is_asked_once_more(wrong: str) -> None:
    found = journey("6", "1", wrong)
    assert found.steps[-1] == "progress"
    assert "zh/progress_short" in found.heard
    assert isinstance(journey("6", "1", wrong, wrong).ending, EnterQueue)


@pytest.mark.parametrize(
    "keys", [("6", "1", ""), ("6", "1", "0"), ("6", "1", NUMBER, ""), ("6", "1", NUMBER, "0")]
)
def test_person_is_one_key_or_one_silence_away_while_typing(keys: tuple[str, ...]) -> None:
    assert isinstance(journey(*keys).ending, EnterQueue)


@pytest.mark.parametrize(
    ("result", "step"),
    [(Result.REFUSED, "progress_refused"), (Result.FAILED, "progress_failed")],
)
def test_lookup_without_an_answer_says_so_and_goes_to_a_person(result: Result, step: str) -> None:
    found = journey("6", "1", NUMBER, TAIL, answer=Answer(result))
    assert step in found.steps
    assert isinstance(found.ending, EnterQueue)


def test_nothing_found_may_be_tried_again() -> None:
    found = journey("6", "1", NUMBER, TAIL, "1", answer=Answer(Result.NOT_FOUND))
    assert found.steps[-1] == "progress"
    assert isinstance(found.turns[-1].instruction, Collect)


@pytest.mark.parametrize("reading", list(Reading))
def test_whatever_may_be_said_is_in_the_catalogue(reading: Reading) -> None:
    assert all(len(catalogue().languages(name)) == 3 for name in all_prompts(reading))


@pytest.mark.parametrize(
    ("days", "name"),
    [
        (-1, "day_today"),
        (0, "day_today"),
        (1, "day_yesterday"),
        (2, "day_ago_2"),
        (DAYS_COUNTED, f"day_ago_{DAYS_COUNTED}"),
        (DAYS_COUNTED + 1, "day_long_ago"),
    ],
)
def test_day_is_said_as_one_counts_it(days: int, name: str) -> None:
    at = NOON - timedelta(days=days)
    assert prompts_of(Reading.DAY, at.isoformat(), NOON, Language.MANDARIN) == (name,)
    assert name in all_prompts(Reading.DAY)


@pytest.mark.parametrize("value", ["", "yesterday", "2026-11-24", "2026-11-24T12:00:00"])
def test_value_that_is_no_moment_is_passed_over_in_silence(value: str) -> None:
    assert prompts_of(Reading.DAY, value, NOON, Language.MANDARIN) == ()
    assert prompts_of(Reading.STAGE, value, NOON, Language.MANDARIN) == ()


# --- asking ------------------------------------------------------------------------------------


def ask(number: str = NUMBER, tail: str = TAIL) -> Ask:
    return Ask(Enquiry.ORDER_PROGRESS, {"order_number": number, "phone_tail": tail})


def book() -> DictOrderBook:
    return DictOrderBook({(NUMBER, TAIL): OrderProgress(Stage.ANSWERED, NOON)})


async def test_order_is_found_by_its_number_and_the_last_four() -> None:
    answer = await Enquiries(book(), KeptLog()).answer(ask(), MOBILE, NOON)
    assert answer == Answer(Result.FOUND, {"order_stage": "answered", "order_at": NOON.isoformat()})


@pytest.mark.parametrize("orders", [DictOrderBook(silent=True), DictOrderBook(broken=True)])
async def test_dead_or_slow_database_is_a_failed_lookup_and_no_more(orders: DictOrderBook) -> None:
    log = KeptLog()
    assert await Enquiries(orders, log, deadline_s=0.02).answer(ask(), MOBILE, NOON) == UNANSWERED
    assert log.events == ["enquiry_failed"]
    assert MOBILE.digits not in str(log.lines)


async def test_sixth_guess_about_an_order_is_refused_whoever_guesses() -> None:
    orders = book()
    enquiries = Enquiries(orders, KeptLog())
    for n in range(WRONG_OF_ONE):
        caller = clean(f"1380013800{n}")
        assert (await enquiries.answer(ask(tail="0000"), caller, NOON)).result is Result.NOT_FOUND
    answer = await enquiries.answer(ask(), MOBILE, NOON)
    assert answer.result is Result.REFUSED
    assert orders.asked == WRONG_OF_ONE
    later = await enquiries.answer(ask(), MOBILE, NOON + timedelta(hours=1))
    assert later.result is Result.FOUND


async def test_sixth_wrong_number_of_one_caller_is_refused() -> None:
    enquiries = Enquiries(book(), KeptLog())
    for n in range(WRONG_OF_ONE):
        await enquiries.answer(ask(number=f"2026112400{n:04}"), MOBILE, NOON)
    assert (await enquiries.answer(ask(), MOBILE, NOON)).result is Result.REFUSED


async def test_right_answers_are_never_counted() -> None:
    enquiries = Enquiries(book(), KeptLog())
    for _ in range(3 * WRONG_OF_ONE):
        assert (await enquiries.answer(ask(), MOBILE, NOON)).result is Result.FOUND


async def test_nameless_callers_share_a_larger_limit() -> None:
    enquiries = Enquiries(book(), KeptLog())
    for n in range(WRONG_OF_THE_NAMELESS):
        answer = await enquiries.answer(ask(number=f"20261124{n:06}"), PhoneNumber(""), NOON)
        assert answer.result is not Result.REFUSED
    assert (await enquiries.answer(ask(), PhoneNumber(""), NOON)).result is Result.REFUSED


def test_memory_of_wrong_guesses_is_bounded_and_forgets_the_oldest() -> None:
    attempts = Attempts()
    for n in range(KEYS_KEPT + 10):
        attempts.wrong(str(n), 1, NOON)
    assert not attempts.refused("0", 1, NOON)
    assert attempts.refused(str(KEYS_KEPT + 9), 1, NOON)
