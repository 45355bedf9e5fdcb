"""A worker that speaks the platform's language well and the telephone's not at all.

`python -m tests.servers.rogue_worker MANNER`: it beats, takes audio, and then misbehaves
as `MANNERS` says.
"""

from __future__ import annotations

import asyncio
import sys

from speech.core import wire
from speech.core.audiosocket import HANG_UP, SILENCE, Kind
from speech.core.supervision import BEAT_EVERY_S

MANNERS = {
    "closes": b"",
    "hangs_up": HANG_UP,
    "unknown_kind": b"\x42\x00\x02ab",
    "own_name": b"\x01\x00\x10" + bytes(16),
    "no_length": bytes([Kind.AUDIO, 0, 0]),
    "cut_short": SILENCE + bytes([Kind.AUDIO]) + b"\xff\xff" + bytes(100),
    "garbage": bytes(range(255, 0, -1)) * 40,
    "sends_nothing": None,
    "mad": None,
}
"""What is sent; then the line is closed, but for the last two: one keeps it open and sends nothing,
the other goes on with silence and tells the platform nonsense."""
QUIET_BEFORE = 10


async def main(manner: str) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(19)
        for _ in range(QUIET_BEFORE):
            # It begins as a good one, so that the caller is in the middle of it.
            writer.write(SILENCE)
            await asyncio.sleep(0.02)
        if manner == "mad":
            print("¿Qué?", flush=True)
        sent = MANNERS[manner]
        if sent is None:
            await reader.read(-1)
            return
        writer.write(sent)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    tell(wire.Ready(server.sockets[0].getsockname()[1]))
    while True:
        tell(wire.Beat(0))
        await asyncio.sleep(BEAT_EVERY_S)


def tell(report: wire.Report) -> None:
    sys.stdout.buffer.write(wire.encode(report))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
