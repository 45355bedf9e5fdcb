"""The directory in memory: each look-up, and one stroke from the old city to the new."""

from __future__ import annotations

from dataclasses import replace

import pytest

from directory.adapters.config_files import load_city
from directory.adapters.demo_city import CONFIG
from directory.core.city import City
from directory.service import Directory
from kernel.ids import AgentId, AuthorityId, BoothId, TeamId
from kernel.language import Language, ScreenLanguage
from tests.fakes.city_store import GivenCity


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(CONFIG)


@pytest.fixture
async def directory(city: City) -> Directory:
    directory = Directory(GivenCity(city))
    await directory.load()
    return directory


async def test_an_operator_is_found_with_skills_and_languages(directory: Directory) -> None:
    agent = directory.agent(AgentId("op0001"))

    assert agent is not None
    assert agent.name == "卢思敏"
    assert agent.skills == {"labour": 8, "general": 5, "security": 4}
    assert agent.languages == {Language.MANDARIN: 10, Language.CANTONESE: 9}
    assert directory.agent(AgentId("op9999")) is None


async def test_a_dialled_line_is_found_and_12345_is_none(directory: Directory) -> None:
    line = directory.line("12333")

    assert line is not None
    assert (line.team, line.name) == ("labour", "人力资源和社会保障热线")
    assert directory.line("12345") is None
    assert directory.line("") is None


async def test_places_and_bodies_are_found_by_id(directory: Directory) -> None:
    booth = directory.booth(BoothId("506"))
    authority = directory.authority(AuthorityId("gov-tianhe"))
    district = directory.district("tianhe")
    team = directory.team(TeamId("general"))

    assert booth is not None and booth.place == "9F-K-23"
    assert authority is not None and authority.short == "天河区政府"
    assert district is not None and district.code == "440106"
    assert team is not None and team.order == 5
    assert directory.booth(BoothId("507")) is None
    assert directory.authority(AuthorityId("moon")) is None
    assert directory.district("moon") is None
    assert directory.team(TeamId("moon")) is None


async def test_the_lists_are_complete_and_in_order(directory: Directory) -> None:
    assert directory.team_ids() == ("consumer", "urban", "labour", "security", "general")
    assert len(directory.teams()) == 5
    assert len(directory.agents()) == 759
    assert len(directory.booths()) == 506
    assert len(directory.authorities()) == 123
    assert len(directory.lines()) == 76
    assert [d.district_id for d in directory.districts()][:2] == ["yuexiu", "liwan"]


async def test_names_come_in_the_readers_language(directory: Directory) -> None:
    names = directory.team_names()

    assert names[ScreenLanguage.CHINESE]["urban"] == "国土城管"
    assert names[ScreenLanguage.ENGLISH]["urban"] == "Land and urban"
    authority = directory.authority(AuthorityId("education"))
    assert authority is not None
    assert authority.named("en") == "Guangzhou Municipal Education Bureau"
    assert authority.shortly("zh") == "市教育局"


async def test_an_empty_city_answers_nothing_but_does_answer() -> None:
    directory = Directory(GivenCity(City()))

    assert directory.agent(AgentId("op0001")) is None
    assert directory.team_ids() == ()


async def test_loading_again_replaces_the_snapshot(city: City) -> None:
    store = GivenCity(city)
    directory = Directory(store)
    await directory.load()
    store.city = replace(city, lines=city.lines[:1])

    assert directory.line("12333") is not None
    await directory.load()
    assert directory.line("12333") is None
    assert directory.line("12315") is not None


async def test_a_failing_store_leaves_the_old_snapshot(city: City) -> None:
    class Broken(GivenCity):
        async def load(self) -> City:
            if self.city is not city:
                raise OSError("no database")
            return await super().load()

    store = Broken(city)
    directory = Directory(store)
    await directory.load()
    store.city = City()

    with pytest.raises(OSError, match="no database"):
        await directory.load()
    assert directory.line("12333") is not None
