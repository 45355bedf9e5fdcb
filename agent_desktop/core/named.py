"""A code of the reviewed data with its names on the two screens."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """`code` goes into events and never changes; `zh` and `en` are shown."""

    code: str
    zh: str
    en: str
