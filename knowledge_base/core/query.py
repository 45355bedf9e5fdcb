"""From what a person typed to what the index is asked: queries, match expressions, and the two
languages (FTS5, tsquery) they are written in.

Only tokens made by `tokens.py` reach an expression: letters and digits, quoted. No operator, no
column name and no quote of the user's input can therefore become syntax.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from knowledge_base.core.tokens import PINYIN_MARK, STOP_WORDS, Folding, pairs, runs

QUERY_LIMIT = 400
"""Characters of the input that are looked at; a pasted page is cut, not refused."""
RUNS_LIMIT = 8
WORDS_LIMIT = 16
_LETTERS = re.compile(r"^[a-z]{2,}$")


class Field(StrEnum):
    """Searchable fields, the most telling first; the value is the column of the FTS5 table."""

    TITLE = "title"
    QUESTIONS = "questions"
    TAGS = "tags"
    BODY = "body"
    PINYIN = "pinyin"


HEADINGS = frozenset({Field.TITLE, Field.QUESTIONS, Field.TAGS})
TEXT = HEADINGS | {Field.BODY}
_WEIGHT_LABEL = {Field.TITLE: "A", Field.QUESTIONS: "B", Field.TAGS: "C", Field.BODY: "D"}


@dataclass(frozen=True, slots=True)
class Query:
    """`runs` must all be found (strict); `words` are what a sentence is about (loose)."""

    runs: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not self.runs

    @property
    def terms(self) -> tuple[str, ...]:
        """Runs and words without repetition, for weighing and highlighting."""
        return tuple(dict.fromkeys(self.runs + self.words))


def parse(text: str, folding: Folding, cut: Callable[[str], Sequence[str]]) -> Query:
    """Never raises: input without a letter or digit gives the empty query."""
    found = runs(folding.fold(text[:QUERY_LIMIT]))
    if len(found) > 1 and text[QUERY_LIMIT - 1 : QUERY_LIMIT + 1].isalnum() and text[QUERY_LIMIT:]:
        found.pop()  # the cut went through this run; half a word would find nothing
    found = list(dict.fromkeys(found))
    words: dict[str, None] = {}
    for run in found:
        for word in cut(run):
            if len(word) > 1 and word not in STOP_WORDS and word.isalnum():
                words[word] = None
    return Query(tuple(found[:RUNS_LIMIT]), tuple(words)[:WORDS_LIMIT])


# --- match expressions ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phrase:
    """Neighbouring tokens within one of `fields`; `prefix` lets the last token go on."""

    tokens: tuple[str, ...]
    fields: frozenset[Field]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple[Expression, ...]


Expression = Phrase | AllOf | AnyOf


def containing(term: str, fields: frozenset[Field] = TEXT) -> Phrase:
    """Documents in which `term` (a folded run) occurs within a field."""
    return Phrase(tuple(pairs(term)), fields, prefix=len(term) == 1)


def _sounding_or_containing(run: str) -> Expression:
    if not _LETTERS.match(run):
        return containing(run)
    sound = tuple(PINYIN_MARK + token for token in pairs(run))
    return AnyOf((containing(run), Phrase(sound, frozenset({Field.PINYIN}))))


def strict_tiers(query: Query) -> tuple[Expression, ...]:
    """Expressions that all runs satisfy, the most telling places first, each one wider than the
    one before: in the title, in the headings, anywhere, anywhere or by pinyin."""
    if query.empty:
        return ()
    tiers: list[Expression] = [
        AllOf(tuple(containing(run, fields) for run in query.runs))
        for fields in (frozenset({Field.TITLE}), HEADINGS, TEXT)
    ]
    if any(_LETTERS.match(run) for run in query.runs):
        tiers.append(AllOf(tuple(_sounding_or_containing(run) for run in query.runs)))
    return tuple(tiers)


def loose_tiers(
    query: Query, frequencies: Mapping[str, int], window: int
) -> tuple[Expression, ...]:
    """Expressions for a sentence: any of its words, in the headings first, then anywhere.

    The rarest words are taken first and no more once the documents they promise fill `window`:
    a common word alone makes nobody a candidate, it only adds to the score of those found.
    """
    known = sorted((w for w in query.words if frequencies.get(w)), key=lambda w: frequencies[w])
    chosen: list[str] = []
    promised = 0
    for word in known:
        if chosen and promised + frequencies[word] > window:
            break
        chosen.append(word)
        promised += frequencies[word]
    if not chosen:
        return ()
    return (
        AnyOf(tuple(containing(w, HEADINGS) for w in chosen)),
        AnyOf(tuple(containing(w) for w in chosen)),
    )


def fields_of(expression: Expression) -> frozenset[Field]:
    """All fields that an expression looks into."""
    match expression:
        case Phrase(_, fields):
            return fields
        case AllOf(parts) | AnyOf(parts):
            return frozenset().union(*(fields_of(part) for part in parts))


# --- the two languages ----------------------------------------------------------------------


def to_fts5(expression: Expression) -> str:
    """For `kb_fts MATCH ?`. Source: SQLite FTS5, full-text query syntax (3.20 and later)."""
    match expression:
        case Phrase(tokens, fields, prefix):
            columns = " ".join(sorted(f.value for f in fields))
            words = " ".join(tokens).replace('"', '""')
            return f'({{{columns}}} : "{words}"{" *" if prefix else ""})'
        case AllOf(parts):
            return "(" + " AND ".join(to_fts5(p) for p in parts) + ")"
        case AnyOf(parts):
            return "(" + " OR ".join(to_fts5(p) for p in parts) + ")"


def to_tsquery(expression: Expression) -> str:
    """For `tokens @@ CAST(? AS tsquery)`: already made of lexemes, so no parser touches it.

    Source: PostgreSQL 15, 8.11.2 tsquery.
    """
    match expression:
        case Phrase(tokens, fields, prefix):
            labels = "".join(sorted(_WEIGHT_LABEL[f] for f in fields if f in _WEIGHT_LABEL))
            label = "" if len(labels) in (0, len(_WEIGHT_LABEL)) else labels
            suffix = ("*" if prefix else "") + label
            ending = f":{suffix}" if suffix else ""
            return "(" + " <-> ".join(f"{_lexeme(t)}{ending}" for t in tokens) + ")"
        case AllOf(parts):
            return "(" + " & ".join(to_tsquery(p) for p in parts) + ")"
        case AnyOf(parts):
            return "(" + " | ".join(to_tsquery(p) for p in parts) + ")"


def to_tsvector(fields: Iterable[tuple[Field, Sequence[str]]]) -> str:
    """The literal of a tsvector with the tokens' places: one row of places over all fields.

    Pinyin tokens carry their own mark and take the weakest label.
    """
    places: dict[str, list[str]] = {}
    position = 0
    for field, tokens in fields:
        label = _WEIGHT_LABEL.get(field, "D")
        for token in tokens:
            position += 1
            places.setdefault(token, []).append(f"{position}{label}")
    return " ".join(f"{_lexeme(t)}:{','.join(p)}" for t, p in places.items())


def _lexeme(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"
