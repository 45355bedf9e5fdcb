"""The directory's ports: one contract each, run against the fake and against both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from directory.adapters.account_store import SqlAccountStore, SqlDeviceMemory, SqlSessionStore
from directory.adapters.audit_store import SqlAuditStore
from directory.adapters.city_store import SqlCityStore
from directory.adapters.demo_city import seed
from directory.adapters.passwords import Argon2Passwords, SecretTokens, quick_hash, quick_match
from directory.core.audit_chain import AuditEntry, Head, link
from directory.core.backoff import NONE_YET, Attempts
from directory.core.city import City
from directory.core.session_rules import SessionTimes, begun
from directory.ports import (
    AccountRecord,
    AccountStore,
    AuditStore,
    DeviceMemory,
    PasswordHasher,
    SessionRecord,
    SessionStore,
    TokenSource,
)
from directory.service import Audit
from kernel.audit import AuditValue
from kernel.errors import Unavailable
from kernel.ids import AgentId
from kernel.infra.database import Database
from kernel.language import ScreenLanguage
from kernel.policy import Role
from tests.fakes.account_store import DictAccountStore
from tests.fakes.audit_store import ListAuditStore
from tests.fakes.clock import NOON, SetClock
from tests.fakes.device_memory import DictDeviceMemory
from tests.fakes.password_hasher import PlainHasher
from tests.fakes.session_store import DictSessionStore
from tests.fakes.token_source import CountedTokens

PASSWORD = "river-lantern-42"
NEVER = "no-such-thing"


def quiet(what: str, done: int, total: int) -> None:
    """Set-up's progress, unheard."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def city(database: Database) -> City:
    return await seed(database, PASSWORD, quiet, clock=SetClock())


# --- the city ------------------------------------------------------------------------------------


async def test_the_city_comes_back_as_it_was_written(database: Database, city: City) -> None:
    assert await SqlCityStore(database).load() == city


async def test_setting_up_twice_changes_nothing(database: Database, city: City) -> None:
    store = SqlAccountStore(database)
    before = await store.account("op0001")

    await seed(database, PASSWORD, quiet, clock=SetClock())

    assert await SqlCityStore(database).load() == city
    assert await store.account("op0001") == before


async def test_every_person_has_an_account(database: Database, city: City) -> None:
    async with database.connection() as connection:
        count = await connection.scalar(text("SELECT count(*) FROM accounts"))
        salts = await connection.scalar(text("SELECT count(DISTINCT password_hash) FROM accounts"))

    assert count == salts == 759 + 34


async def test_a_password_the_owner_chose_survives_another_set_up(
    database: Database, city: City
) -> None:
    store = SqlAccountStore(database)
    chosen = quick_hash("chosen-by-its-owner")
    await store.save_password("op0001", chosen, by_owner=True)

    await seed(database, "a-new-demo-password", quiet, clock=SetClock())

    mine, other = await store.account("op0001"), await store.account("op0002")
    assert mine is not None and mine.password_hash == chosen
    assert other is not None and quick_match(other.password_hash, "a-new-demo-password")


async def test_what_the_configuration_no_longer_has_is_gone(database: Database, city: City) -> None:
    store = SqlCityStore(database)
    kept = [line for line in city.lines if line.authority != "archives"]
    smaller = City(
        city.teams,
        city.districts,
        tuple(a for a in city.authorities if a.authority_id != "archives"),
        tuple(kept),
        city.booths[:500],
        city.operators,
        city.administrators,
    )

    await store.save(smaller)

    assert await store.load() == smaller


# --- accounts ------------------------------------------------------------------------------------


@pytest.fixture(params=["fake", "sql"])
def accounts(request: pytest.FixtureRequest, database: Database, city: City) -> AccountStore:
    if request.param == "sql":
        return SqlAccountStore(database)
    record = AccountRecord(
        account="op0001",
        display_name="卢思敏",
        roles=frozenset({Role.OPERATOR}),
        agent_id=AgentId("op0001"),
        password_hash=quick_hash(PASSWORD),
        demo_password=True,
        must_change=False,
        active=True,
        language=ScreenLanguage.CHINESE,
        attempts=NONE_YET,
    )
    return DictAccountStore([record])


async def test_an_account_is_found_by_its_name(accounts: AccountStore) -> None:
    found = await accounts.account("op0001")

    assert found is not None
    assert (found.display_name, found.agent_id) == ("卢思敏", "op0001")
    assert found.roles == {Role.OPERATOR}
    assert (found.demo_password, found.must_change, found.active) == (True, False, True)
    assert quick_match(found.password_hash, PASSWORD)
    assert await accounts.account(NEVER) is None


