"""CSV that a spreadsheet cannot be tricked by. Pure.

Source: RFC 4180 for the form; OWASP ASVS 5.0, 1.2.10 for the escape of formula beginnings.
"""

from __future__ import annotations

from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"
"""Spreadsheets on Windows read a file as UTF-8 only when it begins with this."""

# The last four are the full-width forms of the first four.
_DANGEROUS = frozenset("=+-@\t\r\n\0") | {chr(code) for code in (0xFF1D, 0xFF0B, 0xFF0D, 0xFF20)}


def cell(value: str) -> str:
    """One field: quoted if it must be, and with a leading quote mark if a spreadsheet would take
    it for a formula (also behind leading blanks, and in full-width form)."""
    text = value.replace("\0", "")
    if text.lstrip(" ")[:1] in _DANGEROUS and text.strip():
        text = f"'{text}"
    if any(mark in text for mark in ',"\r\n'):
        quoted = text.replace('"', '""')
        return f'"{quoted}"'
    return text


def line(values: Iterable[str]) -> str:
    """One record with its line end."""
    return ",".join(cell(v) for v in values) + "\r\n"
