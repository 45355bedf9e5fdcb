"""The directory's pages in a browser's place: the account, the lists, the audit trail.

On SQLite; the last test goes once through it all on PostgreSQL, and `test_directory_stores.py` runs
every store on both.
"""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from directory.core.session_rules import IDLE
from kernel.infra.web import COOKIE, LANGUAGE_COOKIE
from tests.integration.directory_site import (
    PASSWORD,
    Site,
    close,
    cookies_of,
    csrf_of,
    opened,
    sign_in,
)

# --- one's own account, language -----------------------------------------------------------------


async def test_the_language_is_chosen_and_the_reader_comes_back(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.post("/language/en", data={"next": "/login"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert cookies_of(answer)[LANGUAGE_COOKIE].value == "en"
    assert '<html lang="en"' in (await browser.get("/login")).text


async def test_the_language_is_kept_with_the_account(
    site: Site, browser: httpx.AsyncClient
) -> None:
    await sign_in(browser, "op0001")
    await browser.post("/language/en", data={"next": "/account"})

    async with site.browser() as elsewhere:
        await sign_in(elsewhere, "op0001")
        assert '<html lang="en"' in (await elsewhere.get("/account")).text


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example"])
async def test_the_choice_of_language_sends_nobody_elsewhere(
    browser: httpx.AsyncClient, elsewhere: str
) -> None:
    answer = await browser.post("/language/zh", data={"next": elsewhere})

    assert answer.headers["location"] == "/"


async def test_an_unknown_language_is_refused(browser: httpx.AsyncClient) -> None:
    assert (await browser.post("/language/xx")).status_code == 422


async def change(browser: httpx.AsyncClient, old: str, new: str, again: str) -> httpx.Response:
    form = {"csrf_token": await csrf_of(browser), "old": old, "new": new, "again": again}
    return await browser.post("/account/password", data=form)


async def test_a_password_is_changed_and_the_browser_stays_signed_in(
    site: Site, browser: httpx.AsyncClient
) -> None:
    before = cookies_of(await sign_in(browser, "op0001"))[COOKIE].value

    answer = await change(browser, PASSWORD, "mountain-harbour-7", "mountain-harbour-7")

    assert answer.headers["location"] == "/account?done=password"
    assert cookies_of(answer)[COOKIE].value != before
    assert "密码已修改" in (await browser.get("/account?done=password")).text
    async with site.browser() as other:
        assert (await sign_in(other, "op0001")).status_code == 401
        assert (await sign_in(other, "op0001", "mountain-harbour-7")).status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("wrong", "mountain-harbour-7", "mountain-harbour-7", "原密码不正确"),
        (PASSWORD, "short", "short", "新密码至少需要 10 个字符"),
        (PASSWORD, "mountain-harbour-7", "mountain-harbour-8", "两次输入的新密码不一致"),
    ],
)
async def test_a_bad_change_says_why_beside_the_field(
    browser: httpx.AsyncClient, old: str, new: str, again: str, sentence: str
) -> None:
    await sign_in(browser, "op0001")

    answer = await change(browser, old, new, again)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert answer.text.count('aria-invalid="true"') == 1


async def test_who_must_change_the_password_is_held_on_the_account_page(
    site: Site, browser: httpx.AsyncClient
) -> None:
    async with site.database.connection() as connection:
        await connection.execute(
            text("UPDATE accounts SET must_change = :yes WHERE account = 'ad28'"), {"yes": True}
        )

    answer = await sign_in(browser, "ad28", next="/directory")

    assert answer.headers["location"] == "/account"
    assert "首次登录请先修改密码" in (await browser.get("/account")).text
    assert (await browser.get("/directory")).status_code == 403
    await change(browser, PASSWORD, "mountain-harbour-7", "mountain-harbour-7")
    assert (await browser.get("/directory")).status_code == 200


# --- the directory and the audit trail -----------------------------------------------------------


async def test_the_first_page_counts_the_city(browser: httpx.AsyncClient) -> None:
    await sign_in(browser, "op0001")

    page = await browser.get("/directory")

    for words in ("消费维权组", "天河区", "值班长", "759", "506", "123"):
        assert words in page.text


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("/directory/operators", 759),
        ("/directory/operators?team=security", None),
        ("/directory/booths", 506),
        ("/directory/authorities", 123),
        ("/directory/authorities?kind=department", 50),
        ("/directory/lines", 76),
    ],
)
async def test_a_list_is_walked_to_its_end_without_gap_or_repeat(
    browser: httpx.AsyncClient, path: str, rows: int | None
) -> None:
    await sign_in(browser, "op0001")
    seen: list[str] = []
    address: str | None = path
    while address:
        page = await browser.get(address)
        assert page.status_code == 200
        seen += re.findall(r"<tr>\s*<td>([^<]+)</td>", page.text)
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        address = following.group(1).replace("&amp;", "&") if following else None

    assert len(seen) == len(set(seen))
    assert seen == sorted(seen)
    assert len(seen) == rows if rows is not None else 106 < len(seen) < 759


@pytest.mark.parametrize(
    ("path", "there", "absent"),
    [
        ("/directory/operators?q=卢思敏", "op0001", "op0002"),
        ("/directory/operators?q=simin+lu", "op0001", "op0002"),
        ("/directory/booths?q=9F-K-23", "506", "505"),
        ("/directory/authorities?q=power+supply", "广州供电局", "市教育局"),
        ("/directory/lines?q=公积金", "12329", "12315"),
        ("/directory/lines?team=labour", "12333", "12315"),
        ("/directory/lines?q=没有这条", "没有符合条件的专线", "12315"),
    ],
)
async def test_a_list_is_searched(
    browser: httpx.AsyncClient, path: str, there: str, absent: str
) -> None:
    await sign_in(browser, "op0001")

    page = await browser.get(path)

    assert there in page.text
    assert f"<td>{absent}</td>" not in page.text


