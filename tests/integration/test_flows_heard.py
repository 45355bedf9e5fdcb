"""Each shipped flow once on the real Asterisk: a pyVoIP telephone presses keys and listens, and
what it hears is recognised among all prompts by its sound.

The walks are all begun at once, for a prompt lasts as long as it lasts; each test waits for its
own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import dropwhile
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from ivr.core.flow import Reading
from ivr.core.saying import prompts_of
from ivr.ports import CallersOrder
from kernel import events as ev
from kernel.language import Language
from kernel.phone import PhoneNumber
from tests.servers.prompt_ear import RATE, Heard, PromptEar, mulaw_of_samples, samples_of_mulaw
from tests.servers.pyvoip_citizen import PyVoipCitizen
from tests.servers.whole_hotline import WholeHotline, until, whole_hotline

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]
LISTEN_EVERY_S = 0.5
TO_ITS_END = 0.9
ONE_WORD_S = 0.5
AUDIBLE = 500
CHANGES = {
    # The walk of the message and that of the callback shall work at any hour, without a plan.
    "ivr/waiting.yaml": ("always: false", "always: true"),
    "callbacks.yaml": ("hours: [07:00, 22:00]", "hours: [00:00, 23:59]"),
}
ITEMS = {
    "21": "medical_care",
    "22": "social_insurance",
    "23": "medical_insurance",
    "24": "housing_fund",
    "25": "household_papers",
    "26": "school_places",
    "31": "express_delivery",
    "32": "utilities_outage",
    "33": "consumer_rights",
    "34": "traffic_services",
}


class Listener:
    """A citizen with ears. Everything is asked of a thread, for pyVoIP blocks."""

    def __init__(
        self, hotline: WholeHotline, citizen: PyVoipCitizen, ear: PromptEar, ani: str
    ) -> None:
        self._hotline = hotline
        self._citizen = citizen
        self._ear = ear
        self._since = 0
        self._earlier_calls = 0
        self.ani = ani

    async def dial(self, number: str = "12345") -> None:
        self._earlier_calls = self._hotline.events.calls_of(self.ani)
        await asyncio.to_thread(self._citizen.dial, number)

    def press(self, keys: str) -> None:
        """What is heard from now on counts."""
        self._since = len(self._citizen.heard())
        self._citizen.press(keys)

    async def press_at(self, step: str, keys: str) -> None:
        """As soon as something is heard at that step."""
        await self._hotline.step(self.ani, step, after_calls=self._earlier_calls)
        self._since = len(self._citizen.heard())
        await until(self._hears_something, f"{self.ani} hears something")
        self.press(keys)

    def _hears_something(self) -> bool:
        new = samples_of_mulaw(self._citizen.heard()[self._since :])
        return int((np.abs(new) > AUDIBLE).sum()) > RATE // 20

    def say(self, mulaw: bytes) -> None:
        self._citizen.say(mulaw)

    async def hears(self, *names: str, within_s: float = 40) -> None:
        """These prompts to their end, in this order, and no others from the first of them on."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        whole: list[Heard] = []
        while len(whole) < len(names) and loop.time() < deadline:
            await asyncio.sleep(LISTEN_EVERY_S)  # the interval between two looks
            samples = samples_of_mulaw(self._citizen.heard()[self._since :])
            heard = await asyncio.to_thread(self._ear.listen, samples)
            whole = list(dropwhile(lambda one: names[0] not in one.names, _whole(heard, names)))
        told = [(sorted(one.names), round(one.fraction, 2)) for one in heard]
        assert len(whole) == len(names), f"heard {told}, not {names}"
        for name, one in zip(names, whole, strict=True):
            assert name in one.names, f"heard {told}, not {names}"
        self._since += int((whole[-1].start_s + whole[-1].lasted_s) * RATE)

    async def is_let_go(self, within_s: float = 20) -> None:
        await until(lambda: self._citizen.ended, f"{self.ani} is let go", within_s)


def _whole(heard: list[Heard], names: tuple[str, ...]) -> list[Heard]:
    """Those heard to their end. One word may be in music, or in part of another prompt, by chance:
    it counts where it was expected."""
    return [
        one
        for one in heard
        if one.fraction > TO_ITS_END and (one.lasted_s > ONE_WORD_S or one.names & set(names))
    ]


