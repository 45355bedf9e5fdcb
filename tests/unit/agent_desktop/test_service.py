"""The operators' sessions: one tab each, faithful to the distribution, safe through losses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from agent_desktop import protocol
from agent_desktop import service as desk_service
from agent_desktop.core.named import Named
from agent_desktop.ports import AgentSituation, CallerPast, PastCase, PlanSituation, Reserve
from agent_desktop.protocol import CLOSE_TAKEN, ClientMessage, client_messages
from kernel.errors import InvalidTransition, NotAllowed, Unavailable
from kernel.ids import BoothId, Endpoint, OfferId, TeamId
from kernel.policy import Role
from tests.fakes.desk_ports import NOON
from tests.unit.agent_desktop.room import CHEN, LI, Room, principal, sent
from tests.unit.agent_desktop.test_call_story import CALL, arrived, entered, pressed, queued

OFFER = OfferId(f"{CALL}.1")


def command(**fields: object) -> ClientMessage:
    return client_messages.validate_python({"request_id": "r1", **fields})


def at_booth(**changes: object) -> AgentSituation:
    base: dict[str, object] = {
        "status": "ready",
        "status_since": NOON,
        "booth_id": BoothId("018"),
        "endpoint": Endpoint("booth018"),
        "phone_reachable": True,
    }
    return AgentSituation(**{**base, **changes})  # type: ignore[arg-type]


def offered() -> AgentSituation:
    return at_booth(
        activity="offered",
        activity_since=NOON,
        deadline=NOON + timedelta(seconds=15),
        call_id=CALL,
        offer_id=OFFER,
        team=TeamId("labour"),
    )


async def until(condition: Callable[[], bool]) -> None:
    """Give other tasks their turns until `condition` holds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("never came true")


async def tell_story(room: Room) -> None:
    for event in (
        arrived(),
        entered("greeting_three"),
        pressed("greeting_three", "3"),
        queued("labour", 4),
    ):
        await room.desk.hear(event)


# --- connecting -----------------------------------------------------------------------------


async def test_a_new_tab_is_welcomed_and_told_the_whole_state(room: Room) -> None:
    room.floor.set(LI, at_booth())
    _, out = await room.tab()
    kinds = [m["type"] for m in sent(out)]
    assert kinds == ["ok", "welcome", "agent_state"]
    welcome = sent(out, "welcome")[0]
    assert (welcome["agent_id"], welcome["name"]) == (LI, "李静怡")
    assert welcome["serves"] == ["labour", "general"]
    assert len(welcome["teams"]) == 5
    assert [d["code"] for d in welcome["dispositions"]] == ["answered", "silent"]
    state = sent(out, "agent_state")[0]
    assert (state["status"], state["booth"], state["phone"]) == ("ready", "018", "browser")


async def test_only_an_operator_may_sit_at_the_desk(room: Room) -> None:
    with pytest.raises(NotAllowed):
        await room.tab(principal(role=Role.SUPERVISOR))


async def test_the_newest_tab_wins_and_the_older_is_told(room: Room) -> None:
    room.floor.set(LI, at_booth())
    _, first = await room.tab(tab_id="a")
    _, second = await room.tab(tab_id="b")
    assert sent(first)[-1]["type"] == "session_taken"
    assert first.closed == CLOSE_TAKEN
    assert second.closed is None
    assert room.floor.watcher_count(LI) == 1


async def test_the_taken_tab_leaves_without_the_grace_of_a_lost_connection(room: Room) -> None:
    room.floor.set(LI, at_booth())
    older, _ = await room.tab(tab_id="a")
    await room.tab(tab_id="b")
    await room.desk.detach(older)
    assert ("connection_lost", LI) not in room.floor.commands


async def test_the_older_tab_can_take_the_place_back(room: Room) -> None:
    room.floor.set(LI, at_booth())
    _, first = await room.tab(tab_id="a")
    _, second = await room.tab(tab_id="b")
    _, again = await room.tab(tab_id="a")
    assert second.closed == CLOSE_TAKEN
    assert sent(again)[-1]["type"] == "agent_state"