async def test_what_is_typed_into_a_search_is_shown_and_never_run(
    browser: httpx.AsyncClient,
) -> None:
    await sign_in(browser, "op0001")

    page = await browser.get("/directory/lines", params={"q": '"><script>alert(1)</script>'})

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


async def test_a_forged_cursor_is_answered_with_a_sentence(browser: httpx.AsyncClient) -> None:
    await sign_in(browser, "op0001")

    answer = await browser.get("/directory/lines?cursor=forged")

    assert answer.status_code == 422
    assert "翻页位置无效" in answer.text


@pytest.mark.parametrize("account", ["op0001", "ad01", "ad11", "ad19"])
async def test_only_administrators_see_the_audit_trail(
    browser: httpx.AsyncClient, account: str
) -> None:
    await sign_in(browser, account)

    assert (await browser.get("/audit")).status_code == 403


async def test_the_audit_trail_shows_sign_ins_and_proves_itself(
    site: Site, browser: httpx.AsyncClient
) -> None:
    async with site.browser() as other:
        await sign_in(other, "op0001")
        await sign_in(other, "op0001", "wrong")
        await sign_in(other, "no-such-person", "secret")
    await sign_in(browser, "ad28")

    page = await browser.get("/audit")
    assert page.status_code == 200
    for words in ("登录被拒绝", "op0001", "ad28"):
        assert words in page.text
    assert "no-such-person" not in page.text
    row = '<td class="nowrap">op0001</td>'
    assert row in page.text
    assert row not in (await browser.get("/audit?who=ad28")).text

    checked = await browser.post("/audit/verify", data={"csrf_token": await csrf_of(browser)})
    assert "已校验 4 条，记录完整。" in checked.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("设定来电防护级别", "风暴", "2026-12-24 20:03:09", "移出来电名单", "灰名单")),
        ("en", ("Storm", "24 Dec 2026 20:03:09", "Grey list", "Labour")),
    ],
)
async def test_the_audit_trail_is_told_in_words_and_in_the_city_s_time(
    site: Site, browser: httpx.AsyncClient, language: str, words: tuple[str, ...]
) -> None:
    until = "2026-12-24T12:03:09.123456+00:00"
    await site.audit.record(
        who="ad01", action="guard_level_set", object_id="storm", detail={"until": until}
    )
    await site.audit.record(
        who="ad01",
        action="screening_removed",
        object_id="entry-1",
        detail={"list": "grey", "team": "labour", "since": "lately", "digest": "0123456789abcdef"},
    )
    await sign_in(browser, "ad28")
    await browser.post(f"/language/{language}")

    page = (await browser.get("/audit?who=ad01")).text

    for word in (*words, "lately", "0123456789ab"):
        assert word in page
    assert "T12:03:09" not in page
    assert "cdef" not in page


async def test_a_long_audit_trail_is_walked_newest_first(
    site: Site, browser: httpx.AsyncClient
) -> None:
    for number in range(60):
        await site.audit.record(who="ad01", action="recording_played", object_id=f"call-{number}")
    await sign_in(browser, "ad28")

    first = await browser.get("/audit?who=ad01")
    following = re.search(r'rel="next" href="([^"]+)"', first.text)
    assert following is not None
    second = await browser.get(following.group(1).replace("&amp;", "&"))

    numbers = re.findall(r"<td>call-(\d+)</td>", first.text + second.text)
    assert [int(n) for n in numbers] == list(range(59, -1, -1))


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_page_is_whole_in_both_languages(
    browser: httpx.AsyncClient, language: str
) -> None:
    await sign_in(browser, "ad28")
    await browser.post(f"/language/{language}")

    for path in (
        "/account",
        "/directory",
        "/directory/operators",
        "/directory/booths",
        "/directory/authorities",
        "/directory/lines",
        "/audit",
    ):
        page = await browser.get(path)
        assert page.status_code == 200, path
        assert page.text.count("<h1>") == 1, path


async def test_a_day_at_the_office_on_postgresql(postgres_url: str) -> None:
    site = await opened(postgres_url)
    async with site.browser() as browser, site.browser() as thief:
        assert (await sign_in(browser, "ad28", "wrong")).status_code == 401
        stolen = cookies_of(await sign_in(browser, "ad28"))[COOKIE].value
        thief.cookies.set(COOKIE, stolen)
        assert (await browser.get("/directory/operators?q=op0759")).text.count("op0759") >= 2
        await browser.post("/language/en")
        await change(browser, PASSWORD, "mountain-harbour-7", "mountain-harbour-7")
        site.clock.advance(IDLE - timedelta(seconds=1))
        assert (await thief.get("/account")).status_code == 303
        trail = await browser.post("/audit/verify", data={"csrf_token": await csrf_of(browser)})
        assert trail.status_code == 200
        assert (await site.audit.verify()).checked == 3
        await browser.post("/logout", data={"csrf_token": await csrf_of(browser)})
        assert (await browser.get("/account")).status_code == 303
        await sign_in(browser, "ad28", "mountain-harbour-7")
        site.clock.advance(IDLE)
        assert (await browser.get("/account")).status_code == 303
    await close(site)
