"""panoramisk's faults F1 to F9, each shown on plain panoramisk and gone behind the fence.

The tests of plain panoramisk are not there to blame it: they say when the fence may go. Should one
fail after an update, its fault was repaired upstream and the fence can be made smaller.
Source: reliability notes, section 0; `docs/adr/0002-panoramisk-behind-a-fence.md`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import panoramisk
import pytest

from cti.adapters.ami_actions import MANNERS, Manner, Repeat
from cti.adapters.ami_fence import FencedManager, UnsafeAction
from cti.adapters.ami_link import AmiLink
from cti.core.reports import Report, Told
from cti.ports import HangUp, Redirect, SetVariable
from kernel.errors import NotFound, Unavailable
from tests.fakes.log import KeptLog
from tests.servers.ami_server import AmiServer, AmiSession, ami_server
from tests.servers.process import free_port

NAME = "广州市民热线"
ORIGINATE = {
    "Action": "Originate",
    "Channel": "Local/1*dial*13800138000*20@cc-order/n",
    "Context": "cc-dialler",
    "Exten": "s",
}


class Events:
    """Keeps events and lets a test wait for them."""

    def __init__(self) -> None:
        self.all: list[Mapping[str, str]] = []
        self.lost: list[str] = []
        self.gone = asyncio.Event()
        self._changed = asyncio.Event()

    def sink(self, headers: Mapping[str, str]) -> None:
        self.all.append(headers)
        self._changed.set()

    def on_lost(self, reason: str) -> None:
        self.lost.append(reason)
        self.gone.set()

    async def wait(self, count: int, name: str = "Ours") -> list[Mapping[str, str]]:
        async with asyncio.timeout(20):
            while len(found := [e for e in self.all if e.get("event") == name]) < count:
                self._changed.clear()
                await self._changed.wait()
        return found


def plain(server: AmiServer, **config: Any) -> panoramisk.Manager:
    return panoramisk.Manager(
        loop=asyncio.get_running_loop(),
        host="127.0.0.1",
        port=server.port,
        username="u",
        secret="s",
        **{"reconnect_timeout": 1, **config},
    )


async def fenced(server: AmiServer, events: Events) -> FencedManager:
    manager = FencedManager(log=KeptLog(), sink=events.sink, lost=events.on_lost)
    await manager.open("127.0.0.1", server.port, 5)
    await manager.ask({"Action": "Login", "Username": "u", "Secret": "s"}, deadline_s=5)
    return manager


class Listener:
    """Fills `SwitchListener`."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.connected: asyncio.Queue[int] = asyncio.Queue()
        self.lost: asyncio.Queue[str] = asyncio.Queue()
        self.told = asyncio.Event()

    def on_report(self, report: Report) -> None:
        self.reports.append(report)
        self.told.set()

    async def on_connected(self) -> None:
        self.connected.put_nowait(1)

    def on_lost(self, reason: str) -> None:
        self.lost.put_nowait(reason)


def a_link(port: int) -> AmiLink:
    return AmiLink(
        host="127.0.0.1",
        port=port,
        user="u",
        secret="s",
        term=7,
        jitter=lambda: 0.0,
        log=KeptLog(),
    )


async def soon(awaitable: Any) -> Any:
    async with asyncio.timeout(20):
        return await awaitable


# --- F1: an action is sent again after a reconnect ---


async def cut_originate(session: AmiSession, action: dict[str, str]) -> None:
    if action["Action"] == "Originate" and len(session.server.named("Originate")) == 1:
        session.cut()
    else:
        await session.success(action)


async def test_f1_plain_panoramisk_rings_the_agent_twice() -> None:
    async with ami_server() as server:
        server.answer = cut_originate
        manager = plain(server)
        manager.connect()
        await soon(server.logged_in.get())
        manager.send_action(dict(ORIGINATE))
        await soon(server.logged_in.get())
        await server.wait_for("Originate", 2)
        manager.connection_lost = lambda exc: None
        manager.close()


async def test_f1_the_fence_never_sends_an_action_again() -> None:
    async with ami_server() as server:
        server.answer = cut_originate
        listener, link = Listener(), a_link(server.port)
        await link.start(listener)
        await soon(listener.connected.get())
        manager = link._manager
        assert manager is not None
        with pytest.raises(Unavailable):
            await manager.ask(ORIGINATE, deadline_s=5)
        await soon(listener.lost.get())
        await soon(listener.connected.get())
        # An action that is answered proves that everything before it has been seen.
        await link.order(HangUp("PJSIP/desk001-00000001"))
        await link.stop()
        assert len(server.named("Originate")) == 1