class Stage:
    """The hotline, the ears, and telephones for whoever walks."""

    def __init__(self, hotline: WholeHotline, ear: PromptEar) -> None:
        self.hotline = hotline
        self.ear = ear

    @asynccontextmanager
    async def caller(self, ani: str, ear: PromptEar | None = None) -> AsyncIterator[Listener]:
        with PyVoipCitizen(self.hotline.sip_port, ani) as citizen:
            yield Listener(self.hotline, citizen, ear or self.ear, ani)

    async def waits_for(self, ani: str, team: str) -> None:
        await self.hotline.events.wait(ani, ev.CallQueued, lambda e: e.team == team)


Walk = Callable[[Stage], Awaitable[None]]


async def silent_caller_hears_three_languages_the_menu_and_is_given_a_person(on: Stage) -> None:
    async with on.caller("13900000001") as citizen:
        await citizen.dial()
        await citizen.hears("zh/welcome", "yue/welcome_short", "en/welcome_short", "zh/menu")
        await citizen.hears("zh/going_person")
        await on.waits_for(citizen.ani, "general")


async def each_team_is_reached_by_its_key(on: Stage) -> None:
    async def one(number: int, team: str) -> None:
        async with on.caller(f"1390000010{number}") as citizen:
            await citizen.dial()
            await citizen.press_at("greeting_three", str(number))
            await citizen.hears(f"zh/going_{team}")
            await on.waits_for(citizen.ani, team)

    teams = {1: "consumer", 2: "urban", 3: "labour", 5: "general"}
    await asyncio.gather(*(one(number, team) for number, team in teams.items()))


async def language_is_chosen_spoken_and_remembered(on: Stage) -> None:
    async with on.caller("13900000002") as citizen:
        await citizen.dial()
        await citizen.press_at("greeting_three", "9")
        await citizen.hears("zh/choose_language", "yue/choose_language")
        citizen.press("2")
        await citizen.press_at("menu_own", "3")
        await citizen.hears("yue/going_labour")
    async with on.caller("13900000002") as again:
        await again.dial()
        await again.hears("yue/welcome")
        # In the moment between two steps, while Asterisk waits for the answer to a question.
        again.press("9")
        await again.hears("zh/choose_language", "yue/choose_language")
        again.press("3")
        await again.hears("en/menu")


async def old_lines_are_greeted_by_their_team_which_is_reached_without_a_key(on: Stage) -> None:
    async def one(ani: str, number: str, team: str) -> None:
        async with on.caller(ani) as citizen:
            await citizen.dial(number)
            await citizen.hears(f"zh/line_{team}", "yue/press_nine", "en/press_nine")
            await on.waits_for(ani, team)

    await asyncio.gather(
        one("13900000201", "12315", "consumer"),
        one("13900000202", "12333", "labour"),
        one("13900000203", "12319", "urban"),
    )


def order(on: Stage, *, recent: bool) -> tuple[str, str]:
    """Digits and calling number of a case of the demo city that may be told by telephone."""
    rows = on.hotline.rows(
        "SELECT number, ani FROM cases WHERE length(ani) = 11 AND state = 'in_progress'"
        f" ORDER BY filed_at {'DESC' if recent else 'ASC'}"
    )
    assert rows, "the demo city has no case at work"
    return "".join(c for c in rows[0]["number"] if c.isdecimal()), rows[0]["ani"]


def said_of(reading: Reading, value: str, now: datetime) -> tuple[str, ...]:
    """As it is read out in Mandarin."""
    return prompts_of(reading, value, now, Language.MANDARIN)


async def progress_of_an_order_is_read_out_digit_by_digit(on: Stage) -> None:
    digits, number = order(on, recent=False)
    world = on.hotline.services.ivr.world
    found = await world.progress(digits, number[-4:])
    assert found is not None
    now = on.hotline.services.ivr.clock.now()
    async with on.caller("13900000003") as citizen:
        await citizen.dial()
        await citizen.press_at("greeting_three", "6")
        await citizen.hears("zh/self_service")
        citizen.press("1")
        await citizen.hears("zh/progress_number")
        citizen.press(f"{digits}#")
        await citizen.hears("zh/progress_phone")
        citizen.press(number[-4:])
        said = (
            "progress_is",
            *said_of(Reading.DIGITS, digits, now),
            *said_of(Reading.STAGE, found.stage.value, now),
            "progress_since",
            *said_of(Reading.DAY, found.since.isoformat(), now),
            "progress_next",
        )
        await citizen.hears(*(f"zh/{name}" for name in said))