async def test_a_lost_socket_is_told_to_the_distribution_and_so_is_its_return(room: Room) -> None:
    room.floor.set(LI, at_booth())
    tab, _ = await room.tab()
    await room.desk.detach(tab)
    await room.tab()
    assert room.floor.commands == [
        ("connection_back", LI),
        ("connection_lost", LI),
        ("connection_back", LI),
    ]


async def test_a_tab_of_somebody_not_logged_in_bothers_the_distribution_with_nothing(
    room: Room,
) -> None:
    tab, out = await room.tab()
    await room.desk.detach(tab)
    assert room.floor.commands == []
    assert sent(out, "agent_state")[0]["status"] == "logged_out"


async def test_reload_in_the_middle_of_a_call_finds_the_same_state_and_screen_pop(
    room: Room,
) -> None:
    await tell_story(room)
    talking = at_booth(activity="talking", call_id=CALL, offer_id=OFFER, team=TeamId("labour"))
    room.floor.set(LI, talking)
    tab, _ = await room.tab()
    await room.desk.detach(tab)
    _, out = await room.tab()
    await until(lambda: len(sent(out, "call_updated")) == 2)
    assert sent(out, "agent_state")[0]["activity"] == "talking"
    assert sent(out, "call_updated")[-1]["pop"]["number"] == "138****8000"


# --- the screen pop -------------------------------------------------------------------------


async def test_offer_opens_the_screen_pop_before_the_past_is_read(room: Room) -> None:
    room.records.held = True
    await tell_story(room)
    room.clock.time = NOON + timedelta(seconds=35)
    room.floor.set(LI, at_booth())
    _, out = await room.tab()
    room.floor.set(LI, offered())
    offer = sent(out, "offer")[0]
    pop = offer["pop"]
    assert offer["offer_id"] == OFFER
    assert pop["history"] == "loading"
    assert pop["number"] == "138****8000"
    assert pop["team"] == "labour"
    assert pop["language"] == "yue"
    assert pop["waited_s"] == 30.0
    assert [(s["title"], s["keys"]) for s in pop["steps"]] == [("欢迎语", "3")]
    assert [(p["team"], p["position"]) for p in pop["places"]] == [("labour", 4)]


async def test_an_old_line_is_called_by_its_name_in_both_languages(room: Room) -> None:
    await room.desk.hear(replace(arrived(), dnis="12333", line_name="人社咨询热线"))
    room.floor.set(LI, at_booth())
    _, out = await room.tab()
    room.floor.set(LI, offered())
    line = sent(out, "offer")[0]["pop"]["line"]
    assert (line["code"], line["zh"]) == ("12333", "人社咨询热线")
    assert line["en"] == "Labour and social security enquiries"


async def test_the_past_follows_as_an_update(room: Room) -> None:
    room.records.answer = CallerPast(
        cases=(
            PastCase(
                number="2611230001",
                at=NOON,
                title="单位拖欠三个月工资",
                matter=Named("labour.pay", "拖欠工资", "Wage arrears"),
                status="办理中",
            ),
        ),
        last_district="tianhe",
        last_address="体育西路111号",
    )
    await tell_story(room)
    room.floor.set(LI, at_booth())
    _, out = await room.tab()
    room.floor.set(LI, offered())
    await until(lambda: bool(sent(out, "call_updated")))
    pop = sent(out, "call_updated")[-1]["pop"]
    assert pop["history"] == "ready"
    assert [c["title"] for c in pop["cases"]] == ["单位拖欠三个月工资"]
    assert pop["cases"][0]["matter"]["zh"] == "拖欠工资"
    assert pop["last_address"] == "体育西路111号"
    assert room.records.asked == ["13800138000"]


async def test_records_that_cannot_be_read_are_said_to_have_failed(room: Room) -> None:
    room.records.fault = Unavailable("数据库暂时不可用")
    await tell_story(room)
    _, out = await room.tab()
    room.floor.set(LI, offered())
    await until(lambda: bool(sent(out, "call_updated")))
    assert sent(out, "call_updated")[-1]["pop"]["history"] == "failed"
    assert room.log.lines[0][0] == "caller_past_unread"


