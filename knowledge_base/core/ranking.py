"""The order of what was found: a weighted count of where the terms occur.

For each term of the query: idf * (sum over fields of weight * saturation), where idf is
ln(1 + (N - df + 0.5) / (df + 0.5)); the sum is multiplied by the fraction of the query's idf
that the document covers. The database only finds candidates, so both databases give one order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from kernel.ids import AuthorityId, TeamId
from knowledge_base.core.article import Validity, validity
from knowledge_base.core.query import Query
from knowledge_base.core.tokens import Folding

TITLE_WEIGHT = 8.0
QUESTIONS_WEIGHT = 5.0
TAGS_WEIGHT = 4.0
BODY_WEIGHT = 1.0
PINYIN_WEIGHT = 2.0
OWN_TEAM_FACTOR = 1.25
STALE_FACTOR = 0.05
_BODY_MEDIAN = 400
"""Characters; a longer body's matches count less, a shorter one's more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A published article as the index holds it: texts as written, lists joined by line breaks."""

    article_id: str
    version: int
    team: TeamId
    owner: AuthorityId
    title: str
    title_en: str
    questions: str
    tags: str
    answer: str
    body: str
    pinyin: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """`score` is a whole number (thousandths), so that it can stand in a cursor."""

    document: Document
    score: int
    validity: Validity


def idf(frequency: int, total: int) -> float:
    """Never negative; `frequency` beyond `total` is taken as `total`."""
    frequency = min(frequency, total)
    return math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))


def rank(
    documents: Sequence[Document],
    query: Query,
    frequencies: Mapping[str, int],
    total: int,
    *,
    folding: Folding,
    today: date,
    own_team: TeamId | None = None,
) -> list[Ranked]:
    """Best first, ties by article id. Documents not valid today come last."""
    weights = {t: idf(frequencies.get(t, 1), total) for t in query.terms}
    ranked = []
    for document in documents:
        score = _score(document, weights, folding)
        if document.team == own_team:
            score *= OWN_TEAM_FACTOR
        state = validity(document.valid_from, document.valid_to, today)
        if state is not Validity.CURRENT:
            score *= STALE_FACTOR
        ranked.append(Ranked(document, round(score * 1000), state))
    return sorted(
        ranked,
        key=lambda r: (r.validity is not Validity.CURRENT, -r.score, r.document.article_id),
    )


def _score(document: Document, weights: Mapping[str, float], folding: Folding) -> float:
    title = folding.fold(document.title)
    questions = folding.fold(document.questions)
    tags = folding.fold(document.tags)
    body = folding.fold(f"{document.answer}\n{document.body}")
    body_weight = BODY_WEIGHT * 2 * _BODY_MEDIAN / (_BODY_MEDIAN + max(len(body), 1))
    total = covered = whole = 0.0
    for term, weight in weights.items():
        whole += weight
        found = (
            TITLE_WEIGHT * _saturated(title.count(term)) * (1 + len(term) / max(len(title), 1))
            + QUESTIONS_WEIGHT * _saturated(questions.count(term))
            + TAGS_WEIGHT * _saturated(tags.count(term))
            + body_weight * _saturated(body.count(term))
            + PINYIN_WEIGHT * _saturated(document.pinyin.count(term))
        )
        if found:
            covered += weight
            total += weight * found
    return total * covered / whole if whole else 0.0


def _saturated(count: int) -> float:
    """0, 1, 1.33, 1.5 ... below 2: the tenth mention says little more than the second."""
    return 2 * count / (count + 1)
