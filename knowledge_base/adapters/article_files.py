"""Articles as reviewed files: `config/knowledge/<team>.yaml`, checked before anything is stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from kernel.errors import ConfigurationError
from kernel.ids import AuthorityId, TeamId
from knowledge_base.core.article import Content, check

_TEXTS = ("title", "answer", "body", "basis", "owner", "title_en", "summary_en")
_LISTS = ("questions", "tags")
_OPTIONAL = ("category", "valid_from", "valid_to")
_KNOWN = frozenset({"id", *_TEXTS, *_LISTS, *_OPTIONAL})
_LINES = "\x00lines"
_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _LineLoader(_BaseLoader):  # type: ignore[misc]
    """Keeps with each mapping the line of each of its keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        mapping[_LINES] = {key.value: key.start_mark.line + 1 for key, _ in node.value}
        return mapping


@dataclass(frozen=True, slots=True)
class ArticleFile:
    """One article with the place it was read from."""

    article_id: str
    content: Content
    path: Path
    line: int


def load_articles(
    folder: Path,
    *,
    authorities: frozenset[AuthorityId],
    categories: frozenset[str] | None = None,
) -> list[ArticleFile]:
    """All articles of all `*.yaml` in `folder`, by id.

    `categories` None means that there is no catalogue to check against.

    Raises:
        ConfigurationError: naming file and line of the first fault.
    """
    articles: dict[str, ArticleFile] = {}
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigurationError(f"{folder}: holds no article files")
    for path in paths:
        for article in _load_file(path):
            before = articles.get(article.article_id)
            if before is not None:
                raise _fault(
                    path, article.line, f"{article.article_id} stands in {before.path.name}, too"
                )
            content = article.content
            if content.owner not in authorities:
                raise _fault(path, article.line, f"no authority {content.owner}")
            if categories is not None and content.category not in (None, *categories):
                raise _fault(path, article.line, f"no category {content.category}")
            articles[article.article_id] = article
    return [articles[key] for key in sorted(articles)]


def known_ids(path: Path, key: str) -> frozenset[str]:
    """The ids of all entries of the list `key` in a reviewed file. An entry of `children` is named
    by its path: `consumer.goods.fake`.

    Raises ConfigurationError when the file cannot be read.
    """
    data = _read(path)
    return frozenset(_ids(data.get(key) if isinstance(data, dict) else None, ""))


def _ids(entries: Any, above: str) -> Iterable[str]:
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            name = above + entry["id"]
            yield name
            yield from _ids(entry.get("children"), f"{name}.")


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error})") from error
    try:
        return yaml.load(text, Loader=_LineLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _fault(path, line, f"not YAML ({error.problem})") from error
    except yaml.YAMLError as error:
        raise _fault(path, 1, f"not YAML ({error})") from error


def _load_file(path: Path) -> list[ArticleFile]:
    data = _read(path)
    if not isinstance(data, dict) or not isinstance(data.get("articles"), list):
        raise _fault(path, 1, "needs `team` and a list `articles`")
    team = data.get("team")
    if not isinstance(team, str):
        raise _fault(path, 1, "`team` must be a text")
    articles = []
    for number, entry in enumerate(data["articles"], 1):
        if not isinstance(entry, dict):
            line = data[_LINES]["articles"]
            raise _fault(path, line, f"article {number} is not a group of fields")
        articles.append(_article(path, TeamId(team), entry, data.get("valid_from")))
    return articles


def _article(
    path: Path, team: TeamId, entry: dict[str, Any], default_valid_from: Any
) -> ArticleFile:
    lines: dict[str, int] = entry[_LINES]
    first = min(lines.values(), default=1)

    def fault(field: str, sentence: str) -> ConfigurationError:
        return _fault(path, lines.get(field, first), sentence)

    article_id = entry.get("id")
    if not isinstance(article_id, str):
        raise fault("id", "an article has no id")
    for field in lines:
        if field not in _KNOWN:
            raise fault(field, f"{article_id}: unknown field {field}")
    texts = {}
    for field in _TEXTS:
        value = entry.get(field)
        if not isinstance(value, str) or not value.strip():
            raise fault(field, f"{article_id}: {field} must be a text")
        texts[field] = value.strip()
    lists = {}
    for field in _LISTS:
        value = entry.get(field)
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise fault(field, f"{article_id}: {field} must be a list of texts")
        lists[field] = tuple(v.strip() for v in value)
    category = entry.get("category")
    if category is not None and not isinstance(category, str):
        raise fault("category", f"{article_id}: category must be a text")
    valid_from, valid_to = entry.get("valid_from", default_valid_from), entry.get("valid_to")
    if type(valid_from) is not date:
        raise fault("valid_from", f"{article_id}: valid_from must be a date")
    if valid_to is not None and type(valid_to) is not date:
        raise fault("valid_to", f"{article_id}: valid_to must be a date")
    content = Content(
        title=texts["title"],
        questions=lists["questions"],
        answer=texts["answer"],
        body=texts["body"],
        tags=lists["tags"],
        basis=texts["basis"],
        team=team,
        owner=AuthorityId(texts["owner"]),
        category=category,
        valid_from=valid_from,
        valid_to=valid_to,
        title_en=texts["title_en"],
        summary_en=texts["summary_en"],
    )
    for problem in check(article_id, content):
        raise fault(problem.field, f"{article_id}: {problem.field}: {problem.sentence}")
    return ArticleFile(article_id, content, path, first)


def _fault(path: Path, line: int, sentence: str) -> ConfigurationError:
    return ConfigurationError(f"{path}:{line}: {sentence}")
