"""Signing in and the pages around it, in a browser's place: cookies, sessions, forged requests.

On SQLite; `test_directory_stores.py` runs every store on both."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from directory.core.backoff import ACCOUNT
from directory.core.session_rules import ABSOLUTE, IDLE
from directory.routes import DEVICE_COOKIE
from kernel.infra.web import COOKIE
from tests.integration.directory_site import (
    HOST,
    PASSWORD,
    Site,
    cookies_of,
    csrf_of,
    sign_in,
)

# --- signing in ----------------------------------------------------------------------------------


async def test_the_sign_in_page_is_chinese_first_and_needs_no_session(
    browser: httpx.AsyncClient,
) -> None:
    page = await browser.get("/login")

    assert page.status_code == 200
    assert '<html lang="zh-CN"' in page.text
    assert 'autocomplete="username"' in page.text
    assert 'autocomplete="current-password"' in page.text


@pytest.mark.parametrize(
    ("account", "home"),
    [
        ("op0001", "/desk"),
        ("ad01", "/wallboard"),
        ("ad11", "/recordings"),
        ("ad19", "/cases"),
        ("ad28", "/directory"),
        ("ad34", "/wallboard"),
    ],
)
async def test_each_role_is_sent_to_its_own_page(
    browser: httpx.AsyncClient, account: str, home: str
) -> None:
    answer = await sign_in(browser, account)

    assert (answer.status_code, answer.headers["location"]) == (303, home)


async def test_who_came_for_a_page_gets_it_after_signing_in(browser: httpx.AsyncClient) -> None:
    refused = await browser.get("/directory/lines")
    assert refused.headers["location"] == "/login?next=/directory/lines"

    answer = await sign_in(browser, "op0001", next="/directory/lines")

    assert answer.headers["location"] == "/directory/lines"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example"]
)
async def test_a_link_cannot_send_people_elsewhere_after_signing_in(
    browser: httpx.AsyncClient, elsewhere: str
) -> None:
    answer = await sign_in(browser, "op0001", next=elsewhere)

    assert answer.headers["location"] == "/desk"


async def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(
    browser: httpx.AsyncClient,
) -> None:
    jar = cookies_of(await sign_in(browser, "op0001"))

    for name in (COOKIE, DEVICE_COOKIE):
        assert jar[name]["httponly"] is True
        assert jar[name]["samesite"] == "strict"
        assert jar[name]["path"] == "/"
        assert jar[name]["secure"] == ""
        assert len(jar[name].value) == 43
    assert jar[COOKIE]["max-age"] == str(int(ABSOLUTE.total_seconds()))


async def test_over_https_the_cookies_never_travel_without_it(site: Site) -> None:
    secure = Site(site.database, secure=True)
    await secure.directory.load()
    async with secure.browser() as browser:
        jar = cookies_of(await sign_in(browser, "op0001"))

    assert jar[COOKIE]["secure"] is True
    assert jar[DEVICE_COOKIE]["secure"] is True
    secure.hasher.close()


async def test_a_wrong_password_is_answered_with_one_sentence(browser: httpx.AsyncClient) -> None:
    answer = await sign_in(browser, "op0001", "wrong")

    assert answer.status_code == 401
    assert "账号或密码不正确" in answer.text
    assert 'value="op0001"' in answer.text
    assert "wrong" not in answer.text
    assert not answer.headers.get_list("set-cookie")


async def test_too_many_failures_are_answered_with_the_wait(browser: httpx.AsyncClient) -> None:
    for _ in range(ACCOUNT.free):
        assert (await sign_in(browser, "op0001", "wrong")).status_code == 401

    answer = await sign_in(browser, "op0001")

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "2"
    assert "登录失败次数过多" in answer.text


async def test_a_browser_that_signed_in_before_is_not_delayed_by_others(site: Site) -> None:
    async with site.browser() as booth, site.browser() as guesser:
        await sign_in(booth, "op0002")
        for _ in range(ACCOUNT.free + 1):
            await sign_in(guesser, "op0001", "wrong")
        assert (await sign_in(guesser, "op0001")).status_code == 429

        assert (await sign_in(booth, "op0001")).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ],
)
async def test_another_site_cannot_sign_anybody_in(
    browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await browser.post(
        "/login", data={"account": "op0001", "password": PASSWORD}, headers=headers
    )

    assert answer.status_code == 403
    assert not answer.headers.get_list("set-cookie")


async def test_a_session_planted_before_the_sign_in_is_worth_nothing(
    site: Site, browser: httpx.AsyncClient
) -> None:
    browser.cookies.set(COOKIE, "planted")
    jar = cookies_of(await sign_in(browser, "op0001"))

    assert jar[COOKIE].value != "planted"
    async with site.browser() as thief:
        thief.cookies.set(COOKIE, "planted")
        assert (await thief.get("/account")).status_code == 303


async def test_signing_in_again_ends_the_session_before(
    site: Site, browser: httpx.AsyncClient
) -> None:
    first = cookies_of(await sign_in(browser, "op0001"))[COOKIE].value
    second = cookies_of(await sign_in(browser, "op0001"))[COOKIE].value

    assert first != second
    async with site.browser() as thief:
        thief.cookies.set(COOKIE, first)
        assert (await thief.get("/account")).status_code == 303


async def test_the_database_holds_no_token(site: Site, browser: httpx.AsyncClient) -> None:
    jar = cookies_of(await sign_in(browser, "op0001"))

    async with site.database.connection() as connection:
        sessions = (await connection.execute(text("SELECT * FROM web_sessions"))).all()
        devices = (await connection.execute(text("SELECT * FROM known_devices"))).all()
    kept = f"{sessions}{devices}"
    assert jar[COOKIE].value not in kept
    assert jar[DEVICE_COOKIE].value not in kept


async def test_many_people_sign_in_at_the_same_moment(site: Site) -> None:
    # "database is locked" was the answer to nearly all of them while a device was read before it
    # was written in one transaction.
    names = [f"op{n:04}" for n in range(1, 81)]

    made = await asyncio.gather(
        *[site.accounts.sign_in(name, PASSWORD, source="10.0.0.1") for name in names]
    )

    assert [m.session.principal.account for m in made] == names
    assert (await site.audit.verify()).checked == 80


# --- sessions ------------------------------------------------------------------------------------


async def test_signing_out_ends_the_session_for_a_thief_as_well(
    site: Site, browser: httpx.AsyncClient
) -> None:
    stolen = cookies_of(await sign_in(browser, "op0001"))[COOKIE].value

    answer = await browser.post("/logout", data={"csrf_token": await csrf_of(browser)})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert cookies_of(answer)[COOKIE]["max-age"] == "0"
    async with site.browser() as thief:
        thief.cookies.set(COOKIE, stolen)
        assert (await thief.get("/account")).headers["location"] == "/login?next=/account"


async def test_idleness_ends_a_supervisors_session(site: Site, browser: httpx.AsyncClient) -> None:
    await sign_in(browser, "ad01")
    site.clock.advance(IDLE - timedelta(seconds=1))
    assert (await browser.get("/account")).status_code == 200

    site.clock.advance(IDLE)

    assert (await browser.get("/account")).status_code == 303


async def test_a_shift_ends_an_operators_session(site: Site, browser: httpx.AsyncClient) -> None:
    await sign_in(browser, "op0001")
    site.clock.advance(ABSOLUTE - timedelta(seconds=1))
    assert (await browser.get("/account")).status_code == 200

    site.clock.advance(timedelta(seconds=1))

    assert (await browser.get("/account")).status_code == 303


async def test_a_program_without_a_session_gets_json_and_401(site: Site) -> None:
    async with site.browser() as browser:
        answer = await browser.get("/api/session")

    assert answer.status_code == 401
    assert answer.json()["error"] == "not_signed_in"


async def test_a_program_learns_who_it_is(browser: httpx.AsyncClient) -> None:
    await sign_in(browser, "op0001")

    body = (await browser.get("/api/session")).json()

    assert body["csrf_token"] == await csrf_of(browser)
    del body["csrf_token"]
    assert body == {
        "account": "op0001",
        "name": "卢思敏",
        "roles": ["operator"],
        "agent_id": "op0001",
        "teams": ["general", "labour", "security"],
        "language": "zh",
    }


# --- forged requests -----------------------------------------------------------------------------

CHANGING = ["/logout", "/account/password"]


@pytest.mark.parametrize("path", CHANGING)
async def test_a_change_without_the_token_is_refused(browser: httpx.AsyncClient, path: str) -> None:
    await sign_in(browser, "op0001")

    assert (await browser.post(path)).status_code == 403
    assert (await browser.post(path, data={"csrf_token": "guessed"})).status_code == 403
    assert (await browser.get("/account")).status_code == 200


@pytest.mark.parametrize("path", CHANGING)
async def test_a_change_from_another_site_is_refused_even_with_the_token(
    browser: httpx.AsyncClient, path: str
) -> None:
    await sign_in(browser, "op0001")
    token = await csrf_of(browser)

    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = await browser.post(path, data={"csrf_token": token}, headers=headers)
        assert answer.status_code == 403
    assert (await browser.get("/account")).status_code == 200


async def test_another_persons_token_is_refused(site: Site, browser: httpx.AsyncClient) -> None:
    await sign_in(browser, "op0001")
    async with site.browser() as other:
        await sign_in(other, "op0002")
        token = await csrf_of(other)

    assert (await browser.post("/logout", data={"csrf_token": token})).status_code == 403


async def test_the_token_may_come_in_a_header(browser: httpx.AsyncClient) -> None:
    await sign_in(browser, "op0001")

    answer = await browser.post(
        "/logout", headers={"x-csrf-token": await csrf_of(browser), "origin": HOST}
    )

    assert answer.status_code == 303