async def wrong_digits_are_told_nothing_of_the_order(on: Stage) -> None:
    digits, number = order(on, recent=False)
    wrong = f"{(int(number[-4:]) + 1) % 10000:04}"
    async with on.caller("13900000004") as citizen:
        await citizen.dial()
        await citizen.press_at("greeting_three", "6")
        await citizen.press_at("self_service", "1")
        await citizen.press_at("progress", f"{digits}#")
        await citizen.press_at("progress_phone", wrong)
        await citizen.hears("zh/progress_not_found", "zh/going_person")


async def caller_with_an_order_is_recognised_and_told_its_progress(on: Stage) -> None:
    now = on.hotline.services.ivr.clock.now()
    ani, known = await recognised(on)
    async with on.caller(ani) as citizen:
        await citizen.dial()
        await on.hotline.step(ani, "known_order")
        progress = known.progress
        said = (
            *("zh/welcome", "yue/welcome_short", "en/welcome_short"),
            "zh/known_order",
            *(f"zh/{n}" for n in said_of(Reading.STAGE, progress.stage.value, now)),
            "zh/progress_since",
            *(f"zh/{n}" for n in said_of(Reading.DAY, progress.since.isoformat(), now)),
            "zh/known_next",
        )
        await citizen.hears(*said)
        citizen.press("2")
        await citizen.hears("zh/going_person")


async def recognised(on: Stage) -> tuple[str, CallersOrder]:
    """A calling number of the demo city that is known by its order."""
    clock, world = on.hotline.services.ivr.clock, on.hotline.services.ivr.world
    for row in on.hotline.rows("SELECT DISTINCT ani FROM cases WHERE length(ani) = 11"):
        found = await world.latest(PhoneNumber(row["ani"]), clock.now())
        if found is not None:
            return row["ani"], found
    raise AssertionError("the demo city knows nobody by an order")


async def each_item_of_self_service_is_told_and_leads_to_its_team(on: Stage) -> None:
    async def one(number: int, keys: str, item: str) -> None:
        async with on.caller(f"139000003{number:02}") as citizen:
            await citizen.dial()
            await citizen.press_at("greeting_three", "6")
            await citizen.press_at("self_service", keys[0])
            group = "self_affairs" if keys[0] == "2" else "self_living"
            await citizen.press_at(group, keys[1])
            await citizen.hears(f"zh/item_{item}", "zh/item_next", within_s=100)
            await on.hotline.events.wait(citizen.ani, ev.CallQueued)

    await asyncio.gather(*(one(n, keys, item) for n, (keys, item) in enumerate(ITEMS.items())))


async def emergency_key_transfers_and_is_recorded(on: Stage) -> None:
    async def one(ani: str, key: str, number: str) -> None:
        async with on.caller(ani) as citizen:
            await citizen.dial()
            await citizen.press_at("greeting_three", "*")
            await citizen.hears("zh/emergency")
            citizen.press(key)
            await citizen.hears(f"zh/going_{number}")
            await on.hotline.events.wait(ani, ev.CallTransferredOut, lambda e: e.number == number)
        await on.hotline.ended(ani, "transferred_out")

    await asyncio.gather(
        one("13900000401", "1", "110"),
        one("13900000402", "2", "119"),
        one("13900000403", "3", "120"),
        one("13900000404", "4", "122"),
    )


async def tax_line_is_one_key_of_self_service(on: Stage) -> None:
    async with on.caller("13900000405") as citizen:
        await citizen.dial()
        await citizen.press_at("greeting_three", "6")
        await citizen.press_at("self_service", "4")
        await citizen.hears("zh/going_12366")
        await on.hotline.events.wait(
            citizen.ani, ev.CallTransferredOut, lambda e: e.number == "12366"
        )


async def notice_for_a_team_is_heard_before_the_wait(on: Stage) -> None:
    services = on.hotline.services
    notice = await services.ivr.notices.create(
        texts={
            Language.MANDARIN: "受台风影响，户政大厅今天下午停止办公。",
            Language.ENGLISH: "Because of the typhoon the residence office is closed today.",
        },
        team=next(t for t in services.directory.team_ids() if t == "security"),
        district="",
        begins_at=None,
        ends_at=services.ivr.clock.now() + timedelta(hours=1),
        who="ad01",
    )
    ear = await asyncio.to_thread(PromptEar, on.hotline.settings.prompts_dir)
    async with on.caller("13900000005", ear) as citizen:
        await citizen.dial()
        await citizen.press_at("greeting_three", "4")
        await citizen.hears(f"zh/{notice.prompt}", "zh/going_security")
        await on.waits_for(citizen.ani, "security")


