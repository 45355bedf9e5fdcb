"""A document that names a file of the repository or a target of make names one that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("config/*/*.md")]
)
TOP = "|".join(sorted(p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".")))
PATH = re.compile(rf"`((?:{TOP})/[\w./-]+\.\w+)`")
MADE = re.compile(r"^(?:var|frontend/dist|frontend/node_modules)/")
TARGET = re.compile(r"`make ([a-z][a-z0-9-]*)")
RULE = re.compile(r"^([a-z][a-z0-9-]*):", re.M)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_path_and_target_is_there(document: Path) -> None:
    text = document.read_text()
    paths = {p for p in PATH.findall(text) if not MADE.match(p)}
    assert sorted(p for p in paths if not (ROOT / p).exists()) == []
    targets = set(RULE.findall((ROOT / "Makefile").read_text()))
    assert set(TARGET.findall(text)) <= targets
