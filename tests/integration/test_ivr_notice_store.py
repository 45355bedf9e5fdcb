"""The contracts of `NoticeStore` and `Voice`, on the fakes, both databases and espeak-ng."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.adapters.notice_store import SqlNoticeStore
from ivr.adapters.notice_voice import EspeakVoice
from ivr.ports import NoticeStore
from kernel.infra.database import Database
from kernel.language import Language
from tests.fakes.clock import NOON
from tests.fakes.notice_store import DictNoticeStore
from tests.unit.ivr.test_notices import HOUR, LABOUR, notice


@pytest.fixture
async def store(kept_in: str | None) -> AsyncIterator[NoticeStore]:
    if kept_in is None:
        yield DictNoticeStore()
        return
    database = Database(kept_in)
    yield SqlNoticeStore(database)
    await database.close()


async def test_notice_comes_back_as_it_was_made(store: NoticeStore) -> None:
    for made in (notice("a"), notice("b", LABOUR, "tianhe")):
        await store.add(made)
        assert await store.notice(made.notice_id) == made
    assert await store.notice("c") is None


async def test_what_is_over_by_the_clock_or_by_a_click_is_not_read_back(store: NoticeStore) -> None:
    later = replace(notice("later"), begins_at=NOON + HOUR / 2, created_at=NOON)
    past = replace(notice("past"), ends_at=NOON, created_at=NOON - 2 * HOUR)
    for made in (notice("now"), later, past, notice("gone")):
        await store.add(made)
    ended = replace(notice("gone"), ended_by="ad01", ended_at=NOON)
    await store.end(ended)
    await store.end(replace(ended, ended_by="ad02"))
    assert [n.notice_id for n in await store.not_over(NOON)] == ["later", "now"]
    assert await store.notice("gone") == ended
    assert [n.notice_id for n in await store.listed(2)] == ["later", "now"]


async def test_voice_makes_a_file_that_the_telephone_can_play_and_leaves_it(tmp_path: Path) -> None:
    voice = EspeakVoice(tmp_path, {Language.MANDARIN: {"台风": "tai2 feng1"}})
    for language, text in ((Language.MANDARIN, "台风蓝色预警。"), (Language.ENGLISH, "Typhoon.")):
        await voice.speak("notices/n1", language, text)
        path = tmp_path / language.value / "notices" / "n1.wav"
        with wave.open(str(path), "rb") as opened:
            assert (opened.getframerate(), opened.getnchannels()) == (8000, 1)
            assert opened.getnframes() > 2000
        before = path.stat().st_mtime_ns
        await voice.speak("notices/n1", language, "anything else")
        assert path.stat().st_mtime_ns == before
