"""Every page of the product with real data: axe-core finds nothing, and the Tab key goes through.

Each page is looked at in Chinese on a light screen and in English on a dark one: colours do not
depend on the language, nor names on the colours.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from kernel.language import ScreenLanguage
from tests.e2e import axe, keyboard
from tests.e2e.conversations import hang_up_and_finish, ring, talk
from tests.e2e.hotline_process import HotlineProcess
from tests.e2e.operator import Desks, Operator, Person
from tests.e2e.pages import LISTENED, VIEWS
from tests.e2e.records import Records
from tests.servers.sip_phone import SipPhone

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]
SECURITY = "4"
Scheme = Literal["light", "dark"]
LOOKS: tuple[tuple[ScreenLanguage, Scheme], ...] = (
    (ScreenLanguage.CHINESE, "light"),
    (ScreenLanguage.ENGLISH, "dark"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desks_of_the_day(
    hotline: HotlineProcess,
    records: Records,
    chromium: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Desks]:
    desks = Desks(hotline, records, chromium, tmp_path_factory.mktemp("accessibility"))
    yield desks
    await desks.close()


async def looked_at(person: Person, what: str, flaws: list[str]) -> None:
    """Collect what is wrong now: rules of axe broken, controls that Tab does not reach."""
    flaws += [f"{what}: {flaw}" for flaw in await axe.flaws(person.page)]
    way = await keyboard.walk(person.page)
    flaws += [f"{what}: Tab does not reach {one}" for one in way.missed]
    flaws += [f"{what}: focus is not seen at {one}" for one in way.unseen]


async def test_the_desk_is_sound_in_each_state_of_a_call(
    desks_of_the_day: Desks, records: Records, telephone: SipPhone
) -> None:
    flaws: list[str] = []
    colleague = await desks_of_the_day.operator(records.operators("general")[3], "093")
    for number, (language, scheme) in enumerate(LOOKS):
        account = records.operators("security")[3 + number]
        operator = await desks_of_the_day.person(account, "/desk", Operator)
        await operator.page.emulate_media(color_scheme=scheme)
        await operator.reads(language)
        await looked_at(operator, f"logged out {language}", flaws)
        await operator.sit_down(f"09{number}")
        await looked_at(operator, f"ready {language}", flaws)
        call, _ = await ring(telephone, records, f"1380013890{number}", SECURITY)
        await operator.word("来电", within_s=20)
        await looked_at(operator, f"offered {language}", flaws)
        await talk(operator)
        await operator.page.keyboard.press("Alt+KeyZ")
        await operator.page.locator(".targets button").first.wait_for()
        await looked_at(operator, f"transfer {language}", flaws)
        await operator.page.locator("#target-query").fill("093")
        await (
            operator.page.locator(".targets li", has_text="093").get_by_role("button").first.click()
        )
        await colleague.primary("接听")
        await operator.word("咨询中")
        await looked_at(operator, f"consulting {language}", flaws)
        await operator.page.locator("#context button").click()
        await colleague.word("就绪")
        await operator.word("通话中")
        await operator.page.keyboard.press("Control+Enter")
        await looked_at(operator, f"missing {language}", flaws)
        await operator.primary("挂断")
        await operator.word("话后整理")
        await looked_at(operator, f"wrap-up {language}", flaws)
        call.hang_up()
        await operator.finish("answered")
        await desks_of_the_day.leaves(operator)
    assert not flaws, "\n".join(flaws)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def traces_of_calls(
    hotline: HotlineProcess, records: Records, desks_of_the_day: Desks
) -> None:
    """A recording, and a citizen who gave up waiting."""
    phone = await SipPhone.open("citizen", hotline.sip_port)
    if not records.rows(LISTENED):
        account = records.operators("security")[5]
        operator = await desks_of_the_day.operator(account, "095")
        _, answered = await ring(phone, records, "13800138904", SECURITY)
        await talk(operator)
        await hang_up_and_finish(operator)
        await records.event(answered, "RecordingArchived")
        await desks_of_the_day.leaves(operator)
    call, missed = await ring(phone, records, "13800138905", SECURITY)
    call.hang_up()
    await records.event(missed, "CallbackTaskMade")
    phone.close()


async def people(desks: Desks, language: ScreenLanguage, scheme: Scheme) -> dict[str, Person]:
    """One person for each account of the views, all with the same look."""
    found: dict[str, Person] = {}
    for account in dict.fromkeys(view.account for view in VIEWS):
        person = (
            await desks.person(account, "/account", Person)
            if account
            else await desks.stranger(Person)
        )
        await person.page.emulate_media(color_scheme=scheme)
        await person.reads(language)
        found[account] = person
    return found


@pytest.mark.parametrize(("language", "scheme"), LOOKS)
async def test_axe_finds_nothing_on_any_page(
    desks_of_the_day: Desks,
    records: Records,
    traces_of_calls: None,
    language: ScreenLanguage,
    scheme: Scheme,
) -> None:
    flaws: list[str] = []
    everybody = await people(desks_of_the_day, language, scheme)
    for view in VIEWS:
        person = everybody[view.account]
        await person.open(view.path(records))
        await person.page.locator(view.ready).first.wait_for()
        flaws += [f"{view.name}: {flaw}" for flaw in await axe.flaws(person.page)]
    faults = [fault for person in everybody.values() for fault in person.faults]
    for person in everybody.values():
        await desks_of_the_day.leaves(person)
    assert not flaws + faults, "\n".join(flaws + faults)


async def test_tab_reaches_every_control_of_every_page_and_is_seen_to(
    desks_of_the_day: Desks, records: Records, traces_of_calls: None
) -> None:
    found: dict[str, keyboard.Walk] = {}
    everybody = await people(desks_of_the_day, *LOOKS[0])
    for view in VIEWS:
        person = everybody[view.account]
        await person.open(view.path(records))
        await person.page.locator(view.ready).first.wait_for()
        found[view.name] = await keyboard.walk(person.page)
    for person in everybody.values():
        await desks_of_the_day.leaves(person)
    assert {name: way for name, way in found.items() if way.missed or way.unseen} == {}
    assert all(way.stops > 2 for way in found.values())
