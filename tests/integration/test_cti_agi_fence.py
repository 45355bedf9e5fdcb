"""The FastAGI door: what hangs plain panoramisk for ever (F7) is closed here, and calls go on."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress

import pytest

from cti.adapters import agi_fence
from cti.adapters.agi_fence import AgiDoor
from tests.fakes.log import KeptLog

PLAIN = """
import asyncio, warnings
warnings.simplefilter("ignore")
from panoramisk.fast_agi import Application

async def main():
    application = Application(loop=asyncio.get_running_loop())
    server = await asyncio.start_server(application.handler, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await asyncio.sleep(0.2)
    print("alive", flush=True)

asyncio.run(main())
"""


class Answers:
    """Fills `Answerer`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[str]]] = []
        self.variables: Mapping[str, str] = {"CC_PLAY": 'a "quoted" \\ name', "CC_DO": "play"}

    async def __call__(self, path: str, args: Sequence[str]) -> Mapping[str, str]:
        self.asked.append((path, list(args)))
        return self.variables


class Door:
    """An open door and a way to knock."""

    def __init__(self) -> None:
        self.answers = Answers()
        self.log = KeptLog()
        self.agi = AgiDoor("127.0.0.1", 0, self.log)

    async def knock(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.agi.port)

    async def ask(self, path: str, *args: str, raw: bytes = b"") -> list[str]:
        """Be Asterisk: send the header, answer each command with success."""
        reader, writer = await self.knock()
        lines = [f"agi_network_script: {path}", "agi_request: agi://127.0.0.1/x"]
        lines += [f"agi_arg_{n}: {arg}" for n, arg in enumerate(args, 1)]
        writer.write("\n".join(lines).encode() + b"\n" + raw + b"\n")
        commands = []
        async with asyncio.timeout(20):
            while line := await reader.readline():
                commands.append(line.decode().rstrip("\n"))
                writer.write(b"200 result=1\n")
        writer.close()
        return commands


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    opened = Door()
    await opened.agi.start(opened.answers)
    yield opened
    await opened.agi.stop()


async def closed(reader: asyncio.StreamReader) -> None:
    """Return when the door has closed this connection."""
    async with asyncio.timeout(20):
        try:
            assert await reader.read() == b""
        except ConnectionError:
            return


async def still_answers(door: Door) -> None:
    commands = await door.ask("waiting/turn", "gz1-1795492774-0")
    assert commands[-1] == 'SET VARIABLE CC_DO "play"'


def test_f7_plain_panoramisk_hangs_when_somebody_connects_and_closes() -> None:
    # In a process of its own: the loop spins without ever yielding and cannot be cancelled.
    child = subprocess.Popen([sys.executable, "-c", PLAIN], stdout=subprocess.PIPE)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            child.communicate(timeout=5)
    finally:
        child.kill()
        output, _ = child.communicate()
    assert output == b""


async def test_f7_connect_and_close_leaves_the_door_open(door: Door) -> None:
    for _ in range(50):
        _, writer = await door.knock()
        writer.close()
    await still_answers(door)


async def test_half_a_header_and_silence_is_closed(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agi_fence, "IDLE_S", 0.1)
    idle, idle_writer = await door.knock()
    half, half_writer = await door.knock()
    half_writer.write(b"agi_network_script: dialogue/begin\nagi_re")
    await closed(idle)
    await closed(half)
    idle_writer.close()
    half_writer.close()
    assert door.answers.asked == []
    monkeypatch.undo()
    await still_answers(door)


async def test_a_header_beyond_the_limit_is_closed(door: Door) -> None:
    reader, writer = await door.knock()
    writer.write(b"agi_arg_1: " + b"x" * (2 * agi_fence.HEADER_LIMIT_BYTES))
    await closed(reader)
    writer.close()
    await still_answers(door)


async def test_a_header_just_within_the_limit_is_answered(door: Door) -> None:
    filler = b"agi_filler: " + b"x" * (agi_fence.HEADER_LIMIT_BYTES - 300) + b"\n"
    assert await door.ask("waiting/turn", "gz1-1795492774-0", raw=filler)


async def test_broken_utf8_in_the_header_is_no_lost_call(door: Door) -> None:
    commands = await door.ask(
        "waiting/turn", "gz1-1795492774-0", raw=b"agi_calleridname: \xff\xfe\xe5\xb9\n"
    )
    assert len(commands) == 2


async def test_arguments_come_in_their_order_however_many(door: Door) -> None:
    args = [f"value{n}" for n in range(1, 13)]
    await door.ask("dialogue/next", *args)
    assert door.answers.asked == [("dialogue/next", args)]


async def test_values_are_quoted(door: Door) -> None:
    commands = await door.ask("survey/begin", "gz1-1795492774-0")
    assert commands[0] == r'SET VARIABLE CC_PLAY "a \"quoted\" \\ name"'


@pytest.mark.parametrize("evil", ["a\nEXEC System id", "a\rb", "a\x00b", "x" * 3000])
async def test_a_value_that_would_be_another_command_is_not_sent(door: Door, evil: str) -> None:
    door.answers.variables = {"CC_PLAY": evil, "CC_DO": "play"}
    assert await door.ask("survey/begin", "gz1-1795492774-0") == []
    assert door.log.events == ["agi_failed"]


async def test_an_unknown_path_is_closed_without_an_answer(door: Door) -> None:
    assert await door.ask("../../etc/passwd") == []
    assert door.answers.asked == []


async def test_a_caller_who_hangs_up_during_the_answer_is_no_error(door: Door) -> None:
    reader, writer = await door.knock()
    writer.write(b"agi_network_script: survey/begin\nagi_arg_1: gz1-1795492774-0\n\n")
    await reader.readline()
    writer.write(b"HANGUP\n200 result=1\n")
    await closed(reader)
    writer.close()
    assert door.log.events == []
    await still_answers(door)


async def test_asterisk_that_goes_away_during_the_answer_is_no_error(door: Door) -> None:
    reader, writer = await door.knock()
    writer.write(b"agi_network_script: survey/begin\nagi_arg_1: gz1-1795492774-0\n\n")
    await reader.readline()
    writer.transport.abort()
    await still_answers(door)
    assert door.log.events == []


async def test_asterisk_that_falls_silent_during_the_answer_is_let_go(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agi_fence, "IDLE_S", 0.1)
    reader, writer = await door.knock()
    writer.write(b"agi_network_script: survey/begin\nagi_arg_1: gz1-1795492774-0\n\n")
    await reader.readline()
    await closed(reader)
    writer.close()


async def test_nonsense_instead_of_a_result_is_no_crash(door: Door) -> None:
    reader, writer = await door.knock()
    writer.write(b"agi_network_script: survey/begin\nagi_arg_1: gz1-1795492774-0\n\n")
    await reader.readline()
    writer.write(b"what?\n")
    await closed(reader)
    writer.close()
    assert door.log.events == []


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
async def test_a_door_that_closes_in_the_moment_of_a_knock_leaves_nothing_open(turns: int) -> None:
    # asyncio of Python 3.11 leaks a socket that it has accepted, when its server is closed in the
    # next turn of the loop; seen as a warning now and then when a platform was stopped under calls.
    door = Door()
    await door.agi.start(door.answers)
    knocks = [socket.create_connection(("127.0.0.1", door.agi.port)) for _ in range(5)]
    for _ in range(turns):
        await asyncio.sleep(0)
    await door.agi.stop()
    gc.collect()
    for knock in knocks:
        knock.settimeout(5)
        with suppress(ConnectionError):
            assert knock.recv(1) == b""
        knock.close()