# --- F2: a list that is cut never resolves ---


async def half_a_list(session: AmiSession, action: dict[str, str]) -> None:
    if action["Action"] != "Status":
        await session.success(action)
        return
    await session.success(action, EventList="start", Message="Channel status will follow")
    await session.send(Event="Status", ActionID=action["ActionID"], Channel="PJSIP/a-00000001")
    session.cut()


async def test_f2_plain_panoramisk_waits_for_ever_for_a_cut_list() -> None:
    async with ami_server() as server:
        server.answer = half_a_list
        manager = plain(server)
        manager.connect()
        await soon(server.logged_in.get())
        future = manager.send_action({"Action": "Status"}, as_list=True)
        await soon(server.logged_in.get())  # it is back, and still does not tell the waiter
        assert not future.done()
        manager.connection_lost = lambda exc: None
        manager.close()


async def test_f2_the_fence_fails_a_cut_list_at_once() -> None:
    async with ami_server() as server:
        server.answer = half_a_list
        events = Events()
        manager = await fenced(server, events)
        with pytest.raises(Unavailable, match="断开"):
            await manager.ask({"Action": "Status"}, deadline_s=60, as_list=True)
        assert events.lost


async def test_f2_a_refused_list_is_answered_at_once() -> None:
    async def refuse(session: AmiSession, action: dict[str, str]) -> None:
        await session.send(
            Response="Error", ActionID=action["ActionID"], Message="Permission denied"
        )

    async with ami_server() as server:
        server.answer = refuse
        manager = await fenced(server, Events())
        reply = await manager.ask({"Action": "Status"}, deadline_s=60, as_list=True)
        assert reply.message == "Permission denied"
        manager.close()


# --- F3: silence is not noticed ---


async def silent(session: AmiSession, action: dict[str, str]) -> None:
    """Reads, and never answers: what a half-open connection looks like."""


async def test_f3_plain_panoramisk_does_not_notice_silence() -> None:
    async with ami_server() as server:
        server.answer = silent
        manager = plain(server, ping_delay=0, ping_interval=0)
        manager.connect()
        await soon(server.logged_in.get())
        await server.wait_for("Ping", 20)
        assert manager._connected
        assert len(server.sessions) == 1
        manager.connection_lost = lambda exc: None
        manager.close()


async def test_f3_the_link_notices_silence_and_reconnects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cti.adapters.ami_link.PING_EVERY_S", 0.05)
    monkeypatch.setitem(MANNERS, "Ping", Manner(Repeat.READ, 0.1))
    async with ami_server() as server:
        server.answer = silent
        listener, link = Listener(), a_link(server.port)
        await link.start(listener)
        await soon(listener.connected.get())
        assert await soon(listener.lost.get()) == "电话系统没有应答"
        await soon(listener.connected.get())
        await link.stop()


# --- F4: a character split over two reads is lost ---


async def test_f4_plain_panoramisk_loses_a_split_character() -> None:
    names: list[str] = []
    async with ami_server() as server:
        manager = plain(server)
        done = asyncio.Event()

        def heard(_: Any, event: Any) -> None:
            names.append(event.calleridname)
            done.set()

        manager.register_event("Ours", heard)
        manager.connect()
        session = await soon(server.logged_in.get())
        data = f"Event: Ours\r\nCallerIDName: {NAME}\r\n\r\n".encode()
        cut_at = data.index("州".encode()) + 1
        # The protocol is fed directly, because how TCP splits is not in a test's hand.
        manager.protocol.data_received(data[:cut_at])
        manager.protocol.data_received(data[cut_at:])
        await soon(done.wait())
        session.cut()
        manager.connection_lost = lambda exc: None
        manager.close()
    assert names == ["广市民热线"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7])
async def test_f4_the_fence_keeps_every_character_however_it_is_split(size: int) -> None:
    async with ami_server() as server:
        events = Events()
        manager = await fenced(server, events)
        data = f"Event: Ours\r\nCallerIDName: {NAME}\r\n\r\n".encode() * 2
        for at in range(0, len(data), size):
            manager.protocol.data_received(data[at : at + size])
        assert [e["calleridname"] for e in await events.wait(2)] == [NAME, NAME]
        manager.close()


