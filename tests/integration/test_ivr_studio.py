"""Uploads through the real worker and sox: what is used, what is refused, what is killed."""

from __future__ import annotations

import asyncio
import wave
from array import array
from pathlib import Path

import pytest

from ivr.adapters import studio_worker
from ivr.adapters.sound_files import samples_of
from ivr.adapters.studio import WorkerStudio
from ivr.core import audio
from ivr.core.studio import LARGEST_BYTES, Bounds, Container, Refused
from ivr.ports import StudioSound
from kernel.errors import Unavailable
from tests.integration.studio_files import converted, tone, wav_file

EXPECTED = Bounds(1.5)


async def taken(path: Path) -> StudioSound:
    return await WorkerStudio().take_in(path, EXPECTED)


async def refusal(path: Path) -> str:
    with pytest.raises(Refused) as error:
        await taken(path)
    return "；".join(o.text % o.values for o in error.value.objections)


@pytest.mark.parametrize(
    ("name", "options", "rate", "channels"),
    [
        ("plain.wav", (), 16000, 1),
        ("telephone.wav", ("-r", "8000", "-b", "8"), 8000, 1),
        ("studio.wav", ("-r", "48000", "-b", "24", "-c", "2"), 48000, 2),
        ("floating.wav", ("-r", "44100", "-e", "floating-point", "-b", "32"), 44100, 1),
        ("alaw.wav", ("-r", "8000", "-e", "a-law"), 8000, 1),
        ("studio.flac", ("-r", "48000", "-c", "2"), 48000, 2),
        ("wide.flac", ("-r", "96000", "-b", "24"), 96000, 1),
    ],
)
async def test_what_studios_export_becomes_the_telephones_form_at_an_even_level(
    tmp_path: Path, name: str, options: tuple[str, ...], rate: int, channels: int
) -> None:
    plain = wav_file(tmp_path / "made.wav", tone(level=0.1, lead=0.7))
    sound = await taken(converted(plain, name, *options))
    assert (sound.form.rate, sound.form.channels) == (rate, channels)
    assert sound.form.container is Container(name.rpartition(".")[2])
    assert sound.measured.level_dbfs == pytest.approx(-23, abs=1)
    samples = samples_of(sound.wav)
    assert audio.level_dbfs(samples) == pytest.approx(audio.LEVEL_DBFS, abs=0.5)
    assert audio.leading_silence_ms(samples) <= 70
    assert sound.measured.seconds == len(samples) / 8000 == pytest.approx(1.68, abs=0.05)
    written = tmp_path / "heard.wav"
    written.write_bytes(sound.wav)
    with wave.open(str(written)) as opened:
        assert (opened.getframerate(), opened.getnchannels(), opened.getsampwidth()) == (8000, 1, 2)


