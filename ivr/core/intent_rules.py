"""The rules that a table of intents must keep before a single caller is understood by it. Pure.

`problems` are rules that are broken: such a table is never used. `overlaps`, `unheard` and `lost`
are looked at by whoever edits: they are right more often than not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ivr.core.intent_sheet import (
    ANSWERS,
    RESERVED,
    ROLE_GROUPS,
    VARIANTS,
    IntentSheet,
    Place,
    cells,
)
from ivr.core.intents import Intent, Kind, normalised
from kernel.language import Language

LONGEST_PHRASE = 30
SHORTEST_INTENT = 2
MARKS = frozenset(" -'’·.")
"""What may stand in a phrase beside letters and figures; it is not looked at."""
ALWAYS = (Language.MANDARIN, Language.ENGLISH)
"""Cantonese is written only where it says something else."""
OPPOSITE = {"no": "yes", "second": "first"}
_LATIN = re.compile(r"[0-9a-z']+")
_BETWEEN = re.compile(r"[\s·.\-]+")


class Rule(StrEnum):
    """Which rule is broken."""

    TWO_MEANINGS = "two_meanings"  # of `other`, too
    TWICE = "twice"  # in the same sense, at `other`
    EMPTY = "empty"  # nothing is said in it
    SHORT = "short"  # too short to mean something by itself
    LONG = "long"
    MARKUP = "markup"  # it holds marks that nobody says
    NO_PHRASE = "no_phrase"  # a cell that must not be empty
    NAME = "name"  # no name of an intent
    WHOLE = "whole"  # `phrase` is no intent of which others are a part
    VARIANT = "variant"  # not one character for another
    CHAIN = "chain"  # a variant of a variant


@dataclass(frozen=True, slots=True)
class Spot:
    """A phrase by its place in its cell, counted from 0."""

    place: Place
    index: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule. `other`: where the phrase stands as well."""

    rule: Rule
    spot: Spot
    phrase: str = ""
    other: Spot | None = None


def problems(sheet: IntentSheet) -> tuple[Problem, ...]:
    """Every broken rule, in the order of the table; empty when it may be used."""
    return (*_wrong_variants(sheet), *_wrong_intents(sheet), *_wrong_phrases(sheet))


def _wrong_variants(sheet: IntentSheet) -> Iterator[Problem]:
    known = {one for one, _ in sheet.variants if len(one) == 1}
    for index, (one, plain) in enumerate(sheet.variants):
        spot = Spot(Place(VARIANTS), index)
        if len(one) != 1 or len(plain) != 1:
            yield Problem(Rule.VARIANT, spot, one)
        elif plain in known:
            yield Problem(Rule.CHAIN, spot, plain)


def _wrong_intents(sheet: IntentSheet) -> Iterator[Problem]:
    intents = {intent.name: intent for intent in sheet.intents}
    for intent in sheet.intents:
        name = intent.name
        if not name.isidentifier() or not name.islower() or name in RESERVED:
            yield Problem(Rule.NAME, Spot(Place(name)), name)
        if intent.within is not None and not _has_parts(intents.get(intent.within)):
            yield Problem(Rule.WHOLE, Spot(Place(name)), intent.within)
        for language in ALWAYS:
            if not intent.phrases.get(language):
                yield Problem(Rule.NO_PHRASE, Spot(Place(name, language)), name)


def _has_parts(whole: Intent | None) -> bool:
    return whole is not None and whole.within is None and whole.kind is Kind.MATTER


@dataclass(slots=True)
class _Seen:
    """What the phrases before this one mean."""

    phrases: dict[str, Spot] = field(default_factory=dict)
    answers: dict[str, dict[str, Spot]] = field(default_factory=dict)

    def earlier(self, phrase: str, spot: Spot) -> tuple[Rule, Spot] | None:
        """The rule that this phrase breaks by standing here as well, and where it stood first."""
        group = spot.place.group
        if group in ANSWERS:
            own = self.answers.setdefault(group, {})
            opposite = self.answers.get(OPPOSITE.get(group, ""), {}).get(phrase)
            own.setdefault(phrase, spot)
            return (Rule.TWO_MEANINGS, opposite) if opposite else None
        first = self.phrases.setdefault(phrase, spot)
        if first is spot:
            return None
        return Rule.TWICE if first.place.group == group else Rule.TWO_MEANINGS, first


