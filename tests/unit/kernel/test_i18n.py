"""The catalogue: Chinese as written, English from the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.infra.i18n import Catalogue
from kernel.language import ScreenLanguage

PO = """msgid ""
msgstr ""
"Language: en\\n"
"Content-Type: text/plain; charset=utf-8\\n"

msgid "就绪"
msgstr "Ready"

#, python-format
msgid "共 %(n)s 件"
msgstr "%(n)s items"
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    (tmp_path / "en.po").write_text(PO, encoding="utf-8")
    return Catalogue(tmp_path / "en.po")


def test_chinese_is_returned_as_it_was_written(catalogue: Catalogue) -> None:
    assert catalogue.text(ScreenLanguage.CHINESE, "就绪") == "就绪"
    assert catalogue.as_json(ScreenLanguage.CHINESE) == {}


def test_english_comes_from_the_file(catalogue: Catalogue) -> None:
    assert catalogue.text(ScreenLanguage.ENGLISH, "就绪") == "Ready"
    assert catalogue.as_json(ScreenLanguage.ENGLISH) == {
        "就绪": "Ready",
        "共 %(n)s 件": "%(n)s items",
    }


def test_a_text_without_translation_stays_chinese(catalogue: Catalogue) -> None:
    assert catalogue.text(ScreenLanguage.ENGLISH, "小休") == "小休"


def test_an_empty_text_stays_empty_and_does_not_show_the_header(catalogue: Catalogue) -> None:
    assert catalogue.text(ScreenLanguage.ENGLISH, "") == ""
