"""The page of the notices: made, seen, ended, and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kernel.language import Language
from tests.fakes.clock import NOON
from tests.unit.ivr.site import Site

CSRF = {"csrf_token": "token"}
TYPHOON = {
    **CSRF,
    "zh": "台风蓝色预警，<请>减少外出。",
    "en": "Typhoon warning, please stay at home.",
    "district": "tianhe",
    "ends": "2026-11-24T18:00",
}


@pytest.fixture
async def site() -> Site:
    return await Site().open()


async def test_notice_is_made_seen_and_ended(site: Site) -> None:
    browser = site.browser("supervisor")
    assert "还没有发布过通知" in (await browser.get("/ivr-notices")).text
    made = await browser.post("/ivr-notices", data=TYPHOON)
    assert made.status_code == 303
    (notice,) = site.notices.notices.active(NOON)
    assert notice.ends_at - NOON == timedelta(hours=6)  # the city's 18:00, seen from its noon
    assert (notice.district, notice.team, notice.created_by) == ("tianhe", None, "ad03")
    page = (await browser.get("/ivr-notices")).text
    assert "正在播放" in page
    assert "天河区" in page
    assert "&lt;请&gt;" in page
    ended = await browser.post(f"/ivr-notices/{notice.notice_id}/end", data=CSRF)
    assert ended.status_code == 303
    assert "已结束" in (await browser.get("/ivr-notices")).text
    again = await browser.post(f"/ivr-notices/{notice.notice_id}/end", data=CSRF)
    assert again.status_code == 409
    assert "这条通知已经结束" in again.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ends": ""}, "请填写日期和时间"),
        ({"ends": "tomorrow"}, "请填写日期和时间"),
        ({"ends": "2026-11-24T08:00"}, "结束时间要晚于开始时间"),
        ({"begins": "2026-11-23T08:00", "ends": "2026-11-24T08:00"}, "结束时间已经过去"),
        ({"zh": ""}, "普通话和英语的内容都要填写"),
        ({"team": "tourism"}, "没有这个班组"),
    ],
)
async def test_wrong_form_keeps_what_was_typed_and_says_why(
    site: Site, changes: dict[str, str], words: str
) -> None:
    answer = await site.browser().post("/ivr-notices", data={**TYPHOON, **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert "Typhoon warning, please stay at home." in answer.text
    assert site.notices.notices.active(NOON) == ()


async def test_machine_without_a_voice_says_so(site: Site) -> None:
    site.notices.voice.dumb = True
    answer = await site.browser().post("/ivr-notices", data=TYPHOON)
    assert answer.status_code == 409
    assert "没有安装espeak-ng" in answer.text


async def test_only_supervisors_and_administrators_make_notices(site: Site) -> None:
    for who, status in (("operator", 403), (None, 303)):
        assert (await site.browser(who).post("/ivr-notices", data=TYPHOON)).status_code == status
        assert (await site.browser(who).get("/ivr-notices")).status_code == status
    without = {k: v for k, v in TYPHOON.items() if k != "csrf_token"}
    assert (await site.browser().post("/ivr-notices", data=without)).status_code == 403
    assert site.notices.store.kept == {}


async def test_page_is_english_for_english_readers(site: Site) -> None:
    await site.browser().post("/ivr-notices", data={**TYPHOON, "team": "labour"})
    page = (await site.browser(language="en").get("/ivr-notices")).text
    assert "On air" in page
    assert "Labour" in page
    assert Language.ENGLISH in next(iter(site.notices.store.kept.values())).texts
