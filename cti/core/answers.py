"""An instruction of the dialogue as the channel variables that the dialplan obeys. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import assert_never

from cti.core.words import AnswerVariable as Var
from cti.core.words import Do
from kernel import telephony as tel

# One FastAGI command line must stay under Asterisk's buffer of 2,048 bytes (res_agi, 22.10).
CHUNK_BYTES = 1500
_PROMPT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]{0,79}")
_TEAM = re.compile(r"[a-z][a-z0-9_]{1,31}")
_NUMBER = re.compile(r"[0-9]{3,16}")
_EAR = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
MAX_DIGITS = 32


Answer = tel.Instruction | tel.WaitingAnswer | tel.GreetingAnswer
Place = Callable[[tel.Prompt], str]
"""Where the sound of a prompt is: a path without an ending. Answers from memory."""


def answer(instruction: Answer, place: Place) -> dict[str, str]:
    """Variables in the order to set them, `CC_DO` last: a cut answer is then no answer at all.

    Raises ValueError for a prompt, team or number that may not reach the dialplan.
    """
    variables = play(instruction.prompts, place)
    if isinstance(instruction, tel.PromiseCallback | tel.TakeMessage | tel.KeepMessage):
        variables |= _place(instruction.place)
    match instruction:
        case tel.Play():
            do = Do.PLAY
        case tel.Collect() | tel.Listen():
            # Without a recogniser on the line, listening is collecting: the keys say the same.
            do = Do.COLLECT
            variables |= _keys(instruction)
        case tel.EnterQueue():
            do = Do.QUEUE
            variables |= _line(instruction)
        case tel.TransferOut():
            do = Do.OUT
            variables[Var.NUMBER] = _checked(_NUMBER, instruction.number)
        case tel.Disconnect():
            do = Do.HANGUP
        case tel.KeepWaiting():
            do = Do.WAIT
        case tel.TakeMessage():
            do = Do.MESSAGE
            variables[Var.NUMBER] = _checked(_NUMBER, instruction.number.digits)
            variables[Var.SHORTEST] = _seconds(instruction.shortest)
            variables[Var.SILENCE] = _seconds(instruction.silence)
            variables[Var.MAX] = _seconds(instruction.longest)
        case tel.KeepMessage():
            do = Do.TAKEN
        case tel.PromiseCallback():
            do = Do.CALLBACK
            variables[Var.NUMBER] = _checked(_NUMBER, instruction.number.digits)
        case _:
            assert_never(instruction)
    variables[Var.DO] = do.value
    return variables


def listen(key: str, port: int, instruction: tel.Listen) -> dict[str, str]:
    """The answer to a caller whose audio is expected under `key` at `port` of the loopback: the
    phrases are spoken there. What is said of keys is for a caller who pressed some before.
    Raises ValueError."""
    return {
        **_keys(instruction),
        Var.EAR: _checked(_EAR, key),
        Var.EAR_PORT: _checked(_PORT, str(port)),
        Var.DO: Do.LISTEN.value,
    }


def _keys(asked: tel.Collect | tel.Listen) -> dict[str, str]:
    return {
        Var.MAX: str(min(max(asked.max_digits, 1), MAX_DIGITS)),
        Var.TIMEOUT: f"{max(asked.timeout.total_seconds(), 0.1):.1f}",
        Var.FRESH: "yes" if asked.fresh else "",
    }


def in_folder(folder: str) -> Place:
    """Every prompt as `<folder>/<language>/<name>`."""
    return lambda prompt: f"{folder}/{prompt.language.value}/{prompt.name}"


def play(prompts: Sequence[tel.Prompt], place: Place) -> dict[str, str]:
    """`CC_PLAY` and its continuations; empty without prompts.

    Raises ValueError for a bad name, or for more than fits into three variables (about 4,500
    bytes of paths).
    """
    chunks = [""]
    for prompt in prompts:
        _checked(_PROMPT_NAME, prompt.name)
        path = place(prompt)
        joined = f"&{path}" if any(chunks) else path
        if len(chunks[-1]) + len(joined) > CHUNK_BYTES:
            chunks.append("")
        chunks[-1] += joined
    names = (Var.PLAY, Var.PLAY2, Var.PLAY3)
    if len(chunks) > len(names):
        raise ValueError(f"too many prompts for one answer: {len(prompts)}")
    return {name.value: chunk for name, chunk in zip(names, chunks, strict=False)}


def _line(into: tel.EnterQueue | tel.PlaceInLine) -> dict[str, str]:
    return {
        Var.TEAM: _checked(_TEAM, into.team),
        Var.LANGUAGE: into.language.value,
        Var.PRIORITY: str(int(into.priority)),
    }


def _place(place: tel.PlaceInLine | None) -> dict[str, str]:
    """Where a caller would stand who is let go before waiting; nothing for one who waits."""
    if place is None:
        return {}
    return {**_line(place), Var.ARRIVED: str(int(place.since.timestamp() * 1000))}


def _seconds(duration: timedelta) -> str:
    return str(max(1, round(duration.total_seconds())))


def _checked(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"may not reach the dialplan: {text[:80]!r}")
    return str(text)
