"""What the pages show in each state, decided by pure TypeScript: run by Node, judged here."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

FRONTEND = Path(__file__).resolve().parents[3] / "frontend"


def test_the_pages_logic_holds() -> None:
    done = subprocess.run(
        ["node", "test.mjs"],
        cwd=FRONTEND,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    passed = re.search(r"pass (\d+)", said)
    assert passed is not None and int(passed[1]) > 0, said