async def test_an_anonymous_caller_has_no_past_and_nobody_is_asked(room: Room) -> None:
    await room.desk.hear(arrived(ani=""))
    _, out = await room.tab()
    room.floor.set(LI, offered())
    await until(lambda: bool(sent(out, "call_updated")))
    pop = sent(out, "call_updated")[-1]["pop"]
    assert pop["anonymous"] is True
    assert pop["number"] == ""
    assert room.records.asked == []


async def test_the_past_of_an_earlier_call_never_shows_up_under_the_next(room: Room) -> None:
    room.records.held = True
    await tell_story(room)
    _, out = await room.tab()
    room.floor.set(LI, offered())
    await until(lambda: room.records.asked == ["13800138000"])
    room.floor.set(LI, at_booth())
    room.records.released.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sent(out, "call_updated") == []


async def test_after_a_restart_the_story_is_read_from_the_calls_record(room: Room) -> None:
    room.records.recorded[CALL] = [arrived(), queued("labour", 2)]
    room.floor.set(LI, at_booth(activity="talking", call_id=CALL, offer_id=OFFER))
    _, out = await room.tab()
    await until(lambda: len(sent(out, "call_updated")) == 2)
    assert sent(out, "call_updated")[-1]["pop"]["number"] == "138****8000"


async def test_only_the_operator_who_is_offered_the_call_sees_it(room: Room) -> None:
    await tell_story(room)
    _, mine = await room.tab()
    _, others = await room.tab(principal(CHEN))
    room.floor.set(LI, offered())
    await until(lambda: bool(sent(mine, "call_updated")))
    assert sent(others, "offer") == []
    assert sent(others, "call_updated") == []


async def test_news_of_the_call_in_hand_refreshes_its_screen(room: Room) -> None:
    await tell_story(room)
    _, out = await room.tab()
    room.floor.set(LI, offered())
    await until(lambda: bool(sent(out, "call_updated")))
    await room.desk.hear(queued("general", 1, "transfer"))
    assert len(sent(out, "call_updated")[-1]["pop"]["places"]) == 2


async def test_one_offer_is_announced_once_however_often_its_state_is_told(room: Room) -> None:
    await tell_story(room)
    _, out = await room.tab()
    room.floor.set(LI, offered())
    room.floor.set(LI, offered())
    assert len(sent(out, "offer")) == 1


async def test_a_notice_of_the_distribution_is_shown_once(room: Room) -> None:
    _, out = await room.tab()
    room.floor.set(LI, at_booth(notice="转接失败，市民已回到通话"))
    room.floor.set(LI, at_booth(notice="转接失败，市民已回到通话", phone_reachable=False))
    assert [m["message"] for m in sent(out, "toast")] == ["转接失败，市民已回到通话"]


# --- commands -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "log_in", "booth": "018", "phone": "browser"}, ("log_in", LI, "018", "booth018")),
        ({"type": "log_in", "booth": "018", "phone": "desk"}, ("log_in", LI, "018", "desk018")),
        ({"type": "log_out"}, ("log_out", LI)),
        ({"type": "ready"}, ("ready", LI)),
        ({"type": "not_ready", "reason": "meal"}, ("not_ready", LI, "meal")),
        ({"type": "decline", "offer_id": OFFER}, ("decline", LI, OFFER)),
        ({"type": "release"}, ("release", LI)),
        ({"type": "transfer_team", "team": "urban"}, ("transfer_to_team", LI, "urban")),
        ({"type": "transfer_agent", "agent": CHEN}, ("transfer_to_agent", LI, CHEN)),
        ({"type": "consult", "agent": CHEN}, ("consult", LI, CHEN)),
        ({"type": "complete_consult"}, ("complete_consult", LI)),
        ({"type": "cancel_consult"}, ("cancel_consult", LI)),
        ({"type": "extend_wrap_up"}, ("extend_wrap_up", LI)),
    ],
)
async def test_each_command_reaches_the_distribution_and_is_answered_once(
    room: Room, fields: dict[str, object], expected: tuple[str, ...]
) -> None:
    if fields["type"] != "log_in":
        room.floor.set(LI, at_booth())
    tab, out = await room.tab()
    room.floor.commands.clear()
    out.sent.clear()
    await room.desk.handle(tab, command(**fields))
    assert room.floor.commands == [expected]
    assert sent(out, "ok") == [{"type": "ok", "request_id": "r1"}]


