"""The glossary names every member of the closed lists, and the states of a case as screens do."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from acd.core.agent import ActivityKind, StatusKind
from acd.core.call import Outcome
from acd.core.callback import CallbackKind, CallbackOutcome
from callbacks.core.task import Kind as TaskKind
from callbacks.core.task import Result as TaskResult
from callbacks.core.task import State as TaskState
from ivr.core.takes import TakeState
from kernel.policy import Role
from knowledge_base.core.article import ArticleState
from recordings.core.message import Shown, Writing
from workorders.core.words import STATE_NAMES, CaseState, RequestType

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"


@pytest.mark.parametrize(
    "words",
    [
        Role,
        StatusKind,
        ActivityKind,
        Outcome,
        CallbackKind,
        CallbackOutcome,
        TaskKind,
        TaskState,
        TaskResult,
        CaseState,
        RequestType,
        ArticleState,
        TakeState,
        Shown,
        Writing,
    ],
    ids=lambda words: words.__name__,
)
def test_glossary_names_every_member(words: type[StrEnum]) -> None:
    named = set(re.findall(r"`([a-z_]+)`", GLOSSARY.read_text()))
    assert {member.value for member in words} - named == set()


def test_glossary_calls_the_states_of_a_case_as_the_screens_do() -> None:
    section = GLOSSARY.read_text().split("### States of a case")[1].split("\n## ")[0]
    lines = dict(re.findall(r"^- `([a-z_]+)` · (\S+) · ", section, re.M))
    assert lines == {state.value: name for state, name in STATE_NAMES.items()}


def test_each_line_of_the_glossary_has_a_word_its_chinese_and_its_meaning() -> None:
    for line in GLOSSARY.read_text().splitlines():
        if line.startswith("- "):
            assert re.match(r"- `[a-z_]+`.* · .*[\u4e00-\u9fff].* · \S", line), line