async def test_content_decides_and_the_name_says_nothing(tmp_path: Path) -> None:
    flac = converted(wav_file(tmp_path / "made.wav", tone()), "really.flac")
    disguised = flac.rename(tmp_path / "song.mp3")
    assert (await taken(disguised)).form.container is Container.FLAC


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "文件是空的"),
        (b"MZ" + bytes(5000), "这是程序文件"),
        (b"\x7fELF" + bytes(5000), "这是程序文件"),
        (b"#!/bin/sh\necho hello\n", "这是程序文件"),
        (b"PK\x03\x04" + bytes(5000), "压缩包"),
        (b"ID3\x04" + bytes(5000), "有损压缩"),
        (b"nothing at all", "这不是WAV或FLAC录音"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "文件不完整"),
        (b"fLaC" + b"\xff" * 400, "文件"),
        (b"|touch /tmp/owned", "这不是WAV或FLAC录音"),
    ],
)
async def test_what_is_no_recording_is_refused_by_name(
    tmp_path: Path, body: bytes, said: str
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(body)
    assert said in await refusal(path)


@pytest.mark.parametrize(
    ("samples", "rate", "said"),
    [
        (tone(level=0.004), 16000, "音量太小"),
        (tone(level=1.0, frequency=700), 16000, "音量太大"),
        (tone(level=3.0), 16000, "削波失真"),
        (tone(dc=0.15), 16000, "直流偏移"),
        (tone(pause=3.6), 16000, "中间有"),
        (tone(0.2), 16000, "录音只有0."),
        (tone(6.0), 16000, "录音有6."),
        (tone(30.0), 16000, "录音有30.0秒"),
        (array("h", bytes(48000)), 16000, "录音里没有声音"),
        (array("h"), 16000, "录音里没有声音"),
        (tone(rate=4000), 4000, "采样率是4000 Hz"),
    ],
)
async def test_each_fault_of_a_recording_is_told_in_words(
    tmp_path: Path, samples: array[int], rate: int, said: str
) -> None:
    assert said in await refusal(wav_file(tmp_path / "take.wav", samples, rate))


async def test_six_channels_are_refused(tmp_path: Path) -> None:
    assert "有6个声道" in await refusal(wav_file(tmp_path / "take.wav", tone(), channels=6))


@pytest.mark.parametrize("name", ["whole.wav", "whole.flac"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.97])
async def test_file_that_was_cut_on_its_way_is_refused(
    tmp_path: Path, name: str, kept: float
) -> None:
    whole = converted(wav_file(tmp_path / "made.wav", tone()), name)
    body = whole.read_bytes()
    whole.write_bytes(body[: int(kept * len(body))])
    assert "文件" in await refusal(whole)


async def test_flac_whose_frames_are_noise_is_refused(tmp_path: Path) -> None:
    path = converted(wav_file(tmp_path / "made.wav", tone()), "noise.flac")
    body = bytearray(path.read_bytes())
    for place in range(len(body) // 2, len(body), 7):
        body[place] ^= 0x5A
    path.write_bytes(bytes(body))
    assert "文件" in await refusal(path)


async def test_hours_of_silence_in_a_small_flac_are_refused_unread(tmp_path: Path) -> None:
    silence = tmp_path / "bomb.flac"
    process = await asyncio.create_subprocess_exec(
        *("sox", "-D", "-n", "-r", "8000", "-b", "16", str(silence), "trim", "0", "7200")
    )
    assert await process.wait() == 0
    assert silence.stat().st_size < 1_000_000
    assert "录音有7200.0秒" in await refusal(silence)


async def test_flac_that_hides_its_length_is_read_no_further_than_it_may_last(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bomb.flac"
    process = await asyncio.create_subprocess_exec(
        *("sox", "-n", "-r", "8000", str(path), "synth", "600", "sine", "500", "gain", "-14")
    )
    assert await process.wait() == 0
    body = bytearray(path.read_bytes())
    # The lower 36 bits of the eight bytes from 18 are the number of samples; 0 says "unknown".
    packed = int.from_bytes(body[18:26], "big") >> 36 << 36
    body[18:26] = packed.to_bytes(8, "big")
    path.write_bytes(bytes(body))
    assert "录音有15." in await refusal(path)


async def test_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.wav"
    with path.open("wb") as sparse:
        sparse.write(b"RIFF\xff\xff\xff\x7fWAVE")
        sparse.truncate(LARGEST_BYTES + 1)
    assert "文件超过12 MB" in await refusal(path)


async def test_work_that_takes_too_long_is_ended_with_all_its_children(tmp_path: Path) -> None:
    path = wav_file(tmp_path / "take.wav", tone())
    with pytest.raises(Unavailable, match="超时"):
        await WorkerStudio(deadline_s=0.01).take_in(path, EXPECTED)
    assert (await taken(path)).measured.seconds > 1


async def test_worker_gets_nothing_of_the_platforms_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An interpreter that saw this would not even start.
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    assert (await taken(wav_file(tmp_path / "take.wav", tone()))).measured.seconds > 1


def test_worker_has_limits_on_memory_time_and_what_it_writes() -> None:
    assert studio_worker.MEMORY_BYTES <= 1024**3
    assert studio_worker.PROCESSOR_S <= 20
    assert studio_worker.FILE_BYTES <= 64 * 1024**2
