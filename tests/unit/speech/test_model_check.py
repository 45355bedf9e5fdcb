"""What would end the recogniser's process is found before it comes near."""

from __future__ import annotations

from dataclasses import replace

import pytest

from speech.core.model import FST_BEGINNING, BadModel, Facts, model_name, options, rate

GOOD = Facts(
    files={
        "am/final.mdl": 100,
        "conf/mfcc.conf": 10,
        "conf/model.conf": 10,
        "graph/HCLG.fst": 100,
        "graph/words.txt": 10,
    },
    texts={
        "conf/mfcc.conf": "--sample-frequency=16000\n--num-mel-bins=40\n",
        "conf/model.conf": "--beam=10.0 # wide\n--endpoint.silence-phones=1:2:3\n",
    },
    beginnings={"am/final.mdl": b"\0B<Trans", "graph/HCLG.fst": FST_BEGINNING},
)


def without(*names: str) -> dict[str, int]:
    return {name: size for name, size in GOOD.files.items() if name not in names}


def test_a_published_models_layout_is_taken() -> None:
    assert rate(GOOD) == 16000
    split = {"graph/HCLr.fst": 9, "graph/Gr.fst": 9, "graph/disambig_tid.int": 0}
    assert rate(replace(GOOD, files={**without("graph/HCLG.fst"), **split})) == 16000


@pytest.mark.parametrize("name", list(GOOD.files))
def test_each_needed_file_is_missed(name: str) -> None:
    with pytest.raises(BadModel, match=name):
        rate(replace(GOOD, files=without(name)))
    with pytest.raises(BadModel, match=name):
        rate(replace(GOOD, files={**GOOD.files, name: 0}))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("conf/model.conf", "--beam=10.0"),
        ("conf/model.conf", "#--endpoint.silence-phones=1"),
        ("conf/model.conf", "--endpoint.silence-phones=a"),
        ("conf/model.conf", "--endpoint.silence-phones=1\n--frame-subsampling-factor=7"),
        ("conf/mfcc.conf", "--sample-frequency=44100"),
        ("conf/mfcc.conf", "--sample-frequency=fast"),
    ],
)
def test_settings_that_kill_or_deafen_are_refused(name: str, text: str) -> None:
    with pytest.raises(BadModel, match=name):
        rate(replace(GOOD, texts={**GOOD.texts, name: text}))


@pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLG.fst"])
def test_files_that_are_something_else_are_refused(name: str) -> None:
    with pytest.raises(BadModel, match=name):
        rate(replace(GOOD, beginnings={**GOOD.beginnings, name: b"<html>"}))


def test_options_are_read_line_by_line() -> None:
    assert options("# x\n --a=1 \nb=2\n--c.d=0.5 # y") == {"a": "1", "c.d": "0.5"}


def test_a_models_name_comes_from_its_file_or_address() -> None:
    address = "https://models.example/vosk-model-small-cn-0.22.zip"
    assert model_name(address) == "vosk-model-small-cn-0.22"
    assert model_name("var/my-model/") == "my-model"
    assert model_name("a.tar.gz") == "a"
    for bad in ("..", ".hidden", "a b", "x" * 81, ""):
        with pytest.raises(BadModel):
            model_name(bad)
