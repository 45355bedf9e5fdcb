"""Languages a caller may speak, and the two languages of the screens."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """Spoken languages; the value names the prompt folder and the skill."""

    MANDARIN = "zh"
    CANTONESE = "yue"
    ENGLISH = "en"


class ScreenLanguage(StrEnum):
    CHINESE = "zh"
    ENGLISH = "en"
