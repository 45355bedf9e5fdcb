"""A supervisor's order: allowed, recorded before it is given, told to the operator."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent_desktop.ports import AgentSituation
from kernel.errors import BadInput, Conflict, HotlineError, NotAllowed, NotFound, Unavailable
from kernel.events import AgentForced
from kernel.ids import AgentId, BoothId, EventId
from kernel.policy import Role
from tests.unit.agent_desktop.room import CHEN, LI, Room, principal, sent
from tests.unit.agent_desktop.test_service import at_booth, command

BOSS = principal(role=Role.SUPERVISOR)


@pytest.fixture
def room() -> Room:
    room = Room()
    room.floor.set(CHEN, AgentSituation(status="ready", booth_id=BoothId("019")))
    return room


async def test_an_order_is_recorded_with_its_reason_and_given(room: Room) -> None:
    await room.supervision.force(BOSS, CHEN, "not_ready", "  设备检修 ")
    [entry] = room.audit.entries
    assert (entry.who, entry.action, entry.object_id) == (
        BOSS.account,
        "agent_state_ordered",
        CHEN,
    )
    assert entry.detail == {"state": "not_ready", "reason": "设备检修"}
    assert room.floor.commands == [("force", CHEN, "not_ready", "设备检修", BOSS.account)]


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.SUPERVISOR])
async def test_nobody_but_a_supervisor_gives_orders(room: Room, role: Role) -> None:
    with pytest.raises(NotAllowed):
        await room.supervision.force(principal(role=role), CHEN, "ready", "支援")
    assert (room.audit.entries, room.floor.commands) == ([], [])


@pytest.mark.parametrize(
    ("agent_id", "reason", "error"),
    [
        (AgentId("op9999"), "支援", NotFound),
        (CHEN, " ", BadInput),
        (CHEN, "长" * 201, BadInput),
    ],
)
async def test_an_order_without_sense_is_neither_recorded_nor_given(
    room: Room, agent_id: AgentId, reason: str, error: type[HotlineError]
) -> None:
    with pytest.raises(error):
        await room.supervision.force(BOSS, agent_id, "ready", reason)
    assert (room.audit.entries, room.floor.commands) == ([], [])


async def test_what_the_distribution_refuses_is_told_to_the_supervisor(room: Room) -> None:
    room.floor.refuse_next = Conflict("该话务员的工作台未连接，不能置为就绪")
    with pytest.raises(Conflict):
        await room.supervision.force(BOSS, CHEN, "ready", "支援")


async def test_an_order_that_cannot_be_recorded_is_not_given(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(**_: object) -> None:
        raise Unavailable("审计暂不可用")

    monkeypatch.setattr(room.audit, "record", fail)
    with pytest.raises(Unavailable):
        await room.supervision.force(BOSS, CHEN, "ready", "支援")
    assert room.floor.commands == []


async def test_the_operator_is_told_and_nobody_else(room: Room) -> None:
    room.floor.set(LI, AgentSituation(status="ready", booth_id=BoothId("018")))
    _, chen = await room.tab(principal(CHEN), "tab-chen")
    _, li = await room.tab(principal(LI), "tab-li")
    await room.desk.hear(
        AgentForced(
            event_id=EventId("e"),
            occurred_at=datetime(2026, 11, 24, 4, tzinfo=UTC),
            agent_id=CHEN,
            state="logged_out",
            reason="换班",
            cause="supervisor",
            actor="boss",
            at_once=False,
        )
    )
    assert sent(chen, "forced") == [
        {"type": "forced", "state": "logged_out", "reason": "换班", "at_once": False}
    ]
    assert sent(li, "forced") == []


async def test_what_was_ordered_for_after_the_call_wins_over_the_choice_on_the_screen(
    room: Room,
) -> None:

    room.floor.set(LI, at_booth(activity="wrap_up", next_status="logged_out", next_forced=True))
    tab, out = await room.tab()
    assert sent(out, "agent_state")[-1]["next_forced"] is True
    room.floor.commands.clear()
    await room.desk.handle(
        tab, command(type="wrap_up_done", disposition="answered", next_status="ready")
    )
    assert room.floor.commands == [("finish_wrap_up", LI, "answered")]


async def test_a_supervisor_frees_who_is_stuck_and_it_is_recorded(room: Room) -> None:
    await room.supervision.free(BOSS, CHEN, " 话机没有声音 ")
    [entry] = room.audit.entries
    assert (entry.who, entry.action, entry.object_id, entry.detail) == (
        BOSS.account,
        "agent_freed",
        CHEN,
        {"reason": "话机没有声音"},
    )
    assert room.floor.commands == [("free", CHEN, "话机没有声音", BOSS.account)]


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.SUPERVISOR])
async def test_nobody_but_a_supervisor_frees_anybody(room: Room, role: Role) -> None:
    with pytest.raises(NotAllowed):
        await room.supervision.free(principal(role=role), CHEN, "话机没有声音")
    assert (room.audit.entries, room.floor.commands) == ([], [])
