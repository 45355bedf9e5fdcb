"""The directory in memory, the accounts and their sessions, the audit trail.

Knows when to read and write; the rules are in `directory.core`, the world behind `directory.ports`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Generic, TypeVar

from directory.core import backoff, password_rules, session_rules
from directory.core.audit_chain import AuditEntry, ChainVerdict, Head, check, link
from directory.core.backoff import Attempts, Patience
from directory.core.city import (
    Administrator,
    Authority,
    Booth,
    City,
    District,
    Line,
    Operator,
    Team,
)
from directory.core.session_rules import SessionTimes
from directory.ports import (
    AccountRecord,
    AccountStore,
    AuditStore,
    CityStore,
    DeviceMemory,
    PasswordHasher,
    SessionRecord,
    SessionStore,
    TokenSource,
)
from kernel.audit import AuditTrail, AuditValue
from kernel.clock import Clock
from kernel.errors import BadInput, HotlineError, NotFound
from kernel.ids import AgentId, AuthorityId, BoothId, TeamId
from kernel.language import ScreenLanguage
from kernel.policy import Principal

Value = TypeVar("Value")
_CACHE_FOR = timedelta(seconds=5)
_CACHED_SESSIONS = 4096
_COUNTED_KEYS = 20_000
_DEVICE_MEMORY = timedelta(days=180)
_LONGEST_ACCOUNT = 32
_AT_ONCE = 2


class Directory:
    """A snapshot of the city: every answer comes from memory, in constant time.

    Fills `acd.ports.Roster` and `ivr.ports.LineBook` by shape. `load` replaces the snapshot at
    one stroke, so a reader never sees half of a change.
    """

    def __init__(self, store: CityStore) -> None:
        self._store = store
        self._install(City())

    async def load(self) -> None:
        """Read the city again; the old snapshot stays if the store fails."""
        self._install(await self._store.load())

    def _install(self, city: City) -> None:
        self._city = city
        self._agents = {o.agent_id: o for o in city.operators}
        self._administrators = {a.account: a for a in city.administrators}
        self._booths = {b.booth_id: b for b in city.booths}
        self._teams = {t.team_id: t for t in city.teams}
        self._lines = {line.number: line for line in city.lines}
        self._authorities = {a.authority_id: a for a in city.authorities}
        self._districts = {d.district_id: d for d in city.districts}

    @property
    def city(self) -> City:
        return self._city

    def agent(self, agent_id: AgentId) -> Operator | None:
        return self._agents.get(agent_id)

    def agents(self) -> Sequence[Operator]:
        """All operators by work number."""
        return self._city.operators

    def administrator(self, account: str) -> Administrator | None:
        return self._administrators.get(account)

    def booth(self, booth_id: BoothId) -> Booth | None:
        return self._booths.get(booth_id)

    def booths(self) -> Sequence[Booth]:
        """All booths by number."""
        return self._city.booths

    def team(self, team_id: TeamId) -> Team | None:
        return self._teams.get(team_id)

    def teams(self) -> Sequence[Team]:
        """The teams in their order."""
        return self._city.teams

    def team_ids(self) -> tuple[TeamId, ...]:
        return tuple(self._teams)

    def line(self, dnis: str) -> Line | None:
        """The old line that was dialled; None for 12345 itself and for unknown numbers."""
        return self._lines.get(dnis)

    def lines(self) -> Sequence[Line]:
        return self._city.lines

    def authority(self, authority_id: AuthorityId) -> Authority | None:
        return self._authorities.get(authority_id)

    def authorities(self) -> Sequence[Authority]:
        """District governments, municipal departments, then the others."""
        return self._city.authorities

    def district(self, district_id: str) -> District | None:
        return self._districts.get(district_id)

    def districts(self) -> Sequence[District]:
        return self._city.districts

    def team_names(self) -> Mapping[ScreenLanguage, Mapping[str, str]]:
        """The short names of the teams for each screen language."""
        return {
            language: MappingProxyType({t.team_id: t.shortly(language) for t in self.teams()})
            for language in ScreenLanguage
        }


class SignInRefused(HotlineError):
    """The account or the password is wrong; which of the two is never said."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__("账号或密码不正确")


