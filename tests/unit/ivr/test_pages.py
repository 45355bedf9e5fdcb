"""The pages of the flows: graph and funnel, versions, publishing, the simulator, and who may."""

from __future__ import annotations

import re

import pytest

from ivr.adapters.flow_files import digest
from ivr.core.flow import targets
from ivr.core.funnel import Counts, Place
from ivr.core.versions import VersionState
from tests.fakes.clock import NOON
from tests.unit.ivr.shelf import BROKEN, OTHER, SHIPPED, THIRD
from tests.unit.ivr.shipped import intents, main_flow
from tests.unit.ivr.site import Site

CSRF = {"csrf_token": "token"}


@pytest.fixture
async def site() -> Site:
    return await Site().open()


@pytest.mark.parametrize("flow", ["main", "survey"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_graph_shows_every_step_with_its_figures(
    site: Site, flow: str, language: str
) -> None:
    now = site.shelf.flows.current(flow)
    first = next(iter(now.steps))
    site.store.kept[Place(NOON.date(), flow, now.version, first)] = Counts(40, 30, 7, 3)
    page = (await site.browser(language=language).get(f"/ivr/{flow}")).text
    assert all(f'data-step="{step}"' in page and f'id="step-{step}"' in page for step in now.steps)
    assert "17.5%" in page
    assert ("暂无来电" if language == "zh" else "No calls yet") in page


async def test_table_tells_where_each_step_leads(site: Site) -> None:
    page = (await site.browser().get("/ivr/main")).text
    row = page.partition('<tr id="step-greeting_three"')[2].partition("</tr>")[0]
    on = re.findall(r'<span class="way-on">.*?</span>(?=<span class="way-on">|</td>)', row)
    told = {re.sub("<[^>]+>", "", way).strip() for way in on}
    assert "0 → 转人工" in told
    assert len(on) == len({target for _, target in targets(main_flow().steps["greeting_three"])})
    assert 'href="#step-person"' in row


async def test_overview_begins_with_the_reception(site: Site) -> None:
    answer = await site.browser().get("/ivr")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ivr/main")


async def test_unknown_flows_and_versions_have_no_page(site: Site) -> None:
    for path in ("/ivr/other", "/ivr/main?version=9", "/ivr/main/versions/9", "/ivr/other/try"):
        assert (await site.browser().get(path)).status_code == 404


async def test_draft_is_written_checked_published_and_rolled_back(site: Site) -> None:
    browser = site.browser()
    made = await browser.post(
        "/ivr/main/versions/1", data={**CSRF, "body": OTHER, "note": "试用", "revision": "1"}
    )
    assert made.headers["location"] == "/ivr/main/versions/2"
    assert "检查通过" in (await browser.get("/ivr/main/versions/2")).text
    published = await browser.post("/ivr/main/versions/2/publish", data={**CSRF, "current": "1"})
    assert published.status_code == 303
    assert site.shelf.now == digest(OTHER)
    assert "回退到第1版" in (await browser.get("/ivr/main")).text
    back = await browser.post("/ivr/main/rollback", data={**CSRF, "current": "2"})
    assert back.status_code == 303
    assert site.shelf.now == digest(SHIPPED["main"])
    assert "已回退" in (await browser.get("/ivr/main")).text


async def test_version_is_shown_with_what_it_changes(site: Site) -> None:
    browser = site.browser()
    assert "的差别" not in (await browser.get("/ivr/main")).text
    await site.shelf.draft(OTHER)
    draft = (await browser.get("/ivr/main?version=2")).text
    assert "与第1版的差别" in draft
    assert "<del>limit_s: 240</del>" in draft
    assert "<ins>limit_s: 200</ins>" in draft
    await browser.post("/ivr/main/versions/2/publish", data={**CSRF, "current": "1"})
    assert "<ins>limit_s: 200</ins>" in (await browser.get("/ivr/main")).text
    old = (await browser.get("/ivr/main?version=1")).text
    assert "与第2版的差别" in old
    assert "<ins>limit_s: 240</ins>" in old


async def test_wrong_draft_names_its_line_and_offers_no_publishing(site: Site) -> None:
    browser = site.browser()
    data = {**CSRF, "body": BROKEN, "note": "", "revision": "1"}
    await browser.post("/ivr/main/versions/1", data=data)
    line = BROKEN.splitlines().index("    silence: nowhere") + 1
    for path in ("/ivr/main/versions/2", "/ivr/main?version=2"):
        page = (await browser.get(path)).text
        assert f"第{line}行" in page
        assert "通往不存在的步骤“nowhere”" in page
        assert "发布第2版" not in page
    refused = await browser.post("/ivr/main/versions/2/publish", data={**CSRF, "current": "1"})
    assert refused.status_code == 409
    assert site.shelf.now == digest(SHIPPED["main"])
    assert (await browser.get("/ivr/main/try?version=2")).status_code == 422


async def test_second_of_two_editors_keeps_his_text_and_is_told(site: Site) -> None:
    await site.shelf.draft(OTHER)
    data = {**CSRF, "note": "", "revision": "1"}
    one, other = site.browser(), site.browser("other")
    first = await one.post("/ivr/main/versions/2", data={**data, "body": THIRD})
    assert first.status_code == 303
    second = await other.post("/ivr/main/versions/2", data={**data, "body": OTHER + "# mine"})
    assert second.status_code == 409
    assert "刚被别人修改过" in second.text
    assert "# mine" in second.text
    assert "ad01 于 2026-11-24 12:00:00 先保存了这份草稿" in second.text
    assert "<ins>limit_s: 180" in second.text
    assert "<del>limit_s: 200" in second.text
    # Both versions are shown: what the other one saved, and what was written here.
    assert "<del>limit_s: 180</del>" in second.text
    assert "<ins>limit_s: 200</ins>" in second.text
    assert site.shelf.store.kept["main", 2].body == THIRD
    # Saving once more is refused again; a draft of his own is the way on.
    assert 'name="revision" value="1"' in second.text
    own = await other.post(
        "/ivr/main/versions/2", data={**data, "body": OTHER + "# mine", "as_new": "1"}
    )
    assert own.headers["location"] == "/ivr/main/versions/3"


async def test_second_of_two_publishers_is_told_who_was_first(site: Site) -> None:
    for body in (OTHER, THIRD):
        await site.shelf.draft(body)
    await site.browser().post("/ivr/main/versions/2/publish", data={**CSRF, "current": "1"})
    late = await site.browser("other").post(
        "/ivr/main/versions/3/publish", data={**CSRF, "current": "1"}
    )
    assert late.status_code == 409
    assert "线上版本刚刚变更过" in late.text
    assert site.shelf.store.kept["main", 3].state is VersionState.DRAFT


@pytest.mark.parametrize(
    "path", ["/ivr/main/versions/1", "/ivr/main/versions/1/publish", "/ivr/main/rollback"]
)
async def test_only_administrators_change_flows_and_only_from_our_pages(
    site: Site, path: str
) -> None:
    data = {**CSRF, "body": OTHER, "current": "1"}
    for who in ("supervisor", "operator"):
        assert (await site.browser(who).post(path, data=data)).status_code == 403
    assert (await site.browser(None).post(path, data=data)).status_code in (303, 401)
    assert (await site.browser().post(path, data={"body": OTHER})).status_code == 403
    foreign = await site.browser().post(path, data=data, headers={"origin": "http://evil.test"})
    assert foreign.status_code == 403
    assert len(site.shelf.store.kept) == 3


async def test_supervisor_sees_the_funnel_and_no_way_to_change_it(site: Site) -> None:
    page = await site.browser("supervisor").get("/ivr/main")
    assert page.status_code == 200
    assert "/versions/" not in page.text
    assert (await site.browser("operator").get("/ivr/main")).status_code == 403


# --- the simulator -------------------------------------------------------------------------------


async def test_call_is_tried_key_by_key(site: Site) -> None:
    browser = site.browser()
    page = (await browser.get("/ivr/main/try")).text
    assert "广州12345热线，您好。" in page
    page = (await browser.get("/ivr/main/try?keys=9,2&key=3")).text
    assert "转接劳动社保专席" in page
    assert "劳动社保" in page
    assert "这通电话到此为止" in page


async def test_silence_and_the_old_lines_are_tried_too(site: Site) -> None:
    browser = site.browser()
    page = (await browser.get("/ivr/main/try?line=12333&key=-")).text
    assert "没有按键" in page
    assert "这通电话到此为止" in page
    page = (await browser.get("/ivr/main/try?language=en")).text
    assert "Hello, this is Guangzhou 12345." in page


async def test_typed_numbers_are_entered_as_one(site: Site) -> None:
    page = (await site.browser().get("/ivr/main/try?keys=6,1&key=20261124000123")).text
    assert "登记电话的后四位" in page
    assert "20261124000123" in page  # the address of the next step, for the tester only


@pytest.mark.parametrize(
    "query",
    ["language=fr", "lookup=perhaps", "line=<script>", "keys=<script>alert(1)</script>", "key=,,,"],
)
async def test_strange_questions_to_the_simulator_do_no_harm(site: Site, query: str) -> None:
    answer = await site.browser().get(f"/ivr/main/try?{query}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


async def test_endless_trial_is_refused(site: Site) -> None:
    keys = ",".join(["9", "2"] * 40)
    assert (await site.browser().get(f"/ivr/main/try?keys={keys}")).status_code == 422


async def test_sentence_is_said_and_told_as_it_was_understood(site: Site) -> None:
    browser = site.browser()
    page = (await browser.get("/ivr/main/try?keys=-")).text
    assert "说一句话" in page
    page = (await browser.get("/ivr/main/try?keys=-&key=我要查社保")).text
    assert "说了“我要查社保”" in page
    assert "听懂：社保查询" in page
    page = (await browser.get("/ivr/main/try?keys=-&key=?社保")).text
    assert "先问一遍：劳动社保" in page
    page = (await browser.get("/ivr/main/try?keys=-&key=嘟嘟")).text
    assert "没有听懂" in page
    page = (await browser.get("/ivr/main/try?keys=-&voice=off")).text
    assert "说一句话" not in page


# --- the intents ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("我要查社保", ("听懂了", "社保查询", "算数")),
        (
            "我要投诉噪音，不是消费",
            ("听懂了", "城建城管", "前面有否定，不算", "同时说了别的事，按别的办"),
        ),
        ("社保和消费投诉", ("两件事", "劳动社保", "消费维权")),
        ("着火了", ("紧急，直接转", "火警119")),
        ("我昨天报过110了", ("紧急，先问一遍", "报警110", "讲过去或打听")),
        ("再说一遍", ("再听一遍",)),
        ("嘟嘟", ("没有听懂", "不认识")),
    ],
)
async def test_page_tells_what_a_sentence_means_and_why(
    site: Site, text: str, told: tuple[str, ...]
) -> None:
    page = (await site.browser("supervisor").get("/ivr-intents", params={"text": text})).text
    shown = page.split("意图表")[0]
    assert [word for word in told if word not in shown] == []


async def test_page_lists_every_intent_with_its_words(site: Site) -> None:
    page = (await site.browser().get("/ivr-intents")).text
    for name, intent in intents().intents.items():
        assert f">{name}</span>" in page
        assert all(phrase in page for words in intent.phrases.values() for phrase in words)
    assert "怎样算" not in page  # nothing was tried yet


async def test_page_of_the_intents_takes_no_harm_and_is_not_for_operators(site: Site) -> None:
    page = await site.browser().get("/ivr-intents", params={"text": "<script>alert(1)</script>"})
    assert "<script>alert" not in page.text
    long = await site.browser().get("/ivr-intents", params={"text": "社" * 201})
    assert long.status_code == 422
    assert (await site.browser("operator").get("/ivr-intents")).status_code == 403
