"""The rules that every flow must keep before a single caller hears it.

The most important one: nobody is stranded. It is proved on the graph of the steps, so that it
holds for callers nobody has thought of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ivr.core.catalogue import PromptCatalogue
from ivr.core.conditions import LastTeam, Offered, PlanOn, QueueOver
from ivr.core.flow import (
    EMERGENCY_NUMBERS,
    KNOWN_SLOTS,
    LANGUAGE_ORDER,
    LINE_GREETING,
    MOST_SCORES,
    Callback,
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
    Purpose,
    Queue,
    Saying,
    Slot,
    Step,
    SurveyQuestion,
    line_greeting,
    phrases,
    silent_targets,
    targets,
)
from ivr.core.intents import IntentTable, Kind
from ivr.core.listening import NAMED, QUESTION_PROMPTS
from ivr.core.number_talk import OTHER, YES
from ivr.core.saying import all_prompts
from kernel.ids import TeamId
from kernel.language import Language

DIALABLE = frozenset("0123456789*#")
OUTSIDE_NUMBERS = EMERGENCY_NUMBERS | {"12366"}
"""Where callers may be sent: the emergency numbers, and the tax administration's own line."""
LONGEST_NUMBER = 32
NEEDED: dict[Enquiry, frozenset[str]] = {
    Enquiry.ORDER_PROGRESS: frozenset({"order_number", "phone_tail"}),
}
"""The slots that must have been typed in before a lookup is made."""
FOUND: dict[Enquiry, frozenset[str]] = {
    Enquiry.ORDER_PROGRESS: frozenset({"order_stage", "order_at"}),
}
"""The slots that a lookup fills."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule. `step` and `field` say where (empty for the flow itself)."""

    step: str
    field: str
    message: str


def problems(
    flow: Flow,
    catalogue: PromptCatalogue,
    teams: Collection[TeamId],
    plans: Collection[str] | None = None,
) -> tuple[Problem, ...]:
    """Every broken rule, in the order of the steps; empty when the flow may be used. `plans` None:
    which there are is not known."""
    unknown = tuple(_unknown_targets(flow))
    found = [
        *unknown,
        *_wrong_values(flow, teams),
        *_missing_prompts(flow, catalogue, teams),
        *_missing_questions(flow, catalogue),
        *_empty_slots(flow),
        *_unknown_plans(flow, plans),
    ]
    if not unknown:
        # The graph can only be judged when all its edges lead somewhere.
        found += [*_unreachable(flow), *_silent_circles(flow), *_no_way_out(flow)]
    return tuple(found)


def _unknown_targets(flow: Flow) -> Iterator[Problem]:
    for field, target in (("start", flow.start), ("fallback", flow.fallback)):
        if target not in flow.steps:
            yield Problem("", field, f"leads to the unknown step {target!r}")
    for step in flow.steps.values():
        for field, target in targets(step):
            if target not in flow.steps:
                yield Problem(step.name, field, f"leads to the unknown step {target!r}")


def _wrong_values(flow: Flow, teams: Collection[TeamId]) -> Iterator[Problem]:
    fallback = flow.steps.get(flow.fallback)
    if flow.purpose is Purpose.RECEPTION and fallback is not None:
        if not isinstance(fallback, Queue) or fallback.team is None:
            yield Problem(
                "", "fallback", "the fallback of a reception must be a queue that names its team"
            )
    if flow.purpose is Purpose.SURVEY and fallback is not None and not isinstance(fallback, End):
        yield Problem("", "fallback", "the fallback of a survey must be an end")
    for step in flow.steps.values():
        yield from _wrong_step(step, teams)
        yield from _wrong_letting_go(flow, step)
        if isinstance(step, Listening):
            yield from _wrong_listening(step, flow.words)


def _wrong_listening(step: Listening, words: IntentTable) -> Iterator[Problem]:
    known = [intent for intent in step.intents if intent in words.intents]
    for intent in step.intents:
        if intent not in known:
            yield Problem(step.name, f"intents.{intent}", f"there is no intent {intent!r}")
        elif words.kind(intent) is Kind.REPEAT:
            yield Problem(
                step.name, f"intents.{intent}", f"{intent!r} only repeats and leads nowhere"
            )
    if not step.intents:
        yield Problem(step.name, "intents", "nothing can be said here")
    if step.alarm is None and any(words.kind(i) is Kind.EMERGENCY for i in known):
        yield Problem(step.name, "intents", "an emergency needs alarm, a way for who is not sure")