class TooManyAttempts(HotlineError):
    """Too many failures; the password was not looked at. `wait` is how long to hold off."""

    code = "too_many_attempts"

    def __init__(self, wait: timedelta) -> None:
        super().__init__("登录失败次数过多，请稍后再试")
        self.wait = wait


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The session behind a cookie. While `must_change` is set, the person may do nothing but
    choose a new password: the principal then carries no role."""

    principal: Principal
    csrf_token: str
    language: ScreenLanguage
    must_change: bool


@dataclass(frozen=True, slots=True)
class SignIn:
    """A new session. `cookie` and `device` are told to the browser once and kept nowhere."""

    cookie: str
    device: str
    home: str
    session: SignedIn
    expires_at: datetime


class Accounts:
    """Signs people in and out. One instance for each process.

    The failures of devices and sources are kept in memory; those of accounts are stored as well.
    A session ended in another process is noticed here after 5 s at the latest.
    """

    def __init__(
        self,
        *,
        accounts: AccountStore,
        sessions: SessionStore,
        devices: DeviceMemory,
        hasher: PasswordHasher,
        tokens: TokenSource,
        audit: AuditTrail,
        clock: Clock,
        directory: Directory,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._devices = devices
        self._hasher = hasher
        self._tokens = tokens
        self._audit = audit
        self._clock = clock
        self._directory = directory
        self._by_device = _Counter(backoff.DEVICE)
        self._by_account = _Counter(backoff.ACCOUNT)
        self._by_source = _Counter(backoff.SOURCE)
        # Few at a time, first come first served: each attempt is counted in its turn, so a whole
        # shift that signs in at once from one address is no flood of failures.
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._cache: _Recent[_Cached] = _Recent(_CACHED_SESSIONS)

    async def sign_in(
        self,
        account: str,
        password: str,
        *,
        source: str,
        device: str | None = None,
        replaces: str | None = None,
    ) -> SignIn:
        """Begin a session.

        Args:
            account: the account name, in any case.
            source: the network address of the browser.
            device: the device cookie, if the browser sent one.
            replaces: the session cookie the browser still holds; that session ends.

        Raises:
            TooManyAttempts: try again later; nothing was checked.
            SignInRefused: unknown account, wrong password or account out of use.
        """
        name = account.strip().casefold()[:_LONGEST_ACCOUNT]
        now = self._clock.now()
        record = await self._accounts.account(name)
        known_device = await self._known_device(device, now)
        counters = self._counters(name, record, source, known_device)
        self._demand_patience(counters)
        async with self._turns:
            self._take_turn(counters)
            good = await self._hasher.verify(record.password_hash if record else None, password)
            if record is not None and good and record.active:
                self._forgive(counters)
        if record is None or not good or not record.active:
            await self._note_failure(name, record, source, known_device)
            raise SignInRefused
        if record.attempts.failures and known_device is None:
            await self._accounts.save_attempts(name, backoff.NONE_YET, None)
        if self._hasher.outdated(record.password_hash):
            fresh = await self._hasher.hash(password)
            await self._accounts.save_password(name, fresh, by_owner=False)
        if replaces:
            await self._end(replaces)
        await self._audit.record(
            who=name, action="signed_in", object_id=name, detail={"source": source}
        )
        return await self._begin(record, device if known_device else None)

    async def sign_out(self, cookie: str) -> None:
        """End the session; no error if there is none."""
        session = await self._sessions.find(_digest(cookie))
        await self._end(cookie)
        if session is not None:
            await self._audit.record(
                who=session.account, action="signed_out", object_id=session.account
            )

    async def session(self, cookie: str) -> SignedIn | None:
        """The session behind a cookie; None when unknown, ended or run out (it is forgotten)."""
        now = self._clock.now()
        token_hash = _digest(cookie)
        cached = self._cache.get(token_hash)
        if cached is None or now - cached.read_at >= _CACHE_FOR:
            cached = await self._read(token_hash, now)
            if cached is None:
                self._cache.drop(token_hash)
                return None
        if not session_rules.alive(cached.times, cached.record.roles, now):
            await self._end(cookie)
            return None
        times = replace(cached.times, last_seen_at=max(now, cached.times.last_seen_at))
        if session_rules.needs_touch(cached.stored, now):
            await self._sessions.touch(token_hash, now)
            cached = replace(cached, stored=times)
        self._cache.put(token_hash, replace(cached, times=times))
        return cached.signed_in

    async def change_language(self, cookie: str, language: ScreenLanguage) -> None:
        """Keep the person's choice for the next sign-in; nothing happens without a session."""
        found = await self.session(cookie)
        if found is not None:
            await self._accounts.save_language(found.principal.account, language)
            self._cache.drop(_digest(cookie))

    async def change_password(self, cookie: str, old: str, new: str, *, source: str) -> SignIn:
        """Change it, end every session of the account and begin a new one.

        Raises:
            NotFound: no session behind the cookie.
            BadInput: the old password is wrong (`field` old) or the new one not good enough (new).
            TooManyAttempts: the old password was wrong too often.
        """
        found = await self.session(cookie)
        record = await self._accounts.account(found.principal.account) if found else None
        if record is None:
            raise NotFound("登录已失效，请重新登录")
        counters = ((self._by_device, f"session:{_digest(cookie)}"),)
        self._take_turn(counters)
        if not await self._hasher.verify(record.password_hash, old):
            raise BadInput("原密码不正确", "old")
        self._by_device.forget(f"session:{_digest(cookie)}")
        fault = password_rules.fault(new, record.account)
        if fault is not None or new == old:
            raise BadInput(fault or "新密码不能与原密码相同", "new")
        password_hash = await self._hasher.hash(new)
        await self._audit.record(
            who=record.account,
            action="password_changed",
            object_id=record.account,
            detail={"source": source},
        )
        await self._accounts.save_password(record.account, password_hash, by_owner=True)
        await self._sessions.end_all(record.account)
        self._cache.clear()
        return await self._begin(replace(record, must_change=False, demo_password=False), None)

    # --- counting failures -------------------------------------------------------------------

    async def _known_device(self, device: str | None, now: datetime) -> str | None:
        """The hash of the device's token if we gave it and somebody signed in with it."""
        if not device:
            return None
        token_hash = _digest(device)
        known = await self._devices.known(token_hash, now - _DEVICE_MEMORY)
        return token_hash if known else None

    def _counters(
        self, name: str, record: AccountRecord | None, source: str, known_device: str | None
    ) -> tuple[tuple[_Counter, str], ...]:
        if known_device is not None:
            return ((self._by_device, known_device),)
        if record is not None:
            self._by_account.recall(name, record.attempts)
        return (self._by_account, name), (self._by_source, source)

    def _demand_patience(self, counters: Sequence[tuple[_Counter, str]]) -> None:
        """Raises TooManyAttempts while any of the counters asks to wait."""
        now = self._clock.now()
        wait = max(counter.wait(key, now) for counter, key in counters)
        if wait > timedelta(0):
            raise TooManyAttempts(wait)

    def _take_turn(self, counters: Sequence[tuple[_Counter, str]]) -> None:
        """Count a failure in advance, or raise TooManyAttempts and count nothing."""
        self._demand_patience(counters)
        for counter, key in counters:
            counter.note(key, self._clock.now())

    async def _note_failure(
        self, name: str, record: AccountRecord | None, source: str, known_device: str | None
    ) -> None:
        if record is not None and known_device is None:
            attempts = self._by_account.attempts(name)
            until = backoff.blocked_until(attempts, backoff.ACCOUNT)
            await self._accounts.save_attempts(name, attempts, until)
        # People type their password into the wrong field: an unknown name is never written down.
        known_name = name if record is not None else "-"
        await self._audit.record(
            who=known_name,
            action="sign_in_refused",
            object_id=known_name,
            detail={"source": source, "known_device": known_device is not None},
        )

    def _forgive(self, counters: Sequence[tuple[_Counter, str]]) -> None:
        for counter, key in counters:
            if counter is self._by_source:
                counter.take_back(key)  # only this attempt: others behind the address may guess
            else:
                counter.forget(key)

    # --- sessions ----------------------------------------------------------------------------

    async def _begin(self, record: AccountRecord, device: str | None) -> SignIn:
        now = self._clock.now()
        cookie, device = self._tokens.new(), device or self._tokens.new()
        session = SessionRecord(
            _digest(cookie), record.account, self._tokens.new(), session_rules.begun(now)
        )
        await self._sessions.purge(now)
        await self._sessions.begin(session)
        await self._devices.remember(_digest(device), now)
        signed_in = self._signed_in(record, session)
        home = "/account" if record.must_change else session_rules.home(record.roles)
        return SignIn(cookie, device, home, signed_in, session.times.expires_at)

    async def _read(self, token_hash: str, now: datetime) -> _Cached | None:
        session = await self._sessions.find(token_hash)
        record = await self._accounts.account(session.account) if session else None
        if session is None or record is None or not record.active:
            return None
        # The stored time of last use lags behind; what this process has seen itself is newer.
        cached = self._cache.get(token_hash)
        times = session.times
        if cached is not None and cached.times.last_seen_at > times.last_seen_at:
            times = replace(times, last_seen_at=cached.times.last_seen_at)
        return _Cached(record, self._signed_in(record, session), times, session.times, now)

    async def _end(self, cookie: str) -> None:
        self._cache.drop(_digest(cookie))
        await self._sessions.end(_digest(cookie))

    def _signed_in(self, record: AccountRecord, session: SessionRecord) -> SignedIn:
        agent_id = None if record.must_change else record.agent_id
        operator = self._directory.agent(agent_id) if agent_id else None
        principal = Principal(
            account=record.account,
            display_name=record.display_name,
            name_en=record.name_en,
            roles=frozenset() if record.must_change else record.roles,
            agent_id=agent_id,
            teams=frozenset(operator.skills) if operator else frozenset(),
        )
        return SignedIn(principal, session.csrf_token, record.language, record.must_change)


