"""The directory's pages in a browser's place: cookies, sessions, forged requests, lists.

On SQLite; the last test goes once through it all on PostgreSQL, and `test_directory_stores.py` runs
every store on both.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from directory.adapters.account_store import SqlAccountStore, SqlDeviceMemory, SqlSessionStore
from directory.adapters.audit_store import SqlAuditStore
from directory.adapters.city_store import SqlCityStore
from directory.adapters.demo_city import seed
from directory.adapters.passwords import Argon2Passwords, SecretTokens
from directory.core.backoff import ACCOUNT
from directory.core.session_rules import ABSOLUTE, IDLE
from directory.routes import DEVICE_COOKIE, build_router, session_lookup
from directory.service import Accounts, Audit, Directory
from kernel.infra.database import Database
from kernel.infra.i18n import Catalogue
from kernel.infra.web import COOKIE, LANGUAGE_COOKIE, WebKit
from tests.fakes.clock import SetClock

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "river-lantern-42"
HTML = {"accept": "text/html"}
HOST = "http://hotline.test"


def quiet(what: str, done: int, total: int) -> None:
    """Set-up's progress, unheard."""


class Site:
    """The department's pages on a real database, with a clock that is moved by hand."""

    def __init__(self, database: Database, *, secure: bool = False) -> None:
        self.database = database
        self.clock = SetClock()
        self.directory = Directory(SqlCityStore(database))
        self.audit = Audit(SqlAuditStore(database), self.clock)
        # Cheap passwords: the strength is measured elsewhere, and here it would be waited for.
        self.hasher = Argon2Passwords(memory_kib=64, passes=1)
        self.accounts = Accounts(
            accounts=SqlAccountStore(database),
            sessions=SqlSessionStore(database),
            devices=SqlDeviceMemory(database),
            hasher=self.hasher,
            tokens=SecretTokens(),
            audit=self.audit,
            clock=self.clock,
            directory=self.directory,
        )
        kit = WebKit(
            template_dirs=[ROOT / "frontend" / "templates", ROOT / "directory" / "templates"],
            catalogue=Catalogue(ROOT / "frontend" / "locale" / "en.po"),
            lookup=session_lookup(self.accounts),
            assets_version="test",
        )
        self.app = FastAPI()
        kit.install_error_answers(self.app)
        self.app.include_router(
            build_router(kit, self.directory, self.accounts, self.audit, secure_cookies=secure)
        )

    def browser(self) -> httpx.AsyncClient:
        """A browser with an empty cookie jar."""
        transport = httpx.ASGITransport(app=self.app)
        return httpx.AsyncClient(transport=transport, base_url=HOST, headers=HTML)


async def opened(url: str) -> Site:
    site = Site(Database(url))
    await seed(site.database, PASSWORD, quiet, clock=site.clock)
    await site.directory.load()
    return site


async def close(site: Site) -> None:
    site.hasher.close()
    await site.database.close()


@pytest.fixture(scope="module")
def seeded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo city, to be copied: seeding it for each test would take most of
    the time."""
    path = tmp_path_factory.mktemp("seeded") / "city.db"
    shutil.copyfile(sqlite_template, path)

    async def fill() -> None:
        await close(await opened(f"sqlite+aiosqlite:///{path}"))

    asyncio.run(fill())
    return path


@pytest.fixture
async def site(seeded: Path, tmp_path: Path) -> AsyncIterator[Site]:
    path = tmp_path / "city.db"
    shutil.copyfile(seeded, path)
    site = Site(Database(f"sqlite+aiosqlite:///{path}"))
    await site.directory.load()
    yield site
    await close(site)


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    async with site.browser() as browser:
        yield browser


async def sign_in(
    browser: httpx.AsyncClient, account: str, password: str = PASSWORD, **form: str
) -> httpx.Response:
    return await browser.post("/login", data={"account": account, "password": password, **form})


async def csrf_of(browser: httpx.AsyncClient) -> str:
    page = await browser.get("/account")
    found = re.search(r'<meta name="csrf-token" content="([^"]+)">', page.text)
    assert found is not None
    return found.group(1)


def cookies_of(answer: httpx.Response) -> SimpleCookie:
    jar = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    return jar


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
    assert "<td>op0001</td>" not in (await browser.get("/audit?who=ad28")).text

    checked = await browser.post("/audit/verify", data={"csrf_token": await csrf_of(browser)})
    assert "已校验 4 条，记录完整。" in checked.text


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
