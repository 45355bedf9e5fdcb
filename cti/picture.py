"""The picture of all present callers: who they are, and whose each channel is."""

from __future__ import annotations

from cti.core.call_track import CallTrack
from cti.core.dial_back import DialTold
from cti.core.reports import (
    Begun,
    ContactMoved,
    HoldToggled,
    LegAnswered,
    LegDialled,
    LegRinging,
    PhoneUsed,
    Report,
    Told,
)
from kernel.ids import CallId

ENDED_KEPT = 5000


class Picture:
    """Owned by the telephone line's task. Of the calls that are over, the last are remembered, so
    that a late report does not bring one back."""

    def __init__(self) -> None:
        self.tracks: dict[CallId, CallTrack] = {}
        self.ended: dict[CallId, None] = {}
        self._by_channel: dict[str, CallId] = {}

    def call_of(self, report: Report) -> CallId | None:
        """The call that a report is about; None for one about no present caller."""
        match report:
            case Told(call_id=call_id) | Begun(call_id=call_id):
                return call_id
            case HoldToggled(channel=channel):
                return self._by_channel.get(channel)
            case LegDialled() | LegRinging() | LegAnswered():
                return self._by_channel.get(report.channel) or self._by_channel.get(report.leg)
            case ContactMoved() | PhoneUsed() | DialTold():
                return None

    def replace(self, call_id: CallId, before: CallTrack | None, after: CallTrack | None) -> None:
        """From now on the call is as in `after`; None: it is over."""
        for channel in before.channels if before else ():
            self._by_channel.pop(channel, None)
        if after is None:
            self.tracks.pop(call_id, None)
            return
        self.tracks[call_id] = after
        for channel in after.channels:
            self._by_channel[channel] = call_id

    def clear(self) -> None:
        """Nobody is present; who has ended stays remembered."""
        self.tracks.clear()
        self._by_channel.clear()

    def note_ended(self, call_id: CallId) -> None:
        self.ended[call_id] = None
        while len(self.ended) > ENDED_KEPT:
            self.ended.pop(next(iter(self.ended)))