async def test_changes_of_an_account_are_kept(accounts: AccountStore) -> None:
    attempts = Attempts(7, NOON)
    await accounts.save_attempts("op0001", attempts, NOON + timedelta(seconds=8))
    await accounts.save_language("op0001", ScreenLanguage.ENGLISH)
    await accounts.save_password("op0001", "rehashed", by_owner=False)

    found = await accounts.account("op0001")
    assert found is not None
    assert found.attempts == attempts
    assert found.language is ScreenLanguage.ENGLISH
    assert (found.password_hash, found.demo_password) == ("rehashed", True)

    await accounts.save_password("op0001", "chosen", by_owner=True)
    found = await accounts.account("op0001")
    assert found is not None
    assert (found.password_hash, found.demo_password) == ("chosen", False)


async def test_changes_of_an_unknown_account_do_nothing(accounts: AccountStore) -> None:
    await accounts.save_attempts(NEVER, Attempts(1, NOON), None)
    await accounts.save_language(NEVER, ScreenLanguage.ENGLISH)
    await accounts.save_password(NEVER, "x", by_owner=True)

    assert await accounts.account(NEVER) is None


# --- sessions and devices ------------------------------------------------------------------------


@pytest.fixture(params=["fake", "sql"])
def sessions(request: pytest.FixtureRequest, database: Database, city: City) -> SessionStore:
    return SqlSessionStore(database) if request.param == "sql" else DictSessionStore()


def session(token_hash: str, account: str = "op0001") -> SessionRecord:
    return SessionRecord(token_hash, account, "csrf", begun(NOON))


async def test_a_session_comes_back_as_it_began(sessions: SessionStore) -> None:
    await sessions.begin(session("a"))

    assert await sessions.find("a") == session("a")
    assert await sessions.find(NEVER) is None


async def test_the_last_use_moves_forward_only(sessions: SessionStore) -> None:
    await sessions.begin(session("a"))
    later = NOON + timedelta(minutes=5)
    await sessions.touch("a", later)
    await sessions.touch("a", NOON)

    found = await sessions.find("a")
    assert found is not None
    assert found.times == SessionTimes(NOON, later, begun(NOON).expires_at)


async def test_sessions_end_one_by_one_or_all_of_an_account(sessions: SessionStore) -> None:
    for token_hash, account in (("a", "op0001"), ("b", "op0001"), ("c", "op0002")):
        await sessions.begin(session(token_hash, account))

    await sessions.end("a")
    await sessions.end(NEVER)
    assert await sessions.find("a") is None
    assert await sessions.find("b") is not None

    await sessions.end_all("op0001")
    assert await sessions.find("b") is None
    assert await sessions.find("c") is not None


async def test_only_sessions_that_ran_out_are_purged(sessions: SessionStore) -> None:
    await sessions.begin(session("a"))

    await sessions.purge(begun(NOON).expires_at - timedelta(seconds=1))
    assert await sessions.find("a") is not None
    await sessions.purge(begun(NOON).expires_at)
    assert await sessions.find("a") is None


@pytest.fixture(params=["fake", "sql"])
def devices(request: pytest.FixtureRequest, database: Database) -> DeviceMemory:
    return SqlDeviceMemory(database) if request.param == "sql" else DictDeviceMemory()


async def test_a_device_is_known_from_its_last_use(devices: DeviceMemory) -> None:
    await devices.remember("d", NOON)
    await devices.remember("d", NOON + timedelta(days=1))

    assert await devices.known("d", NOON + timedelta(days=1))
    assert not await devices.known("d", NOON + timedelta(days=2))
    assert not await devices.known(NEVER, NOON)


# --- passwords and tokens ------------------------------------------------------------------------


@pytest.fixture(params=["fake", "argon2"])
def hasher(request: pytest.FixtureRequest) -> PasswordHasher:
    return Argon2Passwords() if request.param == "argon2" else PlainHasher()


async def test_a_password_fits_its_own_hash_only(hasher: PasswordHasher) -> None:
    password_hash = await hasher.hash(PASSWORD)

    assert await hasher.verify(password_hash, PASSWORD)
    assert not await hasher.verify(password_hash, PASSWORD + "x")
    assert not await hasher.verify(None, PASSWORD)
    assert not await hasher.verify("no hash at all", PASSWORD)
    assert not hasher.outdated(password_hash)


async def test_the_quick_hash_of_set_up_fits_and_is_outdated() -> None:
    passwords = Argon2Passwords()
    quick = quick_hash(PASSWORD)

    assert await passwords.verify(quick, PASSWORD)
    assert not await passwords.verify(quick, "wrong")
    assert passwords.outdated(quick)
    assert quick != quick_hash(PASSWORD)
    assert not quick_match("no hash at all", PASSWORD)
    passwords.close()


