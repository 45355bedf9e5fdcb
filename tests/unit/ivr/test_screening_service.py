"""The guard's service: orders are recorded first, and what counts survives a restart."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivr.core.screening.levels import LevelCause
from ivr.core.screening.listed import ListEntry, ListKind, Treatment
from ivr.core.screening.policy import Level
from kernel.errors import BadInput, Conflict, NotFound
from kernel.events import CallScreened
from tests.fakes.guard_room import GuardRoom

MOBILE = "13800138000"


async def put(room: GuardRoom, **changes: object) -> ListEntry:
    given: dict[str, object] = {
        "who": "ad03",
        "kind": ListKind.GREY,
        "number": MOBILE,
        "start": False,
        "treatment": Treatment.BOTH,
        "reason": "反复拨打后 不说话",
        "hours": 24,
    }
    return await room.screening.add(**{**given, **changes})  # type: ignore[arg-type]


async def again(room: GuardRoom) -> GuardRoom:
    """The next run of the platform, some minutes later."""
    await room.screening.stop()
    later = GuardRoom(room.store)
    later.later(300)
    await later.screening.start()
    return later


async def test_lists_and_the_pinned_level_survive_a_restart() -> None:
    room = GuardRoom()
    await room.screening.start()
    await put(room)
    await put(room, kind=ListKind.SPARED, number="83330000", hours=24 * 30)
    await room.screening.pin("ad03", Level.RAISED, "演练", 2)
    later = await again(room)
    assert later.screening.picture().level is Level.RAISED
    assert {e.number for e in later.screening.entries()} == {MOBILE, "02083330000"}
    await later.call(MOBILE)
    assert later.bus.of(CallScreened)[0].reason == "grey"
    (change,) = await later.screening.changes()
    assert (change.actor, change.cause) == ("ad03", LevelCause.SUPERVISOR)
    await later.screening.stop()


async def test_who_passed_is_known_after_a_restart_too() -> None:
    room = GuardRoom()
    await room.screening.start()
    call_id, _ = await room.call(MOBILE)
    room.screening.passed(call_id)
    await room.screening.flush()
    assert list(room.store.trusted) == [MOBILE]
    later = await again(room)
    await later.screening.recalled()
    await later.screening.pin("ad03", Level.STORM, "演练", 2)
    await later.call(MOBILE)
    assert later.bus.of(CallScreened) == []
    await later.screening.stop()


async def test_level_given_back_to_the_figures_is_not_pinned_again_by_a_restart() -> None:
    room = GuardRoom()
    await room.screening.start()
    await room.screening.pin("ad03", Level.STORM, "演练", 2)
    room.later(1)
    await room.screening.pin("ad03", None, "演练结束", 0)
    later = await again(room)
    assert later.screening.picture().level is Level.NORMAL
    await later.screening.stop()


async def test_number_listed_by_rule_survives_too_and_floods_write_little() -> None:
    room = GuardRoom()
    for _ in range(200):
        call_id, _ = await room.call(MOBILE)
        room.hang_up(call_id)
        room.later(0.1)
    await room.screening.flush()
    assert room.store.writes == 1
    (entry,) = room.store.kept.values()
    assert entry.by_rule
    later = await again(room)
    assert [e.number for e in later.screening.entries()] == [MOBILE]
    await later.screening.stop()


async def test_database_that_is_away_delays_the_writing_only() -> None:
    room = GuardRoom()
    room.store.away = True
    await room.screening.start()
    entry = await put(room)
    await room.screening.pin("ad03", Level.RAISED, "演练", 2)
    assert room.store.kept == {}
    assert "screening_not_written" in room.log.events
    room.store.away = False
    await room.screening.stop()
    assert list(room.store.kept) == [entry.entry_id]
    assert len(room.store.told) == 1


async def test_known_number_that_could_not_be_written_is_written_later() -> None:
    room = GuardRoom()
    await room.screening.start()
    room.store.away = True
    call_id, _ = await room.call(MOBILE)
    room.screening.passed(call_id)
    await room.screening.flush()
    room.store.away = False
    await room.screening.stop()
    assert list(room.store.trusted) == [MOBILE]


async def test_every_order_of_a_person_is_in_the_audit_trail_with_the_number_masked() -> None:
    room = GuardRoom()
    entry = await put(room)
    await room.screening.prolong("ad04", entry.entry_id, 48)
    await room.screening.pin("ad04", Level.STORM, "来电攻击", 1)
    assert await room.screening.reveal("ad04", MOBILE, "核对来电人") == MOBILE
    await room.screening.remove("ad04", entry.entry_id)
    assert room.audit.actions == [
        "screening_listed",
        "screening_prolonged",
        "guard_level_set",
        "number_revealed",
        "screening_removed",
    ]
    assert MOBILE not in repr(room.audit.entries)
    assert room.screening.entries() == []
    ended = room.store.kept[entry.entry_id]
    assert (ended.ended_by, ended.until) == ("ad04", room.clock.now() + timedelta(hours=48))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "138001380001234567"}, "号码"),
        ({"number": "not a number"}, "号码"),
        ({"number": ""}, "号码"),
        ({"number": "13", "start": True}, "号码位数不对"),
        ({"number": "１３８０", "start": True}, "只用数字"),
        ({"reason": "  "}, "请填写原因"),
        ({"reason": "长" * 201}, "原因太长"),
        ({"hours": 24 * 8}, "期限"),
        ({"hours": 0}, "期限"),
        ({"kind": ListKind.SPARED, "hours": 24 * 91}, "期限"),
    ],
)
async def test_wrong_entry_changes_nothing_and_says_why(
    changes: dict[str, object], words: str
) -> None:
    room = GuardRoom()
    with pytest.raises(BadInput, match=words):
        await put(room, **changes)
    assert room.screening.entries() == []
    assert room.audit.entries == []


async def test_same_number_is_not_listed_twice_and_nothing_unknown_is_removed() -> None:
    room = GuardRoom()
    await put(room)
    with pytest.raises(Conflict):
        await put(room, number="+86 13800138000")
    with pytest.raises(NotFound):
        await room.screening.remove("ad03", "none")
    with pytest.raises(BadInput):
        await room.screening.pin("ad03", Level.STORM, "", 1)
    with pytest.raises(BadInput):
        await room.screening.pin("ad03", Level.STORM, "演练", 13)
    with pytest.raises(BadInput):
        await room.screening.reveal("ad03", MOBILE, "")


async def test_no_log_line_holds_a_whole_number() -> None:
    room = GuardRoom()
    for _ in range(30):
        await room.call(MOBILE)
    assert MOBILE not in repr(room.log.lines)