def _wrong_phrases(sheet: IntentSheet) -> Iterator[Problem]:
    variants, seen = sheet.translation, _Seen()
    for place, phrases in cells(sheet):
        for index, phrase in enumerate(phrases):
            spot = Spot(place, index)
            plain = normalised(phrase, variants)
            rule = _wrong_form(place, phrase, plain)
            if rule is not None:
                yield Problem(rule, spot, phrase)
            if rule in (Rule.EMPTY, Rule.LONG):
                continue
            earlier = seen.earlier(plain, spot)
            if earlier is not None:
                yield Problem(earlier[0], spot, phrase, earlier[1])


def _wrong_form(place: Place, phrase: str, plain: str) -> Rule | None:
    if not plain:
        return Rule.EMPTY
    if len(plain) > LONGEST_PHRASE:
        return Rule.LONG
    if not all(c.isalnum() or c in MARKS for c in phrase):
        return Rule.MARKUP
    of_intent = place.group not in ROLE_GROUPS and place.group not in ANSWERS
    return Rule.SHORT if of_intent and len(plain) < SHORTEST_INTENT else None


# --- what is looked at ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Overlap:
    """`phrase` at `place` stands within `longer` of another intent: who says the longer one means
    only that other."""

    place: Place
    phrase: str
    longer: str
    within: Place


def overlaps(sheet: IntentSheet) -> tuple[Overlap, ...]:
    """In the order of the table, for each phrase the first longer one. Of an intent and its parts,
    and where the longer one says nothing, it is meant to be so. O(characters of the table x the
    longest phrase)."""
    wholes = {intent.name: intent.within for intent in sheet.intents}
    plain: dict[str, tuple[Place, str]] = {}
    for place, phrases in cells(sheet):
        if place.group in wholes:
            for phrase in phrases:
                plain.setdefault(normalised(phrase, sheet.translation), (place, phrase))
    found: dict[str, Overlap] = {}
    for longer, (within, written) in plain.items():
        for part in _parts(longer):
            if part not in plain or part in found:
                continue
            place, phrase = plain[part]
            one, other = place.group, within.group
            if one != other and wholes[one] != other and wholes[other] != one:
                found[part] = Overlap(place, phrase, written, within)
    return tuple(found[part] for part in plain if part in found)


def _parts(text: str) -> Iterator[str]:
    """Everything that stands within, but the whole."""
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            if end - start < len(text):
                yield text[start:end]


def words_of(phrases: Collection[str]) -> frozenset[str]:
    """Every word that a recogniser might know these phrases by."""
    found: set[str] = set()
    for phrase in phrases:
        for token in _tokens(phrase):
            found.add(token)
            if not _LATIN.fullmatch(token):
                found.update(_parts(token))
    return frozenset(found)


def unheard(phrases: Collection[str], known: Collection[str]) -> frozenset[str]:
    """Those that a recogniser with these words can never write down: a word between spaces is not
    among them, nor, where words are written without spaces, made of several of them."""
    return frozenset(
        phrase for phrase in phrases if not all(_made(t, known) for t in _tokens(phrase))
    )


def _tokens(phrase: str) -> Iterator[str]:
    """What stands between spaces and marks."""
    yield from filter(None, _BETWEEN.split(phrase.lower().replace("’", "'")))


def _made(token: str, known: Collection[str]) -> bool:
    if token in known:
        return True
    if _LATIN.fullmatch(token):
        return False
    reached = {0}
    for end in range(1, len(token) + 1):
        if any(start in reached and token[start:end] in known for start in range(end)):
            reached.add(end)
    return len(token) in reached


def lost(sheet: IntentSheet, offered: Collection[str]) -> frozenset[str]:
    """Names of intents that no step leads on from (`offered`: those that steps name), neither
    themselves nor by the whole that they are a part of; to hear again leads nowhere anyway."""
    ways: Mapping[str, str | None] = {intent.name: intent.within for intent in sheet.intents}
    return frozenset(
        intent.name
        for intent in sheet.intents
        if intent.kind is not Kind.REPEAT
        and intent.name not in offered
        and ways[intent.name] not in offered
    )
