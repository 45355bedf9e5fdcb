"""Callers who press and say what they like, at the shipped reception, in a world that does what it
likes: recognisers that come and go, mumbling, words that mean nothing.

Each is a pure walk, so ten thousand take seconds: `HOTLINE_CALLERS=10000 pytest` walks them all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from ivr.core.conditions import Around, CallerKind, QueueLoad
from ivr.core.flow import Flow
from ivr.core.interpreter import Result
from ivr.core.rehearsal import example_answer
from ivr.core.waiting import QueueOffers
from ivr.core.walk import DEAFENED, MAX_TURNS, MUMBLED, Visit, visit_flow
from kernel.language import Language
from kernel.phone import PhoneNumber
from kernel.telephony import (
    Disconnect,
    EnterQueue,
    KeepMessage,
    PromiseCallback,
    TransferOut,
)
from tests.unit.ivr.sentences import SENTENCES
from tests.unit.ivr.shipped import TEAMS, intents, main_flow, survey_flow

CALLERS = int(os.environ.get("HOTLINE_CALLERS", "1500"))
NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
OFFERS = (
    QueueOffers(),
    QueueOffers(callback=True),
    QueueOffers(callback=True, message=True, announcement=("busy_now",), at_once=True),
    QueueOffers(message=True, at_once=True),
)
HUNG_UP = "hung up at a question, at his own wish"


def keys(chance: Random) -> list[str]:
    """Silences, sensible keys, whole numbers, and rubbish; every list ends in a hang-up or not."""
    return [
        chance.choices(
            [
                "",
                chance.choice("0123456789*#"),
                chance.choice("178"),
                f"20261124{chance.randrange(10**6):06}",
                f"{chance.randrange(10**4):04}",
                "".join(chance.choices("0123456789*#", k=chance.randrange(2, 40))),
            ],
            weights=[2, 6, 8, 2, 2, 1],
        )[0]
        for _ in range(chance.randrange(0, 40))
    ]


PHRASES = tuple(intents().phrases)
SYLLABLES = "的一是嘟噜哇呀 abc广州天气好110，不系唔"


def words(chance: Random) -> str:
    """A sentence, a row of known words, or rubbish, heard well or badly; or a deaf recogniser."""
    said = chance.choice(
        [
            chance.choice(SENTENCES)[0],
            "".join(chance.choices(PHRASES, k=chance.randrange(1, 6))),
            "".join(chance.choices(SYLLABLES, k=chance.randrange(1, 60))),
            chance.choice(["是", "不是", "系", "唔系", "再说一遍", "第一个"]),
        ]
    )
    return chance.choices([said, MUMBLED + said, DEAFENED], weights=[6, 3, 1])[0]


def talk(chance: Random) -> list[str]:
    """Words with keys and silences between them; most greetings are heard to the end."""
    said = [chance.choice([words(chance), words(chance), key]) for key in keys(chance)]
    return ["", *said] if chance.random() < 0.8 else said


def visit(chance: Random) -> Visit:
    now = NOON + timedelta(minutes=chance.randrange(0, 60 * 24 * 365))
    queues = {team: QueueLoad(chance.randrange(50), now - timedelta(minutes=5)) for team in TEAMS}
    return Visit(
        started_at=now,
        language=chance.choice([None, *Language]),
        line_team=chance.choice([None, None, *TEAMS]),
        dnis=chance.choice(["12345", "12333", ""]),
        caller=chance.choice(list(CallerKind)),
        ani=PhoneNumber(chance.choice(["", "13800138000", "13800138000", "110"])),
        around=Around(
            working_day=chance.random() < 0.7,
            queues=queues,
            hearing=frozenset(n for n in Language if chance.random() < 0.7),
            offers=dict.fromkeys(TEAMS, chance.choice(OFFERS)),
            calls_back=chance.random() < 0.8,
        ),
        answer=example_answer(chance.choice(list(Result)), now),
    )


def ends_of(flow: Flow, giving: Callable[[Random], list[str]] = keys) -> Counter[str]:
    ends: Counter[str] = Counter()
    for seed in range(CALLERS):
        chance = Random(seed)
        found = visit_flow(flow, giving(chance), visit(chance))
        if found.ending is None:
            # Nothing may end a walk but a caller who has no more to press: the others are stranded.
            assert len(found.turns) < MAX_TURNS, f"caller {seed} goes round for ever"
            assert found.turns[-1].ask is None, f"caller {seed} waits for a lookup"
            ends[HUNG_UP] += 1
        else:
            ends[type(found.ending).__name__] += 1
    return ends


def test_random_callers_of_the_reception_are_answered_let_go_or_gone_at_their_own_wish() -> None:
    ends = ends_of(main_flow())
    let_go = {PromiseCallback.__name__, KeepMessage.__name__}
    assert set(ends) == {EnterQueue.__name__, TransferOut.__name__, HUNG_UP} | let_go
    assert sum(ends.values()) == CALLERS


def test_random_talkers_are_answered_transferred_or_gone_at_their_own_wish() -> None:
    ends = ends_of(main_flow(), talk)
    let_go = {PromiseCallback.__name__, KeepMessage.__name__}
    assert set(ends) - let_go == {EnterQueue.__name__, TransferOut.__name__, HUNG_UP}
    assert sum(ends.values()) == CALLERS


def test_random_callers_of_the_survey_are_wished_good_bye() -> None:
    ends = ends_of(survey_flow())
    assert set(ends) <= {Disconnect.__name__, HUNG_UP}