async def test_f4_broken_utf8_and_bare_newlines_do_not_stop_the_stream() -> None:
    async with ami_server() as server:
        events = Events()
        manager = await fenced(server, events)
        manager.protocol.data_received(b"Event: Ours\r\nName: \xff\xfe\r\n\r\n")
        manager.protocol.data_received(b"Event: Ours\r\nName: x\r\n\nnonsense\r\n\r\n: \r\n\r\n")
        manager.protocol.data_received(b"Event: Ours\nName: y\n\n")
        assert [e["name"] for e in await events.wait(3)] == ["\ufffd\ufffd", "x", "y"]
        manager.close()


async def test_f4_a_message_without_end_closes_the_connection() -> None:
    async with ami_server() as server:
        events = Events()
        manager = await fenced(server, events)
        for _ in range(20):
            manager.protocol.data_received(b"x" * 60_000)
        await soon(events.gone.wait())


# --- F5: an exception in a handler closes the connection ---


async def five_events(session: AmiSession) -> None:
    await session.raw(b"".join(b"Event: Ours\r\nNumber: %d\r\n\r\n" % n for n in range(5)))


async def test_f5_plain_panoramisk_loses_events_after_a_faulty_handler() -> None:
    seen: list[str] = []
    reported: list[dict[str, Any]] = []
    async with ami_server() as server:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))
        manager = plain(server)

        def faulty(_: Any, event: Any) -> None:
            seen.append(event.number)
            raise RuntimeError("a bug of ours")

        manager.register_event("Ours", faulty)
        manager.connect()
        await five_events(await soon(server.logged_in.get()))
        await soon(server.logged_in.get())  # the connection was closed and made again
        manager.connection_lost = lambda exc: None
        manager.close()
    assert seen == ["0"]
    assert any("bug of ours" in str(c.get("exception")) for c in reported)


async def test_f5_the_fence_goes_on_after_a_faulty_handler() -> None:
    seen: list[str] = []
    async with ami_server() as server:
        events = Events()
        manager = await fenced(server, events)

        def faulty(headers: Mapping[str, str]) -> None:
            seen.append(headers["number"])
            events.sink(headers)
            raise RuntimeError("a bug of ours")

        manager._sink = faulty
        await five_events(server.sessions[0])
        await events.wait(5)
        assert seen == ["0", "1", "2", "3", "4"]
        assert isinstance(manager.log, KeptLog)
        assert manager.log.events == ["ami_message_failed"] * 5
        assert events.lost == []
        manager.close()


# --- F6: a line break in a value becomes another action ---

EVIL = "note\r\n\r\nAction: Originate\r\nChannel: Local/evil@out\r\nActionID: 666\r\n"


async def test_f6_plain_panoramisk_sends_the_injected_action() -> None:
    async with ami_server() as server:
        manager = plain(server)
        manager.connect()
        await soon(server.logged_in.get())
        manager.send_action({"Action": "Setvar", "Variable": "X", "Value": EVIL})
        await server.wait_for("Originate")
        manager.connection_lost = lambda exc: None
        manager.close()


@pytest.mark.parametrize("evil", [EVIL, "a\rb", "a\nb", "a\x00b", "x" * 1100])
async def test_f6_the_fence_refuses_what_would_be_another_line(evil: str) -> None:
    async with ami_server() as server:
        listener, link = Listener(), a_link(server.port)
        await link.start(listener)
        await soon(listener.connected.get())
        orders = (
            SetVariable("PJSIP/a-00000001", "X", evil),
            HangUp(evil),
            Redirect(evil, "cc-waiting", "s"),
        )
        for order in orders:
            with pytest.raises(UnsafeAction):
                await link.order(order)
        await link.order(HangUp("PJSIP/a-00000001"))
        await link.stop()
        assert {a["Action"] for a in server.actions} == {"Login", "Hangup"}
        assert len(server.named("Hangup")) == 1


async def test_f6_a_header_name_cannot_break_out_either() -> None:
    async with ami_server() as server:
        manager = await fenced(server, Events())
        with pytest.raises(UnsafeAction):
            await manager.ask({"Action": "Ping", "X: y\r\nZ": "1"}, deadline_s=5)
        with pytest.raises(UnsafeAction):
            await manager.ask({"Action": "Setvar", "Variable": ["a=b"] * 200}, deadline_s=5)
        manager.close()


