"""Names of files: what the spool may contain, and where an archived call stands."""

from __future__ import annotations

import re
from datetime import datetime, tzinfo

from kernel.ids import CallId

RAW_SUFFIX = ".raw"
# Call ids become file names, so nothing that means something to a file system may be in them.
_CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def is_call_id(text: str) -> bool:
    """True if `text` can be a call id and is safe as a file name and in an address."""
    return _CALL_ID.fullmatch(text) is not None and ".." not in text


def call_of_raw(file_name: str) -> CallId | None:
    """The call of a raw file in the spool; None for anything that is not one."""
    stem = file_name.removesuffix(RAW_SUFFIX)
    if stem == file_name or not is_call_id(stem):
        return None
    return CallId(stem)


def archive_name(call_id: CallId, started_at: datetime, zone: tzinfo) -> str:
    """`YYYY/MM/DD/<call_id>.wav` by the city's date.

    Raises:
        ValueError: the call id cannot be a file name.
    """
    if not is_call_id(call_id):
        raise ValueError("unusable call id")
    return f"{started_at.astimezone(zone):%Y/%m/%d}/{call_id}.wav"


def peaks_name(wav_name: str) -> str:
    """The file with the waveform's peaks beside an archived file."""
    return wav_name.removesuffix(".wav") + ".peaks"
