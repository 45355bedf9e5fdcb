"""An Asterisk that outlives its keeper is met again; a changed configuration is rehearsed first."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cti.adapters import asterisk_process
from cti.adapters.asterisk_config import TEMPLATES, render
from cti.adapters.asterisk_process import AsteriskProcess, living
from cti.adapters.asterisk_reload import READ_IN_BY, ReadIn, read_in
from kernel import telephony as tel
from kernel.errors import ConfigurationError
from kernel.ids import Endpoint, OfferId
from tests.servers.asterisk import BINARY
from tests.servers.sip_phone import Dialog
from tests.servers.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.asterisk


@pytest.fixture
async def board(tmp_path: Path) -> AsyncIterator[Switchboard]:
    async with switchboard(tmp_path) as running:
        yield running


async def conversation(board: Switchboard) -> tuple[Dialog, Dialog]:
    desk = await board.phone("desk001")
    citizen, waiting = await board.waiting()
    offer = OfferId(f"{waiting.call_id}.1")
    await board.line.deliver(waiting.call_id, offer, Endpoint("desk001"), timedelta(seconds=20))
    operator = await desk.incoming()
    operator.answer()
    await board.facts.wait(tel.OfferAnswered)
    return citizen, operator


# --- adoption ---------------------------------------------------------------------------------


async def test_a_living_asterisk_is_adopted_and_its_end_is_told(board: Switchboard) -> None:
    heir = AsteriskProcess(BINARY, board.config_dir)
    assert await heir.adopt()
    assert heir.pid == board.asterisk.pid and heir.running
    await board.asterisk.kill()
    assert await heir.died == -1
    assert not heir.running


async def test_an_adopted_asterisk_is_stopped_by_its_id(board: Switchboard) -> None:
    heir = AsteriskProcess(BINARY, board.config_dir)
    assert await heir.adopt()
    await heir.stop()
    assert not board.asterisk.running or await board.asterisk.died == 0


async def test_nothing_is_adopted_where_nothing_lives(board: Switchboard, tmp_path: Path) -> None:
    # Another installation's configuration beside the one that runs.
    other = replace(board.values, run_dir=tmp_path / "other" / "run")
    render(tmp_path / "other" / "etc", other)
    assert not await AsteriskProcess(BINARY, tmp_path / "other" / "etc").adopt()
    # A note that outlived its process, whose number another process has by now.
    (other.run_dir / "asterisk.pid").write_text(f"{os.getpid()}\n")
    assert living(tmp_path / "other" / "etc") is None


async def test_an_asterisk_that_does_not_answer_is_ended_instead_of_adopted(
    board: Switchboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asterisk_process, "ADOPTED_WITHIN_S", 0.5)
    assert board.asterisk.pid is not None
    os.kill(board.asterisk.pid, signal.SIGSTOP)
    assert not await AsteriskProcess(BINARY, board.config_dir).adopt()
    await board.asterisk.died


def children() -> set[str]:
    """The processes that this one started and that have not been reaped."""
    me, found = str(os.getpid()), set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            if status.read_text().rpartition(")")[2].split()[1] == me:
                found.add(status.parent.name)
    return found


async def test_a_console_that_is_given_up_leaves_no_process(board: Switchboard) -> None:
    # The console of a stopped Asterisk waits with it. It used to be left behind.
    assert board.asterisk.pid is not None
    os.kill(board.asterisk.pid, signal.SIGSTOP)
    before = children()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await board.asterisk.console("core show uptime")
    assert children() <= before
    os.kill(board.asterisk.pid, signal.SIGCONT)


async def test_whoever_was_connected_can_order_nothing_any_more(board: Switchboard) -> None:
    heir = AsteriskProcess(BINARY, board.config_dir)
    assert await heir.adopt()
    assert await heir.end_sessions() == 1
    await board.facts.wait(tel.LineLost)
    # The password is still the same here, so the line comes back by itself.
    await board.facts.wait(tel.LineRestored, count=2)


# --- a changed configuration under calls ---------------------------------------------------------


async def test_every_file_that_can_be_read_in_is_read_in_without_dropping_a_call(
    board: Switchboard, tmp_path: Path
) -> None:
    citizen, operator = await conversation(board)
    _, waiting = await board.waiting(ani="13800138002")
    templates = tmp_path / "templates"
    shutil.copytree(TEMPLATES, templates)
    for name in READ_IN_BY:
        with (templates / f"{name}.j2").open("a") as file:
            file.write("\n; reviewed again\n")
    done = await read_in(board.asterisk, BINARY, board.config_dir, board.values, templates)
    assert done == ReadIn(now=tuple(READ_IN_BY), later=())
    await citizen.listen(20)
    await operator.listen(20)
    operator.hang_up()
    ended = await board.facts.wait(tel.TalkEnded)
    # The one who waited meanwhile is delivered by the dialplan that was read in.
    offer = OfferId(f"{waiting.call_id}.1")
    desk = board._phones[0]
    await board.line.deliver(waiting.call_id, offer, Endpoint("desk001"), timedelta(seconds=20))
    (await desk.incoming()).answer()
    await board.facts.wait(tel.OfferAnswered, lambda f: f.call_id == waiting.call_id)
    assert ended.call_id != waiting.call_id
    assert board.errors() == []


async def test_what_asterisk_reads_at_its_start_only_is_said_to_wait(board: Switchboard) -> None:
    done = await read_in(
        board.asterisk, BINARY, board.config_dir, replace(board.values, rtp_end=30001)
    )
    assert done == ReadIn(now=(), later=("rtp.conf",))


async def test_what_did_not_change_is_not_read_in(board: Switchboard) -> None:
    done = await read_in(board.asterisk, BINARY, board.config_dir, board.values)
    assert done == ReadIn((), ())


BAD_LINES = {
    "an application that is none": ("extensions.conf", "n,Answer(0,i)", "n,Anser(0,i)"),
    "a step that is none": ("extensions.conf", " same => n,Answer(0,i)", " sme => n,Answer(0,i)"),
    "a way that leads nowhere": ("extensions.conf", "Goto(cc-obey,s,1)", "Goto(cc-obbey,s,1)"),
    "a bracket that stays open": ("extensions.conf", "Gosub(cc-record,s,1)", "Gosub(cc-record,s,1"),
    "a codec that is none": ("pjsip.conf", "allow = alaw,ulaw\n", "allow = allaw\n"),
    "an option that is none": ("pjsip.conf", "qualify_timeout = 3.0", "qualify_timeou = 3.0"),
    "a strategy that is none": ("queues.conf", "strategy = rrmemory", "strategy = rrmemry"),
    "an account shut out": ("manager.conf", "permit = 127", "pemit = 127"),
    "a value that is not given": ("extensions.conf", "v.default_team", "v.defalt_team"),
}


@pytest.mark.parametrize("fault", BAD_LINES)
async def test_one_bad_line_is_refused_before_anything_changes(
    board: Switchboard, tmp_path: Path, fault: str
) -> None:
    name, good, bad = BAD_LINES[fault]
    templates = tmp_path / "templates"
    shutil.copytree(TEMPLATES, templates)
    template = templates / f"{name}.j2"
    text = template.read_text()
    assert good in text
    template.write_text(text.replace(good, bad, 1) + "\n; changed\n")
    if name == "manager.conf":
        # The account alone is not rehearsed; with a changed dialplan beside it, it is.
        dialplan = templates / "extensions.conf.j2"
        dialplan.write_text(dialplan.read_text() + "\n; changed\n")
    before = {path.name: path.read_bytes() for path in board.config_dir.glob("*.conf")}
    citizen, _ = await board.waiting()
    with pytest.raises(ConfigurationError):
        await read_in(board.asterisk, BINARY, board.config_dir, board.values, templates)
    after = {path.name: path.read_bytes() for path in board.config_dir.glob("*.conf")}
    assert after == before
    await citizen.listen(10)
    assert board.line.state.up
