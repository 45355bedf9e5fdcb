"""Which code decides: a print of its text, written down with each start.

The same inputs give the same decisions under the same code; a replay under other code may rightly
differ, and says so.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = ("acd/core", "kernel")


@cache
def code_print() -> str:
    """16 hex digits over every module of the core and the shared words, by name. Reads some sixty
    small files, once: what a later upgrade puts there is not the code that this process runs."""
    digest = sha256()
    for folder in _FOLDERS:
        for path in sorted((_ROOT / folder).glob("*.py")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