async def test_the_hash_has_the_strength_that_is_promised() -> None:
    passwords = Argon2Passwords()

    assert (await passwords.hash(PASSWORD)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    passwords.close()


@pytest.fixture(params=[CountedTokens, SecretTokens])
def tokens(request: pytest.FixtureRequest) -> TokenSource:
    source: Callable[[], TokenSource] = request.param
    return source()


def test_tokens_differ(tokens: TokenSource) -> None:
    assert len({tokens.new() for _ in range(1000)}) == 1000


def test_real_tokens_hold_256_bits_and_fit_in_a_cookie() -> None:
    token = SecretTokens().new()

    assert len(token) == 43
    assert all(c.isalnum() or c in "-_" for c in token)


# --- the audit trail -----------------------------------------------------------------------------


@pytest.fixture(params=["fake", "sql"])
def trail(request: pytest.FixtureRequest, database: Database) -> AuditStore:
    return SqlAuditStore(database) if request.param == "sql" else ListAuditStore()


def linked(number: int, who: str = "ad01") -> Callable[[Head], AuditEntry]:
    def following(head: Head) -> AuditEntry:
        detail: dict[str, AuditValue] = {
            "number": number,
            "reason": "质检",
            "whole": True,
            "part": 0.5,
            "none": None,
        }
        return link(
            head,
            at=NOON + timedelta(microseconds=number),
            who=who,
            action="recording_played",
            object_id=f"gz1-1-{number}",
            detail=detail,
        )

    return following


async def test_entries_come_back_as_they_were_appended(trail: AuditStore) -> None:
    appended = [await trail.append(linked(n, f"ad{n % 2:02}")) for n in range(5)]

    assert list(await trail.after(0, 10)) == appended
    assert list(await trail.after(2, 2)) == appended[2:4]
    assert list(await trail.before(None, "", 2)) == appended[:2:-1]
    assert list(await trail.before(4, "ad00", 9)) == [appended[2], appended[0]]
    assert await trail.head() == Head(5, appended[-1].hash)


async def test_an_empty_trail_has_the_first_head(trail: AuditStore) -> None:
    assert await trail.head() == Head()
    assert list(await trail.after(0, 10)) == []


async def test_many_writers_at_once_make_one_chain(trail: AuditStore) -> None:
    await asyncio.gather(*[trail.append(linked(n)) for n in range(40)])

    verdict = await Audit(trail, SetClock()).verify(batch=7)
    assert (verdict.checked, verdict.intact) == (40, True)


async def filled(database: Database) -> Audit:
    audit = Audit(SqlAuditStore(database), SetClock())
    for number in range(10):
        await audit.record(who="ad01", action="recording_played", object_id=f"gz1-1-{number}")
    return audit


async def test_the_database_refuses_to_alter_or_delete_an_entry(database: Database) -> None:
    audit = await filled(database)

    for statement in (
        "UPDATE audit_log SET who = 'ad02' WHERE seq = 4",
        "DELETE FROM audit_log WHERE seq = 4",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.connection() as connection:
                await connection.execute(text(statement))

    assert (await audit.verify()).intact


async def drop_the_guard(database: Database) -> None:
    """As somebody with all rights on the database could."""
    names = ["audit_log_no_update", "audit_log_no_delete"]
    statements = [f"DROP TRIGGER {name}" for name in names]
    if not database.is_sqlite:
        statements = ["DROP TRIGGER audit_log_append_only ON audit_log"]
    async with database.connection() as connection:
        for statement in statements:
            await connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_log SET who = 'ad02' WHERE seq = 4", 4),
        ("UPDATE audit_log SET object_id = 'another' WHERE seq = 10", 10),
        ("DELETE FROM audit_log WHERE seq = 4", 4),
        ("DELETE FROM audit_log WHERE seq > 8", 9),
    ],
)
async def test_an_alteration_by_the_databases_owner_is_found(
    database: Database, statement: str, broken_at: int
) -> None:
    audit = await filled(database)
    await drop_the_guard(database)
    async with database.connection() as connection:
        await connection.execute(text(statement))

    assert (await audit.verify()).broken_at == broken_at


async def test_a_trail_that_cannot_be_written_stops_the_act(database: Database) -> None:
    audit = await filled(database)
    async with database.connection() as connection:
        await connection.execute(text("ALTER TABLE audit_log RENAME TO gone"))

    with pytest.raises(Unavailable):
        await audit.record(who="ad01", action="recording_played", object_id="x")