@dataclass(frozen=True, slots=True)
class _Cached:
    """`times` as this process saw them, `stored` as last written."""

    record: AccountRecord
    signed_in: SignedIn
    times: SessionTimes
    stored: SessionTimes
    read_at: datetime


class _Recent(Generic[Value]):
    """A mapping that forgets the longest unused entry beyond `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: OrderedDict[str, Value] = OrderedDict()

    def get(self, key: str) -> Value | None:
        return self._items.get(key)

    def put(self, key: str, value: Value) -> None:
        self._items[key] = value
        self._items.move_to_end(key)
        while len(self._items) > self._limit:
            self._items.popitem(last=False)

    def drop(self, key: str) -> None:
        self._items.pop(key, None)

    def clear(self) -> None:
        self._items.clear()


class _Counter:
    """Failures for each key, with one patience."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._recent: _Recent[Attempts] = _Recent(_COUNTED_KEYS)

    def attempts(self, key: str) -> Attempts:
        return self._recent.get(key) or backoff.NONE_YET

    def recall(self, key: str, stored: Attempts) -> None:
        """Take over what was stored before a restart, unless this process knows better."""
        if self._recent.get(key) is None and stored.failures:
            self._recent.put(key, stored)

    def wait(self, key: str, now: datetime) -> timedelta:
        return backoff.wait(self.attempts(key), self._patience, now)

    def note(self, key: str, now: datetime) -> None:
        self._recent.put(key, backoff.after_failure(self.attempts(key), self._patience, now))

    def take_back(self, key: str) -> None:
        attempts = self.attempts(key)
        self._recent.put(key, replace(attempts, failures=max(0, attempts.failures - 1)))

    def forget(self, key: str) -> None:
        self._recent.drop(key)


