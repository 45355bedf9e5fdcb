"""Who the native queues ring while the platform is dead, and what brings them there. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from cti.ports import JoinQueue, LeaveQueue, Order
from kernel.ids import Endpoint, TeamId

Members = Mapping[TeamId, frozenset[Endpoint]]


def changes(present: Members, wanted: Members) -> list[Order]:
    """What turns the queues' `present` members into the `wanted` ones."""
    orders: list[Order] = []
    for team in sorted({*present, *wanted}):
        should, now = wanted.get(team, frozenset()), present.get(team, frozenset())
        orders += [JoinQueue(team, e) for e in sorted(should - now)]
        orders += [LeaveQueue(team, e) for e in sorted(now - should)]
    return orders
