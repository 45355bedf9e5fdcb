"""`hotline ivr try`: be a caller on paper, with the flows and prompts of this configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hotline.reviewed import CityOfFiles
from hotline.settings import Settings
from ivr.adapters.flow_files import load_flow
from ivr.adapters.intent_files import load_intents
from ivr.adapters.prompt_files import load_prompts
from ivr.core.conditions import Around, caller_kind
from ivr.core.interpreter import Result
from ivr.core.rehearsal import Moment, Rehearsal, example_answer, example_order, rehearse
from ivr.core.walk import Visit
from kernel.errors import BadInput
from kernel.language import Language
from kernel.phone import clean
from kernel.telephony import (
    Disconnect,
    EnterQueue,
    KeepMessage,
    PromiseCallback,
    TransferOut,
)

SILENT = "-"
"""Typed for a caller who presses nothing; an empty line is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What the command line asks for. `keys` None: the caller is asked at each question."""

    flow: str
    line: str
    ani: str
    language: str
    lookup: str
    order: str
    voice: bool
    keys: Sequence[str] | None


def try_flow(
    settings: Settings,
    trial: Trial,
    now: datetime,
    say: Callable[[str], None],
    ask: Callable[[], str],
) -> None:
    """Raises ConfigurationError for a broken flow, BadInput for a wrong option, EOFError from
    `ask` when the terminal is closed."""
    city = CityOfFiles(settings)
    folder = settings.config_dir / "ivr"
    catalogue = load_prompts(folder / "prompts.yaml")
    words = load_intents(folder / "intents.yaml")
    flow = load_flow(_path(folder, trial.flow), catalogue, city.team_ids(), words)
    visit = _visit(city, trial, now)
    keys = list(trial.keys or ())
    shown = 0
    while True:
        found = rehearse(flow, catalogue, keys, visit)
        for moment in found.moments[shown:]:
            _tell(moment, say)
        shown = len(found.moments)
        if found.ending is not None or trial.keys is not None:
            say(_ending(found))
            return
        typed = ask().strip()
        keys.append("" if typed == SILENT else typed)


def typed_keys(text: str) -> list[str]:
    """`9,2,-` is the keys 9 and 2 and then silence; an empty text is one silence."""
    return ["" if key.strip() == SILENT else key.strip() for key in text.split(",")]


def _path(folder: Path, name: str) -> Path:
    shipped = folder / f"{name}.yaml"
    return shipped if shipped.exists() else Path(name)


def _visit(city: CityOfFiles, trial: Trial, now: datetime) -> Visit:
    if trial.language and trial.language not in set(Language):
        raise BadInput("A language is zh, yue or en.")
    if trial.lookup not in set(Result):
        raise BadInput("A lookup ends as found, not_found, refused or failed.")
    entry = city.line(trial.line)
    return Visit(
        started_at=now,
        language=Language(trial.language) if trial.language else None,
        line_team=entry.team if entry else None,
        dnis=trial.line,
        caller=caller_kind(clean(trial.ani)),
        ani=clean(trial.ani),
        answer=example_answer(Result(trial.lookup), now),
        known=example_order(trial.order, now),
        around=Around(hearing=frozenset(Language) if trial.voice else frozenset()),
    )


def _tell(moment: Moment, say: Callable[[str], None]) -> None:
    if moment.spoken is not None:
        understood = moment.spoken.wish or "nothing"
        asked = ", asked back" if moment.spoken.asked else ""
        say(f"  < {moment.spoken.text} (understood: {understood}{asked})")
    if moment.pressed is not None:
        say(f"  < {moment.pressed or 'silence'}")
    say(f"  [{' > '.join(moment.steps) or 'again'}]")
    for said in moment.said:
        say(f"  > {said.language.value}: {said.text}")


def _ending(found: Rehearsal) -> str:
    match found.ending:
        case EnterQueue(team=team, language=language, priority=priority):
            return f"waits for a person: {team}, {language.value}, priority {priority}"
        case TransferOut(number=number):
            return f"transferred to {number}"
        case PromiseCallback(number=number):
            return f"{number.digits} is called back"
        case KeepMessage(number=number):
            return f"the message is heard, and {number.digits} is called"
        case Disconnect():
            return "the call ends"
        case None:
            listening = found.moments[-1].may_speak
            return f"the caller is asked for a {'word or a ' if listening else ''}key"
