"""A studio recording on the real Asterisk: the next call hears it, the present one is not cut."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.adapters.prompt_sounds import SoundFolders
from ivr.adapters.sound_files import write_sound
from ivr.adapters.studio import WorkerStudio
from ivr.core.catalogue import PromptCatalogue
from kernel.language import Language
from kernel.telephony import Prompt
from tests.fakes.caller_dialogue import GREETING
from tests.fakes.take_store import PromptRoom
from tests.integration.prompts_site import chirp
from tests.integration.studio_files import tone, wav_file
from tests.integration.test_cti_one_call import heard
from tests.servers.switchboard import Switchboard, switchboard

pytestmark = pytest.mark.asterisk
ZH = Language.MANDARIN
OLD_HZ, NEW_HZ = 600, 1500


class Hall:
    """A switchboard that plays the prompts of a room."""

    def __init__(self, board: Switchboard, folder: Path) -> None:
        self.board = board
        self.room = PromptRoom(
            PromptCatalogue({"greeting": {ZH: "您好。"}}, {ZH: {}}),
            sounds=SoundFolders(board.values.prompts_dir, folder / "takes"),
            studio=WorkerStudio(),
        )
        board.place = lambda prompt: self.room.prompts.place(prompt)
        board.line = board.make_line()


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    async with switchboard(tmp_path, start=False) as board:
        made = Hall(board, tmp_path)
        # Long enough to be amid it when the recording changes.
        write_sound(board.values.prompts_dir / "zh" / "greeting", chirp(8.0, OLD_HZ))
        await board.asterisk.start()
        await board.up()
        yield made


async def test_next_call_hears_the_recording_and_the_present_one_hears_the_old_to_its_end(
    hall: Hall, tmp_path: Path
) -> None:
    prompts = hall.room.prompts
    assert Prompt("greeting", ZH) == GREETING
    file = wav_file(tmp_path / "take.wav", tone(8.0, frequency=NEW_HZ, rate=48000), 48000)
    take = await prompts.upload(ZH, "greeting", file, "ad28")
    first = await hall.board.citizen()
    await first.wait("answered")
    await heard(first, OLD_HZ)
    await prompts.use(ZH, "greeting", take.number, None, "ad28")
    await heard(first, OLD_HZ)

    second = await hall.board.citizen()
    await second.wait("answered")
    await heard(second, NEW_HZ)
    await prompts.undo(ZH, "greeting", take.number, "ad28")

    third = await hall.board.citizen()
    await third.wait("answered")
    await heard(third, OLD_HZ)
    # And a new run of the platform, with the data folder lost: the take comes from the database.
    await prompts.use(ZH, "greeting", take.number, None, "ad28")
    hall.room.sounds = SoundFolders(hall.board.values.prompts_dir, tmp_path / "elsewhere")
    await hall.room.begin().start()
    fourth = await hall.board.citizen()
    await fourth.wait("answered")
    await heard(fourth, NEW_HZ)
    assert hall.board.errors() == []
