"""Looking people and places up: plain substring search over the snapshot, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from kernel.errors import BadInput
from kernel.paging import Page, decode_cursor, encode_cursor

Row = TypeVar("Row")


def matches(query: str, texts: Iterable[str]) -> bool:
    """True if every word of `query` is found in one of `texts`, whatever its case."""
    folded = [text.casefold() for text in texts]
    return all(any(word in text for text in folded) for word in query.casefold().split())


def page(
    rows: Sequence[Row], key: Callable[[Row], str], cursor: str | None, size: int
) -> Page[Row]:
    """The rows after the one named by `cursor`, in the order of `rows`, by `key` (unique, sorted).

    Raises:
        BadInput: the cursor is not one of ours.
    """
    last = _last_key(cursor)
    after = [row for row in rows if last is None or key(row) > last]
    shown = after[:size]
    more = len(after) > size
    return Page(shown, encode_cursor((key(shown[-1]),)) if more else None)


def _last_key(cursor: str | None) -> str | None:
    if not cursor:
        return None
    match decode_cursor(cursor):
        case (str(last),):
            return last
    raise BadInput("翻页位置无效", "cursor")