async def test_a_refusal_comes_back_in_words_and_changes_nothing(room: Room) -> None:
    room.floor.set(LI, at_booth())
    tab, out = await room.tab()
    room.floor.refuse_next = InvalidTransition("只有在通话中才能转接")
    await room.desk.handle(tab, command(type="transfer_team", team="urban"))
    error = sent(out, "error")[0]
    assert (error["request_id"], error["code"]) == ("r1", "invalid_transition")
    assert error["message"] == "只有在通话中才能转接"


async def test_a_taken_booth_is_refused(room: Room) -> None:
    room.floor.set(CHEN, at_booth())
    tab, out = await room.tab()
    await room.desk.handle(tab, command(type="log_in", booth="018", phone="browser"))
    assert sent(out, "error")[0]["code"] == "conflict"


async def test_a_second_hello_is_refused(room: Room) -> None:
    tab, out = await room.tab()
    await room.desk.handle(tab, command(type="hello", tab_id="x"))
    assert sent(out, "error")[0]["code"] == "bad_input"


async def test_not_ready_after_the_call_is_said_before_the_wrap_up_ends(room: Room) -> None:
    room.floor.set(LI, at_booth(activity="wrap_up", call_id=CALL, offer_id=OFFER))
    tab, _ = await room.tab()
    room.floor.commands.clear()
    await room.desk.handle(
        tab,
        command(
            type="wrap_up_done", disposition="answered", next_status="not_ready", reason="meal"
        ),
    )
    assert room.floor.commands == [("not_ready", LI, "meal"), ("finish_wrap_up", LI, "answered")]
    assert room.floor.situation(LI).status == "not_ready"


async def test_an_operator_withdrawn_by_the_machine_can_be_ready_after_the_wrap_up(
    room: Room,
) -> None:
    room.floor.set(LI, at_booth(status="not_ready", reason="connection_lost", activity="wrap_up"))
    tab, _ = await room.tab()
    room.floor.commands.clear()
    await room.desk.handle(
        tab, command(type="wrap_up_done", disposition="answered", next_status="ready")
    )
    assert room.floor.commands == [("ready", LI), ("finish_wrap_up", LI, "answered")]
    assert room.floor.situation(LI).status == "ready"


async def test_who_goes_home_after_the_wrap_up_says_so_before_it_ends(room: Room) -> None:
    room.floor.set(LI, at_booth(activity="wrap_up", call_id=CALL, offer_id=OFFER))
    tab, out = await room.tab()
    room.floor.commands.clear()
    done = command(type="wrap_up_done", disposition="answered", next_status="logged_out")
    await room.desk.handle(tab, done)
    assert room.floor.commands == [("log_out", LI), ("finish_wrap_up", LI, "answered")]
    assert sent(out, "agent_state")[-1]["status"] == "logged_out"


async def test_who_has_thought_better_of_going_home_stays(room: Room) -> None:
    # Said after the end of the wrap-up it would come too late: the log-out had been done by it.
    room.floor.set(LI, at_booth(activity="wrap_up", next_status="logged_out"))
    tab, _ = await room.tab()
    room.floor.commands.clear()
    done = command(type="wrap_up_done", disposition="answered", next_status="ready")
    await room.desk.handle(tab, done)
    assert room.floor.commands == [("ready", LI), ("finish_wrap_up", LI, "answered")]
    assert room.floor.situation(LI).status == "ready"


async def test_there_is_no_booth_beyond_those_of_the_hall(room: Room) -> None:
    # One could log in at 999, be ready, and was never reached by any call.
    tab, out = await room.tab()
    await room.desk.handle(tab, command(type="log_in", booth="999", phone="desk"))
    [error] = sent(out, "error")
    assert (error["code"], error["message"]) == ("not_found", "没有这个座席")
    assert room.floor.commands == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"disposition": "nonsense", "next_status": "ready"}, "请选择通话结果"),
        ({"disposition": "answered", "next_status": "not_ready"}, "请选择未就绪的原因"),
        (
            {"disposition": "answered", "next_status": "not_ready", "reason": "declined"},
            "请选择未就绪的原因",
        ),
    ],
)
async def test_a_wrap_up_without_a_valid_choice_does_not_end(
    room: Room, fields: dict[str, object], message: str
) -> None:
    room.floor.set(LI, at_booth(activity="wrap_up"))
    tab, out = await room.tab()
    room.floor.commands.clear()
    await room.desk.handle(tab, command(type="wrap_up_done", **fields))
    assert room.floor.commands == []
    assert sent(out, "error")[0]["message"] == message


