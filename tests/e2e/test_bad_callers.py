"""Callers who hang up at the worst moment, lie, hide or press everything: seen from the desk."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.e2e.conversations import hang_up_and_finish, reach_the_menu, ring, talk
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Desks, Operator, Person
from tests.e2e.records import Records
from tests.servers.sip_phone import SipPhone

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]
GENERAL = "5"
BOOTH = "061"
LIES = [
    # Display name, and what else the INVITE claims.
    ("<script>document.title='taken'</script>", "X-Hotline-Call: gz1-1-1"),
    ("<img src=x onerror=document.title='taken'>", "X-Hotline-Offer: gz1-1-1.1"),
    ("'><svg onload=document.title='taken'>", "Alert-Info: " + "x" * 1000),
    ("{{7*7}} ${CC_CALL_ID} %(agent)s", 'P-Asserted-Identity: "x" <sip:00112233@127.0.0.1>'),
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def floor(
    hotline: HotlineProcess,
    records: Records,
    chromium: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Desks]:
    desks = Desks(hotline, records, chromium, tmp_path_factory.mktemp("bad-callers"))
    yield desks
    await desks.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def operator(floor: Desks, records: Records) -> Operator:
    """At the desk for all tests of this file; ready before and after each."""
    return await floor.operator(records.operators("general")[1], BOOTH)


async def end_of(records: Records, call_id: str) -> str:
    """How the call's record was closed; there is one end for each."""
    ended = await records.event(call_id, "CallEnded")
    assert records.types(call_id).count("CallEnded") == 1
    return str(ended["outcome"])


async def test_who_hangs_up_in_the_greeting_troubles_nobody(
    operator: Operator, records: Records, telephone: SipPhone
) -> None:
    call, call_id = await reach_the_menu(telephone, records, "13800138601")
    call.hang_up()
    assert await end_of(records, call_id) == "left_in_menu"
    assert "CallOffered" not in records.types(call_id)
    await operator.word("就绪")


async def test_who_hangs_up_while_waiting_is_counted_and_offered_to_nobody(
    operator: Operator, records: Records, telephone: SipPhone
) -> None:
    await operator.page.keyboard.press("F4")
    await operator.word("小休")
    call, call_id = await ring(telephone, records, "13800138602", GENERAL)
    call.hang_up()
    left = await records.event(call_id, "CallAbandoned")
    assert (left["team"], left["position"]) == ("general", 1)
    assert await end_of(records, call_id) == "abandoned"
    await operator.primary("就绪")
    await operator.word("就绪")
    assert "CallOffered" not in records.types(call_id)


async def test_who_hangs_up_while_it_rings_leaves_the_operator_ready_at_once(
    operator: Operator, records: Records, telephone: SipPhone
) -> None:
    call, call_id = await ring(telephone, records, "13800138603", GENERAL)
    await operator.word("来电", within_s=20)
    call.hang_up()
    # No wrap-up, and nobody's fault: the next caller may come.
    await operator.word("就绪")
    ended = await records.event(call_id, "OfferEnded")
    assert ended["outcome"] == "caller_abandoned"
    assert await end_of(records, call_id) == "abandoned"
    await expect(operator.page.locator("#citizen h2")).to_have_text("没有来电")


async def test_who_hangs_up_amid_the_talk_leaves_the_text_and_a_wrap_up(
    operator: Operator, records: Records, telephone: SipPhone
) -> None:
    call, call_id = await ring(telephone, records, "13800138604", GENERAL)
    await talk(operator)
    description = operator.page.locator("#description")
    await expect(description).to_be_enabled()
    await operator.page.keyboard.press("Alt+KeyC")
    await operator.page.keyboard.insert_text("市民话没说完就挂断了。")
    call.hang_up()
    await operator.word("话后整理")
    await expect(description).to_have_value("市民话没说完就挂断了。")
    await operator.finish("dropped")
    await operator.word("就绪")
    assert await end_of(records, call_id) == "answered"
    finished = await records.event(call_id, "WrapUpFinished")
    assert finished["disposition"] == "dropped"
    assert "SurveyAnswered" not in records.types(call_id)


async def test_what_a_caller_claims_is_text_on_every_screen_and_nothing_else(
    operator: Operator, floor: Desks, records: Records, telephone: SipPhone
) -> None:
    supervisor = await floor.person("ad01", "/wallboard", Person)
    page = operator.page
    title = await page.title()
    for name, header in LIES:
        call, call_id = await ring(
            telephone, records, "13800138605", GENERAL, name=name, extra=header
        )
        await operator.word("来电", within_s=20)
        head = page.locator(".citizen-head")
        await expect(head).to_contain_text(name)
        await expect(head.locator(".citizen-number")).to_have_text("138****8605")
        assert await head.locator("script, img, svg").count() == 0
        assert await page.title() == title
        call.hang_up()
        await operator.word("就绪")
        assert call_id != "gz1-1-1"
        await supervisor.open(f"/calls/{call_id}")
        assert await supervisor.page.locator("main :is(img, script)").count() == 0
    assert operator.faults == [] and supervisor.faults == []


async def test_a_caller_without_a_number_is_served_like_anybody(
    operator: Operator, records: Records, telephone: SipPhone
) -> None:
    call, call_id = await ring(telephone, records, "anonymous", GENERAL)
    await operator.word("来电", within_s=20)
    pop = operator.page.locator("#citizen")
    await expect(pop.locator(".citizen-number")).to_have_text("匿名来电")
    await expect(pop.locator(".past")).to_contain_text("匿名来电，无法查找")
    await talk(operator)
    await expect(operator.page.locator("#description")).to_be_enabled()
    await hang_up_and_finish(operator)
    call.hang_up()
    assert await end_of(records, call_id) == "answered"


async def test_a_flood_of_keys_ends_at_a_person_and_rates_once(
    operator: Operator, records: Records, telephone: SipPhone
) -> None:
    await operator.page.keyboard.press("F4")
    await operator.word("小休")
    call, call_id = await reach_the_menu(telephone, records, "13800138606")
    call.press("#" * 12)
    queued = await records.event(call_id, "CallQueued")
    assert queued["team"] == "general"
    # While waiting: all that means nothing there.
    call.press("1234569#" * 2)
    await operator.primary("就绪")
    await talk(operator)
    call.press("147*0#" * 2)
    await call.pressed()
    await operator.primary("挂断")
    await operator.word("话后整理")
    await records.event(call_id, "MenuStepEntered", lambda e: e["flow"] == "survey")
    call.press("2135" * 4)
    solved = await records.event(call_id, "SolvedAnswered")
    await records.event(call_id, "SurveyAnswered")
    await call.wait("ended", within_s=30)
    await operator.finish("nuisance")
    await operator.word("就绪")
    # Each question has one answer, whatever else is pressed.
    assert solved["solved"] == "partly"
    assert records.types(call_id).count("SolvedAnswered") == 1
    assert records.types(call_id).count("SurveyAnswered") == 1
    assert records.types(call_id).count("CallAnswered") == 1
    assert await end_of(records, call_id) == "answered"
    assert operator.faults == []
