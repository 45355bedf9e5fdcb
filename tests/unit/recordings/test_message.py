"""When a message is tried again, and what is shown until it is written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import CallId
from kernel.language import Language
from recordings.core.message import (
    MARGIN,
    PAUSES,
    TEXTLESS,
    Due,
    Message,
    Shown,
    Writing,
    broke_off,
    shown,
)
from recordings.core.recording import Status
from tests.fakes.clock import NOON
from tests.unit.recordings.rows import row

MESSAGE = Message(
    call_id=CallId("gz1-1-1"),
    left_at=NOON,
    language=Language.MANDARIN,
    team=None,
    spoken=timedelta(seconds=10),
    again_at=NOON,
)
WRITTEN = replace(MESSAGE, state=Writing.WRITTEN, from_s=0.0)
TRIED = replace(MESSAGE, state=Writing.GIVEN_UP, attempts=9)
LOST = row(status=Status.MISSING)


def test_a_message_that_breaks_off_is_tried_ever_later_and_given_up_in_the_end() -> None:
    message, now, moments = MESSAGE, NOON, list[datetime]()
    while message.state is Writing.WAITING:
        message = broke_off(message, now)
        moments.append(now)
        now = message.again_at
    assert len(moments) == len(PAUSES) + 1 == message.attempts
    pauses = [b - a for a, b in zip(moments, moments[1:], strict=False)]
    assert pauses == list(PAUSES) == sorted(pauses)
    assert message.state is Writing.GIVEN_UP


def test_all_of_a_recording_is_the_message_when_nobody_answered() -> None:
    assert Due(MESSAGE, "x.wav", timedelta(seconds=14), answered=False).from_s == 0.0


@given(
    st.timedeltas(timedelta(), timedelta(hours=2)), st.timedeltas(timedelta(), timedelta(hours=1))
)
def test_of_a_conversation_before_no_more_than_the_margin_is_written_down(
    duration: timedelta, spoken: timedelta
) -> None:
    from_s = Due(replace(MESSAGE, spoken=spoken), "x.wav", duration, answered=True).from_s
    rest = duration.total_seconds() - from_s
    assert 0 <= from_s <= duration.total_seconds()
    assert rest == pytest.approx(min((spoken + MARGIN).total_seconds(), duration.total_seconds()))


@pytest.mark.parametrize(
    ("message", "words", "listens", "wanted", "expected"),
    [
        (WRITTEN, True, True, True, Shown.WORDS),
        (WRITTEN, True, False, False, Shown.WORDS),
        (WRITTEN, False, True, True, Shown.NOTHING),
        (MESSAGE, False, True, True, Shown.BEING_WRITTEN),
        (None, False, True, True, Shown.BEING_WRITTEN),
        (MESSAGE, False, False, True, Shown.NO_RECOGNISER),
        (TRIED, False, True, True, Shown.GIVEN_UP),
        (MESSAGE, False, True, False, Shown.OFF),
    ],
)
def test_the_page_says_why_there_are_no_words(
    message: Message | None, words: bool, listens: bool, wanted: bool, expected: Shown
) -> None:
    found = shown(message, row(), words=words, listens=listens, wanted=wanted)
    assert found is expected
    lost = shown(message, LOST, words=words, listens=listens, wanted=wanted)
    assert lost is shown(None, None, words=False, listens=True, wanted=True) is Shown.NO_SOUND


def test_whatever_stands_in_place_of_words_is_said() -> None:
    assert TEXTLESS.keys() == set(Shown) - {Shown.WORDS}
