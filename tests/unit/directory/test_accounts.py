"""Signing in and out: what is checked, what is counted, what is kept, and for how long."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from directory.core.backoff import ACCOUNT, DEVICE, NONE_YET, SOURCE
from directory.core.city import City, Operator
from directory.core.session_rules import ABSOLUTE, IDLE
from directory.ports import AccountRecord
from directory.service import Accounts, Directory, SignIn, SignInRefused, TooManyAttempts
from kernel.errors import BadInput, NotFound
from kernel.ids import AgentId, TeamId
from kernel.language import Language, ScreenLanguage
from kernel.policy import Role
from tests.fakes.account_store import DictAccountStore
from tests.fakes.audit_trail import KeptAudit
from tests.fakes.city_store import GivenCity
from tests.fakes.clock import SetClock
from tests.fakes.device_memory import DictDeviceMemory
from tests.fakes.password_hasher import PlainHasher
from tests.fakes.session_store import DictSessionStore
from tests.fakes.token_source import CountedTokens

GOOD = "river-lantern-42"
BETTER = "mountain-harbour-7"
LABOUR, GENERAL = TeamId("labour"), TeamId("general")
OPERATOR = Operator(
    AgentId("op0001"),
    "卢思敏",
    "Simin Lu",
    LABOUR,
    {LABOUR: 8, GENERAL: 5},
    {Language.MANDARIN: 10},
)


def account(name: str, *roles: Role, agent: bool = False) -> AccountRecord:
    return AccountRecord(
        account=name,
        display_name="卢思敏",
        roles=frozenset(roles),
        agent_id=AgentId(name) if agent else None,
        password_hash=f"strong:{GOOD}",
        demo_password=True,
        must_change=False,
        active=True,
        language=ScreenLanguage.CHINESE,
        attempts=NONE_YET,
    )


class Desk:
    """The service with every port filled by a fake."""

    def __init__(self) -> None:
        self.accounts = DictAccountStore(
            [
                account("op0001", Role.OPERATOR, agent=True),
                account("op0002", Role.OPERATOR, agent=True),
                account("ad01", Role.SUPERVISOR),
            ]
        )
        self.sessions = DictSessionStore()
        self.devices = DictDeviceMemory()
        self.hasher = PlainHasher()
        self.audit = KeptAudit()
        self.clock = SetClock()
        self.tokens = CountedTokens()
        self.directory = Directory(GivenCity(City(operators=(OPERATOR,))))
        self.service = self.another_process()

    def another_process(self) -> Accounts:
        return Accounts(
            accounts=self.accounts,
            sessions=self.sessions,
            devices=self.devices,
            hasher=self.hasher,
            tokens=self.tokens,
            audit=self.audit,
            clock=self.clock,
            directory=self.directory,
        )

    async def sign_in(
        self,
        name: str = "op0001",
        password: str = GOOD,
        *,
        source: str = "10.0.0.1",
        device: str | None = None,
        replaces: str | None = None,
    ) -> SignIn:
        return await self.service.sign_in(
            name, password, source=source, device=device, replaces=replaces
        )

    async def fail(self, times: int, name: str = "op0001", *, device: str | None = None) -> None:
        for number in range(times):
            with pytest.raises(SignInRefused):
                await self.sign_in(name, "wrong", source=f"10.9.{number}.1", device=device)


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.directory.load()
    return desk


# --- signing in ----------------------------------------------------------------------------------


async def test_the_right_password_begins_a_session(desk: Desk) -> None:
    made = await desk.sign_in(" OP0001 ")

    found = await desk.service.session(made.cookie)
    assert found is not None
    assert found.principal.account == "op0001"
    assert found.principal.agent_id == "op0001"
    assert found.principal.teams == {LABOUR, GENERAL}
    assert found.principal.roles == {Role.OPERATOR}
    assert made.home == "/desk"
    assert desk.audit.actions == ["signed_in"]


async def test_a_wrong_password_and_an_unknown_account_are_told_apart_by_nothing(
    desk: Desk,
) -> None:
    answers = []
    for name in ("op0001", "nobody"):
        before = desk.hasher.verified
        with pytest.raises(SignInRefused) as refused:
            await desk.sign_in(name, "wrong")
        answers.append((refused.value.message, desk.hasher.verified - before))

    assert answers[0] == answers[1] == ("账号或密码不正确", 1)


async def test_an_unknown_account_is_slowed_down_like_a_known_one(desk: Desk) -> None:
    waits = []
    for name in ("op0001", "nobody"):
        await desk.fail(ACCOUNT.free, name)
        with pytest.raises(TooManyAttempts) as refused:
            await desk.sign_in(name, "wrong")
        waits.append(refused.value.wait)

    assert waits[0] == waits[1] > timedelta(0)


async def test_what_is_typed_as_an_unknown_account_is_never_written_down(desk: Desk) -> None:
    with pytest.raises(SignInRefused):
        await desk.sign_in("my-secret-password", "x")

    entry = desk.audit.entries[0]
    assert (entry.who, entry.object_id) == ("-", "-")
    assert "my-secret-password" not in str(entry)


async def test_an_account_out_of_use_is_refused_like_a_wrong_password(desk: Desk) -> None:
    desk.accounts.accounts["op0001"] = replace(desk.accounts.accounts["op0001"], active=False)

    with pytest.raises(SignInRefused):
        await desk.sign_in()


async def test_no_token_is_kept_only_its_hash(desk: Desk) -> None:
    made = await desk.sign_in()

    kept = str(desk.sessions.sessions) + str(desk.devices.devices)
    assert made.cookie not in desk.sessions.sessions
    assert f"'{made.cookie}'" not in kept
    assert f"'{made.device}'" not in kept


async def test_each_sign_in_has_a_new_cookie_and_ends_the_old_session(desk: Desk) -> None:
    first = await desk.sign_in()

    second = await desk.sign_in(replaces=first.cookie)

    assert second.cookie != first.cookie
    assert second.session.csrf_token != first.session.csrf_token
    assert await desk.service.session(first.cookie) is None
    assert await desk.service.session(second.cookie) is not None


async def test_a_cookie_planted_before_the_sign_in_opens_nothing(desk: Desk) -> None:
    planted = "planted-by-somebody-else"

    made = await desk.sign_in(replaces=planted)

    assert made.cookie != planted
    assert await desk.service.session(planted) is None


async def test_an_outdated_hash_is_replaced_at_the_first_sign_in(desk: Desk) -> None:
    weak = replace(desk.accounts.accounts["op0001"], password_hash=f"weak:{GOOD}")
    desk.accounts.accounts["op0001"] = weak

    await desk.sign_in()

    kept = desk.accounts.accounts["op0001"]
    assert kept.password_hash == f"strong:{GOOD}"
    assert kept.demo_password


# --- slowing a guesser down ----------------------------------------------------------------------


async def test_failures_delay_the_account_for_unknown_devices(desk: Desk) -> None:
    await desk.fail(ACCOUNT.free)

    with pytest.raises(TooManyAttempts) as refused:
        await desk.sign_in()
    assert refused.value.wait == timedelta(seconds=2)

    desk.clock.advance(refused.value.wait)
    assert (await desk.sign_in()).home == "/desk"


async def test_a_refused_attempt_checks_no_password_and_does_not_lengthen_the_wait(
    desk: Desk,
) -> None:
    await desk.fail(ACCOUNT.free)
    before = desk.hasher.verified

    for _ in range(20):
        with pytest.raises(TooManyAttempts) as refused:
            await desk.sign_in()

    assert desk.hasher.verified == before
    assert refused.value.wait == timedelta(seconds=2)


async def test_guesses_sent_side_by_side_do_not_slip_through_together(desk: Desk) -> None:
    guesses = [desk.sign_in(password=f"guess-{n}", source=f"10.1.{n}.1") for n in range(50)]

    results = await asyncio.gather(*guesses, return_exceptions=True)

    assert sum(isinstance(r, SignInRefused) for r in results) == ACCOUNT.free
    assert sum(isinstance(r, TooManyAttempts) for r in results) == 50 - ACCOUNT.free


async def test_a_restart_does_not_forgive_a_guesser(desk: Desk) -> None:
    await desk.fail(ACCOUNT.free)
    assert desk.accounts.locked_until["op0001"] == desk.clock.now() + timedelta(seconds=2)

    desk.service = desk.another_process()

    with pytest.raises(TooManyAttempts):
        await desk.sign_in()


async def test_a_known_device_is_not_delayed_by_guesses_from_elsewhere(desk: Desk) -> None:
    booth = (await desk.sign_in("op0002")).device
    await desk.fail(ACCOUNT.free)

    made = await desk.sign_in("op0001", device=booth)

    assert made.home == "/desk"


async def test_a_whole_shift_signs_in_while_its_address_is_flooded(desk: Desk) -> None:
    names = [f"op{n:04}" for n in range(3, 103)]
    for name in names:
        desk.accounts.accounts[name] = account(name, Role.OPERATOR, agent=True)
    booths = [
        (await desk.sign_in(name, source=f"10.2.{n}.1")).device for n, name in enumerate(names)
    ]
    office = "10.0.0.1"
    for number in range(SOURCE.free * 3):
        with pytest.raises((SignInRefused, TooManyAttempts)):
            await desk.sign_in(names[number % len(names)], "wrong", source=office)

    for name, booth in zip(names, booths, strict=True):
        assert (await desk.sign_in(name, source=office, device=booth)).home == "/desk"


async def test_a_whole_shift_signs_in_at_once_from_one_address_with_new_machines(
    desk: Desk,
) -> None:
    # Attempts are counted in advance; 506 at once were once taken for 506 failures of the address.
    names = [f"op{n:04}" for n in range(1, 507)]
    for name in names:
        desk.accounts.accounts[name] = account(name, Role.OPERATOR, agent=True)

    made = await asyncio.gather(*[desk.sign_in(name, source="10.0.0.1") for name in names])

    assert {m.session.principal.account for m in made} == set(names)


async def test_a_flood_from_one_address_is_bent_for_unknown_devices(desk: Desk) -> None:
    for number in range(SOURCE.free):
        with pytest.raises(SignInRefused):
            await desk.sign_in(f"nobody{number}", "wrong")

    with pytest.raises(TooManyAttempts) as refused:
        await desk.sign_in("op0001")
    assert refused.value.wait <= timedelta(seconds=30)


async def test_guesses_from_a_known_device_delay_that_device_alone(desk: Desk) -> None:
    booth = (await desk.sign_in("op0002")).device
    await desk.fail(DEVICE.free, device=booth)

    with pytest.raises(TooManyAttempts):
        await desk.sign_in("op0002", device=booth)
    assert (await desk.sign_in("op0001")).home == "/desk"


async def test_a_made_up_device_cookie_is_an_unknown_device(desk: Desk) -> None:
    await desk.fail(ACCOUNT.free, device="made-up")

    with pytest.raises(TooManyAttempts):
        await desk.sign_in(device="made-up")


async def test_success_forgives_the_account(desk: Desk) -> None:
    await desk.fail(ACCOUNT.free - 1)
    await desk.sign_in()

    await desk.fail(ACCOUNT.free - 1)
    assert (await desk.sign_in()).home == "/desk"
    assert desk.accounts.accounts["op0001"].attempts == NONE_YET


# --- sessions ------------------------------------------------------------------------------------


async def test_a_supervisors_session_ends_after_half_an_hour_of_idleness(desk: Desk) -> None:
    made = await desk.sign_in("ad01")
    for _ in range(4):
        desk.clock.advance(IDLE - timedelta(minutes=1))
        assert await desk.service.session(made.cookie) is not None

    desk.clock.advance(IDLE)

    assert await desk.service.session(made.cookie) is None
    assert desk.sessions.sessions == {}


async def test_an_operators_session_lasts_twelve_hours_and_no_longer(desk: Desk) -> None:
    made = await desk.sign_in()
    desk.clock.advance(ABSOLUTE - timedelta(seconds=1))
    assert await desk.service.session(made.cookie) is not None

    desk.clock.advance(timedelta(seconds=1))

    assert await desk.service.session(made.cookie) is None


async def test_no_activity_carries_a_session_beyond_twelve_hours(desk: Desk) -> None:
    made = await desk.sign_in("ad01")
    begun = desk.clock.now()
    while desk.clock.advance(timedelta(minutes=10)) < begun + ABSOLUTE:
        assert await desk.service.session(made.cookie) is not None

    assert await desk.service.session(made.cookie) is None


async def test_signing_out_ends_the_session_at_once(desk: Desk) -> None:
    made = await desk.sign_in()
    await desk.service.session(made.cookie)

    await desk.service.sign_out(made.cookie)

    assert await desk.service.session(made.cookie) is None
    assert desk.audit.actions == ["signed_in", "signed_out"]
    await desk.service.sign_out(made.cookie)
    assert desk.audit.actions == ["signed_in", "signed_out"]


async def test_a_session_ended_elsewhere_is_noticed_within_five_seconds(desk: Desk) -> None:
    made = await desk.sign_in()
    await desk.service.session(made.cookie)
    await desk.another_process().sign_out(made.cookie)

    desk.clock.advance(timedelta(seconds=5))

    assert await desk.service.session(made.cookie) is None


async def test_a_busy_page_reads_the_session_once_in_five_seconds(desk: Desk) -> None:
    made = await desk.sign_in()
    for _ in range(100):
        await desk.service.session(made.cookie)

    assert desk.sessions.reads == 1


async def test_the_last_use_is_written_once_a_minute(desk: Desk) -> None:
    made = await desk.sign_in()
    for _ in range(120):
        desk.clock.advance(timedelta(seconds=1))
        await desk.service.session(made.cookie)

    assert desk.sessions.touches == 2


async def test_an_account_put_out_of_use_loses_its_session(desk: Desk) -> None:
    made = await desk.sign_in()
    desk.accounts.accounts["op0001"] = replace(desk.accounts.accounts["op0001"], active=False)

    desk.clock.advance(timedelta(seconds=5))

    assert await desk.service.session(made.cookie) is None


async def test_sessions_that_ran_out_are_forgotten_at_the_next_sign_in(desk: Desk) -> None:
    await desk.sign_in()
    desk.clock.advance(ABSOLUTE)

    await desk.sign_in("op0002")

    assert [s.account for s in desk.sessions.sessions.values()] == ["op0002"]


# --- one's own account ---------------------------------------------------------------------------


async def test_the_language_is_kept_for_the_next_sign_in(desk: Desk) -> None:
    made = await desk.sign_in()

    await desk.service.change_language(made.cookie, ScreenLanguage.ENGLISH)

    found = await desk.service.session(made.cookie)
    assert found is not None and found.language is ScreenLanguage.ENGLISH
    assert (await desk.sign_in()).session.language is ScreenLanguage.ENGLISH


async def test_a_new_password_ends_every_session_and_begins_one(desk: Desk) -> None:
    here, there = await desk.sign_in(), await desk.sign_in()

    fresh = await desk.service.change_password(here.cookie, GOOD, BETTER, source="10.0.0.1")

    assert await desk.service.session(here.cookie) is None
    assert await desk.service.session(there.cookie) is None
    assert await desk.service.session(fresh.cookie) is not None
    assert not desk.accounts.accounts["op0001"].demo_password
    assert (await desk.sign_in(password=BETTER)).home == "/desk"
    assert "password_changed" in desk.audit.actions


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("wrong", BETTER, "old"), (GOOD, "short", "new"), (GOOD, GOOD, "new")],
)
async def test_a_bad_change_of_password_names_the_field_and_changes_nothing(
    desk: Desk, old: str, new: str, field: str
) -> None:
    made = await desk.sign_in()

    with pytest.raises(BadInput) as refused:
        await desk.service.change_password(made.cookie, old, new, source="10.0.0.1")

    assert refused.value.field == field
    assert await desk.service.session(made.cookie) is not None
    assert desk.accounts.accounts["op0001"].password_hash == f"strong:{GOOD}"


async def test_the_old_password_cannot_be_guessed_from_an_open_session(desk: Desk) -> None:
    made = await desk.sign_in()
    for number in range(DEVICE.free):
        with pytest.raises(BadInput):
            await desk.service.change_password(made.cookie, f"g{number}", BETTER, source="s")

    with pytest.raises(TooManyAttempts):
        await desk.service.change_password(made.cookie, GOOD, BETTER, source="s")


async def test_a_change_without_a_session_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.service.change_password("nothing", GOOD, BETTER, source="s")


async def test_who_must_change_the_password_may_do_nothing_else(desk: Desk) -> None:
    desk.accounts.accounts["op0001"] = replace(desk.accounts.accounts["op0001"], must_change=True)
    made = await desk.sign_in()

    assert made.home == "/account"
    assert made.session.must_change
    assert made.session.principal.roles == frozenset()
    assert made.session.principal.agent_id is None

    fresh = await desk.service.change_password(made.cookie, GOOD, BETTER, source="s")

    assert fresh.home == "/desk"
    assert fresh.session.principal.roles == {Role.OPERATOR}
