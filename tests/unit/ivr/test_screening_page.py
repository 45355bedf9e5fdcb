"""The guard's page: seen, switched, lists kept, numbers masked until a reason is given."""

from __future__ import annotations

import re

import pytest

from ivr.core.screening.policy import Level
from tests.unit.ivr.site import Site

CSRF = {"csrf_token": "token"}
MOBILE, MASKED = "13800138000", "138****8000"
ENTRY = {
    **CSRF,
    "list": "grey",
    "number": MOBILE,
    "treatment": "both",
    "reason": "反复拨打后<不>说话",
    "hours": "24",
}


@pytest.fixture
async def site() -> Site:
    return await Site().open()


async def busy(site: Site) -> str:
    """A number that calls and calls; the token of its row."""
    for _ in range(6):
        call_id, _ = await site.guard.call(MOBILE)
        site.guard.hang_up(call_id)
    page = (await site.browser("supervisor").get("/screening")).text
    found = re.search(r"\?list=([0-9a-f]+)#add", page)
    assert found is not None
    return found[1]


async def test_quiet_guard_shows_its_level_what_each_does_and_empty_lists(site: Site) -> None:
    page = (await site.browser("supervisor").get("/screening")).text
    assert "由来电情况自动决定" in page
    assert "每分钟4通、每小时20通、同时3通" in page
    for empty in ("名单是空的", "级别还没有变过", "近一小时没有反复来电的号码"):
        assert empty in page


async def test_supervisor_sets_the_level_with_a_reason_and_gives_it_back(site: Site) -> None:
    browser = site.browser("supervisor")
    order = {**CSRF, "level": "storm", "reason": "来电攻击", "hours": "2"}
    assert (await browser.post("/screening/level", data=order)).status_code == 303
    page = (await browser.get("/screening")).text
    assert "由ad03设定" in page
    assert "值班长设定" in page
    assert site.guard.screening.picture().level is Level.STORM
    back = {**CSRF, "level": "automatic", "reason": "平稳", "hours": "2"}
    assert (await browser.post("/screening/level", data=back)).status_code == 303
    assert site.guard.screening.picture().level is Level.NORMAL
    assert site.guard.audit.actions == ["guard_level_set", "guard_level_set"]


async def test_enter_in_the_reason_sends_only_a_level_that_a_person_has_chosen(site: Site) -> None:
    """The reason's Enter used to press the first button of the form, which set the level to normal
    in the midst of an attack."""
    browser = site.browser("supervisor")
    form = re.compile(r'<form method="post" action="/screening/level".*?</form>', re.S)

    def switch(page: str) -> str:
        found = form.search(page)
        assert found is not None
        return found[0]

    fresh = switch((await browser.get("/screening")).text)
    assert fresh.count('type="submit"') == 1
    assert fresh.count('type="radio" name="level"') == 4
    assert "checked" not in fresh
    assert fresh.count(" required") >= 5
    nothing = await browser.post("/screening/level", data={**CSRF, "reason": "攻击", "hours": "2"})
    assert nothing.status_code == 422
    order = {**CSRF, "level": "storm", "reason": "", "hours": "2"}
    kept = switch((await browser.post("/screening/level", data=order)).text)
    assert 'value="storm" required checked' in kept


async def test_level_is_told_apart_from_the_figures_that_change(site: Site) -> None:
    browser = site.browser("supervisor")
    page = (await browser.get("/screening")).text
    assert re.search(r'id="level-told"[^>]*role="status">常态<', page)
    for _ in range(9):
        await site.guard.call("anonymous")
    part = (await browser.get("/screening/live")).text
    assert 'data-level="加强"' in part
    assert "10秒内未显示号码的来电8通" in part, "what has changed is part of what is fetched anew"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": " "}, "请填写原因"),
        ({"level": "calm"}, "没有这个级别"),
        ({"hours": "-1"}, "期限不在允许的范围内"),
        ({"hours": "99999"}, "期限不在允许的范围内"),
    ],
)
async def test_wrong_level_changes_nothing_and_says_why(
    site: Site, changes: dict[str, str], words: str
) -> None:
    order = {**CSRF, "level": "storm", "reason": "来电攻击", "hours": "2", **changes}
    answer = await site.browser("supervisor").post("/screening/level", data=order)
    assert answer.status_code == 422
    assert words in answer.text
    assert site.guard.screening.picture().level is Level.NORMAL


