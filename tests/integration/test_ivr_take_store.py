"""The contracts of `TakeStore` and `PromptSounds`: fakes, both databases, real folders."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.adapters.prompt_render import FROM_STUDIO, MANIFEST
from ivr.adapters.prompt_sounds import SoundFolders
from ivr.adapters.sound_files import FORMS, file_of, wav_of, write_sound
from ivr.adapters.take_store import SqlTakeStore
from ivr.core.prompt_lines import Rendered
from ivr.core.takes import TakeState, undo, use
from ivr.ports import PromptSounds, TakeStore
from kernel.errors import Conflict
from kernel.infra.database import Database
from kernel.language import Language
from tests.fakes.clock import NOON
from tests.fakes.take_store import DictSounds, DictTakeStore
from tests.unit.ivr.test_takes import take

ZH, YUE = Language.MANDARIN, Language.CANTONESE
SOUND = wav_of(array("h", [100, -100] * 4000))


@pytest.fixture
async def store(kept_in: str | None) -> AsyncIterator[TakeStore]:
    if kept_in is None:
        yield DictTakeStore()
        return
    database = Database(kept_in)
    yield SqlTakeStore(database)
    await database.close()


async def test_takes_are_numbered_within_prompt_and_language(store: TakeStore) -> None:
    first = await store.add(take(0), SOUND)
    second = await store.add(take(0), SOUND)
    other = await store.add(replace(take(0), language=YUE), b"other")
    assert [t.number for t in (first, second, other)] == [1, 2, 1]
    assert await store.take(ZH, "welcome", 2) == second
    assert await store.take(ZH, "welcome", 3) is None
    assert await store.takes(ZH, "welcome", 1) == [second]
    assert await store.sound(second) == SOUND
    assert await store.sound(replace(second, sha256="f" * 64)) is None


async def test_what_is_used_and_undone_comes_back_as_it_was_written(store: TakeStore) -> None:
    first, second = [await store.add(take(0), SOUND) for _ in range(2)]
    used = use(first, None, "您好！", "ad28", NOON)
    await store.move(used, None)
    assert await store.take(ZH, "welcome", 1) == used[0]
    changed = use(second, used[0], "您好！", "ad29", NOON)
    await store.move(changed, 1)
    assert await store.takes(ZH, "welcome", 9) == list(changed)
    assert await store.present() == [changed[0]]
    back = undo(changed[0], changed[1], "ad29", NOON)
    await store.move(back, 2)
    assert [t.state for t in await store.takes(ZH, "welcome", 9)] == [
        TakeState.WITHDRAWN,
        TakeState.LIVE,
    ]


async def test_change_over_what_somebody_else_made_live_is_refused_whole(store: TakeStore) -> None:
    first, second = [await store.add(take(0), SOUND) for _ in range(2)]
    (live,) = use(first, None, "您好。", "ad28", NOON)
    await store.move((live,), None)
    with pytest.raises(Conflict):
        await store.move(use(second, None, "您好。", "ad29", NOON), None)
    with pytest.raises(Conflict):
        await store.move(use(second, live, "您好。", "ad29", NOON), 2)
    states = [t.state for t in await store.takes(ZH, "welcome", 9)]
    assert states == [TakeState.CANDIDATE, TakeState.LIVE]


# --- the folders ----------------------------------------------------------------------------------


@pytest.fixture(params=["fake", "folders"])
def sounds(request: pytest.FixtureRequest, tmp_path: Path) -> PromptSounds:
    """With one second of `zh/welcome` rendered, and `yue/welcome` from the studio's folder."""
    if request.param == "fake":
        return DictSounds(
            {(ZH, "welcome"): Rendered(1.0, False), (YUE, "welcome"): Rendered(1.0, True)}
        )
    for language in (ZH, YUE):
        write_sound(tmp_path / "prompts" / language.value / "welcome", array("h", bytes(16000)))
    manifest = f'{{"yue/welcome": "{FROM_STUDIO}:123", "zh/welcome": "espeak:456"}}'
    (tmp_path / "prompts" / MANIFEST).write_text(manifest)
    return SoundFolders(tmp_path / "prompts", tmp_path / "takes")


async def test_what_was_rendered_is_known_with_its_length(sounds: PromptSounds) -> None:
    assert dict(await sounds.rendered()) == {
        (ZH, "welcome"): Rendered(1.0, False),
        (YUE, "welcome"): Rendered(1.0, True),
    }
    found = await sounds.rendered_file(ZH, "welcome")
    assert str(found) == sounds.rendered_place(ZH, "welcome") + ".wav"
    assert await sounds.rendered_file(ZH, "nothing") is None


async def test_take_is_put_once_and_found_where_it_is_played(sounds: PromptSounds) -> None:
    assert await sounds.take_file(take(3)) is None
    await sounds.put(take(3), SOUND)
    await sounds.put(take(3), wav_of(array("h", [1, 2])))
    found = await sounds.take_file(take(3))
    assert str(found) == sounds.take_place(take(3)) + ".wav"
    assert await sounds.take_file(take(4)) is None
    assert sounds.take_place(take(3)) != sounds.take_place(take(4))


def test_sound_is_written_in_every_form_of_the_line_and_nothing_is_left_beside(
    tmp_path: Path,
) -> None:
    samples = array("h", [100, -100] * 4000)
    write_sound(tmp_path / "zh" / "welcome", samples)
    assert {p.name for p in (tmp_path / "zh").iterdir()} == {f"welcome.{form}" for form in FORMS}
    for form, made in FORMS.items():
        assert file_of(tmp_path / "zh" / "welcome", form).read_bytes() == made(samples)
