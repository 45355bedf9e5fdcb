"""An index in memory that evaluates match expressions as plain substring tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kernel.ids import TeamId
from knowledge_base.core.query import AllOf, AnyOf, Expression, Field, Phrase, containing
from knowledge_base.core.ranking import Document
from knowledge_base.core.tokens import Folding, index_tokens, pinyin_text, pinyin_tokens
from knowledge_base.ports import ChineseTools


class ListSearchIndex:
    def __init__(self, tools: ChineseTools) -> None:
        self._tools = tools
        self._folding = Folding(tools.simplify)
        self._documents: list[Document] = []
        self._tokens: dict[str, dict[Field, list[str]]] = {}
        self.asked = 0

    def put(self, *documents: Document) -> None:
        for document in documents:
            parts = [self._folding.fold(document.title), self._folding.fold(document.tags)]
            document = replace(document, pinyin=pinyin_text(parts, self._tools.spell))
            places = [d.article_id for d in self._documents]
            if document.article_id in places:
                self._documents[places.index(document.article_id)] = document
            else:
                self._documents.append(document)
            fold = self._folding.fold
            self._tokens[document.article_id] = {
                Field.TITLE: index_tokens(fold(document.title)),
                Field.QUESTIONS: index_tokens(fold(document.questions)),
                Field.TAGS: index_tokens(fold(document.tags)),
                Field.BODY: index_tokens(fold(f"{document.answer}\n{document.body}")),
                Field.PINYIN: pinyin_tokens(document.pinyin),
            }

    def remove(self, *article_ids: str) -> None:
        self._documents = [d for d in self._documents if d.article_id not in article_ids]

    async def find(
        self, expression: Expression, limit: int, team: TeamId | None = None
    ) -> list[Document]:
        self.asked += 1
        found = [
            d
            for d in self._documents
            if team in (None, d.team) and matches(expression, self._tokens[d.article_id])
        ]
        return found[:limit]

    async def frequencies(self, terms: Sequence[str], cap: int) -> dict[str, int]:
        counts = {}
        for term in terms:
            expression = containing(term)
            found = [d for d in self._documents if matches(expression, self._tokens[d.article_id])]
            counts[term] = min(len(found), cap)
        return counts

    async def size(self) -> int:
        return len(self._documents)


def matches(expression: Expression, tokens: dict[Field, list[str]]) -> bool:
    match expression:
        case Phrase(wanted, fields, prefix):
            return any(_phrase(wanted, prefix, tokens[f]) for f in fields)
        case AllOf(parts):
            return all(matches(p, tokens) for p in parts)
        case AnyOf(parts):
            return any(matches(p, tokens) for p in parts)


def _phrase(wanted: tuple[str, ...], prefix: bool, tokens: list[str]) -> bool:
    for start in range(len(tokens) - len(wanted) + 1):
        window = tokens[start : start + len(wanted)]
        *first, last = wanted
        if window[:-1] != first:
            continue
        if window[-1] == last or (prefix and window[-1].startswith(last)):
            return True
    return False
