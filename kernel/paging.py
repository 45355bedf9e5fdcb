"""Keyset paging: a page is asked for by the key of the last row seen, never by an offset."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kernel.errors import BadInput

Row = TypeVar("Row")
DEFAULT_SIZE = 50
MAX_SIZE = 200


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`rows` in display order; `next_cursor` is None on the last page."""

    rows: Sequence[Row]
    next_cursor: str | None


def encode_cursor(key: tuple[str | int, ...]) -> str:
    """A cursor safe in a URL."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[str | int, ...]:
    """Raises BadInput when the cursor was not made by `encode_cursor`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        value = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (ValueError, binascii.Error) as error:
        raise BadInput("翻页位置无效", "cursor") from error
    if not isinstance(value, list) or not all(isinstance(v, str | int) for v in value):
        raise BadInput("翻页位置无效", "cursor")
    return tuple(value)
