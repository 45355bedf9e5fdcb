"""What the installed models can write down, from their own lists."""

from __future__ import annotations

from pathlib import Path

from hotline.model_words import ModelWords
from kernel.language import Language
from speech.adapters.model_shelf import LIST, FolderShelf
from speech.core.model import WORDS
from speech.ports import Installed

ASKED = frozenset({"社保", "公积金", "social"})


def install(shelf: Path, words: str, language: Language = Language.MANDARIN) -> None:
    """A model that has this list of words and nothing else."""
    made = Installed("small", shelf / "small", (language,), 16000, "0" * 64, 0.1)
    with FolderShelf(shelf).room() as room:
        place = room / "model" / WORDS
        place.parent.mkdir(parents=True)
        place.write_text(words, encoding="utf-8")
        FolderShelf(shelf).put(room / "model", made)


async def test_words_are_those_of_the_model_for_the_language(tmp_path: Path) -> None:
    words = ModelWords(tmp_path)
    assert await words.known(Language.MANDARIN, ASKED) is None
    install(tmp_path, "<eps> 0\n社保 1\nSOCIAL 2\n\n#0 3\n")
    assert await words.known(Language.MANDARIN, ASKED) == frozenset({"社保", "social"})
    assert await words.known(Language.MANDARIN, frozenset()) == frozenset()
    assert await words.known(Language.ENGLISH, ASKED) is None


async def test_another_model_is_asked_as_soon_as_it_is_installed(tmp_path: Path) -> None:
    words = ModelWords(tmp_path)
    install(tmp_path, "社保 1\n")
    assert await words.known(Language.MANDARIN, ASKED) == frozenset({"社保"})
    install(tmp_path, "公积金 1\n社保卡 2\n")
    assert await words.known(Language.MANDARIN, ASKED) == frozenset({"公积金"})


async def test_damaged_shelf_marks_nothing(tmp_path: Path) -> None:
    install(tmp_path, "社保 1\n")
    (tmp_path / LIST).write_text("{", encoding="utf-8")
    assert await ModelWords(tmp_path).known(Language.MANDARIN, ASKED) is None