def _wrong_step(step: Step, teams: Collection[TeamId]) -> Iterator[Problem]:
    if isinstance(step, Queue | Callback | Message):
        if step.team is not None and step.team not in teams:
            yield Problem(step.name, "team", f"there is no team {step.team!r}")
    if isinstance(step, LeaveFor) and step.number not in OUTSIDE_NUMBERS:
        yield Problem(
            step.name, "number", f"{step.number!r} is not a number that callers may be sent to"
        )
    if isinstance(step, Condition) and isinstance(step.test, QueueOver | Offered | LastTeam):
        if step.test.team is not None and step.test.team not in teams:
            yield Problem(step.name, "when", f"there is no team {step.test.team!r}")
    if isinstance(step, Menu | Listening | Digits | SurveyQuestion | Callback | Message):
        if not 1 <= step.attempts <= 3:
            yield Problem(step.name, "attempts", "must be between 1 and 3")
    if isinstance(step, Menu | Listening | Digits):
        most = step.most if isinstance(step, Digits) else step.max_digits
        for key in step.keys:
            if not key or len(key) > most or not set(key) <= DIALABLE:
                yield Problem(step.name, f"keys.{key}", f"{key!r} cannot be pressed here")
    if isinstance(step, Digits) and not 1 <= step.least <= step.most <= LONGEST_NUMBER:
        yield Problem(step.name, "least", f"needs 1 <= least <= most <= {LONGEST_NUMBER}")
    if isinstance(step, SurveyQuestion):
        most = MOST_SCORES[step.asks]
        for key, score in step.scores.items():
            if len(key) != 1 or key not in DIALABLE or not 1 <= score <= most:
                words = f"each score is one key and a number from 1 to {most}"
                yield Problem(step.name, "scores", words)
        for key in step.keys:
            if len(key) != 1 or key not in DIALABLE or key in step.scores:
                yield Problem(step.name, f"keys.{key}", f"{key!r} cannot be pressed here")


def _unknown_plans(flow: Flow, plans: Collection[str] | None) -> Iterator[Problem]:
    for step in flow.steps.values():
        if plans is not None and isinstance(step, Condition) and isinstance(step.test, PlanOn):
            for name in sorted(step.test.plans.difference(plans)):
                yield Problem(step.name, "when", f"there is no plan {name!r}")


def _wrong_letting_go(flow: Flow, step: Step) -> Iterator[Problem]:
    """Callbacks and messages, and the choices before the wait."""
    if isinstance(step, Callback | Message):
        if flow.purpose is Purpose.SURVEY:
            yield Problem(step.name, "", "a survey promises nothing")
        for key in step.keys:
            if len(key) != 1 or key not in DIALABLE or key in (YES, OTHER):
                yield Problem(step.name, f"keys.{key}", f"{key!r} cannot be pressed here")
    if isinstance(step, Message) and not step.shortest < step.longest:
        yield Problem(step.name, "longest_s", "must be longer than the shortest")
    if isinstance(step, Queue):
        for field, target, kind in (
            ("callback", step.callback, Callback),
            ("message", step.message, Message),
        ):
            leads_to = flow.steps.get(target) if target is not None else None
            if leads_to is not None and not isinstance(leads_to, kind):
                yield Problem(step.name, field, f"must lead to a step of the kind '{field}'")


def _missing_prompts(
    flow: Flow, catalogue: PromptCatalogue, teams: Collection[TeamId]
) -> Iterator[Problem]:
    for step in flow.steps.values():
        for field, phrase in phrases(step):
            if phrase.name == LINE_GREETING and flow.purpose is Purpose.SURVEY:
                yield Problem(step.name, field, "a survey knows no dialled line")
                continue
            fixed = None if isinstance(phrase, Slot) else phrase.language
            wanted = {fixed} if fixed else set(LANGUAGE_ORDER)
            for name in _names(phrase, teams):
                for language in sorted(wanted - catalogue.languages(name), key=_order):
                    yield Problem(
                        step.name, field, f"prompt {name!r} has no text in {_LANGUAGE[language]}"
                    )


