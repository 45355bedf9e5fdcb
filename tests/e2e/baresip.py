"""A citizen with a real SIP telephone: baresip, driven over its control socket.

Not our code on purpose: what it hears and says went through a foreign SIP and RTP stack.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.servers.process import free_port, kept_media_ports

_SPEAKS_S = 300
_PHRASE_BEGINS_WITHIN_S = 2


def module_folder() -> Path:
    """Where the distribution keeps baresip's modules. Fails when it is not installed."""
    listing = subprocess.run(
        ["dpkg", "-L", "baresip-core"], check=True, capture_output=True, text=True
    ).stdout
    return next(Path(line).parent for line in listing.splitlines() if line.endswith("/g711.so"))


def speech(target: Path, text: str, voice: str = "en") -> Path:
    """`text` spoken again and again for five minutes, as 8 kHz mono WAV."""
    once = target.with_suffix(".once.wav")
    subprocess.run(["espeak-ng", "-v", voice, "-w", str(once), "--", text], check=True)
    subprocess.run(
        ["sox", str(once), "-r", "8000", "-c", "1", "-b", "16", str(target)]
        + ["gain", "-n", "-6", "pad", "0", "0.4", "repeat", "200", "trim", "0", str(_SPEAKS_S)],
        check=True,
    )
    return target


class Citizen:
    """One telephone with one number. Use as an async context manager."""

    def __init__(self, folder: Path, number: str, voice: Path, name: str = "") -> None:
        self.folder = folder
        self.number = number
        self.events: list[dict[str, Any]] = []
        self._voice = voice
        self._name = name
        self._changed = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Citizen:
        self.folder.mkdir(parents=True, exist_ok=True)
        control = free_port()
        rtp = kept_media_ports(32)
        modules = ("g711", "aufile", "sndfile")
        apps = ("account", "contact", "menu", "ctrl_tcp")
        (self.folder / "config").write_text(
            "\n".join(
                [
                    "sip_listen 127.0.0.1:0",
                    f"audio_source aufile,{self._voice}",
                    f"audio_player aufile,{self.folder / 'played.wav'}",
                    f"audio_alert aufile,{self.folder / 'alert.wav'}",
                    f"rtp_ports {rtp}-{rtp + 31}",
                    f"module_path {module_folder()}",
                    f"snd_path {self.folder}",
                    *(f"module {m}.so" for m in modules),
                    *(f"module_app {m}.so" for m in apps),
                    f"ctrl_tcp_listen 127.0.0.1:{control}",
                    "",
                ]
            )
        )
        name = f'"{self._name}" ' if self._name else ""
        (self.folder / "accounts").write_text(
            f"{name}<sip:{self.number}@127.0.0.1>;regint=0;audio_codecs=PCMU\n"
        )
        (self.folder / "contacts").write_text("")
        with (self.folder / "baresip.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                "baresip",
                "-f",
                str(self.folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        try:
            self._reader, self._writer = await self._connect(control)
        except BaseException:
            self._process.kill()
            await self._process.wait()
            raise
        self._listener = asyncio.create_task(self._listen())
        return self

    async def _connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(30):
            while True:
                try:
                    return await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)  # between two looks at a named condition

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        self._writer.close()
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def dial(self, number: str, sip_port: int) -> None:
        """Returns when the hotline has answered."""
        await self._send("dial", f"sip:{number}@127.0.0.1:{sip_port}")
        await self.until(lambda e: e["type"] == "CALL_ESTABLISHED")

    async def press(self, digit: str) -> None:
        """One RFC 4733 digit, as soon as something is heard: Asterisk passes keys over while it
        waits for the answer to a question. A phrase that is over already is answered by a key,
        too, so nobody waits for long."""
        heard_s = self._bytes_heard() / 16_000
        with suppress(TimeoutError):
            await self.hears_for(heard_s + 0.1, _PHRASE_BEGINS_WITHIN_S)
        await self._send("sndcode", digit)

    async def hang_up(self) -> None:
        await self._send("hangup", "")
        await self.until_ended()

    async def until_ended(self, timeout: float = 30) -> None:
        await self.until(lambda e: e["type"] == "CALL_CLOSED", timeout)

    async def until(self, holds: Callable[[dict[str, Any]], bool], timeout: float = 30) -> None:
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(lambda: any(holds(e) for e in self.events))

    async def hears_for(self, seconds: float, timeout: float = 30) -> None:
        """Returns when so much sound has been received in this call."""
        async with asyncio.timeout(timeout):
            while True:
                if self._bytes_heard() >= seconds * 8000 * 2:
                    return
                await asyncio.sleep(0.05)  # between two looks at a named condition

    def _bytes_heard(self) -> int:
        return sum(path.stat().st_size for path in self.folder.glob("dump-*-dec.wav"))

    @property
    def heard(self) -> Path:
        """What the telephone decoded, complete after the call."""
        return next(self.folder.glob("dump-*-dec.wav"))

    async def _send(self, command: str, parameters: str) -> None:
        body = json.dumps({"command": command, "params": parameters, "token": command}).encode()
        self._writer.write(b"%d:%s," % (len(body), body))
        await self._writer.drain()

    async def _listen(self) -> None:
        """Netstrings of JSON: responses and events."""
        while True:
            length = await self._reader.readuntil(b":")
            body = await self._reader.readexactly(int(length[:-1]) + 1)
            message = json.loads(body[:-1])
            if message.get("event"):
                async with self._changed:
                    self.events.append(message)
                    self._changed.notify_all()
