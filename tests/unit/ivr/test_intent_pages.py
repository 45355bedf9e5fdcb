"""The pages of the intents: editing by chips, comparing, switching, and who may do which."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from ivr.core.intent_rules import Rule
from ivr.core.intents import understand
from ivr.core.versions import VersionState
from ivr.routes.intent_views import GROUP_NAMES, PROBLEM_TEXTS
from kernel.language import Language
from tests.unit.ivr.site import Site
from tests.unit.ivr.test_pages import CSRF

TABLE = "/ivr-intents"
FIRST, DRAFT = f"{TABLE}/versions/1", f"{TABLE}/versions/2"
SEEN_FIRST = {**CSRF, "revision": "1"}


@pytest.fixture
async def site() -> Site:
    return await Site().open()


def meant(site: Site, sentence: str) -> tuple[str, ...]:
    return understand(site.shelf.flows.current("main").words, sentence).wishes


async def drafted(site: Site, **typed: str) -> None:
    data = {**SEEN_FIRST, "note": "试用", **typed}
    answer = await site.browser().post(FIRST, data=data)
    assert answer.status_code == 303


# --- the way of a phrase into the calls ----------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_phrases_are_typed_compared_published_and_rolled_back(
    site: Site, language: str
) -> None:
    browser = site.browser(language=language)
    typed = {"add.labour.zh": "讨公道、 老板 失踪", "remove": "labour.zh:辞退"}
    data = {**SEEN_FIRST, "note": "年底讨薪", **typed}
    made = await browser.post(FIRST, data=data)
    assert made.headers["location"] == f"{DRAFT}#add-labour.zh"
    page = (await browser.get(DRAFT)).text
    assert 'value="labour.zh:讨公道"' in page
    assert 'value="labour.zh:老板 失踪"' in page
    assert 'value="labour.zh:辞退"' not in page
    compared = (await browser.get(f"{DRAFT}/difference")).text
    assert re.findall(r"<ins>(.*?)</ins>", compared) == ["讨公道", "老板 失踪"]
    assert re.findall(r"<del>(.*?)</del>", compared) == ["辞退"]
    assert meant(site, "讨公道") == ()
    published = await browser.post(f"{DRAFT}/publish", data={**CSRF, "current": "1"})
    assert published.headers["location"] == TABLE
    assert meant(site, "讨公道") == ("labour",)
    page = (await browser.get(TABLE)).text
    assert ("回退到第1版" if language == "zh" else "Go back to version 1") in page
    back = await browser.post(f"{TABLE}/rollback", data={**CSRF, "current": "2"})
    assert back.status_code == 303
    assert meant(site, "讨公道") == ()
    assert site.shelf.audit.actions[-3:] == [
        "intents_saved",
        "intents_published",
        "intents_rolled_back",
    ]


async def test_sentence_is_tried_with_the_draft(site: Site) -> None:
    await drafted(site, **{"add.urban.zh": "吵死人"})
    browser = site.browser("supervisor")
    for page in (DRAFT, TABLE):
        told = await browser.get(page, params={"text": "楼上吵死人", "version": "2"})
        assert "听懂了" in told.text
    told = await browser.get(TABLE, params={"text": "楼上吵死人"})
    assert "没有听懂" in told.text


async def test_wrong_draft_says_where_and_why_and_cannot_be_published(site: Site) -> None:
    await drafted(site, **{"add.labour.zh": "噪音，<b>讨薪</b>，税"})
    browser = site.browser()
    page = (await browser.get(DRAFT)).text
    assert "草稿里有3处错误" in page
    assert "“噪音”有两个意思，“城建城管 · 普通话”里也有" in page
    assert "“&lt;b&gt;讨薪&lt;/b&gt;”里有说不出来的符号" in page
    assert "“税”太短" in page
    assert "<b>讨薪" not in page
    assert '<details class="phrases" id="g-labour" open>' in page
    assert page.count('href="#add-labour.zh"') == 3
    compared = (await browser.get(f"{DRAFT}/difference")).text
    assert "发布第2版" not in compared
    refused = await browser.post(f"{DRAFT}/publish", data={**CSRF, "current": "1"})
    assert refused.status_code == 409
    assert "不能发布" in refused.text
    assert meant(site, "噪音") == ("urban",)


async def test_draft_of_a_wrong_table_can_be_mended_by_its_chips(site: Site) -> None:
    await drafted(site, **{"add.labour.zh": "<b>讨薪</b>"})
    data = {**SEEN_FIRST, "note": "", "remove": "labour.zh:<b>讨薪</b>"}
    await site.browser().post(DRAFT, data=data)
    assert "检查通过" in (await site.browser().get(DRAFT)).text
    assert "两个版本说法相同" in (await site.browser().get(f"{DRAFT}/difference")).text


# --- two people ----------------------------------------------------------------------------------


async def test_second_of_two_editors_sees_who_when_and_what_and_keeps_what_he_typed(
    site: Site,
) -> None:
    await drafted(site, **{"add.labour.zh": "讨公道"})
    site.shelf.clock.advance(timedelta(minutes=3))
    one, other = site.browser("supervisor"), site.browser("other")
    await one.post(DRAFT, data={**SEEN_FIRST, "add.urban.zh": "吵死人", "remove": "tax.zh:发票"})
    mine = {**SEEN_FIRST, "note": "乙", "add.tax.zh": "退个税", "remove": "labour.zh:辞退"}
    late = await other.post(DRAFT, data=mine)
    assert late.status_code == 409
    assert "ad03 于 2026-11-24 12:03:00 先保存了这份草稿" in late.text
    assert re.findall(r"<(ins|del)>(.*?)</", late.text) == [("ins", "吵死人"), ("del", "发票")]
    # Nothing of his is lost, and saving once more keeps both.
    assert 'value="退个税"' in late.text
    assert 'value="labour.zh:辞退" checked' in late.text
    (revision,) = re.findall(r'name="revision" value="(\d+)"', late.text)
    again = await other.post(DRAFT, data={**mine, "revision": revision})
    assert again.headers["location"] == f"{DRAFT}#add-tax.zh"
    page = (await other.get(f"{DRAFT}/difference")).text
    assert set(re.findall(r"<ins>(.*?)</ins>", page)) == {"讨公道", "吵死人", "退个税"}
    assert set(re.findall(r"<del>(.*?)</del>", page)) == {"发票", "辞退"}


async def test_draft_that_was_overtaken_says_so_and_is_carried_over(site: Site) -> None:
    await drafted(site, **{"add.labour.zh": "讨公道"})
    await drafted(site, **{"add.urban.zh": "吵死人"})
    browser = site.browser()
    await browser.post(f"{DRAFT}/publish", data={**CSRF, "current": "1"})
    stale = await browser.post(f"{TABLE}/versions/3/publish", data={**CSRF, "current": "1"})
    assert stale.status_code == 409
    assert "线上版本刚刚变更过" in stale.text
    assert "这份草稿以第1版为底，线上已经是第2版" in stale.text
    assert re.findall(r"<del>(.*?)</del>", stale.text) == ["讨公道"]
    carried = await browser.post(f"{TABLE}/versions/3/carry", data=CSRF)
    assert carried.headers["location"] == f"{TABLE}/versions/4/difference"
    page = (await browser.get(f"{TABLE}/versions/4/difference")).text
    assert "以第1版为底" not in page
    assert re.findall(r"<(ins|del)>(.*?)</", page) == [("ins", "吵死人")]
    nothing = await browser.post(f"{DRAFT}/carry", data=CSRF)
    assert nothing.status_code == 409


# --- marks ---------------------------------------------------------------------------------------


async def test_phrases_that_the_model_does_not_know_are_marked(site: Site) -> None:
    page = (await site.browser().get(TABLE)).text
    assert "识别不出" not in page  # no model, nothing to compare with
    site.words.lists[Language.MANDARIN] = frozenset("社保查询消费投诉")
    page = (await site.browser().get(TABLE)).text
    assert "语音识别模型不认识的词" in page
    assert re.search(r'<li class="chip unheard">工资<', page)
    assert re.search(r'<li class="chip">查社保<', page)
    assert re.search(r'<li class="chip">wages<', page)  # no model for English


async def test_phrase_within_a_strangers_is_pointed_out_before_it_is_published(site: Site) -> None:
    await drafted(site, **{"add.labour.zh": "工资发票"})
    page = (await site.browser().get(f"{DRAFT}/difference")).text
    told = "“发票”（税务）包含在“工资发票”（劳动社保）里：说了后者，只算后者"
    assert told in page
    assert page.count("包含在") == 1  # of what is new only


def test_every_rule_and_every_part_of_the_table_has_words() -> None:
    assert set(PROBLEM_TEXTS) == set(Rule)
    values = {"phrase": "a", "other": "b"}
    assert all(text % values for text in PROBLEM_TEXTS.values())
    assert len(set(GROUP_NAMES.values())) == len(GROUP_NAMES)


# --- who may, and what is refused ----------------------------------------------------------------


async def test_supervisor_edits_and_does_not_switch(site: Site) -> None:
    browser = site.browser("supervisor")
    data = {**SEEN_FIRST, "add.labour.zh": "讨公道"}
    assert (await browser.post(FIRST, data=data)).status_code == 303
    assert "发布第2版" not in (await browser.get(f"{DRAFT}/difference")).text
    for path in (f"{DRAFT}/publish", f"{TABLE}/rollback"):
        answer = await browser.post(path, data={**CSRF, "current": "1"})
        assert answer.status_code == 403
    assert site.shelf.store.kept["intents", 2].state is VersionState.DRAFT


async def test_whoever_only_looks_finds_no_way_to_change(site: Site) -> None:
    browser = site.browser("quality")
    page = await browser.get(TABLE)
    assert page.status_code == 200
    assert "/ivr-intents/versions/" not in page.text
    assert "csrf_token" not in page.text.split("<main")[1]
    assert (await browser.get(FIRST)).status_code == 403
    assert (await browser.get(f"{FIRST}/difference")).status_code == 200


@pytest.mark.parametrize("path", [FIRST, f"{FIRST}/publish", f"{FIRST}/carry", f"{TABLE}/rollback"])
async def test_table_is_changed_from_our_pages_only(site: Site, path: str) -> None:
    data = {**SEEN_FIRST, "add.labour.zh": "讨公道", "current": "1"}
    assert (await site.browser("operator").post(path, data=data)).status_code == 403
    assert (await site.browser(None).post(path, data=data)).status_code in (303, 401)
    without = {name: value for name, value in data.items() if name != "csrf_token"}
    assert (await site.browser().post(path, data=without)).status_code == 403
    foreign = await site.browser().post(path, data=data, headers={"origin": "http://evil.test"})
    assert foreign.status_code == 403
    assert set(site.shelf.store.kept) == {("intents", 1), ("main", 1), ("survey", 1)}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"add.nobody.zh": "社保"}, "没有这一格"),
        ({"add.labour.fr": "社保"}, "没有这一格"),
        ({"remove": "units:块"}, "没有这一格"),
        ({"add.labour.zh": "社" * 101}, "说法太长了"),
        ({"add.labour.zh": "讨\x07薪"}, "说法里有不能显示的字符"),
        ({"note": "长" * 201, "add.labour.zh": "讨公道"}, "说明不能超过200字"),
    ],
)
async def test_what_cannot_be_kept_is_refused_and_typed_text_stays(
    site: Site, typed: dict[str, str], told: str
) -> None:
    answer = await site.browser().post(FIRST, data={**SEEN_FIRST, **typed})
    assert answer.status_code == 422
    assert told in answer.text
    assert len(site.shelf.store.kept) == 3


async def test_unknown_versions_have_no_page(site: Site) -> None:
    browser = site.browser()
    for path in (f"{TABLE}?version=9", f"{TABLE}/versions/9", f"{TABLE}/versions/9/difference"):
        assert (await browser.get(path)).status_code == 404
    assert (await browser.get(f"{FIRST}/difference?against=9")).status_code == 404
    for path in ("versions/9", "versions/9/publish", "versions/9/carry"):
        answer = await browser.post(f"{TABLE}/{path}", data={**SEEN_FIRST, "current": "1"})
        assert answer.status_code == 404
