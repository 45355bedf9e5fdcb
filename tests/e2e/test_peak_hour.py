"""A supervisor starts a plan in the browser: an operator on a break is asked and comes back."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from tests.e2e.operator import Desks, Operator, Person
from tests.e2e.records import Records, until

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]
PLAN = "labour_spring"


async def order(supervisor: Person, button: str, reason: str, state: str) -> None:
    """Press the plan's button, give the reason, and see the plan's new state."""
    card = supervisor.page.locator(f"[data-plan={PLAN}]")
    await card.locator(f"[data-order={button}]").click()
    await card.locator(".plan-order input").fill(reason)
    await supervisor.page.keyboard.press("Enter")
    await expect(card.locator("[data-part=state]")).to_have_text(state)


async def on_a_break(desks: Desks, account: str, booth: str) -> Operator:
    operator = await desks.operator(account, booth)
    await operator.page.keyboard.press("F4")
    await expect(operator.page.locator("#state-word")).to_have_text("小休")
    return operator


def changes(records: Records) -> list[tuple[str, int | None, float | None]]:
    """What the plan has done so far, as the distribution's log tells; it is written in batches."""
    rows = records.rows(
        "SELECT body FROM acd_events WHERE type IN ('RingOpened', 'WrapUpRestricted')"
        " AND kind = 'event' ORDER BY number"
    )
    told = [json.loads(row["body"]) for row in rows]
    return [(e["type"], e.get("ring"), e.get("limit_s")) for e in told if e["actor"] == PLAN]


async def test_a_plan_started_by_a_supervisor_calls_a_resting_operator_back(
    records: Records, desks: Desks
) -> None:
    resting = await on_a_break(desks, records.operators("labour")[0], "041")
    other = await on_a_break(desks, records.operators("labour")[1], "042")
    supervisor = await desks.person("ad01", "/plans", Person)
    await order(supervisor, "begin", "春节前欠薪来电激增", "执行中")

    strip = resting.page.locator("#plans")
    await expect(strip).to_contain_text("春节前劳动社保高峰")
    await strip.get_by_role("button", name="返回就绪").click()
    await expect(resting.page.locator("#state-word")).to_have_text("就绪")
    await other.page.locator("#plans").get_by_role("button", name="暂时不能").click()
    await expect(other.page.locator("#state-word")).to_have_text("小休")

    # The supervisor sees who came, on the page and on the wallboard.
    card = supervisor.page.locator(f"[data-plan={PLAN}]")
    await expect(card.locator("[data-part=reserves] summary")).to_contain_text("到岗 1，暂不能来 1")
    wallboard = await supervisor.another_page("/wallboard")
    await expect(wallboard.locator("#exceptions")).to_contain_text("预案执行中：春节前劳动社保高峰")

    await order(supervisor, "end", "来电恢复正常", "间歇")
    await expect(strip).to_be_hidden()
    over = "SELECT * FROM acd_plan_runs WHERE plan_id = ? AND end_cause IS NOT NULL"
    await until(lambda: bool(records.rows(over, PLAN)), "the plan's end is on record")
    (run,) = records.rows(over, PLAN)
    assert (run["cause"], run["actor"], run["end_cause"]) == ("supervisor", "ad01", "supervisor")
    assert sorted(answer for _, answer, *_ in json.loads(run["summoned"])) == ["came", "declined"]
    await until(lambda: len(changes(records)) >= 4, "the plan's changes are in the log")
    assert changes(records) == [
        ("RingOpened", 3, None),
        ("WrapUpRestricted", None, 30.0),
        ("RingOpened", 1, None),
        ("WrapUpRestricted", None, None),
    ]
    assert supervisor.faults == [] and resting.faults == [] and other.faults == []
