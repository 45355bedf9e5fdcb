"""Wrong reviewed data is refused with file and line."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from directory.adapters.config_files import load_city
from directory.adapters.demo_city import CONFIG
from kernel.errors import ConfigurationError

FILES = ("teams", "districts", "authorities", "lines", "roster", "names")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(CONFIG / f"{name}.yaml", tmp_path)
    return tmp_path


def line_of(path: Path, text: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("lines", 'number: "12319"', "number: 12319", "must be text"),
        ("lines", 'number: "12319"', 'number: "12315"', "repeats line"),
        ("lines", 'number: "12319"', 'number: "110"', "five or eight digits"),
        ("lines", 'number: "12319"', 'number: "12366"', "not integrated"),
        ("lines", "team: urban, authority: urban-m", "team: x, authority: urban-m", "not exist"),
        (
            "lines",
            "authority: urban-management, zh: 城市",
            "authority: moon, zh: 城市",
            "not exist",
        ),
        ("lines", "en: Urban management}", "en: Urban management, colour: red}", "unknown field"),
        ("lines", ", en: Urban management}", "}", "`en` is missing"),
        ("lines", "en: Gas supply complaints, demo: true", "en: Gas, demo: maybe", "true or false"),
        ("authorities", "id: education", "id: Education", "lower-case"),
        ("authorities", "code: M03", "code: M02", "repeats line"),
        ("authorities", "code: M03, kind: department", "code: M03, kind: ministry", "one of"),
        ("authorities", "M03, kind: department", "M03, kind: district", "names its district"),
        ("authorities", "district: yuexiu", "district: atlantis", "not exist"),
        ("districts", 'code: "440104"', 'code: "4401"', "six digits"),
        ("teams", "share: 0.20, secondary: [general, urban]", "share: 2, secondary: []", "0 to 1"),
        ("teams", "order: 2", "order: 0", "from 1 to 9"),
        ("roster", "primary_levels: [8,", "primary_levels: [11,", "from 1 to 10"),
        ("roster", "roles: [quality]", "roles: [king]", "one of"),
        ("roster", "  seats: 23", "  seats: many", "whole number"),
        ("names", "zh: 李", "zh: 陈", "repeats line"),
    ],
)
def test_a_wrong_field_is_named_with_file_and_line(
    folder: Path, file: str, old: str, new: str, complaint: str
) -> None:
    path = folder / f"{file}.yaml"
    text = path.read_text(encoding="utf-8")
    line = line_of(path, old)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(ConfigurationError) as refused:
        load_city(folder)

    assert refused.value.message.startswith(f"{path}:{line}: ")
    assert complaint in refused.value.message


def test_shares_that_do_not_add_up_are_refused(folder: Path) -> None:
    path = folder / "teams.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("0.24", "0.25"), encoding="utf-8")

    with pytest.raises(ConfigurationError, match="add up to 1"):
        load_city(folder)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("lines: [", ":1: not YAML"),
        ("- a\n", ":1: the file must be"),
        ("lines: 3\n", "must be a list"),
        ("lines: [3]\n", "must be a group"),
        ("lines: []\nlines: []\n", ":2: field `lines` appears twice"),
        ("lines: []\nmore: []\n", "unknown field `more`"),
        ("", ":1: the file must be"),
    ],
)
def test_a_file_of_another_shape_is_refused(folder: Path, content: str, complaint: str) -> None:
    (folder / "lines.yaml").write_text(content, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=re.escape(complaint)):
        load_city(folder)


def test_a_missing_file_and_a_foreign_encoding_are_refused(folder: Path) -> None:
    (folder / "lines.yaml").write_bytes("lines: 消费".encode("gbk"))
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        load_city(folder)

    (folder / "lines.yaml").unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_city(folder)
