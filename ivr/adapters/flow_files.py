"""Flows read from YAML: `config/ivr/main.yaml`, `config/ivr/survey.yaml`.

The shape of a file is explained at its head. A flow that breaks a rule is refused as a whole, with
every broken rule named by file and line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from pathlib import Path

from ivr.adapters.marked_yaml import Value, complaint, read_text, text_of
from ivr.core.catalogue import PromptCatalogue
from ivr.core.conditions import (
    CalledBefore,
    CallerIs,
    CallerKind,
    DayIs,
    DayKind,
    Dialled,
    Flag,
    LastTeam,
    Offer,
    Offered,
    PlanOn,
    QueueOver,
    Test,
    TimeOfDay,
)
from ivr.core.flow import (
    MOST_QUESTIONS,
    Announce,
    Asks,
    Callback,
    ChooseLanguage,
    Condition,
    Digits,
    End,
    Enquiry,
    Flow,
    LeaveFor,
    Listening,
    Lookup,
    Menu,
    Message,
    Phrase,
    Purpose,
    Queue,
    Reading,
    Saying,
    Slot,
    Step,
    SurveyQuestion,
)
from ivr.core.history import CALLS_KEPT, LONGEST, CallKind
from ivr.core.intents import NO_INTENTS, IntentTable
from ivr.core.validation import Problem, problems
from kernel.errors import ConfigurationError
from kernel.ids import TeamId
from kernel.language import Language

_FLOW = frozenset({"flow", "purpose", "start", "fallback", "limit_s", "steps"})
_FLOW_OPTIONAL = frozenset({"most_questions"})
_NOTHING: frozenset[str] = frozenset()
_FIELDS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "announce": (frozenset({"say", "next"}), _NOTHING),
    "menu": (
        frozenset({"say", "keys", "silence", "unknown", "timeout_s"}),
        frozenset({"again", "attempts", "max_digits"}),
    ),
    "listen": (
        frozenset({"say", "by_keys", "keys", "intents", "silence", "unknown", "timeout_s"}),
        frozenset(
            {
                "again",
                "unheard",
                "attempts",
                "max_digits",
                "alarm",
                "patience_s",
                "sure",
                "sure_emergency",
            }
        ),
    ),
    "digits": (
        frozenset(
            {"say", "into", "least", "most", "entered", "keys", "silence", "unknown", "timeout_s"}
        ),
        frozenset({"again", "attempts"}),
    ),
    "lookup": (frozenset({"enquiry", "found", "not_found", "refused", "failed"}), _NOTHING),
    "choose_language": (frozenset({"say", "languages", "next", "timeout_s"}), _NOTHING),
    "queue": (frozenset({"team", "say"}), frozenset({"priority", "callback", "message"})),
    "callback": (
        frozenset({"team", "say", "keys", "silence", "closed", "timeout_s"}),
        frozenset({"priority", "attempts"}),
    ),
    "message": (
        frozenset({"team", "say", "keys", "silence", "timeout_s"}),
        frozenset({"attempts", "shortest_s", "silence_s", "longest_s"}),
    ),
    "transfer_out": (frozenset({"number", "say", "failed"}), _NOTHING),
    "condition": (frozenset({"when", "then", "otherwise"}), _NOTHING),
    "survey_question": (
        frozenset({"say", "scores", "answered", "silence", "unknown", "timeout_s"}),
        frozenset({"asks", "keys", "again", "attempts"}),
    ),
    "end": (frozenset({"say"}), _NOTHING),
}
_LINE_TEAM = "line"
FEWEST_QUESTIONS = 20
"""An order's number, its telephone's last figures, both wrong once, and the way there."""
PATIENCE_S = 4.0
SURE_FRACTION = 0.6
SURE_EMERGENCY_FRACTION = 0.9
"""Of 348 sentences in languages that no model knows 7 were clear emergencies at 0.6, and 3 at 0.9;
all 59 true ones that were heard stood above it (synthetic voices, the tests' tiny models)."""


@dataclass(slots=True)
class _Places:
    """Lines of steps and of their fields, for the complaints of the validation."""

    lines: dict[tuple[str, str], int] = field(default_factory=dict)

    def note(self, step: str, name: str, value: Value) -> None:
        self.lines[step, name] = value.line

    def line(self, problem: Problem) -> int:
        for key in ((problem.step, problem.field), (problem.step, ""), ("", "steps")):
            if key in self.lines:
                return self.lines[key]
        return 1


def load_flow(
    path: Path,
    catalogue: PromptCatalogue,
    teams: Collection[TeamId],
    words: IntentTable = NO_INTENTS,
) -> Flow:
    """Read and validate one flow. `words`: by what its intents are known.

    Raises:
        ConfigurationError: one line `file:line: what is wrong` for each broken rule.
    """
    return parse_flow(str(path), text_of(path), catalogue, teams, words)


def parse_flow(
    source: str,
    body: str,
    catalogue: PromptCatalogue,
    teams: Collection[TeamId],
    words: IntentTable = NO_INTENTS,
    plans: Collection[str] | None = None,
) -> Flow:
    """As `load_flow`, from a text that complaints call `source`. `plans`: the ids there are; None
    if they are not known, and then not looked at."""
    places = _Places()
    flow = replace(_flow(read_text(source, body), digest(body), places), words=words)
    found = problems(flow, catalogue, teams, plans)
    if found:
        raise ConfigurationError(
            "\n".join(complaint(source, places.line(p), _sentence(p)).message for p in found)
        )
    return flow


def digest(body: str) -> str:
    """Names the content of a flow: twelve hexadecimal figures."""
    return hashlib.sha256(body.encode()).hexdigest()[:12]


def _sentence(problem: Problem) -> str:
    where = f"step {problem.step!r}" if problem.step else "flow"
    return f"{where}{', ' + problem.field if problem.field else ''}: {problem.message}"


def _flow(root: Value, version: str, places: _Places) -> Flow:
    found = root.fields(_FLOW, _FLOW_OPTIONAL)
    for name, value in found.items():
        places.note("", name, value)
    steps: dict[str, Step] = {}
    for key, value in found["steps"].pairs():
        places.note(key.text(), "", key)
        steps[key.text()] = _step(key.text(), value, places)
    purpose = found["purpose"].text()
    if purpose not in set(Purpose):
        raise found["purpose"].wrong(f"{purpose!r} is no purpose of a flow")
    return Flow(
        name=found["flow"].text(),
        version=version,
        purpose=Purpose(purpose),
        start=found["start"].text(),
        fallback=found["fallback"].text(),
        limit=timedelta(seconds=found["limit_s"].number(10, 600)),
        steps=steps,
        most_questions=_most_questions(found),
    )


def _most_questions(found: dict[str, Value]) -> int:
    if "most_questions" not in found:
        return MOST_QUESTIONS
    return int(found["most_questions"].number(FEWEST_QUESTIONS, 200))


def _step(name: str, value: Value, places: _Places) -> Step:
    kinds = [(k, v) for k, v in value.pairs() if k.text() == "kind"]
    if not kinds:
        raise value.wrong(f"step {name!r} has no kind")
    kind = kinds[0][1].text()
    if kind not in _FIELDS:
        raise kinds[0][1].wrong(f"unknown kind of step {kind!r}")
    required, optional = _FIELDS[kind]
    found = value.fields(required | {"kind"}, optional)
    for field_name, field_value in found.items():
        places.note(name, field_name, field_value)
    for group in ("keys", "intents"):
        if group in found:
            for key, target in found[group].pairs():
                places.note(name, f"{group}.{key.text()}", target)
    return _BUILDERS[kind](name, found)


def _announce(name: str, found: dict[str, Value]) -> Step:
    return Announce(name, _phrases(found["say"]), found["next"].text())


def _menu(name: str, found: dict[str, Value]) -> Step:
    return Menu(
        name=name,
        phrases=_phrases(found["say"]),
        keys={key.text(): target.text() for key, target in found["keys"].pairs()},
        silence=found["silence"].text(),
        unknown=found["unknown"].text(),
        again=_phrases(found["again"]) if "again" in found else (),
        attempts=_whole(found, "attempts", default=1),
        max_digits=_whole(found, "max_digits", default=1),
        timeout=_timeout(found),
    )


def _listen(name: str, found: dict[str, Value]) -> Step:
    patience = found["patience_s"].number(1, 10) if "patience_s" in found else PATIENCE_S
    return Listening(
        name=name,
        phrases=_phrases(found["say"]),
        by_keys=_phrases(found["by_keys"]),
        keys={key.text(): target.text() for key, target in found["keys"].pairs()},
        intents={key.text(): target.text() for key, target in found["intents"].pairs()},
        alarm=found["alarm"].text() if "alarm" in found else None,
        silence=found["silence"].text(),
        unknown=found["unknown"].text(),
        again=_phrases(found["again"]) if "again" in found else (),
        unheard=_phrases(found["unheard"]) if "unheard" in found else (),
        attempts=_whole(found, "attempts", default=1),
        max_digits=_whole(found, "max_digits", default=1),
        timeout=_timeout(found),
        patience=timedelta(seconds=patience),
        sure_fraction=_fraction(found, "sure", SURE_FRACTION),
        sure_emergency_fraction=_fraction(found, "sure_emergency", SURE_EMERGENCY_FRACTION),
    )


def _fraction(found: dict[str, Value], name: str, default: float) -> float:
    return found[name].number(0, 1) if name in found else default


def _digits(name: str, found: dict[str, Value]) -> Step:
    return Digits(
        name=name,
        phrases=_phrases(found["say"]),
        into=found["into"].text(),
        least=int(found["least"].number(1, 32)),
        most=int(found["most"].number(1, 32)),
        entered=found["entered"].text(),
        keys={key.text(): target.text() for key, target in found["keys"].pairs()},
        silence=found["silence"].text(),
        unknown=found["unknown"].text(),
        again=_phrases(found["again"]) if "again" in found else (),
        attempts=_whole(found, "attempts", default=1),
        timeout=_timeout(found),
    )


def _lookup(name: str, found: dict[str, Value]) -> Step:
    enquiry = found["enquiry"].text()
    if enquiry not in set(Enquiry):
        raise found["enquiry"].wrong(f"{enquiry!r} cannot be looked up")
    return Lookup(
        name=name,
        enquiry=Enquiry(enquiry),
        found=found["found"].text(),
        not_found=found["not_found"].text(),
        refused=found["refused"].text(),
        failed=found["failed"].text(),
    )


def _choose_language(name: str, found: dict[str, Value]) -> Step:
    return ChooseLanguage(
        name=name,
        phrases=_phrases(found["say"]),
        languages={k.text(): _language(v) for k, v in found["languages"].pairs()},
        next=found["next"].text(),
        timeout=_timeout(found),
    )


def _queue(name: str, found: dict[str, Value]) -> Step:
    return Queue(
        name=name,
        team=_team(found["team"]),
        priority=_priority(found),
        phrases=_phrases(found["say"]),
        callback=found["callback"].text() if "callback" in found else None,
        message=found["message"].text() if "message" in found else None,
    )


def _team(value: Value) -> TeamId | None:
    return None if value.text() == _LINE_TEAM else TeamId(value.text())


def _priority(found: dict[str, Value]) -> int:
    return int(found["priority"].number(0, 60)) if "priority" in found else 0


def _callback(name: str, found: dict[str, Value]) -> Step:
    return Callback(
        name=name,
        team=_team(found["team"]),
        priority=_priority(found),
        phrases=_phrases(found["say"]),
        keys={key.text(): target.text() for key, target in found["keys"].pairs()},
        silence=found["silence"].text(),
        closed=found["closed"].text(),
        attempts=_whole(found, "attempts", default=3),
        timeout=_timeout(found),
    )


def _message(name: str, found: dict[str, Value]) -> Step:
    return Message(
        name=name,
        team=_team(found["team"]),
        phrases=_phrases(found["say"]),
        keys={key.text(): target.text() for key, target in found["keys"].pairs()},
        silence=found["silence"].text(),
        attempts=_whole(found, "attempts", default=3),
        timeout=_timeout(found),
        shortest=_seconds(found, "shortest_s", 1, 30, default=3),
        quiet=_seconds(found, "silence_s", 2, 30, default=5),
        longest=_seconds(found, "longest_s", 5, 300, default=120),
    )


def _transfer_out(name: str, found: dict[str, Value]) -> Step:
    return LeaveFor(name, found["number"].text(), _phrases(found["say"]), found["failed"].text())


def _condition(name: str, found: dict[str, Value]) -> Step:
    return Condition(name, _test(found["when"]), found["then"].text(), found["otherwise"].text())


def _test(value: Value) -> Test:
    """A word (`line_known`), or a group with the one field that says what is asked."""
    if value.plain:
        if value.text() not in set(Flag):
            raise value.wrong(f"unknown condition {value.text()!r}")
        return Flag(value.text())
    found = value.fields(_NOTHING, frozenset(_TESTS))
    if len(found) != 1:
        raise value.wrong("asks exactly one thing")
    ((kind, asked),) = found.items()
    return _TESTS[kind](asked)


def _time_of_day(value: Value) -> Test:
    begin, dash, end = value.text().partition("-")
    try:
        test = TimeOfDay(time.fromisoformat(begin), time.fromisoformat(end))
    except ValueError as error:
        raise value.wrong('must be two times like "08:30-17:30"') from error
    if not dash or test.begin == test.end or test.begin.tzinfo or test.end.tzinfo:
        raise value.wrong('must be two times like "08:30-17:30"')
    return test


def _day_is(value: Value) -> Test:
    if value.text() not in set(DayKind):
        raise value.wrong(f"unknown kind of day {value.text()!r}")
    return DayIs(DayKind(value.text()))


def _dialled(value: Value) -> Test:
    numbers = frozenset(item.text() for item in value.items())
    if not numbers or not all(number.isdecimal() for number in numbers):
        raise value.wrong("must be a list of numbers")
    return Dialled(numbers)


def _caller_is(value: Value) -> Test:
    if value.text() not in set(CallerKind):
        raise value.wrong(f"unknown kind of caller {value.text()!r}")
    return CallerIs(CallerKind(value.text()))


def _queue_over(value: Value) -> Test:
    found = value.fields(frozenset({"team"}), frozenset({"waiting", "wait_s"}))
    if len(found) == 1:
        raise value.wrong("needs waiting or wait_s")
    return QueueOver(
        team=_team(found["team"]),
        waiting=int(found["waiting"].number(0, 10_000)) if "waiting" in found else None,
        wait=timedelta(seconds=found["wait_s"].number(1, 7200)) if "wait_s" in found else None,
    )


def _offered(value: Value) -> Test:
    found = value.fields(frozenset({"team", "offer"}), _NOTHING)
    offer = found["offer"].text()
    if offer not in set(Offer):
        raise found["offer"].wrong(f"unknown offer {offer!r}")
    return Offered(_team(found["team"]), Offer(offer))


def _plan_on(value: Value) -> Test:
    plans = frozenset(item.text() for item in value.items())
    if not plans:
        raise value.wrong("must be a list of plans")
    return PlanOn(plans)


def _called_before(value: Value) -> Test:
    kinds = frozenset(kind.value for kind in CallKind)
    found = value.fields(frozenset({"days"}), kinds)
    if len(found) != 2:
        raise value.wrong("counts exactly one kind of call")
    (kind,) = kinds & found.keys()
    return CalledBefore(
        CallKind(kind),
        int(found[kind].number(1, CALLS_KEPT)),
        timedelta(days=found["days"].number(0.01, LONGEST.days)),
    )


def _last_team(value: Value) -> Test:
    return LastTeam(TeamId(value.text()))


_TESTS: dict[str, Callable[[Value], Test]] = {
    "time": _time_of_day,
    "day": _day_is,
    "dialled": _dialled,
    "caller": _caller_is,
    "queue": _queue_over,
    "offered": _offered,
    "plan": _plan_on,
    "history": _called_before,
    "last_team": _last_team,
}


def _survey_question(name: str, found: dict[str, Value]) -> Step:
    asks = found["asks"].text() if "asks" in found else Asks.OPERATOR.value
    if asks not in set(Asks):
        raise found["asks"].wrong(f"unknown question {asks!r}")
    keys = found["keys"].pairs() if "keys" in found else ()
    return SurveyQuestion(
        name=name,
        asks=Asks(asks),
        keys={key.text(): target.text() for key, target in keys},
        phrases=_phrases(found["say"]),
        scores={k.text(): int(v.number(1, 5)) for k, v in found["scores"].pairs()},
        answered=found["answered"].text(),
        silence=found["silence"].text(),
        unknown=found["unknown"].text(),
        again=_phrases(found["again"]) if "again" in found else (),
        attempts=_whole(found, "attempts", default=1),
        timeout=_timeout(found),
    )


def _end(name: str, found: dict[str, Value]) -> Step:
    return End(name, _phrases(found["say"]))


_BUILDERS: dict[str, Callable[[str, dict[str, Value]], Step]] = {
    "announce": _announce,
    "menu": _menu,
    "listen": _listen,
    "digits": _digits,
    "lookup": _lookup,
    "choose_language": _choose_language,
    "queue": _queue,
    "callback": _callback,
    "message": _message,
    "transfer_out": _transfer_out,
    "condition": _condition,
    "survey_question": _survey_question,
    "end": _end,
}


def _phrases(value: Value) -> tuple[Saying, ...]:
    """`welcome` in the caller's language, `welcome@yue` always in Cantonese, `{digits:order}` what
    is in the slot `order`, read as digits."""
    return tuple(_saying(item) for item in value.items())


def _saying(item: Value) -> Saying:
    text = item.text()
    if text.startswith("{") and ":" in text:
        reading, _, slot = text.strip("{}").partition(":")
        if reading not in set(Reading) or not slot.isidentifier():
            raise item.wrong(f"{text!r} cannot be said")
        return Slot(Reading(reading), slot)
    name, at, language = text.partition("@")
    if at and language not in set(Language):
        raise item.wrong(f"unknown language {language!r}")
    return Phrase(name, Language(language) if at else None)


def _language(value: Value) -> Language:
    if value.text() not in set(Language):
        raise value.wrong(f"unknown language {value.text()!r}")
    return Language(value.text())


def _timeout(found: dict[str, Value]) -> timedelta:
    return timedelta(seconds=found["timeout_s"].number(0.1, 10))


def _seconds(
    found: dict[str, Value], name: str, low: float, high: float, *, default: float
) -> timedelta:
    return timedelta(seconds=found[name].number(low, high) if name in found else default)


def _whole(found: dict[str, Value], name: str, *, default: int) -> int:
    return int(found[name].number(1, 8)) if name in found else default
