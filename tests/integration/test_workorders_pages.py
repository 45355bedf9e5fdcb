"""Pages of cases over HTTP, on a real database: what is shown, to whom, and what is refused."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from kernel.infra.database import Database
from tests.unit.workorders.site import CSRF, HTML, SEEING, Site
from tests.unit.workorders.world import (
    AGENT,
    ANI,
    CALL,
    FUME,
    TIANHE,
)
from workorders.core.case import Answered, Dispatched, Submitted

XSS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{ 7*7 }}{% raw %}",
    "<svg/onload=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "＜script＞",
)


@pytest.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    database = Database(sqlite_url)
    yield Site(database)
    await database.close()


def visible(page: httpx.Response) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", page.text))


# --- pages ------------------------------------------------------------------------------------


async def test_the_list_shows_state_due_time_and_a_masked_number(site: Site) -> None:
    number = await site.filed()
    async with site.browser("quality") as browser:
        page = await browser.get("/cases", headers=HTML)
    text = visible(page)

    assert page.status_code == 200
    for expected in (number, "已派单待签收", "期限内", "天河区政府", "138****8000", "餐饮油烟"):
        assert expected in text
    assert ANI not in page.text


async def test_filters_stand_in_the_address_and_go_on_to_the_next_page(site: Site) -> None:
    for _ in range(51):
        await site.filed(outcome=Answered(answer="已答复"))
    await site.filed()
    async with site.browser("supervisor") as browser:
        page = await browser.get("/cases?status=answered&team=urban", headers=HTML)
        follow = re.search(r'rel="next" href="([^"]+)"', page.text)
        assert follow is not None
        address = html.unescape(follow.group(1))
        rest = await browser.get(address, headers=HTML)

    assert "status=answered" in address
    assert "team=urban" in address
    assert page.text.count("/cases/GZ") == 50
    assert rest.text.count("/cases/GZ") == 1
    assert "已是最后一页" in rest.text


async def test_every_filter_of_the_page_narrows(site: Site) -> None:
    number = await site.filed()
    async with site.browser("supervisor") as browser:
        for query, found in {
            "first=2026-11-24&last=2026-11-24": True,
            "first=2026-11-25": False,
            "last=2026-11-23": False,
            f"number={number.lower()}": True,
            "caller=138-0013-8000": True,
            "caller=13900000000": False,
            "district=tianhe&authority=gov-tianhe": True,
            "district=haizhu": False,
            "call=unknown": False,
            "text=油烟": True,
            "category=urban": True,
        }.items():
            page = await browser.get(f"/cases?{query}", headers=HTML)
            assert (f"/cases/{number}" in page.text) is found, query


@pytest.mark.parametrize("query", ["status=lost", "first=yesterday", "last=2026-13-01", "cursor=%"])
async def test_a_bad_filter_is_said_on_the_page(site: Site, query: str) -> None:
    async with site.browser("quality") as browser:
        page = await browser.get(f"/cases?{query}", headers=HTML)

    assert page.status_code == 422
    assert "改正筛选条件后再查" in page.text


async def test_the_empty_list_says_what_to_do(site: Site) -> None:
    async with site.browser("quality") as browser:
        page = await browser.get("/cases", headers=HTML)

    assert "没有符合条件的诉求" in page.text


async def test_the_case_shows_orders_timeline_and_links_to_its_calls(site: Site) -> None:
    draft = await site.world.draft()
    filed = await site.world.cases.file(
        draft, agent_id=AGENT, content=FUME, outcome=Dispatched(TIANHE)
    )
    async with site.browser("quality") as browser:
        page = await browser.get(f"/cases/{filed.number}", headers=HTML)
    async with site.browser("operator") as browser:
        narrow = await browser.get(f"/cases/{filed.number}", headers=HTML)
    text = visible(page)

    for expected in (f"{filed.number}-01", "5个工作日", "受理登记", "老城火锅店", "产生问题"):
        assert expected in text
    assert f'href="/calls/{CALL}"' in page.text
    assert f'href="/recordings/{CALL}"' in page.text
    assert "/recordings/" not in narrow.text


async def test_the_rule_of_the_deadline_is_told_in_the_reader_s_language(site: Site) -> None:
    number = await site.filed(outcome=Dispatched(TIANHE))
    async with site.browser("quality", "en") as browser:
        page = await browser.get(f"/cases/{number}", headers=HTML)

    assert (
        '<td lang="en">General: settled and the requester told within 5 working days' in page.text
    )


async def test_an_answered_case_names_its_article(site: Site) -> None:
    number = await site.filed(outcome=Answered("KB-URB-001"))
    async with site.browser("operator") as browser:
        page = await browser.get(f"/cases/{number}", headers=HTML)

    assert "餐饮油烟扰民怎么投诉" in page.text
    assert 'href="/knowledge/KB-URB-001"' in page.text


async def test_an_unknown_case_is_a_page_that_says_so(site: Site) -> None:
    async with site.browser("operator") as browser:
        page = await browser.get("/cases/GZ20000101-000001", headers=HTML)
        data = await browser.get("/api/cases/..%2F..%2Fetc%2Fpasswd")

    assert (page.status_code, data.status_code) == (404, 404)
    assert "没有找到这件诉求" in page.text


@pytest.mark.parametrize("attack", XSS)
async def test_what_a_citizen_says_is_shown_and_never_run(site: Site, attack: str) -> None:
    number = await site.filed(
        replace(
            FUME,
            description=f"甲{attack}",
            address=f"乙{attack}"[:200],
            requester_name=f"丙{attack}"[:60],
            details={"source_name": f"丁{attack}"},
        ),
        Answered(answer=f"戊{attack}"),
    )
    async with site.browser("supervisor") as browser:
        for path in (f"/cases/{number}", "/cases", f"/cases?text={attack}"):
            page = await browser.get(path, headers=HTML)
            assert page.status_code == 200
            assert "alert(1)</script>" not in page.text
            assert "<img src=x" not in page.text
            assert "<svg/onload" not in page.text
        page = await browser.get(f"/cases/{number}", headers=HTML)
        for mark in "甲乙丙丁戊":
            assert f"{mark}{attack}" in html.unescape(page.text)


async def test_a_refused_form_keeps_what_was_typed_and_says_why_beside_the_field(
    site: Site,
) -> None:
    number = await site.filed(outcome=Submitted())
    form = {"version": "1", "reason": "已自行解决", "verified": ""}
    async with site.browser("dispatcher") as browser:
        page = await browser.post(f"/cases/{number}/withdraw", data=form, headers={**HTML, **CSRF})
        stale = await browser.post(
            f"/cases/{number}/dispatch",
            data={"version": "9", "authority": "gov-tianhe"},
            headers={**HTML, **CSRF},
        )
        unknown = await browser.post(
            f"/cases/{number}/dispatch",
            data={"version": "1", "authority": "nobody"},
            headers={**HTML, **CSRF},
        )

    assert page.status_code == 422
    assert 'value="已自行解决"' in page.text
    assert 'id="withdraw-verified-error"' in page.text
    assert stale.status_code == 409
    assert "工单已被他人处理" in stale.text
    assert unknown.status_code == 422
    assert "没有这个承办单位" in unknown.text


async def test_the_dispatcher_dispatches_from_the_page(site: Site) -> None:
    number = await site.filed(outcome=Submitted())
    async with site.browser("dispatcher") as browser:
        before = await browser.get(f"/cases/{number}", headers=HTML)
        done = await browser.post(
            f"/cases/{number}/dispatch",
            data={"version": "1", "authority": "gov-tianhe", "csrf_token": "token"},
            headers=HTML,
        )
        after = await browser.get(f"/cases/{number}", headers=HTML)

    first = re.search(r'<option value="">[^<]+</option>\s*<option value="([^"]+)"', before.text)
    assert first is not None
    assert first.group(1) == "gov-tianhe"
    assert (done.status_code, done.headers["location"]) == (303, f"/cases/{number}")
    assert "已派单待签收" in after.text
    assert 'id="dispatch"' not in after.text


# --- who spoke --------------------------------------------------------------------------------


async def test_nobody_finds_the_identity_of_a_confidential_case_unasked(site: Site) -> None:
    secret = replace(
        FUME,
        confidential=True,
        contact_number="13900139000",
        description="举报人电话13700137000",
    )
    draft = await site.world.draft()
    filed = await site.world.cases.file(
        draft, agent_id=AGENT, content=secret, outcome=Dispatched(TIANHE)
    )
    for who in sorted(SEEING):
        async with site.browser(who) as browser:
            seen = ""
            for path in (
                "/cases",
                f"/cases/{filed.number}",
                "/api/cases",
                f"/api/cases/{filed.number}",
                f"/api/drafts/{draft}/history",
                "/cases/export.csv",
                "/cases?text=举报人",
                f"/cases?caller={ANI}",
            ):
                seen += (
                    (await browser.get(path, headers=HTML))
                    .text.replace(f'value="{ANI}"', "")
                    .replace(f"caller={ANI}", "")
                )
        for part in ("段先生", ANI, "13900139000"):
            assert part not in seen, (who, part)
        if who != "supervisor":
            assert "13700137000" not in seen, who


async def test_a_reveal_shows_the_identity_once_and_leaves_its_trace(site: Site) -> None:
    number = await site.filed(replace(FUME, confidential=True))
    headers = {**HTML, **CSRF}
    async with site.browser("supervisor") as browser:
        refused = await browser.post(
            f"/cases/{number}/reveal", data={"reason": " "}, headers=headers
        )
        shown = await browser.post(
            f"/cases/{number}/reveal", data={"reason": "核实举报线索"}, headers=headers
        )
        later = await browser.get(f"/cases/{number}", headers=HTML)
        data = await browser.post(
            f"/api/cases/{number}/reveal", json={"reason": "再次核实"}, headers=CSRF
        )

    assert refused.status_code == 422
    assert "请填写查看理由" in refused.text
    assert ANI in shown.text
    assert "段先生" in shown.text
    assert ANI not in later.text
    assert "核实举报线索" in later.text
    assert data.json()["number"] == ANI
    assert site.world.audit.actions == ["identity_revealed", "identity_revealed"]


# --- the export -------------------------------------------------------------------------------


async def test_the_export_disarms_formulas_masks_numbers_and_keeps_secrets(site: Site) -> None:
    await site.filed(replace(FUME, description='=HYPERLINK("http://x","点我"),油烟'))
    await site.filed(replace(FUME, description="保密内容", confidential=True))
    async with site.browser("supervisor") as browser:
        answer = await browser.get("/cases/export.csv?team=urban")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline="")))

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.startswith("\ufeff受理编号,")
    assert len(rows) == 3
    assert rows[2][5] == '\'=HYPERLINK("http://x","点我"),油烟'
    assert rows[2][-1] == "138****8000"
    assert rows[1][5] == rows[1][-1] == "已保密"
    assert site.world.audit.actions == ["cases_exported"]


async def test_the_export_goes_on_over_many_pages(site: Site) -> None:
    for _ in range(205):
        await site.filed(outcome=Answered(answer="已答复"))
    async with site.browser("supervisor") as browser:
        answer = await browser.get("/cases/export.csv")

    assert len(answer.text.splitlines()) == 206
