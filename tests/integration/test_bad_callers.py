"""What callers do that nobody planned, on the real Asterisk with the whole hotline behind it: they
hang up anywhere, play with the keys, whistle, hum, say nothing. Each comes to a person or goes at
his own wish, and nothing of any of them stays behind."""

from __future__ import annotations

import asyncio
import math
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from itertools import cycle
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.core.conditions import NOTHING_AROUND
from ivr.core.flow import Condition, Flow, phrases
from ivr.core.history import NO_HISTORY
from ivr.core.interpreter import Result
from ivr.core.walk import visit_flow
from kernel import events as ev
from kernel.phone import PhoneNumber
from tests.servers.asterisk import HOME
from tests.servers.process import free_port
from tests.servers.sip_phone import Dialog, SipPhone, alaw_frames, tone
from tests.servers.whole_hotline import WholeHotline, until, whole_hotline
from tests.unit.ivr.every_way import NUMBER, Way, explore, worlds

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]
OLD_LINE = "12333"
SUBSCRIBERS = {"acd-transferred-out"}
"""Hears its first event when the first caller leaves for an emergency number."""
NOT_BROUGHT_ABOUT = {Result.REFUSED, Result.FAILED}
"""What a lookup gives only after many wrong guesses, or without a database: `test_progress`."""


class Street:
    """The hotline and a telephone box of its own for everybody."""

    def __init__(self, hotline: WholeHotline, phone: SipPhone) -> None:
        self.hotline = hotline
        self._phone = phone

    async def dial(self, ani: str, number: str = "12345") -> Dialog:
        dialog = await self._phone.call(number, ani=ani)
        await dialog.wait("answered", 20)
        return dialog

    @asynccontextmanager
    async def caller(self, ani: str, number: str = "12345") -> AsyncIterator[Dialog]:
        """Hangs up at the end."""
        dialog = await self.dial(ani, number)
        yield dialog
        dialog.hang_up()

    async def all_forgotten(self) -> None:
        """Nobody is remembered any more, by nobody."""
        await until(
            lambda: not any(self.hotline.remembered().values()), "every caller is forgotten", 60
        )

    async def still_answers(self, ani: str) -> None:
        """A caller after all that is served as ever."""
        async with self.caller(ani) as dialog:
            await self.hotline.step(ani, "greeting_three")
            await dialog.listen(15)
            dialog.press("3")
            await self.hotline.events.wait(ani, ev.CallQueued, lambda e: e.team == "labour")
        await self.hotline.ended(ani, "abandoned")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    async with whole_hotline(tmp_path_factory.mktemp("hotline")) as hotline:
        phone = await SipPhone.open("citizen", hotline.sip_port, 0)
        yield Street(hotline, phone)
        phone.close()


# --- hanging up in each step --------------------------------------------------------------------


def standing(flow: Flow) -> dict[str, Way]:
    """The way by keys to each step at which a call can stand, on an ordinary day."""
    visits = [
        world
        for world in worlds()
        if world.answer.result not in NOT_BROUGHT_ABOUT
        and world.around == NOTHING_AROUND
        and world.history == NO_HISTORY
    ]
    ways = explore(flow, visits).ways
    return {name: way for name, way in ways.items() if not isinstance(flow.steps[name], Condition)}


async def numbers(hotline: WholeHotline, ways: dict[str, Way]) -> dict[str, str]:
    """A calling number for each step, which brings about what its way supposes of the caller."""
    known = [row["ani"] for row in hotline.rows("SELECT DISTINCT ani FROM cases ORDER BY ani")]
    ivr, found = hotline.services.ivr, {}
    for index, (name, way) in enumerate(ways.items()):
        ani = f"1370000{index:04}"
        while way.visit.known:
            ani = known.pop()
            if await ivr.world.latest(PhoneNumber(ani), ivr.clock.now()) is not None:
                break
        found[ani] = name
    return found


