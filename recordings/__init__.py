"""The audio of every conversation: archived, proved to be complete, found again and listened to.

Words: a *raw* file is what the telephone system writes while people talk (two interleaved channels,
in the spool); a *recording* is the archived WAV (left: caller, right: operator) with its row, its
fingerprint and its *peaks* (the drawing of the waveform); *coverage* compares what was recorded
with how long the parties were connected.

Guarantees: an archived file is complete on disk before its row says so, and its raw file is removed
last; a restart archives what a crash left behind; an answered call without audio becomes a
`RecordingMissing`; nothing here can delay or end a call; no sound is handed out before the
listening is on record.

It starts and stops no recording (that is the telephone system's), and decides nothing about calls.
"""
