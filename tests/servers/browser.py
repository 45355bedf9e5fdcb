"""Where the tests' browser is, and how it is started for calls."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# A microphone that beeps, and audio that stays on loopback.
CHROMIUM_FLAGS = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium_path() -> Path:
    """The system's Chromium, or the one set-up installed. Raises if there is none."""
    done = subprocess.run(
        [ROOT / "scripts" / "browser", "find"], check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError("No Chromium was found; run scripts/setup --dev.")
    return Path(done.stdout.strip())