# --- F8: no deadline, no order ---


async def test_f8_plain_panoramisk_has_no_deadline() -> None:
    async with ami_server() as server:
        server.answer = silent
        manager = plain(server)
        manager.connect()
        await soon(server.logged_in.get())
        future = manager.send_action({"Action": "Redirect", "Channel": "x"})
        with suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                await asyncio.shield(future)
        assert not future.done()
        manager.connection_lost = lambda exc: None
        manager.close()


async def test_f8_every_action_has_a_deadline_and_a_late_answer_is_dropped() -> None:
    late: asyncio.Queue[tuple[AmiSession, dict[str, str]]] = asyncio.Queue()

    async def keep(session: AmiSession, action: dict[str, str]) -> None:
        late.put_nowait((session, action))

    async with ami_server() as server:
        server.answer = keep
        events = Events()
        manager = await fenced(server, events)
        with pytest.raises(Unavailable, match="没有应答"):
            await manager.ask({"Action": "Redirect", "Channel": "x"}, deadline_s=0.05)
        assert manager.protocol.responses == {}
        # On a busy machine it may reach the server after its deadline only.
        session, action = await soon(late.get())
        await session.success(action)
        await five_events(session)
        await events.wait(5)
        manager.close()


async def test_f8_events_come_in_order_and_from_one_place() -> None:
    async with ami_server() as server:
        events = Events()
        manager = await fenced(server, events)
        data = b"".join(b"Event: Ours\r\nNumber: %d\r\n\r\n" % n for n in range(500))
        await server.sessions[0].raw(data)
        found = await events.wait(500)
        assert [int(e["number"]) for e in found] == list(range(500))
        manager.close()


# --- F9: a refused connection leaves a pinger behind ---


async def test_f9_plain_panoramisk_keeps_pinging_after_a_refused_connection() -> None:
    async with ami_server() as server:
        manager = plain(server, reconnect_timeout=60)
        manager.connect()
        await soon(server.logged_in.get())
    manager.ping()  # what its timer does; the transport is dead and nothing says so
    assert manager.pinger is not None
    manager.pinger.cancel()
    manager.connection_lost = lambda exc: None
    manager.close()


async def test_f9_a_refused_connection_raises_and_is_tried_again() -> None:
    refused = free_port()
    manager = FencedManager(log=KeptLog(), sink=lambda h: None, lost=lambda r: None)
    with pytest.raises(Unavailable):
        await manager.open("127.0.0.1", refused, 5)
    manager.ping()
    assert manager.pinger is None
    listener, link = Listener(), a_link(refused)
    await link.start(listener)
    await soon(listener.lost.get())
    await soon(listener.lost.get())
    with pytest.raises(Unavailable):
        await link.order(HangUp("PJSIP/a-00000001"))
    await link.stop()


# --- what the link makes of answers and events ---


async def test_a_vanished_channel_is_not_found() -> None:
    async def gone(session: AmiSession, action: dict[str, str]) -> None:
        await session.send(Response="Error", ActionID=action["ActionID"], Message="No such channel")

    async with ami_server() as server:
        listener, link = Listener(), a_link(server.port)
        await link.start(listener)
        await soon(listener.connected.get())
        server.answer = gone
        with pytest.raises(NotFound):
            await link.order(HangUp("PJSIP/a-00000001"))
        await link.stop()


async def test_a_malformed_event_of_ours_is_logged_and_passed_over() -> None:
    async with ami_server() as server:
        listener, link = Listener(), a_link(server.port)
        await link.start(listener)
        await soon(listener.connected.get())
        session = server.sessions[0]
        ours = {"Event": "UserEvent", "UserEvent": "Hotline", "Channel": "PJSIP/a-00000001"}
        await session.send(**ours, Fact="waiting", Call="../../etc/passwd")
        await session.send(**ours, Fact="invented", Call="gz1-1795492774-0")
        await session.send(**ours, Fact="waiting", Call="gz1-1795492774-0")
        await soon(listener.told.wait())
        assert [r.call_id for r in listener.reports if isinstance(r, Told)] == ["gz1-1795492774-0"]
        await link.stop()
