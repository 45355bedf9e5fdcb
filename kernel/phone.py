"""Telephone numbers: cleaning, recognising and masking."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIGITS = re.compile(r"[0-9+*#]")
_MOBILE = re.compile(r"^1[3-9]\d{9}$")
MAX_LENGTH = 32

CALLABLE = (
    "1[3-9]XXXXXXXXX",  # a mobile
    "0[1-9]XXXXXXXX",  # area code and number, 10 to 12 digits
    "0[1-9]XXXXXXXXX",
    "0[1-9]XXXXXXXXXX",
    "[2-8]XXXXXXX",  # a number of this city, without the area code
)
"""Whom the hotline may call: citizens' numbers of the mainland. No short or service number, no
premium rate, nothing abroad. `X` is any digit, as in the dialplan, which holds the same list."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A cleaned number: digits, `+`, `*`, `#` only; empty when the caller is anonymous."""

    digits: str

    @property
    def anonymous(self) -> bool:
        return self.digits == ""

    @property
    def masked(self) -> str:
        """The form for logs and for those who may not see it all: `138****8000`."""
        return mask(self.digits)


_CALLABLE = re.compile("|".join(pattern.replace("X", "[0-9]") for pattern in CALLABLE))


def callable_number(number: PhoneNumber) -> bool:
    """Whether the hotline may call it: exactly one of `CALLABLE`."""
    return _CALLABLE.fullmatch(number.digits) is not None


def clean(raw: str) -> PhoneNumber:
    """Keep the dialable characters of `raw` (at most 32) and drop the country prefix 86.

    Anything without a digit (`anonymous`, `unknown`, an empty name) becomes the anonymous number.
    """
    kept = "".join(_DIGITS.findall(raw))[:MAX_LENGTH]
    for prefix in ("+86", "0086"):
        if kept.startswith(prefix):
            kept = kept[len(prefix) :]
    if len(kept) == 13 and kept.startswith("86") and _MOBILE.match(kept[2:]):
        kept = kept[2:]
    if len(kept) == 12 and kept.startswith("0") and _MOBILE.match(kept[1:]):
        kept = kept[1:]
    return PhoneNumber(kept if any(c.isdigit() for c in kept) else "")


def is_mobile(number: PhoneNumber) -> bool:
    """A mainland mobile number, as `clean` leaves it."""
    return _MOBILE.match(number.digits) is not None


def mask(digits: str) -> str:
    """Hide the middle: 3 leading and 4 trailing digits stay of 11, less of shorter numbers."""
    if len(digits) >= 11:
        return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"
    if len(digits) >= 7:
        return f"{digits[:2]}{'*' * (len(digits) - 4)}{digits[-2:]}"
    return "*" * len(digits)


_LONG_RUN = re.compile(r"(?<!\d)(\+?\d{7,18})(?!\d)")


def mask_in_text(text: str) -> str:
    """Mask every run of 7 to 18 digits in free text (numbers and identity numbers), for logs."""
    return _LONG_RUN.sub(lambda m: mask(m.group(1)), text)