def says_something(flow: Flow, step: str) -> bool:
    return any(field == "say" for field, _ in phrases(flow.steps[step]))


async def hangs_up_there(street: Street, flow: Flow, name: str, way: Way, ani: str) -> None:
    """Walks as far as the step by its keys, and hangs up as soon as it is entered."""
    hotline, memory = street.hotline, street.hotline.services.memory
    if way.visit.language is not None:
        memory.remember(PhoneNumber(ani), way.visit.language)
    digits, tail = an_order(hotline)
    wrong = f"{(int(tail) + 1) % 10000:04}"
    found = way.visit.answer.result is Result.FOUND
    typed = {NUMBER: f"{digits}#", NUMBER[:4]: tail if found else wrong}
    dialog = await street.dial(ani, OLD_LINE if way.visit.line_team else "12345")
    for index, key in enumerate(way.keys):
        stands = visit_flow(flow, way.keys[:index], way.visit).steps[-1]
        await hotline.step(ani, stands)
        if says_something(flow, stands):
            # Where one key calls for help, what was pressed before is forgotten.
            await dialog.listen(15)
        if key:
            dialog.press(typed.get(key, key))
    await hotline.step(ani, name)
    dialog.hang_up()
    await hotline.events.wait(ani, ev.CallEnded)


def an_order(hotline: WholeHotline) -> tuple[str, str]:
    """Digits of a case of the demo city that may be told, and the last four of its number."""
    row = hotline.rows(
        "SELECT number, ani FROM cases WHERE length(ani) = 11 AND state = 'in_progress'"
        " ORDER BY number"
    )[0]
    return "".join(c for c in row["number"] if c.isdecimal()), row["ani"][-4:]


def left_over(before: set[asyncio.Task[object]]) -> list[str]:
    """Tasks that were not there; a subscriber of the bus has one from its first event on."""
    new = (task.get_name() for task in asyncio.all_tasks() - before)
    return [name for name in new if name not in SUBSCRIBERS]


async def test_hang_up_in_each_step_closes_the_record_and_leaves_nothing_behind(
    street: Street,
) -> None:
    hotline = street.hotline
    flow = hotline.services.ivr.dialogue.flow
    await street.still_answers("13600000001")
    await street.all_forgotten()
    before = asyncio.all_tasks()
    ways = standing(flow)
    by_number = await numbers(hotline, ways)
    # Of a crowd that calls at once, not everybody is recognised in time (`RECOGNISED_AT_ONCE`).
    for known in (False, True):
        await asyncio.gather(
            *(
                hangs_up_there(street, flow, name, ways[name], ani)
                for ani, name in by_number.items()
                if bool(ways[name].visit.known) is known
            )
        )
    await street.all_forgotten()
    still_open = "SELECT call_id FROM calls WHERE ended_at IS NULL"
    await until(lambda: not hotline.rows(still_open), "every record is closed")
    assert all(hotline.calls(ani) for ani in by_number)
    await until(lambda: not left_over(before), "no task is left of them", 30)


# --- sounds that are no keys ----------------------------------------------------------------------


def noise(amplitude: int) -> list[bytes]:
    chance = random.Random(1)
    return alaw_frames([chance.randrange(-amplitude, amplitude) for _ in range(8000)])


def music() -> list[bytes]:
    """What the hotline plays to those who wait, played back to it."""
    with wave.open(str(HOME / "moh" / "evening.wav"), "rb") as file:
        body = file.readframes(8000 * 10)
    return alaw_frames([sample for (sample,) in struct.iter_unpack("<h", body)])


SOUNDS: dict[str, Callable[[], list[bytes] | None]] = {
    "no packets at all": lambda: None,
    "digital silence": lambda: alaw_frames([0] * 160),
    "soft noise": lambda: noise(60),
    "loud noise": lambda: noise(30000),
    "music": music,
    # A telephone of 8 kHz without a filter folds 10 kHz down to 2 kHz.
    "a whistle of 10 kHz": lambda: tone(2000, 30000),
    # The two tones of the key 1, as a voice or a record may have them.
    "the tones of a key, as sound": lambda: both(697, 1209),
}


