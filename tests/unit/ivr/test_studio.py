"""What an upload must be: told by its content, agreed with its length, judged by ear's measures."""

from __future__ import annotations

import io
import wave
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.core.studio import (
    Bounds,
    Container,
    Form,
    Measured,
    Refused,
    bounds,
    container_of,
    demand_form,
    demand_whole,
    form_of,
    objections,
)
from kernel.language import Language

GOOD = Measured(seconds=2.0, level_dbfs=-20.0, clipped=0.0, dc=0.0, longest_pause_s=0.4)
TWO_SECONDS = Bounds(2.0)


def wav(frames: int = 800, rate: int = 16000, channels: int = 1, width: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as opened:
        opened.setnchannels(channels)
        opened.setsampwidth(width)
        opened.setframerate(rate)
        opened.writeframes(bytes(frames * channels * width))
    return out.getvalue()


def flac_head(rate: int, channels: int, frames: int) -> bytes:
    packed = rate << 44 | (channels - 1) << 41 | 15 << 36 | frames
    return b"fLaC\x00\x00\x00\x22" + bytes(10) + packed.to_bytes(8, "big") + bytes(16)


def words(error: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [o.text % o.values for o in error.value.objections]


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "文件是空的"),
        (b"MZ\x90\x00", "程序"),
        (b"\x7fELF\x02\x01", "程序"),
        (b"#!/bin/sh\nrm -rf /", "程序"),
        (b"PK\x03\x04", "压缩包"),
        (b"\x1f\x8b\x08", "压缩包"),
        (b"ID3\x04", "MP3"),
        (b"\xff\xfb\x90\x64", "MP3"),
        (b"\x00\x00\x00\x20ftypM4A ", "MP3"),
        (b"OggS", "MP3"),
        (b"#!AMR\n", "MP3"),
        (b"RIFF\x00\x00\x00\x00AVI ", "不是WAV或FLAC"),
        (b"<html>", "不是WAV或FLAC"),
    ],
)
def test_what_is_no_recording_is_told_by_its_first_bytes(head: bytes, said: str) -> None:
    with pytest.raises(Refused) as error:
        container_of(head)
    assert said in words(error)[0]


@pytest.mark.parametrize(
    ("rate", "channels", "width"), [(8000, 1, 1), (44100, 2, 2), (48000, 1, 3)]
)
def test_header_of_a_wav_is_read(rate: int, channels: int, width: int) -> None:
    body = wav(321, rate, channels, width)
    assert form_of(body) == Form(Container.WAV, rate, channels, 321)


def test_header_of_a_flac_is_read() -> None:
    assert form_of(flac_head(44100, 2, 88200)) == Form(Container.FLAC, 44100, 2, 88200)
    assert form_of(flac_head(8000, 1, 0)).frames is None


@given(st.integers(min_value=0, max_value=1643))
def test_wav_that_was_cut_anywhere_is_refused(length: int) -> None:
    body = wav(800)
    assert len(body) == 1644
    with pytest.raises(Refused):
        form_of(body[:length])


@given(st.binary(max_size=300), st.sampled_from([b"", b"RIFF\xff\xff\xff\xffWAVE", b"fLaC"]))
def test_any_bytes_are_a_form_or_refused(body: bytes, head: bytes) -> None:
    try:
        form = form_of(head + body)
    except Refused as refused:
        assert refused.objections
    else:
        assert form.rate > 0
        assert form.channels > 0


def test_hours_in_a_small_file_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(Refused) as error:
        demand_form(form_of(flac_head(8000, 1, 8000 * 3600 * 4)), TWO_SECONDS)
    assert "录音有14400.0秒" in words(error)[0]


def test_rate_and_channels_are_told_together() -> None:
    with pytest.raises(Refused) as error:
        demand_form(Form(Container.WAV, 4000, 6, 4000), TWO_SECONDS)
    assert ["采样率是4000 Hz" in w or "有6个声道" in w for w in words(error)] == [True, True]


def test_frames_that_did_not_come_out_mean_a_cut_file() -> None:
    form = Form(Container.FLAC, 8000, 1, 8000)
    demand_whole(form, 8000)
    demand_whole(replace(form, frames=None), 1)
    for frames in (0, 7999):
        with pytest.raises(Refused):
            demand_whole(form, frames)


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (replace(GOOD, level_dbfs=None), "没有声音"),
        (replace(GOOD, level_dbfs=-48.0), "音量太小（-48 dBFS"),
        (replace(GOOD, level_dbfs=-3.0), "音量太大（-3 dBFS"),
        (replace(GOOD, clipped=0.02), "削波失真（2.0%"),
        (replace(GOOD, dc=-0.0 + 0.2), "20%的直流偏移"),
        (replace(GOOD, longest_pause_s=4.2), "中间有4.2秒没有声音"),
        (replace(GOOD, seconds=0.5), "录音只有0.5秒；这段文字合成语音念2.0秒，录音至少要0.6秒"),
        (replace(GOOD, seconds=6.1), "录音有6.1秒；这段文字合成语音念2.0秒，录音最多6.0秒"),
    ],
)
def test_each_fault_is_a_sentence_with_its_figures(measured: Measured, said: str) -> None:
    (objection,) = objections(measured, TWO_SECONDS)
    assert said in objection.text % objection.values


def test_good_recording_has_no_fault_and_a_bad_one_is_told_all_of_them() -> None:
    assert objections(GOOD, TWO_SECONDS) == ()
    bad = Measured(seconds=9.0, level_dbfs=-2.0, clipped=0.3, dc=0.3, longest_pause_s=5.0)
    assert len(objections(bad, TWO_SECONDS)) == 5


def test_without_a_synthetic_voice_the_length_of_the_text_sets_the_bounds() -> None:
    assert bounds("您好", Language.MANDARIN, 1.5) == Bounds(1.5)
    estimated = bounds("您好，请稍候。" * 4, Language.MANDARIN, None)
    assert 2 < estimated.least_s < 7 < estimated.most_s < 30
    assert Bounds(1000.0).most_s == 120.0
