"""The control connection kept alive: connects, logs in, pings, reconnects, carries orders.

Implements `cti.ports.Switch` over one `FencedManager` per connection. What is lost is not repeated:
after each login the listener reads the state back before anything is decided.

Orders need a lease: an answer of Asterisk within the last 8 s. The dialplan takes the platform for
dead when its beat has stood still for 10 s; a process that was paused for that long finds its lease
run out and orders nothing before it has looked again. Each order carries the number of this run
(`term`), and a link that finds a higher number in Asterisk ends itself: a newer run is at work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from cti.adapters.ami_actions import MANNERS, Repeat, action_of, channel_row, check_reply
from cti.adapters.ami_fence import FencedManager, flat
from cti.core.read_back import ChannelRow
from cti.core.reports import Headers, integer, parse_event
from cti.core.words import FALLBACK_QUEUE_PREFIX, TERM_VARIABLE, TruthVariable
from cti.ports import Log, Order, SetVariable, SwitchListener
from kernel.errors import Superseded, Unavailable
from kernel.ids import Endpoint, TeamId

CONNECT_WITHIN_S = 5.0
PING_EVERY_S = 3.0
LEASE_S = 8.0
BACK_OFF_S = (0.2, 5.0)
BOOT_DEADLINE_S = 60.0


class AmiLink:
    """One supervised connection. `jitter()` gives 0..1: many clients must not return at once."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        user: str,
        secret: str,
        term: int,
        jitter: Callable[[], float],
        log: Log,
    ) -> None:
        self._address = (host, port)
        self._login = (user, secret)
        self._term = term
        self._sent = 0
        self._heard_at = 0.0
        self._jitter = jitter
        self._log = log
        self._listener: SwitchListener | None = None
        self._manager: FencedManager | None = None
        self._task: asyncio.Task[None] | None = None
        self._booted = asyncio.Event()
        self._ended = asyncio.Event()
        self._end_reason = ""
        self.events_received = 0
        self.bytes_received = 0

    # --- life ----------------------------------------------------------------------------

    async def start(self, listener: SwitchListener) -> None:
        self._listener = listener
        self._task = asyncio.get_running_loop().create_task(self._keep(), name="ami-link")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._drop()

    def cut(self) -> None:
        """Break the present connection as the network would; the link comes back by itself."""
        if self._manager is not None and self._manager.protocol is not None:
            self._manager.protocol.transport.abort()

    async def _keep(self) -> None:
        shortest, longest = BACK_OFF_S
        delay = shortest
        while True:
            try:
                was_up = await self._one_connection()
            except Unavailable as error:
                was_up = False
                self._end_reason = error.message
            self._drop()
            if self._listener is not None:
                self._listener.on_lost(self._end_reason)
            delay = shortest if was_up else min(delay * 2, longest)
            await asyncio.sleep(delay * (0.5 + self._jitter() / 2))

    async def _one_connection(self) -> bool:
        """From connecting to the end; True if it had been up, else Unavailable is raised."""
        self._booted.clear()
        self._ended.clear()
        manager = FencedManager(log=self._log, sink=self._on_event, lost=self._on_lost)
        await manager.open(*self._address, CONNECT_WITHIN_S)
        self._manager = manager
        user, secret = self._login
        reply = await self._ask(
            {"Action": "Login", "Username": user, "Secret": secret, "Events": "on"}
        )
        if not reply.success:
            raise Unavailable("电话系统拒绝登录")
        await self._wait_booted()
        await self._claim()
        if self._listener is not None:
            await self._listener.on_connected()
        self._log.info("ami_connected")
        await self._watch()
        return True

    async def _claim(self) -> None:
        """From now on the dialplan refuses older runs' orders. Raises Superseded for one of them.

        Asterisk forgets the number with its callers, when it dies.
        """
        found = await self._ask({"Action": "Getvar", "Variable": TERM_VARIABLE})
        newest = integer(str(found.value))
        if newest > self._term:
            raise Superseded("另一个运行实例已经接管电话系统")
        reply = await self._ask(action_of(SetVariable(None, TERM_VARIABLE, str(self._term)), 0))
        if not reply.success:
            raise Unavailable("电话系统拒绝指令")

    async def _wait_booted(self) -> None:
        waiting = {
            asyncio.ensure_future(self._booted.wait()),
            asyncio.ensure_future(self._ended.wait()),
        }
        done, pending = await asyncio.wait(
            waiting, timeout=BOOT_DEADLINE_S, return_when=asyncio.FIRST_COMPLETED
        )
        for task in pending:
            task.cancel()
        if not self._booted.is_set():
            raise Unavailable("电话系统没有启动完成")

    async def _watch(self) -> None:
        """Ping until the connection ends or a ping is not answered in time."""
        while not self._ended.is_set():
            try:
                async with asyncio.timeout(PING_EVERY_S):
                    await self._ended.wait()
            except TimeoutError:
                try:
                    await self._ask({"Action": "Ping"})
                except Unavailable as error:
                    self._end_reason = error.message
                    self._log.warning("ami_silent", reason=error.message)
                    return

    def _drop(self) -> None:
        if self._manager is not None:
            protocol = self._manager.protocol
            if protocol is not None:
                self.bytes_received += protocol.bytes_received
            self._manager.close()
            self._manager = None

    def _on_lost(self, reason: str) -> None:
        self._end_reason = reason
        self._ended.set()

    def _on_event(self, headers: Mapping[str, str]) -> None:
        self.events_received += 1
        event = headers.get("event")
        if event == "FullyBooted":
            self._booted.set()
            return
        if event == "Shutdown":
            self._on_lost("电话系统正在停止")
            return
        try:
            report = parse_event(headers)
        except ValueError as error:
            self._log.error("ami_event_malformed", reason=str(error))
            return
        if report is not None and self._listener is not None:
            self._listener.on_report(report)

    # --- orders --------------------------------------------------------------------------

    async def order(self, *orders: Order) -> None:
        self._require_lease()
        if len(orders) == 1:
            # On its way before anything else gets a turn of the loop.
            check_reply(orders[0], await self._ask(action_of(orders[0], self._term)), self._log)
            return
        # Sent in one go, answered in order: Asterisk carries out one session's actions in sequence.
        replies = await asyncio.gather(*(self._ask(action_of(o, self._term)) for o in orders))
        for one, reply in zip(orders, replies, strict=True):
            check_reply(one, reply, self._log)

    def _require_lease(self) -> None:
        """Raises Unavailable when Asterisk has not answered for so long that it may by now take us
        for dead, and breaks the connection, so that the truth is read back first."""
        self._require()
        silent_s = asyncio.get_running_loop().time() - self._heard_at
        if silent_s > LEASE_S:
            self._log.error("lease_expired", silent_s=round(silent_s, 1))
            self.cut()
            raise Unavailable("与电话系统的连接中断过久，正在重新核对")

    async def _ask(self, fields: Mapping[str, object], *, as_list: bool = False) -> Any:
        """One action, with the next id and its own deadline; its answer renews the lease."""
        manner = MANNERS[str(fields["Action"])]
        self._sent += 1
        action_id = f"{self._term}-{self._sent}"
        try:
            reply = await self._require().ask(
                {**fields, "ActionID": action_id}, deadline_s=manner.deadline_s, as_list=as_list
            )
        except Unavailable:
            if manner.repeat is Repeat.ONCE:
                # Done or not: nobody knows, and nobody asks again.
                self._log.warning("order_unanswered", action=fields["Action"], id=action_id)
            raise
        self._heard_at = asyncio.get_running_loop().time()
        return reply

    async def channels(self) -> Sequence[ChannelRow]:
        names = ",".join(v.value for v in TruthVariable)
        rows = await self._list({"Action": "Status", "AllVariables": "false", "Variables": names})
        return [channel_row(r) for r in rows if r.event == "Status"]

    async def contacts(self) -> Sequence[Headers]:
        # The list of contacts itself demands the class `system`, which this account must not have.
        rows = await self._list({"Action": "DeviceStateList"})
        return [flat(r) for r in rows if r.event == "DeviceStateChange"]

    async def queue_members(self) -> Mapping[TeamId, frozenset[Endpoint]]:
        rows = await self._list({"Action": "QueueStatus"})
        members: dict[TeamId, set[Endpoint]] = {}
        for row in rows:
            queue, interface = str(row.queue), str(row.location)
            if row.event == "QueueMember" and queue.startswith(FALLBACK_QUEUE_PREFIX):
                team = TeamId(queue.removeprefix(FALLBACK_QUEUE_PREFIX))
                members.setdefault(team, set()).add(Endpoint(interface.removeprefix("PJSIP/")))
        return {team: frozenset(endpoints) for team, endpoints in members.items()}

    async def started_at(self) -> str:
        reply = await self._ask({"Action": "CoreStatus"})
        return f"{reply.corestartupdate}T{reply.corestartuptime}"

    async def _list(self, fields: Mapping[str, object]) -> list[Any]:
        reply = await self._ask(fields, as_list=True)
        if not isinstance(reply, list):
            text = str(reply.message)
            # Some empty lists are told as an error ("No ... found").
            if text.lower().startswith("no "):
                return []
            self._log.warning("query_refused", action=str(fields["Action"]), reason=text)
            raise Unavailable("电话系统拒绝查询")
        return reply

    def _require(self) -> FencedManager:
        if self._manager is None:
            raise Unavailable("与电话系统的连接不可用")
        return self._manager
