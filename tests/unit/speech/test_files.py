"""Phrases as files: wherever each is, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.language import Language
from kernel.telephony import Prompt
from speech.core.files import in_folder, prompt_files

HELLO, NOTICE = Prompt("hello", Language.CANTONESE), Prompt("notices/n1", Language.ENGLISH)


def test_phrase_is_the_file_in_the_folder_or_wherever_it_is_said_to_be() -> None:
    found = prompt_files((HELLO, NOTICE), in_folder(Path("/p")))
    assert found == ("/p/yue/hello.wav", "/p/en/notices/n1.wav")
    assert prompt_files((HELLO,), lambda prompt: "/takes/yue/hello-3") == (
        "/takes/yue/hello-3.wav",
    )


@pytest.mark.parametrize("name", ["../hello", "/etc/passwd", "", "a b", "hello\n"])
def test_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a phrase"):
        prompt_files((Prompt(name, Language.MANDARIN),), in_folder(Path("/p")))
