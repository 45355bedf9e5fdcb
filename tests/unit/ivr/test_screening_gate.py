"""The gate: what a caller hears who is asked for a key or refused, and where every key leads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.core.screening import challenge
from ivr.core.screening.figures import Count
from ivr.core.screening.policy import Level, LineCapacity
from kernel.events import (
    CallAnswered,
    CallArrived,
    CallScreened,
    CallTransferredOut,
    ChallengeEnded,
    GuardLevelChanged,
    MenuStepEntered,
)
from kernel.ids import AgentId, BoothId, CallId, EventId, OfferId, TeamId
from kernel.language import Language
from kernel.telephony import (
    Collect,
    Disconnect,
    EnterQueue,
    Instruction,
    LineRestored,
    Listen,
    Play,
    Prompt,
    TransferOut,
)
from tests.fakes.guard_room import GuardRoom, shipped_policy
from tests.unit.ivr.shipped import catalogue

MOBILE = "13800138000"


async def storm(room: GuardRoom) -> GuardRoom:
    await room.screening.pin("ad03", Level.STORM, "来电攻击", 2)
    return room


@pytest.fixture
async def room() -> GuardRoom:
    return await storm(GuardRoom())


def key_of(instruction: Instruction) -> str:
    """The key that is asked for."""
    assert isinstance(instruction, Collect)
    return instruction.prompts[-1].name.removeprefix("screening_press_")


def outcomes(room: GuardRoom) -> list[str]:
    return [event.outcome for event in room.bus.of(ChallengeEnded)]


def steps(room: GuardRoom) -> list[str]:
    return [event.step for event in room.bus.of(MenuStepEntered)]


async def test_ordinary_call_comes_to_the_dialogue_at_once_and_nothing_is_told() -> None:
    room = GuardRoom()
    _, instruction = await room.call(MOBILE)
    assert isinstance(instruction, Collect)
    assert steps(room)
    assert len(room.bus.of(CallArrived)) == 1
    assert room.bus.of(CallScreened) == []


async def test_stranger_in_a_storm_is_asked_in_three_languages_and_the_key_leads_on(
    room: GuardRoom,
) -> None:
    call_id, asked = await room.call(MOBILE)
    assert isinstance(asked, Collect)
    assert [p.language for p in asked.prompts] == list(Language)
    assert steps(room) == []
    screened = room.bus.of(CallScreened)[-1]
    assert (screened.decision, screened.reason, screened.level) == (
        "challenge",
        "stranger",
        "storm",
    )
    went_on = await room.press(call_id, key_of(asked))
    assert isinstance(went_on, Collect)
    assert "greeting_three" in steps(room)
    assert outcomes(room) == ["passed"]
    assert len(room.bus.of(CallArrived)) == 1
    queued = await room.press(call_id, "0")
    assert isinstance(queued, EnterQueue)
    assert queued.priority == 0, "who passed waits as everybody does"


async def test_known_language_is_asked_in_it_alone_when_the_number_calls_too_often() -> None:
    room = GuardRoom()
    room.memory.known[MOBILE] = Language.CANTONESE
    for _ in range(4):
        call_id, _ = await room.call(MOBILE)
        room.hang_up(call_id)
    call_id, asked = await room.call(MOBILE)
    assert isinstance(asked, Collect)
    assert {p.language for p in asked.prompts} == {Language.CANTONESE}
    went_on = await room.press(call_id, key_of(asked))
    assert isinstance(went_on, Collect)
    queued = await room.press(call_id, "0")
    assert isinstance(queued, EnterQueue)
    assert queued.priority == shipped_policy().after_others


async def test_silent_caller_hears_how_to_reach_help_and_is_let_go(room: GuardRoom) -> None:
    call_id, _ = await room.call("anonymous")
    refused = await room.press(call_id, "")
    assert isinstance(refused, Collect)
    assert refused.prompts[0] == Prompt(challenge.REFUSED, Language.MANDARIN)
    assert isinstance(await room.press(call_id, ""), Disconnect)
    assert outcomes(room) == ["failed", "let_go"]
    assert room.gate.held() == 0


async def test_key_still_leads_on_while_the_refusal_is_heard(room: GuardRoom) -> None:
    call_id, asked = await room.call("anonymous")
    await room.press(call_id, "9")
    assert isinstance(await room.press(call_id, key_of(asked)), Collect)
    assert outcomes(room) == ["failed", "passed"]
    assert "greeting_three" in steps(room)


async def test_silent_caller_is_asked_again_at_the_normal_level() -> None:
    room = GuardRoom()
    for _ in range(3):
        await room.call(MOBILE)
        room.later(61)
    call_id, asked = await room.call(MOBILE)  # the fourth at once
    assert await room.press(call_id, "") == asked
    await room.press(call_id, "")
    assert outcomes(room) == ["after_others"]


async def test_of_a_numbers_calls_one_hears_all_of_it_and_the_key_still_leads_on(
    room: GuardRoom,
) -> None:
    first, _ = await room.call(MOBILE)
    call_id, asked = await room.call(MOBILE)
    assert isinstance(await room.press(first, ""), Collect)
    assert isinstance(await room.press(call_id, ""), Disconnect)
    assert outcomes(room) == ["failed", "let_go"]
    room.hang_up(call_id)
    room.later(61)
    call_id, asked = await room.call(MOBILE)
    await room.press(call_id, key_of(asked))
    assert outcomes(room)[-1] == "passed"
    room.hang_up(call_id)
    call_id, _ = await room.call("anonymous")
    assert isinstance(await room.press(call_id, ""), Collect), "a hidden number has heard nothing"


async def test_when_very_many_are_asked_nobody_hears_more_than_the_question() -> None:
    policy = shipped_policy()
    few = replace(policy, challenge=replace(policy.challenge, brief_above=2))
    room = await storm(GuardRoom(policy=few))
    calls = [(await room.call("anonymous"))[0] for _ in range(3)]
    assert isinstance(await room.press(calls[0], ""), Disconnect)
    room.hang_up(calls[0])
    assert isinstance(await room.press(calls[1], ""), Collect)
    picture = room.screening.picture()
    assert picture.figures.minute[Count.REFUSED] == 2


@pytest.mark.parametrize("keys", [["9"], ["0"], ["1", ""], ["1", "9"]])
async def test_who_presses_another_key_is_a_person_and_is_asked_again_however_many_are(
    keys: list[str],
) -> None:
    """A citizen who pressed the menu's key, as always, before the question was heard to its end was
    let go at once, amid a storm, on the real Asterisk."""
    policy = shipped_policy()
    few = replace(policy, challenge=replace(policy.challenge, brief_above=0))
    room = await storm(GuardRoom(policy=few))
    call_id, asked = await room.call(MOBILE)
    for pressed in keys:
        heard = await room.press(call_id, pressed)
        assert isinstance(heard, Collect)
    assert key_of(heard) == key_of(asked)
    await room.press(call_id, key_of(asked))
    assert outcomes(room) == ["failed", "passed"]


async def test_after_a_while_a_number_hears_all_of_it_again(room: GuardRoom) -> None:
    call_id, _ = await room.call(MOBILE)
    await room.press(call_id, "")
    await room.press(call_id, "")
    room.hang_up(call_id)
    room.later(601)
    call_id, _ = await room.call(MOBILE)
    assert isinstance(await room.press(call_id, ""), Collect)


async def test_who_came_before_the_storm_and_stays_silent_is_asked_in_the_midst_of_the_menu() -> (
    None
):
    room = GuardRoom()
    call_id, greeting = await room.call(MOBILE)
    await storm(room)
    asked = await room.press(call_id, "")
    assert key_of(asked) in shipped_policy().challenge.keys
    assert room.bus.of(CallScreened)[-1].reason == "stranger"
    heard = steps(room)
    on = await room.press(call_id, key_of(asked))
    # The silence of before is told to the dialogue now, which goes on as it would have.
    assert len(steps(room)) > len(heard)
    assert isinstance(on, Collect | Listen)
    assert on != greeting
    assert isinstance(await room.press(call_id, "0"), EnterQueue)


async def test_who_came_before_the_storm_and_pressed_a_key_is_asked_for_no_other() -> None:
    room = GuardRoom()
    call_id, _ = await room.call(MOBILE)
    await room.press(call_id, "3")
    await storm(room)
    instruction: Instruction = await room.press(call_id, "")
    for _ in range(6):
        if isinstance(instruction, EnterQueue):
            break
        instruction = await room.press(call_id, "")
    assert isinstance(instruction, EnterQueue)
    assert room.bus.of(CallScreened) == []


async def test_machine_that_came_before_the_storm_is_let_go_and_reaches_nobody() -> None:
    room = GuardRoom()
    call_id, _ = await room.call(MOBILE)
    await storm(room)
    for _ in range(2):
        assert isinstance(await room.press(call_id, ""), Collect)
    assert isinstance(await room.press(call_id, ""), Disconnect)
    assert room.gate.held() == 0


async def test_way_to_help_is_open_to_who_is_asked_in_the_midst_of_the_menu() -> None:
    room = GuardRoom()
    await storm(room)
    await room.screening.pin("ad03", None, "演练", 0)
    call_id, _ = await room.call(MOBILE)
    other, _ = await room.call("13800138002")
    await storm(room)
    await room.press(call_id, "")
    await room.press(call_id, "*")
    assert steps(room)[-1] == "emergency"
    await room.press(other, "")
    await room.press(other, "1")
    leaving = await room.press(other, "20")
    assert isinstance(leaving, TransferOut)
    assert leaving.number == "120"


async def test_silent_caller_goes_behind_the_others_at_the_normal_level() -> None:
    room = GuardRoom()
    for _ in range(4):
        room.hang_up((await room.call(MOBILE))[0])
    call_id, asked = await room.call(MOBILE)
    assert isinstance(asked, Collect)
    await room.press(call_id, "")  # the number is listed: it is asked once
    assert outcomes(room) == ["after_others"]
    queued = await room.press(call_id, "0")
    assert isinstance(queued, EnterQueue)
    assert queued.priority == -10


async def test_star_leads_to_the_emergency_menu_from_the_question_and_from_the_refusal(
    room: GuardRoom,
) -> None:
    for silent in (0, 1):
        call_id, _ = await room.call("anonymous")
        for _ in range(silent):
            await room.press(call_id, "")
        await room.press(call_id, "*")
        assert steps(room)[-1] == "emergency"
        leaving = await room.press(call_id, "3")
        assert isinstance(leaving, TransferOut)
        assert leaving.number == "120"
    assert outcomes(room) == ["emergency", "failed", "emergency"]


async def test_caller_behind_the_others_is_not_put_behind_in_an_emergency() -> None:
    room = GuardRoom()
    for _ in range(4):
        room.hang_up((await room.call(MOBILE))[0])
    call_id, _ = await room.call(MOBILE)
    await room.press(call_id, "*")
    queued = await room.press(call_id, "0")
    assert isinstance(queued, EnterQueue)
    assert (queued.team, queued.priority) == ("security", 10)


@pytest.mark.parametrize(
    ("rest", "number"), [("10", "110"), ("19", "119"), ("20", "120"), ("22", "122")]
)
async def test_emergency_number_typed_at_the_question_leads_there(
    room: GuardRoom, rest: str, number: str
) -> None:
    call_id, _ = await room.call(MOBILE)
    half = await room.press(call_id, "1")
    assert isinstance(half, Collect)
    leaving = await room.press(call_id, rest)
    assert isinstance(leaving, TransferOut)
    assert leaving.number == number
    assert [e.number for e in room.bus.of(CallTransferredOut)] == [number]
    # Should it fail, a person is next.
    assert isinstance(await room.press(call_id, ""), EnterQueue)


async def test_full_line_refuses_a_stranger_with_a_sentence_and_the_star_still_works() -> None:
    room = GuardRoom(policy=replace(shipped_policy(), line=LineCapacity(10, 0.5)))
    for n in range(5):
        await room.call(f"1370000000{n}")
    call_id, refused = await room.call(MOBILE)
    assert isinstance(refused, Collect)
    assert {p.name for p in refused.prompts} == {challenge.LINE_FULL}
    other, _ = await room.call("13700000009")
    assert isinstance(await room.press(other, ""), Disconnect)
    await room.press(call_id, "*")
    assert steps(room)[-1] == "emergency"


async def test_caller_who_hangs_up_at_the_question_is_forgotten_and_counted(
    room: GuardRoom,
) -> None:
    call_id, _ = await room.call(MOBILE)
    assert room.gate.held() == 1
    room.hang_up(call_id)
    assert room.gate.held() == 0
    assert outcomes(room) == ["left"]
    assert room.screening.picture().present == 0


async def test_question_asked_twice_is_answered_twice_and_happens_once(room: GuardRoom) -> None:
    call = room.entered(MOBILE)
    asked = await room.gate.begin(call)
    assert await room.gate.begin(call) == asked
    went_on = await room.press(call.call_id, key_of(asked))
    assert await room.gate.begin(call) == went_on
    assert len(room.bus.of(CallScreened)) == 1


async def test_call_that_was_asked_before_a_restart_goes_to_a_person(room: GuardRoom) -> None:
    assert isinstance(await room.press(CallId("gz-1-1"), "5"), EnterQueue)


async def test_callers_of_whom_the_line_knows_nothing_are_held_no_longer(room: GuardRoom) -> None:
    await room.call(MOBILE)
    room.gate.on_fact(LineRestored((), frozenset(), room.clock.now()))
    room.screening.on_fact(LineRestored((), frozenset(), room.clock.now()))
    assert room.gate.held() == 0
    assert room.screening.picture().present == 0


async def test_caller_who_spoke_with_a_person_is_not_asked_again(room: GuardRoom) -> None:
    await room.screening.pin("ad03", Level.NORMAL, "演练", 2)
    call_id, _ = await room.call(MOBILE)
    await room.screening.on_answered(
        CallAnswered(
            event_id=EventId("e"),
            occurred_at=room.clock.now(),
            call_id=call_id,
            offer_id=OfferId("o"),
            agent_id=AgentId("op0001"),
            booth_id=BoothId("001"),
            team=TeamId("general"),
            waited_s=1.0,
        )
    )
    room.later(20)
    room.hang_up(call_id)
    await storm(room)
    room.later(120)
    await room.call(MOBILE)
    assert room.bus.of(CallScreened) == []


async def test_level_that_changes_is_told_and_logged_with_its_cause() -> None:
    room = GuardRoom()
    for _ in range(9):
        await room.call("anonymous")
    (told,) = room.bus.of(GuardLevelChanged)
    assert (told.level, told.cause, told.reason) == ("raised", "figures", "anonymous_10s=8")
    assert "guard_level" in room.log.events


def test_another_key_is_asked_of_each_call_and_every_prompt_is_recorded() -> None:
    keys = shipped_policy().challenge.keys
    asked = {challenge.key_for(CallId(f"gz-{n}"), keys) for n in range(200)}
    assert asked == set(keys)
    for name in (challenge.REFUSED, challenge.LINE_FULL, *map(challenge.asking, keys)):
        assert set(catalogue().texts[name]) == set(Language)


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from(["", "1", "2", "3", "5", "0", "9", "10", "22", "77"]), max_size=8),
    st.sampled_from(["anonymous", MOBILE]),
    st.sampled_from([Level.NORMAL, Level.RAISED, Level.STORM]),
)
async def test_whatever_is_pressed_nobody_meets_silence(
    keys: list[str], ani: str, level: Level
) -> None:
    """Each answer is heard, or leads to a person or an emergency number, or ends a call that has
    heard the sentence."""
    room = GuardRoom()
    await room.screening.pin("ad03", level, "演练", 2)
    call_id, instruction = await room.call(ani)
    heard = False
    for pressed in keys:
        if isinstance(instruction, EnterQueue | TransferOut | Disconnect):
            break
        assert isinstance(instruction, Collect | Play)
        names = {prompt.name for prompt in instruction.prompts}
        heard = heard or challenge.REFUSED in names
        instruction = await room.press(call_id, pressed)
    if isinstance(instruction, Disconnect):
        assert heard