def _missing_questions(flow: Flow, catalogue: PromptCatalogue) -> Iterator[Problem]:
    """What a listening step asks back with, in each language."""
    for step in flow.steps.values():
        if not isinstance(step, Listening):
            continue
        named = [(f"intents.{intent}", f"{NAMED}{intent}") for intent in step.intents]
        for field, name in [*(("intents", p) for p in QUESTION_PROMPTS), *named]:
            for language in sorted(set(LANGUAGE_ORDER) - catalogue.languages(name), key=_order):
                yield Problem(
                    step.name, field, f"prompt {name!r} has no text in {_LANGUAGE[language]}"
                )


def _empty_slots(flow: Flow) -> Iterator[Problem]:
    """Slots that are said or needed, and that no step of the flow ever fills."""
    filled: set[str] = set(KNOWN_SLOTS)
    for step in flow.steps.values():
        if isinstance(step, Digits):
            filled.add(step.into)
        if isinstance(step, Lookup):
            filled |= FOUND[step.enquiry]
    for step in flow.steps.values():
        for field, saying in phrases(step):
            if isinstance(saying, Slot) and saying.name not in filled:
                yield Problem(step.name, field, f"no step fills the slot {saying.name!r}")
        if isinstance(step, Lookup):
            for slot in sorted(NEEDED[step.enquiry] - filled):
                yield Problem(step.name, "enquiry", f"no step fills the slot {slot!r}")


def prompts_of_step(step: Step, teams: Collection[TeamId]) -> Iterator[str]:
    """Every prompt that `step` may say to somebody; some come more than once."""
    for _, phrase in phrases(step):
        yield from _names(phrase, teams)


def _names(phrase: Saying, teams: Collection[TeamId]) -> tuple[str, ...]:
    if isinstance(phrase, Slot):
        return all_prompts(phrase.reading)
    if phrase.name != LINE_GREETING:
        return (phrase.name,)
    return tuple(line_greeting(team) for team in sorted(teams))


_LANGUAGE = {
    Language.MANDARIN: "Mandarin",
    Language.CANTONESE: "Cantonese",
    Language.ENGLISH: "English",
}


def _order(language: Language) -> int:
    return LANGUAGE_ORDER.index(language)


def _unreachable(flow: Flow) -> Iterator[Problem]:
    # The fallback is entered by the limit and by rescued calls, so it counts as a beginning.
    reached = _closure(flow, {flow.start, flow.fallback})
    for name in flow.steps:
        if name not in reached:
            yield Problem(name, "", "no way leads to this step")


def _closure(flow: Flow, begin: set[str]) -> set[str]:
    reached: set[str] = set()
    pending = set(begin)
    while pending:
        name = pending.pop()
        reached.add(name)
        pending |= {target for _, target in targets(flow.steps[name])} - reached
    return reached


def _silent_circles(flow: Flow) -> Iterator[Problem]:
    """Steps from which a caller who presses nothing comes back to the same step."""
    for name in flow.steps:
        seen: set[str] = set()
        pending = {target for _, target in silent_targets(flow.steps[name])}
        while pending:
            here = pending.pop()
            seen.add(here)
            pending |= {target for _, target in silent_targets(flow.steps[here])} - seen
        if name in seen:
            yield Problem(name, "", "a caller who presses nothing comes back here for ever")


def _no_way_out(flow: Flow) -> Iterator[Problem]:
    """Steps from which no person (reception) or no end (survey) can be reached."""
    goal: type[Queue] | type[End] = Queue if flow.purpose is Purpose.RECEPTION else End
    message = (
        "no way leads from here to a person"
        if flow.purpose is Purpose.RECEPTION
        else "no way leads from here to an end"
    )
    for name in flow.steps:
        if not any(isinstance(flow.steps[n], goal) for n in _closure(flow, {name})):
            yield Problem(name, "", message)
