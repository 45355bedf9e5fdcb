"""The picture of all present callers: who they are, and whose each channel is."""

from __future__ import annotations

from dataclasses import replace

from cti.core.call_track import ANONYMOUS, CallTrack, may_be_let_go, placed
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
from cti.core.words import Place
from kernel.ids import CallId
from kernel.phone import PhoneNumber
from kernel.telephony import PlaceInLine

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

    def promise(
        self, call_id: CallId, number: PhoneNumber, spoken_s: int | None, place: PlaceInLine | None
    ) -> bool:
        """Mark a caller as let go; False, and nothing changes, for one who may not be."""
        track = self.tracks.get(call_id)
        if track is None or not may_be_let_go(track, place):
            return False
        leaving = replace(placed(track, place), promised=number, message_s=spoken_s)
        self.replace(call_id, track, leaving)
        return True

    def put(self, call_id: CallId, place: PlaceInLine | None) -> None:
        """Note the place that a caller would have who does not wait yet."""
        track = self.tracks.get(call_id)
        if track is not None and may_be_let_go(track, place):
            self.replace(call_id, track, placed(track, place))

    def take_back_promise(self, call_id: CallId) -> None:
        """A caller who was to be let go waits: the answer was lost."""
        track = self.tracks.get(call_id)
        if track is not None and track.place is Place.WAITING and not track.promised.anonymous:
            after = replace(track, promised=ANONYMOUS, message_s=None)
            self.replace(call_id, track, after)

    def clear(self) -> None:
        """Nobody is present; who has ended stays remembered."""
        self.tracks.clear()
        self._by_channel.clear()

    def note_ended(self, call_id: CallId) -> None:
        self.ended[call_id] = None
        while len(self.ended) > ENDED_KEPT:
            self.ended.pop(next(iter(self.ended)))