async def waiting_caller_is_promised_a_callback_by_key(on: Stage) -> None:
    async with on.caller("13900000006") as citizen:
        await citizen.dial()
        await citizen.press_at("greeting_three", "0")
        await citizen.hears("zh/going_person")
        await on.waits_for(citizen.ani, "general")
        citizen.press("7")
        await citizen.hears("zh/waiting_callback_own")
        citizen.press("1")
        await citizen.hears("zh/waiting_callback_promised")
        await citizen.is_let_go()
    noted = await on.hotline.events.wait(citizen.ani, ev.CallbackNoted)
    await on.hotline.ended(citizen.ani, "callback")
    # Else the operator of the survey would be kept for this citizen.
    await on.hotline.services.distribution.cancel_callback(noted.callback_id, actor="ad01")


async def waiting_caller_leaves_a_message(on: Stage) -> None:
    async with on.caller("13900000007") as citizen:
        await citizen.dial()
        await citizen.press_at("greeting_three", "0")
        await citizen.hears("zh/going_person")
        await on.waits_for(citizen.ani, "general")
        citizen.press("8")
        await citizen.hears("zh/waiting_message_speak")
        tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(5 * RATE) / RATE)
        citizen.say(mulaw_of_samples(tone.astype(np.float32)))
        await asyncio.sleep(5)  # the message itself
        citizen.press("#")
        await citizen.hears("zh/waiting_message_kept")
        await citizen.is_let_go()
    await on.hotline.ended(citizen.ani, "message")


WALKS: tuple[Walk, ...] = (
    silent_caller_hears_three_languages_the_menu_and_is_given_a_person,
    each_team_is_reached_by_its_key,
    language_is_chosen_spoken_and_remembered,
    old_lines_are_greeted_by_their_team_which_is_reached_without_a_key,
    progress_of_an_order_is_read_out_digit_by_digit,
    wrong_digits_are_told_nothing_of_the_order,
    caller_with_an_order_is_recognised_and_told_its_progress,
    each_item_of_self_service_is_told_and_leads_to_its_team,
    emergency_key_transfers_and_is_recorded,
    tax_line_is_one_key_of_self_service,
    notice_for_a_team_is_heard_before_the_wait,
    waiting_caller_is_promised_a_callback_by_key,
    waiting_caller_leaves_a_message,
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder: Path = tmp_path_factory.mktemp("hotline")
    async with whole_hotline(folder, CHANGES) as hotline:
        yield Stage(hotline, await asyncio.to_thread(PromptEar, hotline.settings.prompts_dir))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def walking(stage: Stage) -> AsyncIterator[dict[Walk, asyncio.Task[None]]]:
    """Every walk, begun."""
    begun = {walk: asyncio.ensure_future(_run(walk, stage)) for walk in WALKS}
    yield begun
    for task in begun.values():
        task.cancel()
    await asyncio.gather(*begun.values(), return_exceptions=True)


async def _run(walk: Walk, stage: Stage) -> None:
    await walk(stage)


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.__name__)
async def test_flow_is_heard(walking: dict[Walk, asyncio.Task[None]], walk: Walk) -> None:
    await walking[walk]


async def test_survey_is_asked_after_the_conversation_and_its_answer_is_kept(
    walking: dict[Walk, asyncio.Task[None]], stage: Stage
) -> None:
    # An operator who is ready would take those who wait in the other walks.
    await asyncio.gather(*walking.values(), return_exceptions=True)
    labour = stage.hotline.rows(
        "SELECT agent_id FROM operators WHERE primary_team = 'labour' ORDER BY agent_id"
    )[0]["agent_id"]
    desk = await stage.hotline.operator(labour, "001")
    async with stage.caller("13900000008") as citizen:
        await citizen.dial()
        await citizen.press_at("greeting_three", "3")
        await citizen.hears("zh/going_labour")
        offer = await desk.incoming()
        offer.answer()
        await offer.listen(3)
        offer.hang_up()
        await stage.hotline.step(citizen.ani, "solved")
        await citizen.hears("zh/survey_solved")
        citizen.press("1")
        await stage.hotline.step(citizen.ani, "question")
        await citizen.hears("zh/survey_question")
        citizen.press("2")
        await citizen.hears("zh/survey_thanks")
        await citizen.is_let_go()
    answer = await stage.hotline.events.wait(citizen.ani, ev.SurveyAnswered)
    assert (answer.score, answer.agent_id) == (2, labour)
    solved = await stage.hotline.events.wait(citizen.ani, ev.SolvedAnswered)
    assert (solved.solved, solved.agent_id) == ("yes", labour)
