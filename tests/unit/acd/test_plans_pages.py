"""The plans' page and its orders, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from acd.adapters.plans_file import Known, load_plans
from acd.adapters.rules_file import load_rules
from acd.plans import Plans
from acd.routes import Names, build_router
from kernel.language import ScreenLanguage
from kernel.policy import Role
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.page_kit import browser, page_app, page_kit, people
from tests.fakes.plan_store import DictPlanStore
from tests.unit.acd.hall import A, B, Hall
from tests.unit.acd.rules import TEAMS, make_rules, s

ROOT = Path(__file__).resolve().parents[3]
CONFIG = ROOT / "config"
PROMPTS = ("busy_now", "busy_storm", "busy_elsewhere")
REASONS = ("break", "meal", "paperwork", "training", "meeting", "equipment")
NAMES = {
    ScreenLanguage.CHINESE: {str(t): f"{t}组" for t in TEAMS},
    ScreenLanguage.ENGLISH: {str(t): t.title() for t in TEAMS},
}
ROLES = {"ad01": Role.SUPERVISOR, "qa01": Role.QUALITY, "op0001": Role.OPERATOR}
RULES = load_rules(CONFIG / "acd.yaml")


class Site:
    """The shipped plans on the hall in memory."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        self.audit = KeptAudit()
        shipped = load_plans(CONFIG / "plans.yaml", Known(RULES, PROMPTS, REASONS))
        self.plans = Plans(
            plans=shipped,
            distribution=hall.acd,
            store=DictPlanStore(),
            audit=self.audit,
            clock=hall.clock,
            log=hall.log,
        )

        kit = page_kit("acd", people(ROLES))
        self.app = page_app(
            kit,
            build_router(
                kit,
                self.plans,
                Names(
                    NAMES,
                    lambda name, language: f"{name}.{language.value}",
                    lambda code, language: code,
                    lambda agent_id, language: f"{agent_id}号",
                ),
            ),
        )

    def browser(self, account: str | None, lang: str = "zh") -> httpx.AsyncClient:
        return browser(self.app, account, lang)

    async def order(self, account: str, path: str, reason: str) -> httpx.Response:
        async with self.browser(account) as browser:
            return await browser.post(
                f"/api/plans/{path}", json={"reason": reason}, headers={"x-csrf-token": "token"}
            )


@pytest.fixture
async def site(hall: Hall) -> AsyncIterator[Site]:
    site = Site(hall)
    await site.plans.start()
    yield site
    await site.plans.stop()


@pytest.mark.parametrize(
    ("account", "status"), [("ad01", 200), ("qa01", 200), ("op0001", 403), (None, 401)]
)
async def test_who_sees_the_wallboard_sees_the_plans(
    site: Site, account: str | None, status: int
) -> None:
    async with site.browser(account) as browser:
        assert (await browser.get("/plans")).status_code == status


async def test_only_a_supervisor_finds_the_buttons_and_may_use_them(site: Site) -> None:
    async with site.browser("qa01") as browser:
        assert "data-order" not in (await browser.get("/plans")).text
    assert (await site.order("qa01", "labour_spring/begin", "x")).status_code == 403
    async with site.browser("ad01") as browser:
        assert "data-order" in (await browser.get("/plans")).text
        refused = await browser.post("/api/plans/labour_spring/begin", json={"reason": "x"})
        assert refused.status_code == 403, "without the page's token"
    assert site.audit.entries == []


async def test_the_page_says_what_each_plan_would_do_in_the_readers_language(site: Site) -> None:
    async with site.browser("ad01") as browser:
        page = (await browser.get("/plans")).text
    for words in (
        "台风暴雨", "全中心", "启动 ≥ 150 · 解除 ≤ 30", "启动 ≤ 40% · 解除 ≥ 80%",
        "来电直接放宽到第 4 圈", "话后整理不超过 20 秒", "等候时播报：busy_storm.zh",
        "仅在 08:00–11:00 自动启动", "仅在 2026-12-28 至 2027-02-05 自动启动", "labour组",
        "还没有执行过预案",
    ):  # fmt: skip
        assert words in page, words
    async with site.browser("ad01", "en") as browser:
        page = (await browser.get("/plans")).text
    for words in (
        "Typhoon or rainstorm",
        "Every call is in ring 4",
        "Wrap-up of 20 s at most",
        "General",
    ):
        assert words in page, words


async def test_an_order_runs_and_the_history_tells_cause_and_effect(site: Site) -> None:
    await site.hall.arrive("c-1", "general")
    # The hall in memory has two rings, the shipped plan opens the third: refused, and tried again.
    assert make_rules().team(TEAMS[4]).last_ring < 3
    assert (await site.order("ad01", "overrun.general/begin", "来电激增")).status_code == 204
    site.hall.clock.advance(s(301))
    await site.plans.look()
    assert (await site.order("ad01", "overrun.general/begin", "again")).status_code == 409
    assert (await site.order("ad01", "overrun.general/end", "")).status_code == 422
    assert (await site.order("ad01", "none/end", "x")).status_code == 404
    async with site.browser("ad01") as browser:
        assert "执行中" in (await browser.get("/plans")).text
    assert (await site.order("ad01", "overrun.general/end", "已平稳")).status_code == 204
    async with site.browser("ad01") as browser:
        page = (await browser.get("/plans")).text
    for words in ("来电激增", "已平稳", "值班长启动", "值班长结束", "5:01", "1 → 1 → 1"):
        assert words in page, words
    assert site.audit.actions == ["plan_started", "plan_ended"]


async def test_the_history_names_who_was_called_back_and_what_was_refused(site: Site) -> None:
    for agent in (A, B):
        await site.hall.seat(agent, ready=False)
        await site.hall.acd.not_ready(agent, "paperwork")
    await site.order("ad01", "overrun.labour/begin", "x")
    await site.plans.answer(B, come=False)
    await site.hall.acd.ready(A)
    await site.plans.look()
    async with site.browser("ad01") as browser:
        page = (await browser.get("/plans")).text
    for words in (
        "召回话务员：已返回 1 人", f"{A}号", "召回话务员：暂不能来 1 人", f"{B}号",
        "请正在paperwork的话务员返回", "该班组没有这一级放宽圈",
    ):  # fmt: skip
        assert words in page, words


async def test_a_cursor_that_is_none_is_told(site: Site) -> None:
    async with site.browser("ad01") as browser:
        assert (await browser.get("/plans", params={"cursor": "x"})).status_code == 422
