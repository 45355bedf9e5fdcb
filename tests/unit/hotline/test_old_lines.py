"""The 76 old numbers, each dialled on paper: its team, its greeting, and the language kept."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from directory.adapters.config_files import load_city
from directory.core.city import Line
from ivr.core.walk import Journey, Visit, visit_flow
from ivr.enquiries import Enquiries
from ivr.service import Dialogue
from kernel.events import CallArrived
from kernel.ids import CallId
from kernel.language import Language
from kernel.phone import clean
from kernel.telephony import CallEntered, CallerInput, Collect, EnterQueue, InputKind
from tests.fakes.bus import CollectingBus
from tests.fakes.caller_memory import DictCallerMemory
from tests.fakes.clock import NOON, SetClock
from tests.fakes.ids import CountedIds
from tests.fakes.ivr_world import DictOrderBook, SetSurroundings
from tests.fakes.line_book import DictLineBook, OldLine
from tests.fakes.log import KeptLog
from tests.fakes.notice_store import NoticeRoom
from tests.unit.ivr.shipped import TEAMS, catalogue, main_flow

CONFIG = Path(__file__).resolve().parents[3] / "config"


@cache
def old_lines() -> tuple[Line, ...]:
    return tuple(load_city(CONFIG).lines)


def dialled(line: Line, *keys: str, language: Language | None = None) -> Journey:
    visit = Visit(started_at=NOON, language=language, line_team=line.team, dnis=line.number)
    return visit_flow(main_flow(), (*keys, "", ""), visit)


def test_there_are_76_and_all_five_teams_have_some() -> None:
    assert len({line.number for line in old_lines()}) == 76
    assert {line.team for line in old_lines()} == set(TEAMS)


@pytest.mark.parametrize("line", old_lines(), ids=lambda line: line.number)
def test_each_old_number_greets_for_its_team_and_reaches_it_without_a_key(line: Line) -> None:
    for language in (None, *Language):
        spoken = language or Language.MANDARIN
        found = dialled(line, language=language)
        assert found.heard[0] == f"{spoken.value}/line_{line.team}"
        assert isinstance(found.ending, EnterQueue)
        assert (found.ending.team, found.ending.language) == (line.team, spoken)
        assert len(found.turns) == 2, "one greeting, and the team"


@pytest.mark.parametrize("line", old_lines(), ids=lambda line: line.number)
def test_each_old_number_is_one_key_from_another_language_a_person_and_help(line: Line) -> None:
    english = dialled(line, "9", "3")
    assert isinstance(english.ending, EnterQueue)
    assert (english.ending.team, english.ending.language) == (line.team, Language.ENGLISH)
    person = dialled(line, "0").ending
    assert isinstance(person, EnterQueue)
    assert dialled(line, "*").steps[1] == "emergency"


@pytest.mark.parametrize("team", TEAMS)
def test_greeting_of_a_line_says_where_one_is_and_that_it_is_recorded(team: str) -> None:
    for language, words in (
        (Language.MANDARIN, ("12345", "录音")),
        (Language.CANTONESE, ("12345", "录音")),
        (Language.ENGLISH, ("12345", "recorded")),
    ):
        text = catalogue().text(f"line_{team}", language)
        assert all(word in text for word in words)


async def test_language_chosen_on_one_number_is_spoken_on_all_of_them() -> None:
    book = DictLineBook({x.number: OldLine(x.name, x.team) for x in old_lines()})
    bus, clock, ids = CollectingBus(), SetClock(), CountedIds()
    dialogue = Dialogue(
        flow=main_flow(),
        lines=book,
        memory=DictCallerMemory(),
        surroundings=SetSurroundings(),
        enquiries=Enquiries(DictOrderBook(), KeptLog()),
        notices=NoticeRoom().notices,
        bus=bus,
        clock=clock,
        ids=ids,
        log=KeptLog(),
    )
    ani, first = clean("13800138000"), CallId("gz1-1-1")
    await dialogue.begin(CallEntered(first, ani, "", "12345", NOON))
    for key in ("9", "2"):
        await dialogue.next(first, CallerInput(InputKind.DIGITS, key, NOON))
    for n, line in enumerate(old_lines()):
        call = CallEntered(CallId(f"gz1-2-{n}"), ani, "", line.number, NOON)
        greeting = await dialogue.begin(call)
        assert isinstance(greeting, Collect)
        assert [p.language for p in greeting.prompts] == [Language.CANTONESE]
        assert greeting.prompts[0].name == f"line_{line.team}"
        dialogue.forget(call.call_id)
    told = [event.line_name for event in bus.of(CallArrived)][1:]
    assert told == [line.name for line in old_lines()]
