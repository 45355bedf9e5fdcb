"""Pages and JSON in process: what is drawn, what is refused, what is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from kernel.events import ArticleOpened
from kernel.ids import AgentId, AuthorityId, TeamId
from kernel.infra.i18n import Catalogue
from kernel.infra.web import COOKIE, WebKit, WebSession
from kernel.language import ScreenLanguage
from kernel.policy import Principal, Role
from knowledge_base.core.article import Content
from knowledge_base.routes import build_router
from tests.unit.knowledge_base.world import ARTICLES, BASE, World

ROOT = Path(__file__).resolve().parents[3]
HOST = "http://hotline.test"
TOKEN = "token-of-this-session"
TEAMS = {
    "zh": {"urban": "国土城管", "labour": "劳动社保"},
    "en": {"urban": "Land and urban", "labour": "Labour"},
}


class Owners:
    def name(self, authority_id: AuthorityId) -> str | None:
        return {"housing-fund": "公积金中心"}.get(authority_id)


class Site:
    def __init__(self, articles: dict[str, Content] | None = None) -> None:
        self.world = World(articles)
        self.language = ScreenLanguage.CHINESE

        async def lookup(cookie: str) -> WebSession | None:
            if cookie != "operator":
                return None
            principal = Principal(
                "op0001",
                "王芳",
                frozenset({Role.OPERATOR}),
                AgentId("op0001"),
                frozenset({TeamId("labour")}),
            )
            return WebSession(principal, TOKEN, self.language)

        kit = WebKit(
            template_dirs=[
                ROOT / "frontend" / "templates",
                ROOT / "knowledge_base" / "templates",
            ],
            catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
            lookup=lookup,
            assets_version="test",
        )
        self.app = FastAPI()
        kit.install_error_answers(self.app)
        self.app.include_router(build_router(kit, self.world.knowledge, Owners(), TEAMS))

    def browser(self, *, signed_in: bool = True) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url=HOST,
            headers={"accept": "text/html"},
            cookies={COOKIE: "operator"} if signed_in else {},
        )


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.browser() as browser:
        yield browser


async def test_nobody_reads_without_signing_in(site: Site) -> None:
    async with site.browser(signed_in=False) as stranger:
        assert (await stranger.get("/knowledge")).status_code == 303
        assert (await stranger.get("/api/knowledge/search?q=x")).status_code == 401
        assert (await stranger.get("/api/knowledge/KB-LAB-001")).status_code == 401


async def test_the_search_page_lists_hits_with_marks_and_facets(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get("/knowledge", params={"q": "公积金"})).text
    assert "<mark>公积金</mark>提取" in page
    assert "公积金中心" in page
    assert "不在有效期内" in page
    assert "国土城管" in page
    assert 'href="/knowledge/KB-URB-001?q=' in page


async def test_the_search_page_without_words_lists_the_articles(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get("/knowledge", params={"team": "labour"})).text
    assert "拖欠工资" in page
    assert "公积金提取</a>" not in page


async def test_a_submitted_question_without_result_is_kept_and_says_so(
    site: Site, browser: httpx.AsyncClient
) -> None:
    page = (await browser.get("/knowledge", params={"q": "独角兽"})).text
    assert "已记下这个问题" in page
    assert [(z.query, z.account) for z in site.world.store.zero_results] == [("独角兽", "op0001")]


async def test_the_article_page_shows_the_answer_owner_versions_and_validity(
    browser: httpx.AsyncClient,
) -> None:
    page = (await browser.get("/knowledge/KB-URB-002")).text
    assert '<p class="read-out" lang="zh-CN">公积金旧办法。</p>' in page
    assert "本条已失效，请勿照读" in page
    assert "2026-06-30" in page
    assert (await browser.get("/knowledge/KB-XXX-999")).status_code == 404


async def test_words_of_articles_and_queries_are_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    site = Site(
        {
            "KB-URB-001": replace(
                BASE,
                title=f"公积金{evil}",
                answer=f"{evil}公积金",
                body=f"{evil}",
                questions=(f"一{evil}", f"二{evil}"),
                tags=(f"公积金{evil}", "提取"),
                basis=evil,
            )
        }
    )
    async with site.browser() as browser:
        await browser.post(
            "/api/knowledge/KB-URB-001/flags",
            json={"kind": "wrong", "note": evil},
            headers={"x-csrf-token": TOKEN},
        )
        for address in (
            "/knowledge?q=公积金",
            f"/knowledge?q={evil}&team={evil}&owner={evil}",
            f"/knowledge/KB-URB-001?q={evil}",
            "/knowledge",
        ):
            page = await browser.get(address)
            assert page.status_code == 200
            assert "<script>alert" not in page.text
            assert 'value="<script' not in page.text


async def test_json_search_gives_pieces_for_highlighting(browser: httpx.AsyncClient) -> None:
    answer = (await browser.get("/api/knowledge/search", params={"q": "公积金"})).json()
    assert answer["total"] == 3
    first = answer["hits"][0]
    assert first["article_id"] == "KB-URB-001"
    assert first["title"] == [{"text": "公积金", "hit": True}, {"text": "提取", "hit": False}]
    assert (first["team_name"], first["owner"], first["stale"]) == ("国土城管", "公积金中心", False)


async def test_json_search_prefers_a_team_and_keeps_to_it_when_told(
    browser: httpx.AsyncClient,
) -> None:
    address = "/api/knowledge/search"
    near = (await browser.get(address, params={"q": "公积金", "team": "labour"})).json()
    only = (await browser.get(address, params={"q": "公积金", "team": "labour", "only": 1})).json()
    assert near["total"] == 3
    assert [h["article_id"] for h in only["hits"]] == ["KB-LAB-001"]


async def test_half_typed_words_are_not_kept_as_questions(
    site: Site, browser: httpx.AsyncClient
) -> None:
    await browser.get("/api/knowledge/search", params={"q": "独"})
    assert site.world.store.zero_results == []
    await browser.get("/api/knowledge/search", params={"q": "独角兽", "submitted": 1})
    assert [z.query for z in site.world.store.zero_results] == ["独角兽"]


async def test_suggestions_answer_what_is_typed(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/knowledge/suggest", params={"text": "老板拖欠工资"})
    assert answer.json()["hits"][0]["article_id"] == "KB-LAB-001"


async def test_reading_an_article_in_a_call_is_kept_as_part_of_the_call(
    site: Site, browser: httpx.AsyncClient
) -> None:
    plain = (await browser.get("/api/knowledge/KB-LAB-001")).json()
    assert plain["source"] == "《住房公积金管理条例》"
    assert plain["owner"] == "human-resources"
    assert site.world.store.uses == []
    await browser.get("/api/knowledge/KB-LAB-001", params={"call_id": "gz1-1-1"})
    assert [e.call_id for e in site.world.bus.of(ArticleOpened)] == ["gz1-1-1"]
    bad = await browser.get("/api/knowledge/KB-LAB-001", params={"call_id": "../../x"})
    assert bad.status_code == 422


async def test_a_use_needs_the_token_of_the_session(site: Site, browser: httpx.AsyncClient) -> None:
    address, body = "/api/knowledge/KB-LAB-001/uses", {"kind": "used", "call_id": "gz1-1-1"}
    assert (await browser.post(address, json=body)).status_code == 403
    assert site.world.store.uses == []
    done = await browser.post(address, json=body, headers={"x-csrf-token": TOKEN})
    assert done.status_code == 204
    opened = await browser.post(address, json={"kind": "opened"}, headers={"x-csrf-token": TOKEN})
    assert opened.status_code == 204
    assert [u.kind for u in site.world.store.uses] == ["used", "opened"]


async def test_a_report_from_the_page_returns_to_the_article_marked_as_questioned(
    browser: httpx.AsyncClient,
) -> None:
    form = {"csrf_token": TOKEN, "kind": "outdated", "note": "标准已调整"}
    answer = await browser.post("/knowledge/KB-LAB-001/flags", data=form)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/knowledge/KB-LAB-001#flags",
    )
    page = (await browser.get("/knowledge/KB-LAB-001")).text
    assert "正在核实" in page
    assert "标准已调整" in page
    refused = await browser.post("/knowledge/KB-LAB-001/flags", data=form | {"kind": "silly"})
    assert refused.status_code == 422


async def test_english_screens_show_the_english_title_and_summary(site: Site) -> None:
    site.language = ScreenLanguage.ENGLISH
    async with site.browser() as browser:
        assert ARTICLES["KB-URB-001"].title_en in (await browser.get("/knowledge?q=gjj")).text
        page = (await browser.get("/knowledge/KB-URB-001")).text
        assert "Bring your identity card." in page


@pytest.mark.parametrize("query", ["\x00", "%ff", "'; --", "x" * 15_000])
async def test_strange_addresses_are_answered(browser: httpx.AsyncClient, query: str) -> None:
    answer = await browser.get("/knowledge", params={"q": query})
    assert answer.status_code == 200
    too_long = await browser.get("/knowledge", params={"q": "x" * 20_001})
    assert too_long.status_code == 422
