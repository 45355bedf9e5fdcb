"""A working day through the desktop's own socket: sitting down, being away, writing up, leaving."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from acd.core.rules import WrapUpMode
from kernel import events as ev
from kernel.ids import Endpoint
from tests.integration.desk_hall import Browser, DeskHall
from tests.unit.acd.hall import A, B
from tests.unit.agent_desktop.asgi_socket import SocketClosed

OPTIONAL, MANDATORY, TIME_BOXED, FIXED = WrapUpMode


@pytest.fixture
async def hall() -> AsyncIterator[DeskHall]:
    made = DeskHall()
    await made.acd.start()
    made.exchange.restore()
    await made.calm()
    yield made
    await made.desk.stop()
    await made.acd.stop()


async def shown(browser: Browser) -> tuple[str, str | None, str]:
    state = await browser.look()
    return state["status"], state["reason"], state["activity"]


async def talk(hall: DeskHall, phone: str, call_id: str = "c-1") -> None:
    await hall.arrive(call_id)
    hall.exchange.pick_up(phone)
    await hall.calm()


async def write_up(hall: DeskHall, phone: str) -> None:
    await talk(hall, phone)
    hall.exchange.put_down(phone)
    await hall.calm()


# --- places -----------------------------------------------------------------------------------


@pytest.mark.parametrize("phone", ["desk", "browser"])
async def test_any_free_booth_with_either_of_its_phones(hall: DeskHall, phone: str) -> None:
    async with hall.browser(A) as mine, hall.browser(B) as other:
        await mine.sit_down("003", phone)
        assert (mine.state["booth"], mine.state["phone"]) == ("003", phone)
        assert mine.state["phone_reachable"] is True
        access = await hall.get("/api/desk/softphone", A)
        assert access.status_code == (200 if phone == "browser" else 404)
        await other.hello()
        for kind in ("desk", "browser"):
            refused = await other.say("log_in", booth="003", phone=kind)
            assert refused == "该座席已有人签入，请换一个座席"
        assert other.state["status"] == "logged_out"
        free = (await hall.get("/api/desk/booths", B)).json()["booths"]
        assert "003" not in free
        await other.sit_down(free[0])
        assert other.state["booth"] == free[0]


async def test_the_same_operator_in_a_second_browser_has_the_same_booth_and_call(
    hall: DeskHall,
) -> None:
    async with hall.browser(A) as first:
        await first.sit_down("001")
        await talk(hall, "desk001")
        async with hall.browser(A) as second:
            await second.hello()
            assert (second.state["booth"], second.state["activity"]) == ("001", "talking")
            assert second.state["call_id"] == "c-1"
            await first.look()
            assert first.told("session_taken")
            with pytest.raises(SocketClosed):
                await first.look()
            refused = await second.say("log_in", booth="002", phone="desk")
            assert refused == "您已在其他座席签入，请先在原座席签退"
        state = await hall.get("/api/desk/booths", B)
        assert "001" not in state.json()["booths"], "the call and the booth go on without a browser"


async def test_moving_to_another_booth_amid_the_shift(hall: DeskHall) -> None:
    async with hall.browser(A) as old:
        await old.sit_down("001")
        async with hall.browser(A) as new:
            await new.hello()
            assert await new.say("log_out") is None
            await new.sit_down("007", "browser")
            await hall.arrive("c-1")
            assert (await new.look())["activity"] == "offered"
            assert list(hall.exchange.ringing()) == ["booth007"]
            async with hall.browser(B) as colleague:
                await colleague.sit_down("001")
                assert colleague.state["booth"] == "001"


async def test_leaving_while_the_phone_rings_gives_the_caller_to_a_colleague(
    hall: DeskHall,
) -> None:
    async with hall.browser(A) as mine, hall.browser(B) as other:
        await mine.sit_down("001")
        await hall.arrive("c-1")
        await other.sit_down("002")
        assert mine.state["status"] == "ready"
        assert await mine.say("log_out") is None
        assert mine.state["status"] == "logged_out"
        assert (await other.look())["call_id"] == "c-1"
        assert hall.outcomes() == ["declined"]


# --- away -------------------------------------------------------------------------------------


async def test_a_lost_browser_has_a_minute_and_comes_back_to_the_same_state(
    hall: DeskHall,
) -> None:
    async with hall.browser(A) as mine:
        await mine.sit_down("001")
    await hall.arrive("c-1")
    await hall.pass_time(55)
    assert hall.exchange.ringing() == {}, "never offered to meanwhile"
    async with hall.browser(A) as again:
        await again.hello()
        assert await shown(again) == ("ready", None, "offered")
        assert again.state["call_id"] == "c-1"


async def test_after_the_minute_the_booth_is_kept_and_the_operator_not_ready(
    hall: DeskHall,
) -> None:
    async with hall.browser(A) as mine:
        await mine.sit_down("001")
    await hall.pass_time(61)
    async with hall.browser(A) as again:
        await again.hello()
        assert await shown(again) == ("not_ready", "connection_lost", "idle")
        assert again.state["booth"] == "001"
        await hall.arrive("c-1")
        assert await again.say("ready") is None
        assert await shown(again) == ("ready", None, "offered")


async def test_a_conversation_at_the_desk_phone_outlives_the_browser(hall: DeskHall) -> None:
    async with hall.browser(A) as mine:
        await mine.sit_down("001")
        await talk(hall, "desk001")
    await hall.pass_time(200)
    async with hall.browser(A) as again:
        await again.hello()
        assert (await again.look())["activity"] == "talking"
        assert again.told("call_updated"), "with the screen pop"
        hall.exchange.put_down("desk001")
        assert (await again.look())["activity"] == "wrap_up"


async def test_a_lost_phone_is_shown_and_nobody_rings_it(hall: DeskHall) -> None:
    async with hall.browser(A) as mine:
        await mine.sit_down("001")
        hall.exchange.unregister("desk001")
        assert (await mine.look())["phone_reachable"] is False
        await hall.arrive("c-1")
        await hall.pass_time(30)
        assert hall.exchange.ringing() == {}
        hall.exchange.register("desk001")
        assert await shown(mine) == ("ready", None, "offered")


# --- what follows the call ----------------------------------------------------------------------


async def test_a_break_or_the_way_home_is_chosen_amid_the_call(hall: DeskHall) -> None:
    async with hall.browser(A) as mine:
        await mine.sit_down("001")
        await talk(hall, "desk001")
        assert await mine.say("not_ready", reason="meal") is None
        assert (mine.state["next_status"], mine.state["next_reason"]) == ("not_ready", "meal")
        assert await mine.say("log_out") is None
        assert mine.state["next_status"] == "logged_out"
        hall.exchange.put_down("desk001")
        assert (await mine.look())["activity"] == "wrap_up"
        done = {"disposition": "answered", "next_status": "logged_out"}
        assert await mine.say("wrap_up_done", **done) is None
        assert mine.state["status"] == "logged_out"
        [finished] = hall.published(ev.WrapUpFinished)
        assert finished.disposition == "answered"


async def test_a_supervisors_order_is_told_with_its_reason_and_not_evaded(hall: DeskHall) -> None:
    async with hall.browser(A) as mine:
        await mine.sit_down("001")
        await talk(hall, "desk001")
        await hall.supervisor_orders(A, "not_ready", "到培训室")
        assert (await mine.look())["next_forced"] is True
        for command in ("ready", "log_out"):
            assert await mine.say(command) == "值班长已安排您本次通话后的状态"
        hall.exchange.put_down("desk001")
        await hall.calm()
        done = {"disposition": "answered", "next_status": "ready"}
        assert await mine.say("wrap_up_done", **done) is None
        assert await shown(mine) == ("not_ready", "forced", "idle")
        [entry] = hall.audit.entries
        assert entry.detail == {"state": "not_ready", "reason": "到培训室"}
        [told] = hall.published(ev.AgentForced)
        assert (told.reason, told.at_once) == ("到培训室", False)


async def test_who_does_not_answer_is_not_ready_and_the_caller_keeps_the_place(
    hall: DeskHall,
) -> None:
    async with hall.browser(A) as mine, hall.browser(B) as other:
        await mine.sit_down("001")
        await hall.arrive("c-1")
        await hall.arrive("c-2")
        await hall.pass_time(15)
        hall.exchange.ring_out("desk001")
        assert await shown(mine) == ("not_ready", "ring_no_answer", "idle")
        await other.sit_down("002")
        assert other.state["call_id"] == "c-1"
        assert await mine.say("ready") is None
        assert mine.state["call_id"] == "c-2"


# --- the write-up -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", WrapUpMode)
async def test_the_desk_knows_how_this_teams_write_up_ends(
    hall: DeskHall, mode: WrapUpMode
) -> None:
    hall.write_up(mode)
    async with hall.browser(A) as mine:
        await mine.sit_down("001")
        await write_up(hall, "desk001")
        state = await mine.look()
        assert (state["activity"], state["wrap_up_mode"]) == ("wrap_up", mode.value)
        assert (state["deadline"] is None) is (mode is MANDATORY)

        empty = await mine.say("wrap_up_done", disposition="", next_status="ready")
        assert (empty is None) is (mode is OPTIONAL)
        if mode is OPTIONAL:
            assert await shown(mine) == ("ready", None, "idle")
            return
        longer = await mine.say("extend_wrap_up")
        assert (longer is None) is (mode is not MANDATORY)
        if mode is not MANDATORY:
            assert mine.state["wrap_up_extended"] is True
            assert mine.state["deadline"] > state["deadline"]
            assert await mine.say("extend_wrap_up") == "话后整理只能延长一次"
        assert await mine.say("wrap_up_done", disposition="answered", next_status="ready") is None
        if mode is FIXED:
            assert (mine.state["activity"], mine.state["disposition"]) == ("wrap_up", "answered")
            await hall.pass_time(121)
        assert await shown(mine) == ("ready", None, "idle")


@pytest.mark.parametrize("mode", [OPTIONAL, TIME_BOXED, FIXED])
async def test_the_limit_ends_it_and_the_next_call_comes(hall: DeskHall, mode: WrapUpMode) -> None:
    hall.write_up(mode)
    async with hall.browser(A) as mine:
        await mine.sit_down("001")
        await write_up(hall, "desk001")
        await hall.arrive("c-2")
        await hall.pass_time(59)
        assert (await mine.look())["activity"] == "wrap_up"
        await hall.pass_time(2)
        assert (await mine.look())["call_id"] == "c-2"


# --- nobody is stuck ----------------------------------------------------------------------------


async def test_who_is_stuck_is_told_of_after_five_seconds_and_freed_by_a_supervisor(
    hall: DeskHall,
) -> None:
    hall.exchange.silent.add(Endpoint("desk001"))
    async with hall.browser(A) as mine:
        await mine.sit_down("001")
        call = await hall.arrive("c-1")
        await hall.pass_time(4.9)
        assert hall.published(ev.AgentContradicted) == []
        await hall.pass_time(0.2)
        [alarm] = hall.published(ev.AgentContradicted)
        assert (alarm.agent_id, alarm.contradiction) == (A, "not_ringing")
        await hall.supervisor_frees(A, "话机没有振铃")
        assert await shown(mine) == ("not_ready", "phone_unreachable", "idle")
        assert hall.acd.position(call) == 1
        assert hall.audit.entries[-1].detail == {"reason": "话机没有振铃"}
