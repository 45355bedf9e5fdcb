"""Prompts made with the real espeak-ng."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

import pytest

from ivr.adapters.flow_files import load_flow
from ivr.adapters.intent_files import load_intents
from ivr.adapters.prompt_files import load_prompts
from ivr.adapters.prompt_render import RenderReport, render_prompts, synthesise
from ivr.core import audio
from ivr.core.catalogue import PromptCatalogue
from ivr.core.spoken import spoken
from ivr.core.walk import walk
from kernel.ids import TeamId
from kernel.language import Language
from kernel.telephony import Collect, EnterQueue
from tests.fakes.clock import NOON

CONFIG = Path(__file__).parents[2] / "config" / "ivr"
TEAMS = [TeamId(t) for t in ("consumer", "urban", "labour", "security", "general")]


def small_catalogue(greeting: str = "您好。") -> PromptCatalogue:
    return PromptCatalogue(
        texts={
            "hello": {
                Language.MANDARIN: greeting,
                Language.CANTONESE: "你好。",
                Language.ENGLISH: "Hello.",
            },
            "bye": {
                Language.MANDARIN: "再见。",
                Language.CANTONESE: "再见。",
                Language.ENGLISH: "Goodbye.",
            },
        },
        readings={language: {} for language in Language},
    )


def samples_of(path: Path) -> array[int]:
    with wave.open(str(path), "rb") as opened:
        assert (opened.getframerate(), opened.getnchannels(), opened.getsampwidth()) == (8000, 1, 2)
        return array("h", opened.readframes(opened.getnframes()))


def studio_file(path: Path, *, rate: int = 8000, channels: int = 1, loudness: int = 3000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(2)
        opened.setframerate(rate)
        opened.writeframes(array("h", [loudness, -loudness] * 4000 * channels).tobytes())


def test_prompts_have_the_telephones_form_level_and_a_quick_start(tmp_path: Path) -> None:
    report = render_prompts(small_catalogue(), tmp_path)
    assert (report.rendered, report.total, report.refused) == (6, 6, ())
    for language in Language:
        for name in ("hello", "bye"):
            samples = samples_of(tmp_path / language.value / f"{name}.wav")
            assert audio.level_dbfs(samples) == pytest.approx(-20, abs=3)
            assert audio.leading_silence_ms(samples) <= 150
            assert 0.2 < len(samples) / 8000 < 3


def test_second_run_does_nothing(tmp_path: Path) -> None:
    render_prompts(small_catalogue(), tmp_path)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("*/*.wav")}
    assert render_prompts(small_catalogue(), tmp_path) == RenderReport(0, 0, 6, 0, ())
    assert {p: p.stat().st_mtime_ns for p in tmp_path.glob("*/*.wav")} == before


def test_only_what_changed_is_made_again(tmp_path: Path) -> None:
    render_prompts(small_catalogue(), tmp_path)
    (tmp_path / "yue" / "bye.wav").unlink()
    report = render_prompts(small_catalogue("欢迎来电。"), tmp_path)
    assert (report.rendered, report.unchanged) == (2, 4)


def test_prompt_that_left_the_catalogue_is_removed_and_other_files_stay(tmp_path: Path) -> None:
    render_prompts(small_catalogue(), tmp_path)
    (tmp_path / "zh" / "music.wav").write_bytes(b"not ours")
    whole = small_catalogue()
    without = PromptCatalogue({"hello": whole.texts["hello"]}, whole.readings)
    assert render_prompts(without, tmp_path).removed == 3
    assert not (tmp_path / "zh" / "bye.wav").exists()
    assert (tmp_path / "zh" / "music.wav").exists()


def test_studio_recording_wins_over_the_synthesiser_file_by_file(tmp_path: Path) -> None:
    studio = tmp_path / "studio"
    studio_file(studio / "yue" / "hello.wav")
    report = render_prompts(small_catalogue(), tmp_path / "sounds", studio)
    assert (report.from_studio, report.rendered) == (1, 5)
    samples = samples_of(tmp_path / "sounds" / "yue" / "hello.wav")
    assert set(samples) == {3000, -3000}
    again = render_prompts(small_catalogue(), tmp_path / "sounds", studio)
    assert again.unchanged == 6
    (studio / "yue" / "hello.wav").unlink()
    assert render_prompts(small_catalogue(), tmp_path / "sounds", studio).rendered == 1


@pytest.mark.parametrize(
    ("rate", "channels", "loudness", "words"),
    [
        (44100, 1, 3000, "must be 8000 Hz"),
        (8000, 2, 3000, "1 channel"),
        (8000, 1, 0, "is silent"),
        (8000, 1, 50, "its level is"),
        (8000, 1, 32000, "its level is"),
    ],
)
def test_unusable_studio_recording_is_refused_and_the_prompt_still_made(
    tmp_path: Path, rate: int, channels: int, loudness: int, words: str
) -> None:
    studio = tmp_path / "studio"
    studio_file(studio / "zh" / "hello.wav", rate=rate, channels=channels, loudness=loudness)
    report = render_prompts(small_catalogue(), tmp_path / "sounds", studio)
    assert report.rendered == 6
    ((path, reason),) = report.refused
    assert path.name == "hello.wav"
    assert words in reason


def test_program_disguised_as_a_studio_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "studio" / "zh" / "hello.wav"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x7fELF" + bytes(4000))
    report = render_prompts(small_catalogue(), tmp_path / "sounds", tmp_path / "studio")
    assert [refused for refused, _ in report.refused] == [path]


def test_damaged_manifest_makes_everything_anew(tmp_path: Path) -> None:
    render_prompts(small_catalogue(), tmp_path)
    (tmp_path / "manifest.json").write_text("{", encoding="utf-8")
    assert render_prompts(small_catalogue(), tmp_path).rendered == 6


def test_progress_names_each_file(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    render_prompts(small_catalogue(), tmp_path, None, lambda *step: told.append(step))
    assert [step[0] for step in told] == [1, 2, 3, 4, 5, 6]
    assert told[0] == (1, 6, "zh/bye")


def test_caller_who_does_nothing_hears_at_most_seventeen_seconds_before_the_queue() -> None:
    catalogue = load_prompts(CONFIG / "prompts.yaml")
    words = load_intents(CONFIG / "intents.yaml")
    flow = load_flow(CONFIG / "main.yaml", catalogue, TEAMS, words)
    found = walk(flow, (), started_at=NOON)
    assert isinstance(found.ending, EnterQueue)
    seconds = 0.0
    for turn in found.turns[:-1]:
        assert isinstance(turn.instruction, Collect)
        seconds += turn.instruction.timeout.total_seconds()
        for prompt in turn.instruction.prompts:
            text = catalogue.text(prompt.name, prompt.language)
            seconds += len(synthesise(spoken(text, prompt.language, {}), prompt.language)) / 8000
    assert seconds <= 17


def test_mandarin_voice_reads_characters_and_not_english_letters() -> None:
    # espeak-ng's plain `cmn` voice spells the pinyin out, which takes about four times as long.
    seconds = len(synthesise("社会保险", Language.MANDARIN)) / 8000
    assert seconds < 1.6
