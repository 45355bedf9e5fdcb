"""The one catalogue: Chinese msgids written in the source, English in `frontend/locale/en.po`."""

from __future__ import annotations

import gettext
import io
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from kernel.language import ScreenLanguage


class Catalogue:
    """Translations for the screens. Chinese is the source and is returned as it is."""

    def __init__(self, po_file: Path) -> None:
        with po_file.open("rb") as source:
            self._english = read_po(source, locale="en")
        compiled = io.BytesIO()
        write_mo(compiled, self._english)
        compiled.seek(0)
        self._translations: dict[ScreenLanguage, gettext.NullTranslations] = {
            ScreenLanguage.CHINESE: gettext.NullTranslations(),
            ScreenLanguage.ENGLISH: gettext.GNUTranslations(compiled),
        }

    def translations(self, language: ScreenLanguage) -> gettext.NullTranslations:
        return self._translations[language]

    def text(self, language: ScreenLanguage, msgid: str) -> str:
        return self._translations[language].gettext(msgid) if msgid else ""

    def as_json(self, language: ScreenLanguage) -> dict[str, str]:
        """msgid -> text for the browser's modules; empty for Chinese."""
        if language is ScreenLanguage.CHINESE:
            return {}
        return {
            str(m.id): str(m.string)
            for m in self._english
            if m.id and m.string and isinstance(m.id, str)
        }
