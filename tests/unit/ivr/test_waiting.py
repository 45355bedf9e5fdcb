"""Keys while waiting: the choices, the number, and when they are told of."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.waiting_file import load_waiting
from ivr.core.numerals import digit_names
from ivr.core.waiting import QueueOffers, Talk, Turn, announcement, begin, step
from ivr.waiting import StandingOffers, WaitingDialogue
from kernel.errors import ConfigurationError
from kernel.events import CallEnded, MenuKeyPressed
from kernel.ids import CallId, EventId, TeamId
from kernel.language import Language
from kernel.phone import PhoneNumber, callable_number
from kernel.telephony import (
    CallerInput,
    Collect,
    InputKind,
    KeepMessage,
    KeepWaiting,
    PromiseCallback,
    TakeMessage,
    WaitingAnswer,
    WaitingCaller,
)
from tests.fakes.bus import CollectingBus
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.unit.ivr.shipped import CONFIG, catalogue

RULES = load_waiting(CONFIG / "waiting.yaml")
OFFERED = QueueOffers(callback=True)
ALL_OFFERED = QueueOffers(callback=True, message=True)
CALL = CallId("gz1-1795492774-0")
OWN = PhoneNumber("13800138000")


def caller(ani: str = OWN.digits, waited_s: int = 0) -> WaitingCaller:
    since = NOON - timedelta(seconds=waited_s)
    return WaitingCaller(CALL, TeamId("labour"), Language.CANTONESE, PhoneNumber(ani), since)


def keys(digits: str) -> CallerInput:
    kind = InputKind.DIGITS if digits else InputKind.SILENCE
    return CallerInput(kind, digits, NOON)


def after(turn: Turn, *said: str) -> WaitingAnswer:
    for digits in said:
        talk = turn[0]
        assert talk is not None, "the dialogue goes on"
        turn = step(RULES, talk, keys(digits))
    assert turn[0] is None, "the dialogue is over"
    return turn[1]


def asked(turn: Turn) -> list[str]:
    assert isinstance(turn[1], Collect)
    return [p.name for p in turn[1].prompts]


def test_one_confirms_the_own_number() -> None:
    turn = begin(RULES, OFFERED, caller(), "7")
    assert asked(turn) == ["waiting_callback_own"]
    answer = after(turn, "1")
    assert isinstance(answer, PromiseCallback)
    assert answer.number == OWN
    assert {p.language for p in answer.prompts} == {Language.CANTONESE}


@pytest.mark.parametrize("said", ["", "0", "7"])
def test_silence_and_every_other_key_go_on_waiting(said: str) -> None:
    assert isinstance(after(begin(RULES, OFFERED, caller(), "7"), said), KeepWaiting)


def test_another_number_is_typed_read_back_and_confirmed() -> None:
    turn = begin(RULES, OFFERED, caller(), "7")
    assert turn[0] is not None
    turn = step(RULES, turn[0], keys("2"))
    assert asked(turn) == ["waiting_callback_type"]
    assert turn[0] is not None
    turn = step(RULES, turn[0], keys("02081234567"))
    heard = asked(turn)
    assert heard[1:-1] == list(digit_names("02081234567"))
    answer = after(turn, "1")
    assert answer == PromiseCallback(PhoneNumber("02081234567"), answer.prompts)


@pytest.mark.parametrize("ani", ["", "110", "+85291234567", "4008001234"])
def test_a_caller_whose_number_cannot_be_called_types_one(ani: str) -> None:
    assert asked(begin(RULES, OFFERED, caller(ani), "7")) == ["waiting_callback_type"]


def test_a_number_that_may_not_be_called_is_asked_for_again_but_not_for_ever() -> None:
    turn = begin(RULES, OFFERED, caller(""), "7")
    tries = 0
    while turn[0] is not None:
        tries += 1
        turn = step(RULES, turn[0], keys("110"))
    assert tries == RULES.tries
    assert isinstance(turn[1], KeepWaiting)


@pytest.mark.parametrize("key", "012345689")
def test_a_key_without_a_meaning_leads_straight_back_to_the_music(key: str) -> None:
    assert begin(RULES, OFFERED, caller(), key) == (None, KeepWaiting())


def test_what_is_not_offered_cannot_be_chosen() -> None:
    assert begin(RULES, QueueOffers(), caller(), "7") == (None, KeepWaiting())


@given(
    ani=st.sampled_from(["", OWN.digits, "110"]),
    first=st.sampled_from("12"),
    said=st.lists(
        st.one_of(st.sampled_from(["", "1", "2", "7", "8"]), st.text("0123456789*#")), max_size=12
    ),
)
def test_whatever_is_pressed_ends_soon_and_promises_only_callable_numbers(
    ani: str, first: str, said: list[str]
) -> None:
    talk: Talk | None
    talk, answer = begin(RULES, ALL_OFFERED, caller(ani), first)
    for digits in [*said, "", ""]:
        if talk is None:
            break
        talk, answer = step(RULES, talk, keys(digits))
        for prompt in answer.prompts:
            assert catalogue().languages(prompt.name) == frozenset(Language)
    assert talk is None
    if isinstance(answer, PromiseCallback | TakeMessage):
        assert callable_number(answer.number)


def spoken(seconds: str) -> CallerInput:
    return CallerInput(InputKind.MESSAGE, seconds, NOON)


def test_two_begins_a_message_that_is_kept_when_it_is_long_enough() -> None:
    talk, answer = begin(RULES, ALL_OFFERED, caller(), "8")
    assert isinstance(answer, TakeMessage)
    assert (answer.number, answer.longest) == (OWN, RULES.message_longest)
    assert talk is not None
    shortest = int(RULES.message_shortest.total_seconds())
    kept = step(RULES, talk, spoken(str(shortest)))
    assert kept[0] is None and isinstance(kept[1], KeepMessage)
    assert kept[1].number == OWN


@pytest.mark.parametrize("seconds", ["", "0", "2", "-3"])
def test_a_message_that_is_too_short_changes_nothing(seconds: str) -> None:
    talk, _ = begin(RULES, ALL_OFFERED, caller(), "8")
    assert talk is not None
    over, answer = step(RULES, talk, spoken(seconds))
    assert over is None and isinstance(answer, KeepWaiting)


def test_an_anonymous_caller_types_a_number_before_the_message() -> None:
    turn = begin(RULES, ALL_OFFERED, caller(""), "8")
    for digits in ("13912345678", "1"):
        assert turn[0] is not None
        turn = step(RULES, turn[0], keys(digits))
    assert isinstance(turn[1], TakeMessage)
    assert turn[1].number == PhoneNumber("13912345678")


def test_the_message_box_is_closed_unless_it_is_offered() -> None:
    assert begin(RULES, OFFERED, caller(), "8") == (None, KeepWaiting())
    assert told(600, offers=ALL_OFFERED) == ["waiting_callback_offer", "waiting_message_offer"]


def told(waited_s: int, told_s_ago: int | None = None, offers: QueueOffers = OFFERED) -> list[str]:
    told_at = None if told_s_ago is None else NOON - timedelta(seconds=told_s_ago)
    said = announcement(RULES, offers, caller(waited_s=waited_s), told_at, NOON)
    return [p.name for p in said]


def test_the_choice_is_announced_at_the_first_long_wait_and_then_seldom() -> None:
    after_s, every_s = (
        int(t.total_seconds()) for t in (RULES.announce_after, RULES.announce_every)
    )
    assert told(after_s - 1) == []
    assert told(after_s) == ["waiting_callback_offer"]
    assert told(after_s + every_s, told_s_ago=every_s - 1) == []
    assert told(after_s + every_s, told_s_ago=every_s) == ["waiting_callback_offer"]


def test_a_plan_may_announce_at_once_with_words_of_its_own() -> None:
    plan = QueueOffers(callback=True, announcement=("waiting_goes_on",), at_once=True)
    assert told(0, offers=plan) == ["waiting_goes_on", "waiting_callback_offer"]


class Site:
    def __init__(self) -> None:
        self.bus = CollectingBus()
        self.clock = SetClock()
        self.waiting = WaitingDialogue(
            rules=RULES,
            offers=StandingOffers(RULES),
            bus=self.bus,
            clock=self.clock,
            ids=CountedIds(),
        )


async def test_a_typed_number_stands_masked_in_the_timeline() -> None:
    site = Site()
    await site.waiting.key(caller(""), "7")
    await site.waiting.next(CALL, keys("13912345678"))
    pressed = [e.keys for e in site.bus.of(MenuKeyPressed)]
    assert pressed == ["7", "139****5678"]


async def test_a_caller_of_whom_nothing_is_known_waits_on() -> None:
    assert await Site().waiting.next(CALL, keys("1")) == KeepWaiting()


async def test_nothing_is_remembered_of_a_call_that_ended() -> None:
    site = Site()
    assert site.waiting.announce(caller(waited_s=600))
    assert not site.waiting.announce(caller(waited_s=600))
    await site.waiting.key(caller(), "7")
    await site.waiting.on_call_ended(
        CallEnded(
            event_id=EventId("e"),
            occurred_at=NOON,
            call_id=CALL,
            outcome="abandoned",
            ended_by="caller",
            cause=16,
        )
    )
    assert site.waiting.announce(caller(waited_s=600))
    assert await site.waiting.next(CALL, keys("1")) == KeepWaiting()


@pytest.mark.parametrize(
    ("line", "wrong"),
    [("key: 7", "key: 12"), ("key: 7", "key: 0"), ("always: true", "always: perhaps"),
     ("key: 8", "key: 7"), ("longest_s: 120", "longest_s: 9999"),
     ("every_s: 180", "every_s: 1"), ("tries: 3", "tries: 99"), ("tries: 3", "attempts: 3")],
)  # fmt: skip
def test_a_mistake_in_the_reviewed_data_is_named_by_its_line(
    tmp_path: Path, line: str, wrong: str
) -> None:
    path = tmp_path / "waiting.yaml"
    path.write_text((CONFIG / "waiting.yaml").read_text().replace(line, wrong))
    with pytest.raises(ConfigurationError, match=r"waiting\.yaml:\d+: "):
        load_waiting(path)