class Audit:
    """Fills `kernel.audit.AuditTrail`: appends to the chain and proves it whole."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def record(
        self,
        *,
        who: str,
        action: str,
        object_id: str,
        detail: Mapping[str, AuditValue] | None = None,
    ) -> None:
        at = self._clock.now()

        def following(head: Head) -> AuditEntry:
            return link(
                head,
                at=at,
                who=who[:32],
                action=action[:40],
                object_id=object_id[:120],
                detail=detail or {},
            )

        await self._store.append(following)

    async def newest(self, before: int | None, who: str, limit: int) -> Sequence[AuditEntry]:
        """Entries before `before` (None: from the end), newest first; `who` empty for all."""
        return await self._store.before(before, who, limit)

    async def verify(self, batch: int = 1000) -> ChainVerdict:
        """Read the whole chain. A trail cut off at the end is found by the stored head."""
        end = await self._store.head()
        head, checked = Head(), 0
        while True:
            entries = await self._store.after(head.seq, batch)
            head, verdict = check(head, entries)
            checked += verdict.checked
            if not verdict.intact:
                return replace(verdict, checked=checked)
            if len(entries) < batch:
                break
        if head.seq < end.seq:
            return ChainVerdict(checked, head.seq + 1, "missing")
        return ChainVerdict(checked)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
