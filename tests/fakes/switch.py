"""A switch in memory: keeps what it was ordered, says what a test has laid down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cti.core.read_back import ChannelRow
from cti.core.reports import Headers
from cti.ports import Answerer, Order, SwitchListener
from kernel.errors import HotlineError
from kernel.ids import CallId, Endpoint, TeamId


class FakeSwitch:
    """Fills `Switch`. `connect` and `lose` are the world's part."""

    def __init__(self) -> None:
        self.orders: list[tuple[Order, ...]] = []
        self.rows: list[ChannelRow] = []
        self.states: list[Headers] = []
        self.members: dict[TeamId, frozenset[Endpoint]] = {}
        self.life = "first"
        self.fault: HotlineError | None = None
        self.listener: SwitchListener | None = None

    async def start(self, listener: SwitchListener) -> None:
        self.listener = listener

    async def stop(self) -> None:
        self.listener = None

    async def connect(self) -> None:
        assert self.listener is not None
        await self.listener.on_connected()

    def lose(self, reason: str = "cut") -> None:
        assert self.listener is not None
        self.listener.on_lost(reason)

    def cut(self) -> None:
        self.lose("cut by us")

    async def order(self, *orders: Order) -> None:
        if self.fault is not None:
            raise self.fault
        self.orders.append(orders)

    async def channels(self) -> Sequence[ChannelRow]:
        return self.rows

    async def contacts(self) -> Sequence[Headers]:
        return self.states

    async def queue_members(self) -> Mapping[TeamId, frozenset[Endpoint]]:
        return self.members

    async def started_at(self) -> str:
        return self.life


class FakeDoor:
    """Fills `QuestionDoor`."""

    def __init__(self) -> None:
        self.answerer: Answerer | None = None

    async def start(self, answerer: Answerer) -> None:
        self.answerer = answerer

    async def stop(self) -> None:
        self.answerer = None


class FakeSpool:
    """Fills `RecordingSpool`: sizes by call."""

    def __init__(self) -> None:
        self.sizes: dict[CallId, int] = {}
        self.discarded: list[CallId] = []
        self.dropped: list[CallId] = []

    async def completed(self, call_id: CallId) -> int:
        return self.sizes.get(call_id, 0)

    def file_name(self, call_id: CallId) -> str:
        return f"{call_id}.raw"

    async def discard(self, call_id: CallId) -> None:
        self.discarded.append(call_id)

    async def drop_message(self, call_id: CallId) -> None:
        self.dropped.append(call_id)

    async def left_over(self) -> Sequence[CallId]:
        return list(self.sizes)
