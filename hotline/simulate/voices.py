"""Voices of the simulated city: espeak-ng speech as headerless 8 kHz mu-law, for sipp to stream."""

from __future__ import annotations

import subprocess
from pathlib import Path

from kernel.errors import Unavailable

# Read by espeak-ng, so written for the ear; a long pause between the sentences.
CITIZEN = "你好，我想反映一个问题。我们小区楼下的餐馆，晚上油烟很大，希望有关部门来看一看。谢谢。"
OPERATOR = "您好，这里是广州一二三四五热线，请讲。好的，我已经记录下来，会尽快转给有关单位处理。"
_VOICE = "cmn-latn-pinyin"


def mulaw_voice(text: str, target: Path, *, speed: int) -> Path:
    """Speak `text` at `speed` words a minute into `target`. Raises Unavailable without the tools.

    Made once: an existing file is kept.
    """
    if target.exists():
        return target
    wav = target.with_suffix(".wav")
    try:
        subprocess.run(
            ["espeak-ng", "-v", _VOICE, "-s", str(speed), "-w", str(wav), "--", text],
            check=True,
            capture_output=True,
        )
        subprocess.run(
            ["sox", str(wav), "-t", "raw", "-r", "8000", "-c", "1", "-e", "u-law", str(target)]
            + ["gain", "-n", "-6", "pad", "0", "2"],
            check=True,
            capture_output=True,
        )
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"espeak-ng or sox cannot make a voice: {error}") from error
    finally:
        wav.unlink(missing_ok=True)
    return target
