"""The prompts that callers hear: uploaded, listened to, used, undone, and after a restart."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ivr.core.catalogue import PromptCatalogue
from ivr.core.prompt_lines import UNUSED, Only, Wanted, page_of, select
from ivr.core.prompt_use import Use
from ivr.core.studio import Bounds, Refused
from ivr.core.takes import Take, TakeState
from kernel.errors import Conflict, InvalidTransition, NotFound
from kernel.language import Language
from kernel.telephony import Prompt
from tests.fakes.take_store import DictSounds, DictTakeStore, PromptRoom, ScriptedStudio

ZH, YUE, EN = Language.MANDARIN, Language.CANTONESE, Language.ENGLISH
HELLO = Prompt("hello", ZH)


def words(greeting: str = "您好，广州12345。") -> PromptCatalogue:
    return PromptCatalogue(
        {
            "hello": {ZH: greeting, YUE: "你好。", EN: "Hello."},
            "waiting_on": {ZH: "请稍候。", YUE: "请等等。", EN: "Please hold."},
            "spare": {ZH: "备用。", YUE: "备用。", EN: "Spare."},
        },
        {language: {} for language in Language},
    )


@pytest.fixture
def room() -> PromptRoom:
    return PromptRoom(words(), uses={"hello": (Use("main", "greeting"), Use("main", "again"))})


async def uploaded(room: PromptRoom, folder: Path, body: bytes = b"one") -> Take:
    path = folder / "upload"
    path.write_bytes(body)
    return await room.prompts.upload(ZH, "hello", path, "ad28")


async def used(room: PromptRoom, folder: Path, body: bytes, current: int | None = None) -> Take:
    take = await uploaded(room, folder, body)
    await room.prompts.use(ZH, "hello", take.number, current, "ad28")
    return take


async def test_candidate_is_heard_by_nobody_but_its_reviewers(
    room: PromptRoom, tmp_path: Path
) -> None:
    take = await uploaded(room, tmp_path)
    assert (take.number, take.state, take.text) == (1, TakeState.CANDIDATE, "您好，广州12345。")
    assert (take.rate, take.channels, take.level_dbfs, take.duration_ms) == (48000, 2, -23, 2000)
    assert take.source_sha256 == hashlib.sha256(b"one").hexdigest()
    assert take.sha256 == hashlib.sha256(b"wav of one").hexdigest()
    assert room.prompts.place(HELLO) == "/rendered/zh/hello"
    assert await room.prompts.file(ZH, "hello", 1) == Path("/takes/zh/hello-1.wav")
    line = await room.prompts.line(ZH, "hello")
    assert (line.candidates, line.heard, line.recorded) == (1, None, False)
    assert room.audit.actions == ["prompt_take_uploaded"]


async def test_used_take_is_in_place_before_it_is_heard(room: PromptRoom, tmp_path: Path) -> None:
    assert isinstance(room.sounds, DictSounds)
    take = await uploaded(room, tmp_path)
    room.sounds.full = True
    with pytest.raises(OSError, match="no space"):
        await room.prompts.use(ZH, "hello", take.number, None, "ad28")
    assert room.prompts.place(HELLO) == "/rendered/zh/hello"
    room.sounds.full = False
    await room.prompts.use(ZH, "hello", take.number, None, "ad28")
    assert room.prompts.place(HELLO) == "/takes/zh/hello-1"
    assert room.sounds.written["/takes/zh/hello-1"] == b"wav of one"
    # The other languages and prompts, and what is no prompt of the catalogue, are as they were.
    assert room.prompts.place(Prompt("hello", YUE)) == "/rendered/yue/hello"
    assert room.prompts.place(Prompt("notices/n1", ZH)) == "/rendered/zh/notices/n1"
    line = await room.prompts.line(ZH, "hello")
    assert (line.seconds, line.recorded, line.missing) == (2.0, True, False)


async def test_undo_goes_back_one_recording_and_then_to_the_synthetic_voice(
    room: PromptRoom, tmp_path: Path
) -> None:
    await used(room, tmp_path, b"one")
    await used(room, tmp_path, b"two", current=1)
    assert room.prompts.place(HELLO) == "/takes/zh/hello-2"
    await room.prompts.undo(ZH, "hello", 2, "ad29")
    assert room.prompts.place(HELLO) == "/takes/zh/hello-1"
    await room.prompts.undo(ZH, "hello", 1, "ad29")
    assert room.prompts.place(HELLO) == "/rendered/zh/hello"
    with pytest.raises(Conflict):
        await room.prompts.undo(ZH, "hello", 1, "ad29")
    states = [t.state for t in await room.prompts.takes(ZH, "hello")]
    assert states == [TakeState.WITHDRAWN, TakeState.WITHDRAWN]
    last = room.audit.entries[-1]
    assert (last.who, last.action, last.object_id, last.detail) == (
        "ad29",
        "prompt_take_withdrawn",
        "zh/hello@1",
        {"replaced": 1},
    )


async def test_synthetic_voice_is_one_click_away_from_any_recording(
    room: PromptRoom, tmp_path: Path
) -> None:
    await used(room, tmp_path, b"one")
    await used(room, tmp_path, b"two", current=1)
    await room.prompts.synthetic(ZH, "hello", 2, "ad28")
    assert room.prompts.place(HELLO) == "/rendered/zh/hello"
    await room.prompts.use(ZH, "hello", 1, None, "ad28")
    assert room.prompts.place(HELLO) == "/takes/zh/hello-1"


async def test_what_somebody_else_changed_meanwhile_is_not_changed_again(
    room: PromptRoom, tmp_path: Path
) -> None:
    first = await used(room, tmp_path, b"one")
    second = await uploaded(room, tmp_path, b"two")
    acts = room.audit.actions
    with pytest.raises(Conflict, match="刚被别人更换过"):
        await room.prompts.use(ZH, "hello", second.number, None, "ad28")
    with pytest.raises(Conflict):
        await room.prompts.synthetic(ZH, "hello", second.number, "ad28")
    with pytest.raises(InvalidTransition):
        await room.prompts.use(ZH, "hello", first.number, first.number, "ad28")
    assert (room.prompts.place(HELLO), room.audit.actions) == ("/takes/zh/hello-1", acts)


async def test_discarded_take_is_kept_and_never_used(room: PromptRoom, tmp_path: Path) -> None:
    take = await uploaded(room, tmp_path)
    await room.prompts.discard(ZH, "hello", take.number, "ad28")
    with pytest.raises(InvalidTransition):
        await room.prompts.use(ZH, "hello", take.number, None, "ad28")
    with pytest.raises(InvalidTransition):
        await room.prompts.discard(ZH, "hello", take.number, "ad28")
    assert [t.state for t in await room.prompts.takes(ZH, "hello")] == [TakeState.DISCARDED]


async def test_refused_upload_leaves_nothing_behind(room: PromptRoom, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        await uploaded(room, tmp_path, "refused:文件是空的".encode())
    assert await room.prompts.takes(ZH, "hello") == []
    assert room.audit.actions == []
    assert isinstance(room.studio, ScriptedStudio)
    assert room.studio.asked == [Bounds(1.5)]


async def test_unknown_prompts_and_takes_are_not_found(room: PromptRoom, tmp_path: Path) -> None:
    for name in ("nothing", "../hello", "hello-1"):
        with pytest.raises(NotFound):
            await room.prompts.file(ZH, name, None)
        with pytest.raises(NotFound):
            await room.prompts.upload(ZH, name, tmp_path / "x", "ad28")
    with pytest.raises(NotFound):
        await room.prompts.use(ZH, "hello", 7, None, "ad28")
    with pytest.raises(NotFound):
        await room.prompts.file(ZH, "hello", 7)


# --- a new run ------------------------------------------------------------------------------------


async def test_restart_on_an_empty_disk_brings_the_recording_back(
    room: PromptRoom, tmp_path: Path
) -> None:
    await used(room, tmp_path, b"one")
    room.sounds = DictSounds(room.rendered)
    again = room.begin()
    await again.start()
    assert again.place(HELLO) == "/takes/zh/hello-1"
    assert room.sounds.written == {"/takes/zh/hello-1": b"wav of one"}


@pytest.mark.parametrize("trouble", ["full disk", "lost sound"])
async def test_recording_that_cannot_be_put_in_place_costs_no_start(
    room: PromptRoom, tmp_path: Path, trouble: str
) -> None:
    await used(room, tmp_path, b"one")
    room.sounds = DictSounds(room.rendered)
    room.sounds.full = trouble == "full disk"
    assert isinstance(room.store, DictTakeStore)
    if trouble == "lost sound":
        room.store.sounds.clear()
    again = room.begin()
    await again.start()
    assert again.place(HELLO) == "/rendered/zh/hello"
    assert "take_not_put" in room.log.events


async def test_changed_text_is_spoken_by_the_synthetic_voice_until_somebody_confirms(
    room: PromptRoom, tmp_path: Path
) -> None:
    await used(room, tmp_path, b"one")
    again = room.begin(words("您好，按1听政策。"))
    await again.start()
    assert again.place(HELLO) == "/rendered/zh/hello"
    line = await again.line(ZH, "hello")
    assert (line.stale, line.heard, line.recorded) == (True, None, False)
    assert select(await again.lines(), Wanted(only=Only.STALE)) == [line]
    await again.confirm(ZH, "hello", 1, "ad28")
    assert again.place(HELLO) == "/takes/zh/hello-1"
    assert not (await again.line(ZH, "hello")).stale
    assert room.audit.actions[-1] == "prompt_take_confirmed"
    third = room.begin(words("您好，按1听政策。"))
    await third.start()
    assert third.place(HELLO) == "/takes/zh/hello-1"


async def test_change_of_marks_alone_keeps_the_recording(room: PromptRoom, tmp_path: Path) -> None:
    await used(room, tmp_path, b"one")
    again = room.begin(words("您好！广州 12345"))
    await again.start()
    assert again.place(HELLO) == "/takes/zh/hello-1"


async def test_undo_to_a_recording_of_other_words_lets_the_synthetic_voice_speak(
    room: PromptRoom, tmp_path: Path
) -> None:
    await used(room, tmp_path, b"one")
    room.begin(words("新的问候。"))
    await room.prompts.start()
    await used(room, tmp_path, b"two", current=1)
    assert room.prompts.place(HELLO) == "/takes/zh/hello-2"
    await room.prompts.undo(ZH, "hello", 2, "ad28")
    assert room.prompts.place(HELLO) == "/rendered/zh/hello"
    assert (await room.prompts.line(ZH, "hello")).stale


# --- the list -------------------------------------------------------------------------------------


async def test_lines_are_chosen_by_text_voice_place_and_language(
    room: PromptRoom, tmp_path: Path
) -> None:
    assert isinstance(room.sounds, DictSounds)
    del room.sounds.made[EN, "spare"]
    await used(room, tmp_path, b"one")
    lines = await room.prompts.lines()
    assert len(lines) == 9

    def found(**wanted: object) -> list[str]:
        return [f"{li.language}/{li.name}" for li in select(lines, Wanted(**wanted))]  # type: ignore[arg-type]

    assert found(text="12345") == ["zh/hello"]
    assert found(text=" HOLD ") == ["en/waiting_on"]
    assert found(only=Only.RECORDED) == ["zh/hello"]
    assert found(only=Only.MISSING) == ["en/spare"]
    assert found(only=Only.SYNTHETIC, language=EN) == ["en/hello", "en/waiting_on"]
    assert found(flow="main") == ["zh/hello", "yue/hello", "en/hello"]
    assert found(flow="waiting", language=YUE) == ["yue/waiting_on"]
    assert found(flow=UNUSED, language=ZH) == ["zh/spare"]
    assert found(text="nothing like it") == []


async def test_pages_hold_whole_prompts_and_every_prompt_once(room: PromptRoom) -> None:
    lines = await room.prompts.lines()
    first = page_of(lines, "", 2)
    assert [(name, len(own)) for name, own in first.rows] == [("hello", 3), ("waiting_on", 3)]
    assert first.next_cursor == "spare"
    last = page_of(lines, "spare", 2)
    assert ([name for name, _ in last.rows], last.next_cursor) == (["spare"], None)
    assert page_of(lines, "nonsense", 2) == first
    assert page_of([], "", 2).rows == ()
