"""Every text of the screens has an English translation, and the catalogue holds nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_no_text_is_missing_unused_or_unusable() -> None:
    result = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "catalogue.py"), "check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
