"""The number that a call is judged by: one spelling for each telephone, none for nonsense.

A calling number is what the network passed on, and a hostile caller may send anything: letters, ten
thousand digits, `+` in the middle, a number of every spelling in turn. What is no number of the
numbering plan is judged as no number at all.
"""

from __future__ import annotations

from kernel.phone import PhoneNumber

LONGEST = 15
"""Digits of the longest number there is. Source: ITU-T E.164, 6.2."""
SHORTEST = 3
BLOCK_TAIL = 4
"""A block is all numbers that differ in the last four digits only: ten thousand of them."""
LOCAL_LENGTH = 8


def judged(ani: PhoneNumber, area_code: str) -> str:
    """Digits only; empty for a caller without a number that could be one.

    A number of this city is completed by its area code, so that the one telephone is not counted
    as two.
    """
    digits = "".join(c for c in ani.digits if c in "0123456789")
    if not SHORTEST <= len(digits) <= LONGEST:
        return ""
    if len(digits) == LOCAL_LENGTH and digits[0] in "2345678":
        return area_code + digits
    return digits


def block_of(number: str) -> str:
    """The leading digits that all numbers of the block share; empty for short numbers."""
    return number[:-BLOCK_TAIL] if len(number) > BLOCK_TAIL + 2 else ""
