"""The pages and the sound, over HTTP, on a real database and a real disk."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from kernel.errors import Unavailable
from kernel.ids import AgentId, CallId, TeamId
from kernel.infra.database import Database
from recordings.core.transcript import Side
from tests.fakes.clock import NOON
from tests.integration.recordings_site import CALL, HTML, Site


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    database = Database(sqlite_url)
    made = Site(database, tmp_path)
    await made.call()
    yield made
    await database.close()


AUDIO = f"/api/recordings/{CALL}/audio"
SIZE = 44 + 40 * 8000 * 4


# --- who may --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/recordings", f"/recordings/{CALL}", f"/api/recordings/{CALL}/peaks", AUDIO],
)
async def test_operators_may_not_listen_and_strangers_must_sign_in(site: Site, path: str) -> None:
    async with site.browser("op0001") as browser:
        assert (await browser.get(path)).status_code == 403
    async with site.browser(None) as browser:
        assert (await browser.get(path)).status_code == 401
    assert site.trail.entries == []


async def test_number_is_masked_for_quality_and_whole_for_the_supervisor(site: Site) -> None:
    for path in ("/recordings", f"/recordings/{CALL}"):
        async with site.browser("qa01") as browser:
            page = (await browser.get(path, headers=HTML)).text
            assert "138****8000" in page
            assert "13800138000" not in page
        async with site.browser("sup01") as browser:
            assert "13800138000" in (await browser.get(path, headers=HTML)).text


# --- the sound ------------------------------------------------------------------------------------


async def test_whole_file_is_handed_over_and_written_down(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.get(AUDIO)
    assert answer.status_code == 200
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "audio/wav"
    assert "no-store" in answer.headers["cache-control"]
    assert len(answer.content) == SIZE
    assert site.trail.actions == ["recording_fetched"]


@pytest.mark.parametrize(
    ("asked", "told", "length"),
    [
        ("bytes=0-43", f"bytes 0-43/{SIZE}", 44),
        ("bytes=44-", f"bytes 44-{SIZE - 1}/{SIZE}", SIZE - 44),
        ("bytes=-100", f"bytes {SIZE - 100}-{SIZE - 1}/{SIZE}", 100),
        (f"bytes=100-{SIZE * 2}", f"bytes 100-{SIZE - 1}/{SIZE}", SIZE - 100),
    ],
)
async def test_range_is_answered_with_206(site: Site, asked: str, told: str, length: int) -> None:
    async with site.browser() as browser:
        whole = (await browser.get(AUDIO)).content
        answer = await browser.get(AUDIO, headers={"range": asked})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == told
    start = int(told.split()[1].split("-")[0])
    assert answer.content == whole[start : start + length]


async def test_range_behind_the_end_is_answered_with_416(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.get(AUDIO, headers={"range": f"bytes={SIZE}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


async def test_second_of_the_first_range_is_written_down(site: Site) -> None:
    byte = 44 + 30 * 8000 * 4
    async with site.browser() as browser:
        await browser.get(AUDIO, headers={"range": f"bytes={byte}-"})
    (entry,) = await site.listenings.of_call(CALL, 10)
    assert (entry.account, entry.act, entry.from_s) == ("qa01", "fetched", 30.0)


@pytest.mark.parametrize(
    "call_id",
    ["unknown-call", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "a%00b", "x" * 300, "%E5%90%8D"],
)
async def test_impossible_call_ids_are_not_found(site: Site, call_id: str) -> None:
    async with site.browser() as browser:
        for path in ("audio", "peaks"):
            answer = await browser.get(f"/api/recordings/{call_id}/{path}")
            assert answer.status_code == 404
    assert site.trail.entries == []


async def test_file_that_vanished_is_not_found_and_not_written_down(site: Site) -> None:
    for path in (site.folder / "archive").rglob("*.wav"):
        path.unlink()
    async with site.browser() as browser:
        assert (await browser.get(AUDIO)).status_code == 404
    assert site.trail.entries == []


# --- the drawing and the notes --------------------------------------------------------------------


async def test_peaks_come_for_both_sides(site: Site) -> None:
    async with site.browser() as browser:
        body = (await browser.get(f"/api/recordings/{CALL}/peaks")).json()
    assert (body["window_ms"], body["duration_s"]) == (100, 40.0)
    assert len(body["caller"]) == len(body["operator"]) == 400
    assert set(body["caller"]) == {7}
    assert set(body["operator"]) == {23}


async def test_each_playback_is_written_down_with_its_second(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.post(
            f"/api/recordings/{CALL}/played",
            json={"from_s": 12.5},
            headers={"x-csrf-token": "token"},
        )
        assert answer.status_code == 204
        page = (await browser.get(f"/recordings/{CALL}", headers=HTML)).text
    (entry,) = await site.listenings.of_call(CALL, 10)
    assert (entry.account, entry.act, entry.from_s) == ("qa01", "played", 12.5)
    assert "0:12" in page


async def test_playback_note_needs_the_csrf_token(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.post(f"/api/recordings/{CALL}/played", json={"from_s": 0})
    assert answer.status_code == 403


# --- the pages ------------------------------------------------------------------------------------


async def test_old_line_is_called_as_its_reader_calls_it(site: Site) -> None:
    await site.store.arrived(CALL, NOON, ani="13800138000", dnis="12333", line_name="人社热线")
    for path in ("/recordings", f"/recordings/{CALL}"):
        async with site.browser() as browser:
            assert "人社热线" in (await browser.get(path, headers=HTML)).text
        async with site.browser(language="en") as browser:
            page = (await browser.get(path, headers=HTML)).text
            assert "Line 12333" in page
            assert "人社热线" not in page


async def test_player_links_to_the_call_and_its_cases(site: Site) -> None:
    async with site.browser() as browser:
        page = (await browser.get(f"/recordings/{CALL}", headers=HTML)).text
    assert f'href="/calls/{CALL}"' in page
    assert f'href="/cases?call={CALL}"' in page
    assert f'src="/api/recordings/{CALL}/audio"' in page


async def test_what_was_said_is_listed_escaped_and_its_reading_written_down(site: Site) -> None:
    await site.said('<script>alert(1)</script> & "社保"')
    await site.said("请稍等", 30, side=Side.OPERATOR, sure=0.2)
    async with site.browser() as browser:
        page = (await browser.get(f"/recordings/{CALL}", headers=HTML)).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;社保&#34;" in page
    assert "<script>alert" not in page
    assert re.findall(r'class="utterance" data-from="([\d.]+)"', page) == ["12.5", "30.0"]
    assert page.count("存疑") == 1
    assert site.trail.actions == ["recording_read"]
    (entry,) = await site.listenings.of_call(CALL, 10)
    assert (entry.account, entry.act) == ("qa01", "read")
    assert "阅读文字" in page


async def test_operators_may_not_read_and_nothing_is_noted(site: Site) -> None:
    await site.said("社保")
    async with site.browser("op0001") as browser:
        answer = await browser.get(f"/recordings/{CALL}", headers=HTML)
    assert answer.status_code == 403
    assert "社保" not in answer.text
    assert site.trail.entries == []


async def test_reading_that_cannot_be_written_down_is_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.said("社保")

    async def broken(**_: object) -> None:
        raise Unavailable("审计记录暂时无法写入")

    monkeypatch.setattr(site.trail, "record", broken)
    async with site.browser() as browser:
        answer = await browser.get(f"/recordings/{CALL}", headers=HTML)
    assert answer.status_code == 503
    assert "社保" not in answer.text


async def test_call_without_words_says_why_and_opening_its_page_is_no_reading(site: Site) -> None:
    async with site.browser() as browser:
        page = (await browser.get(f"/recordings/{CALL}", headers=HTML)).text
        assert "这个班组的通话没有开启文字识别" in page
        await site.store.joined_team(CALL, NOON, TeamId("urban"))
        page = (await browser.get(f"/recordings/{CALL}", headers=HTML)).text
        assert "这通来电没有识别出文字" in page
    assert site.trail.entries == []


async def test_page_of_a_message_says_how_far_its_words_are(site: Site) -> None:
    await site.message()
    async with site.browser() as browser:
        address = f"/recordings/{CALL}"
        page = (await browser.get(address, headers=HTML)).text
        assert "留言文字" in page and "正在识别成文字，稍后刷新本页" in page
        site.scribe.able = frozenset()
        assert "没有安装这种语言的识别模型" in (await browser.get(address, headers=HTML)).text
        await site.messages.written(CALL, 0.0, [], NOON)
        assert "没有识别出文字，请听录音" in (await browser.get(address, headers=HTML)).text
        assert site.trail.entries == []
        await site.said("社保卡丢了")
        await site.listenings.note(
            account="sup01", call_id=CALL, at=NOON, from_s=0.0, act="glanced"
        )
        page = (await browser.get(address, headers=HTML)).text
    assert "留言文字" in page and "社保卡丢了" in page
    assert "在列表看到开头" in page and page.count('class="number">–<') == 2
    assert site.trail.actions == ["recording_read"]


async def test_words_of_a_missing_recording_can_be_read_but_lead_nowhere(site: Site) -> None:
    other = CallId("gz-1795521600-2")
    await site.call(other, archived=False)
    await site.said("社保", call_id=other)
    async with site.browser() as browser:
        page = (await browser.get(f"/recordings/{other}", headers=HTML)).text
    assert "社保" in page
    assert "data-from" not in page


async def test_missing_recording_has_a_page_without_a_player(site: Site) -> None:
    other = CallId("gz-1795521600-2")
    await site.call(other, archived=False)
    async with site.browser() as browser:
        page = (await browser.get(f"/recordings/{other}", headers=HTML)).text
    assert "录音缺失" in page
    assert "<audio" not in page


async def test_recording_shorter_than_the_call_is_pointed_out(site: Site) -> None:
    await site.store.add_connected(CALL, NOON, timedelta(seconds=60))
    async with site.browser() as browser:
        assert "缺 1:00" in (await browser.get("/recordings", headers=HTML)).text
        assert CALL in (await browser.get("/recordings?problem=1", headers=HTML)).text


async def test_list_is_filtered_by_the_address(site: Site) -> None:
    async with site.browser() as browser:
        for query, listed in (
            ("team=labour&agent=op0001&number=13800138000&from=2026-11-24&to=2026-11-24", True),
            (f"call={CALL}&shortest=0:30&longest=1:00", True),
            ("team=urban", False),
            ("from=2026-11-25", False),
            ("score=1", False),
        ):
            page = (await browser.get(f"/recordings?{query}", headers=HTML)).text
            assert (f'href="/recordings/{CALL}"' in page) is listed
            assert ("没有符合条件的录音" in page) is not listed


async def test_wrong_filter_says_so_beside_its_field(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.get("/recordings?shortest=long&team=labour", headers=HTML)
    assert answer.status_code == 422
    assert "时长应写成秒数" in answer.text
    assert 'id="field-shortest-error"' in answer.text
    assert 'value="long"' in answer.text


async def test_forged_cursor_says_so(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.get("/recordings?cursor=xyz", headers=HTML)
    assert answer.status_code == 422
    assert "翻页位置无效" in answer.text


async def test_filters_stay_in_the_address_of_the_next_page(site: Site) -> None:
    for number in range(60):
        await site.store.answered(
            CallId(f"gz-1-{number:03}"), NOON, AgentId("op0001"), TeamId("urban")
        )
        await site.store.ended(CallId(f"gz-1-{number:03}"), NOON)
    async with site.browser() as browser:
        page = (await browser.get("/recordings?team=urban", headers=HTML)).text
        address = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        assert "team=urban" in address
        following = (await browser.get(address, headers=HTML)).text
    assert page.count('href="/recordings/gz-1-') == 50
    assert following.count('href="/recordings/gz-1-') == 10
