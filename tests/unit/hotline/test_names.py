"""What lines and people are called on the screens: in the reader's language."""

from __future__ import annotations

from pathlib import Path

from directory.adapters.config_files import load_city
from directory.service import Directory
from hotline.bridges import line_name, person_name
from hotline.desk_bridges import DirectoryPeople
from kernel.language import ScreenLanguage
from tests.fakes.city_store import GivenCity

CONFIG = Path(__file__).resolve().parents[3] / "config"
ZH, EN = ScreenLanguage.CHINESE, ScreenLanguage.ENGLISH


async def opened() -> Directory:
    directory = Directory(GivenCity(load_city(CONFIG)))
    await directory.load()
    return directory


async def test_every_old_line_has_a_name_of_its_own_in_each_language() -> None:
    directory = await opened()
    name = line_name(directory)
    for line in directory.lines():
        assert name(line.number, line.name, ZH) == line.name
        assert name(line.number, line.name, EN) == line.name_en
    assert len({line.name_en for line in directory.lines()}) == 76


async def test_line_that_was_renamed_since_keeps_the_name_it_had() -> None:
    name = line_name(await opened())
    assert name("12333", "从前的名称", EN) == "从前的名称"
    assert name("00000", "撤销的专线", EN) == "撤销的专线"
    assert name("12345", None, EN) is None


async def test_people_are_called_by_their_names_and_others_as_they_are_known() -> None:
    name = person_name(await opened())
    for account in ("op0001", "ad01"):
        assert name(account, ZH) != account
        assert name(account, EN).isascii() and name(account, EN) != account
    assert name("system", ZH) == "system"


async def test_operator_is_told_the_line_in_both_languages() -> None:
    people = DirectoryPeople(await opened())
    line = people.line("12333")
    assert line is not None
    assert (line.code, line.zh) == ("12333", "人力资源和社会保障热线")
    assert line.en == "Human resources and social security"
    assert people.line("12345") is None
