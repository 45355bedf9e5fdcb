"""The category tree and what each category asks for. Pure; the data is `config/categories.yaml`.

A category's id is its path (`consumer.online.refund`); its team, authorities and required fields
are already resolved, so that nobody walks up the tree at run time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kernel.errors import BadInput
from kernel.ids import AuthorityId, TeamId
from workorders.core.words import RequestType

DISTRICT_GOVERNMENT = "@district"
"""Stands among a category's authorities for the government of the case's district."""

MIN_DEPTH = 3


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field that a category or template may ask for. `pattern` must fit the whole value."""

    name: str
    zh: str
    en: str
    hint_zh: str = ""
    hint_en: str = ""
    pattern: str = ""
    max_length: int = 200

    def accepts(self, value: str) -> bool:
        """True if a filled-in value has the right form and length."""
        if len(value) > self.max_length:
            return False
        return not self.pattern or re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True, slots=True)
class Category:
    """One node. `authorities`: whom to suggest, first choice first, ids or `@district`."""

    category_id: str
    zh: str
    en: str
    parent: str | None
    team: TeamId
    authorities: tuple[str, ...]
    keywords: tuple[str, ...]
    required: tuple[str, ...]
    usual_type: RequestType | None
    leaf: bool

    @property
    def depth(self) -> int:
        """1 for a root."""
        return self.category_id.count(".") + 1


@dataclass(frozen=True, slots=True)
class CategoryTree:
    """All categories by id, in the order of the file (a parent before its children)."""

    nodes: dict[str, Category]
    fields: dict[str, FieldSpec]

    def __iter__(self) -> Iterator[Category]:
        return iter(self.nodes.values())

    def leaves(self) -> list[Category]:
        return [c for c in self if c.leaf]

    def find(self, category_id: str) -> Category | None:
        return self.nodes.get(category_id)

    def leaf(self, category_id: str) -> Category:
        """Raises BadInput for an unknown category or one that has children."""
        found = self.nodes.get(category_id)
        if found is None or not found.leaf:
            raise BadInput("请选择到最末一级的诉求分类", "category")
        return found

    def path(self, category_id: str) -> list[Category]:
        """From the root down to the category; empty for an unknown one."""
        found, path = self.nodes.get(category_id), list[Category]()
        while found is not None:
            path.insert(0, found)
            found = self.nodes.get(found.parent) if found.parent else None
        return path

    def suggested(
        self, category_id: str, district_government: AuthorityId | None
    ) -> list[AuthorityId]:
        """Whom to send it to, first choice first; `@district` is left out without a district."""
        found = self.nodes.get(category_id)
        ids: list[AuthorityId] = []
        for name in found.authorities if found else ():
            chosen = district_government if name == DISTRICT_GOVERNMENT else AuthorityId(name)
            if chosen is not None and chosen not in ids:
                ids.append(chosen)
        return ids


@dataclass(frozen=True, slots=True)
class Guess:
    """A category that the text suggests. `score` is comparable within one guess only."""

    category: Category
    score: int
    matched: tuple[str, ...]


_OWN_TEAM_BONUS = 1


def guess(tree: CategoryTree, text: str, team: TeamId | None, limit: int = 3) -> list[Guess]:
    """The likeliest leaves for `text`, best first; none if no keyword occurs.

    A keyword counts with its length (longer is more telling); the caller's team breaks near ties,
    the order of the tree breaks the rest.
    """
    found = [g for g in (_score(c, text, team) for c in tree.leaves()) if g is not None]
    found.sort(key=lambda g: -g.score)
    return found[:limit]


def _score(category: Category, text: str, team: TeamId | None) -> Guess | None:
    matched = tuple(_without_parts(k for k in category.keywords if k in text))
    if not matched:
        return None
    score = 2 * sum(len(k) for k in matched)
    return Guess(category, score + (_OWN_TEAM_BONUS if category.team == team else 0), matched)


def _without_parts(keywords: Iterable[str]) -> list[str]:
    """Drop keywords that are contained in another, so that one word is not counted twice."""
    found = list(keywords)
    return [k for k in found if not any(k != other and k in other for other in found)]