async def test_number_is_listed_masked_prolonged_and_removed(site: Site) -> None:
    browser = site.browser("supervisor")
    assert (await browser.post("/screening/entries", data=ENTRY)).status_code == 303
    page = (await browser.get("/screening")).text
    assert MASKED in page
    assert MOBILE not in page
    assert "反复拨打后&lt;不&gt;说话" in page
    (entry,) = site.guard.screening.entries()
    path = f"/screening/entries/{entry.entry_id}"
    assert (await browser.post(f"{path}/prolong", data={**CSRF, "hours": "72"})).status_code == 303
    (longer,) = site.guard.screening.entries()
    assert longer.until > entry.until
    too_long = await browser.post(f"{path}/prolong", data={**CSRF, "hours": "2160"})
    assert too_long.status_code == 422
    assert "期限不在允许的范围内" in too_long.text
    assert (await browser.post(f"{path}/remove", data=CSRF)).status_code == 303
    assert site.guard.screening.entries() == []
    assert (await browser.post(f"{path}/remove", data=CSRF)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": "abc"}, "请填写号码，只用数字"),
        ({"reason": ""}, "请填写原因"),
        ({"hours": "720"}, "期限不在允许的范围内"),
        ({"list": "black"}, "没有这个名单"),
        ({"treatment": "block"}, "没有这种做法"),
    ],
)
async def test_wrong_entry_keeps_what_was_typed_and_says_why(
    site: Site, changes: dict[str, str], words: str
) -> None:
    answer = await site.browser("supervisor").post("/screening/entries", data={**ENTRY, **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert "&lt;不&gt;" in answer.text or "reason" in changes
    assert site.guard.screening.entries() == []


async def test_busiest_number_is_masked_and_listed_without_being_read(site: Site) -> None:
    token = await busy(site)
    browser = site.browser("supervisor")
    page = await browser.get(f"/screening?list={token}")
    assert MASKED in page.text
    assert MOBILE not in page.text
    order = {**ENTRY, "token": token, "number": ""}
    assert (await browser.post("/screening/entries", data=order)).status_code == 303
    (entry,) = site.guard.screening.entries()
    assert (entry.number, entry.made_by) == (MOBILE, "ad03")


async def test_whole_number_is_read_for_a_reason_that_is_recorded_first(site: Site) -> None:
    token = await busy(site)
    browser = site.browser("supervisor")
    assert "查看完整号码" in (await browser.get(f"/screening?show={token}")).text
    nothing = await browser.post("/screening/reveal", data={**CSRF, "token": token})
    assert nothing.status_code == 422
    assert MOBILE not in nothing.text
    order = {**CSRF, "token": token, "reason": "核对"}
    assert MOBILE in (await browser.post("/screening/reveal", data=order)).text
    (entry,) = site.guard.audit.entries
    assert (entry.who, entry.action, entry.object_id) == ("ad03", "number_revealed", MASKED)


async def test_number_that_has_left_the_page_is_not_found(site: Site) -> None:
    browser = site.browser("supervisor")
    order = {**CSRF, "token": "0" * 18, "reason": "核对"}
    assert (await browser.post("/screening/reveal", data=order)).status_code == 404
    stale = await browser.get("/screening?show=" + "0" * 18)
    assert stale.status_code == 409
    assert "这个号码已不在页面上" in stale.text


async def test_automatic_change_tells_the_figure_that_brought_it(site: Site) -> None:
    for _ in range(9):
        await site.guard.call("anonymous")
    page = (await site.browser("supervisor").get("/screening")).text
    assert "10秒内未显示号码的来电8通" in page
    english = (await site.browser("supervisor", "en").get("/screening")).text
    assert "8 calls without a number in 10 s" in english


async def test_administrator_sees_and_only_the_supervisor_changes(site: Site) -> None:
    page = await site.browser("administrator").get("/screening")
    assert page.status_code == 200
    assert "/screening/level" not in page.text
    order = {**CSRF, "level": "storm", "reason": "来电攻击", "hours": "2"}
    refused = await site.browser("administrator").post("/screening/level", data=order)
    assert refused.status_code == 403
    assert (await site.browser("operator").get("/screening")).status_code == 403
    without = {k: v for k, v in ENTRY.items() if k != "csrf_token"}
    forged = await site.browser("supervisor").post("/screening/entries", data=without)
    assert forged.status_code == 403
    assert site.guard.screening.entries() == []


async def test_live_part_comes_alone(site: Site) -> None:
    part = await site.browser("supervisor").get("/screening/live")
    assert part.status_code == 200
    assert "<html" not in part.text
    assert "近一分钟" in part.text