def both(low: float, high: float) -> list[bytes]:
    first, second = wave_of(low), wave_of(high)
    return alaw_frames([one + other for one, other in zip(first, second, strict=True)])


def wave_of(frequency: float) -> Iterator[int]:
    return (int(9000 * math.sin(math.tau * frequency * n / 8000)) for n in range(8000))


async def test_sounds_that_are_no_keys_lead_to_a_person_like_silence(street: Street) -> None:
    async def sounds(ani: str, make: Callable[[], list[bytes] | None]) -> None:
        async with street.caller(ani) as dialog:
            frames = await asyncio.to_thread(make)
            dialog.audio.frames = None if frames is None else cycle(frames)
            await street.hotline.events.wait(
                ani, ev.CallQueued, lambda e: e.team == "general", within_s=60
            )
        pressed = [
            e.keys for e in street.hotline.events.of(ani) if isinstance(e, ev.MenuKeyPressed)
        ]
        assert set(pressed) == {""}

    numbers = (f"1350000000{n}" for n in range(len(SOUNDS)))
    await asyncio.gather(
        *(sounds(ani, make) for ani, make in zip(numbers, SOUNDS.values(), strict=True))
    )
    await street.all_forgotten()


# --- floods of keys -------------------------------------------------------------------------------

KEYS = 400
MOST_EVENTS = 250
"""Of a call that answers as often as a flow allows (`MOST_QUESTIONS`): what was pressed, the step
entered, and every second time a condition passed on the way."""
FLOODS = {
    "at random": "".join(random.Random(3).choices("0123456789*#", k=KEYS)),
    "the same key": "7" * KEYS,
    "the language to and fro": "92" * (KEYS // 2),
    "the end of a number": "#" * KEYS,
}


async def test_floods_of_keys_end_with_a_person_and_cost_others_nothing(street: Street) -> None:
    hotline = street.hotline

    async def floods(ani: str, keys: str) -> None:
        async with street.caller(ani) as dialog:
            await dialog.audio.flood(keys)
            await hotline.events.wait(ani, ev.CallQueued, within_s=60)
        await hotline.ended(ani, "abandoned")
        assert len(hotline.events.of(ani)) < MOST_EVENTS

    numbers = [f"1340000000{n}" for n in range(len(FLOODS))]
    flooding = asyncio.gather(*map(floods, numbers, FLOODS.values()))
    await street.still_answers("13300000000")
    await flooding
    await street.all_forgotten()
    await street.still_answers("13300000001")


# --- reviewed data that is broken -----------------------------------------------------------------


async def test_start_with_a_broken_flow_is_refused_with_file_and_line_and_who_runs_goes_on(
    street: Street, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    shutil.copytree(street.hotline.settings.config_dir, config)
    text = (config / "ivr" / "main.yaml").read_text()
    line = text[: text.index("  call_12366:")].count("\n") + 1
    (config / "ivr" / "main.yaml").write_text(
        text.replace("kind: transfer_out", "kind: teleport", 1)
    )
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(street.hotline.settings.data_dir / "hotline.db")) as database:
        database.execute("VACUUM INTO ?", (str(tmp_path / "data" / "hotline.db"),))
    started = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "hotline.cli", "run"],
        env={
            **os.environ,
            "HOTLINE_DATA_DIR": str(tmp_path / "data"),
            "HOTLINE_CONFIG_DIR": str(config),
            **{f"HOTLINE_{name}_PORT": str(free_port()) for name in ("WEB", "AMI", "AGI")},
            "HOTLINE_ASTERISK_HTTP_PORT": str(free_port()),
            "HOTLINE_SIP_PORT": str(free_port()),
        },
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert started.returncode != 0
    assert f"main.yaml:{line + 1}:" in started.stderr
    assert "teleport" in started.stderr
    await street.still_answers("13600000002")
