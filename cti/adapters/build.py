"""Puts the telephone line together: the real link, the real door, the real folder."""

from __future__ import annotations

import os

from cti.adapters.agi_fence import AgiDoor
from cti.adapters.ami_link import AmiLink
from cti.adapters.asterisk_config import AsteriskValues
from cti.adapters.recording_spool import SpoolFolder
from cti.core.answers import Place, in_folder
from cti.ports import (
    AfterCallSurvey,
    CallbackGreeter,
    CallerDialogue,
    Ears,
    Log,
    WaitingAnnouncer,
    WaitingKeys,
)
from cti.questions import Questions
from cti.service import TelephoneLine
from kernel.clock import Clock
from kernel.ids import TeamId


def build_line(
    values: AsteriskValues,
    *,
    term: int,
    dialogue: CallerDialogue,
    announcer: WaitingAnnouncer,
    keys: WaitingKeys,
    greeter: CallbackGreeter,
    survey: AfterCallSurvey,
    clock: Clock,
    log: Log,
    ears: Ears | None = None,
    place: Place | None = None,
) -> TelephoneLine:
    """The line to the Asterisk that runs with `values`; starts nothing.

    `term` is the number of this run: once connected, orders of a lower one are refused. Without
    `ears`, listening is collecting keys. `place` tells where each prompt is; None: in the folder
    that `values` name.
    """

    def questions(line: TelephoneLine) -> Questions:
        return Questions(
            dialogue=dialogue,
            announcer=announcer,
            keys=keys,
            greeter=greeter,
            survey=survey,
            ears=ears,
            clock=clock,
            log=log,
            place=place or in_folder(str(values.prompts_dir)),
            default_team=TeamId(values.default_team),
            callers=line,
        )

    return TelephoneLine(
        switch=link_to(values, term, log),
        door=AgiDoor(values.agi_host, values.agi_port, log),
        questions=questions,
        spool=SpoolFolder(values.recordings_dir),
        clock=clock,
        log=log,
    )


def link_to(values: AsteriskValues, term: int, log: Log) -> AmiLink:
    return AmiLink(
        host=values.bind_address,
        port=values.ami_port,
        user=values.ami_user,
        secret=values.ami_secret,
        term=term,
        jitter=jitter,
        log=log,
    )


def jitter() -> float:
    """A random fraction, 0 to 1."""
    return int.from_bytes(os.urandom(2)) / 65536