# --- the heartbeat --------------------------------------------------------------------------


async def test_every_tab_hears_the_servers_clock_in_its_turn(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_service, "HEARTBEAT_S", 0.0)
    _, mine = await room.tab()
    _, other = await room.tab(principal(CHEN))
    await room.desk.start()
    await until(lambda: any(json.loads(t)["type"] == "time" for t in mine.sent))
    await until(lambda: any(json.loads(t)["type"] == "time" for t in other.sent))


def test_a_message_with_a_field_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="extra_forbidden"):
        client_messages.validate_python({"type": "ready", "request_id": "r1", "reasn": "x"})


def test_a_booth_is_three_digits() -> None:
    with pytest.raises(ValueError, match="string_pattern_mismatch"):
        protocol.LogIn(request_id="r1", booth="18", phone="browser")


async def test_where_the_write_up_is_optional_it_ends_without_a_choice(room: Room) -> None:
    room.floor.set(LI, at_booth(activity="wrap_up", wrap_up_mode="optional"))
    tab, out = await room.tab()
    assert sent(out, "agent_state")[-1]["wrap_up_mode"] == "optional"
    room.floor.commands.clear()
    await room.desk.handle(tab, command(type="wrap_up_done", disposition="", next_status="ready"))
    assert room.floor.commands[0] == ("finish_wrap_up", LI, "")
    room.floor.set(LI, at_booth(activity="wrap_up", wrap_up_mode="mandatory"))
    room.floor.commands.clear()
    await room.desk.handle(tab, command(type="wrap_up_done", disposition="", next_status="ready"))
    assert room.floor.commands == []


async def test_an_operator_is_told_of_plans_for_his_or_her_teams_when_the_list_changes(
    room: Room,
) -> None:
    _, out = await room.tab()
    mine = PlanSituation(
        plan_id="peak",
        zh="早高峰",
        en="Morning peak",
        team=TeamId("labour"),
        teams=(TeamId("labour"),),
        state="running",
        wrap_up_s=40,
        reserves=(Reserve(agent_id=LI, answer="asked"), Reserve(agent_id=CHEN, answer="came")),
    )
    others = replace(mine, plan_id="urban", teams=(TeamId("urban"),))
    room.plans.present = (mine, others, replace(mine, plan_id="rests", state="resting"))
    await room.desk.start()
    await until(lambda: len(sent(out, "plans")) == 1)
    assert sent(out, "plans")[0]["plans"] == [
        {"zh": "早高峰", "en": "Morning peak", "wrap_up_s": 40.0, "asks": True}
    ]
    room.plans.present = ()
    await room.desk.stop()
    await room.desk.start()
    await until(lambda: len(sent(out, "plans")) == 2)
    assert sent(out, "plans")[1]["plans"] == []
    await room.desk.stop()


async def test_an_operator_answers_a_plans_call_by_coming_or_not(room: Room) -> None:
    tab, out = await room.tab()
    await room.desk.handle(tab, command(type="answer_summons", come=False))
    assert room.floor.commands == []
    room.floor.set(LI, at_booth(status="not_ready", reason="break"))
    await room.desk.handle(tab, command(type="answer_summons", come=True))
    assert room.plans.answers == [(LI, False), (LI, True)]
    assert [c[0] for c in room.floor.commands] == ["ready"]
    # Who cannot be made ready has not come.
    room.floor.refuse_next = InvalidTransition("请先签入座席")
    await room.desk.handle(tab, command(type="answer_summons", come=True))
    assert len(room.plans.answers) == 2
    assert sent(out, "error")[-1]["message"] == "请先签入座席"
