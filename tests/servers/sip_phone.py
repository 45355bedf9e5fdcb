"""A telephone for tests: SIP over UDP and A-law audio, every step in the test's hand.

sipp plays the long scripted calls; this one is for races, where a test must hang up, answer or
decline at an exact moment. It sends a steady tone, counts and keeps what it hears.

What it asks and is not answered, it says again, as every telephone does: an Asterisk that is behind
with its work passes requests over and relies on that (res_pjsip, `taskprocessor_overload_trigger`).
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import math
import re
import secrets
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

_FRAME = 160
_AGAIN_AFTER_S = (0.5, 1.0, 2.0, 4.0)
"""RFC 3261, 17.1.1.2; after that nobody is there."""
_counter = itertools.count(1)


def _alaw(sample: int) -> int:
    """One 16-bit sample as A-law (ITU-T G.711)."""
    sign = 0x80 if sample >= 0 else 0x00
    magnitude = min(abs(sample), 32635) >> 4
    if magnitude >= 32:
        bits = magnitude.bit_length()
        value = ((bits - 4) << 4) | ((magnitude >> (bits - 5)) & 0x0F)
    else:
        value = magnitude >> 1
    return (value | sign) ^ 0x55


def alaw_frames(samples: Iterable[int]) -> list[bytes]:
    """Frames of 20 ms of 16-bit samples at 8 kHz."""
    coded = bytes(map(_alaw, samples))
    return [coded[i : i + _FRAME] for i in range(0, len(coded), _FRAME)]


def tone(frequency: float, amplitude: int = 8000, frames: int = 50) -> list[bytes]:
    """Frames of 20 ms of a sine, to be repeated; the frequency is a multiple of 50 Hz."""
    return alaw_frames(
        int(amplitude * math.sin(2 * math.pi * frequency * n / 8000))
        for n in range(_FRAME * frames)
    )


QUIET = bytes([_alaw(0)]) * _FRAME
_FAINT = bytes(sorted({_alaw(sample) for sample in range(-500, 501)}))


def speech(sound: bytes) -> list[bytes]:
    """Frames of 20 ms of 16-bit little-endian samples at 8 kHz."""
    samples = array("h", sound[: len(sound) // 2 * 2])
    coded = bytes(_alaw(sample) for sample in samples)
    return [coded[i : i + _FRAME].ljust(_FRAME, QUIET[:1]) for i in range(0, len(coded), _FRAME)]


class _Audio(asyncio.DatagramProtocol):
    """One RTP stream each way."""

    def __init__(self, frequency: float, frame_every_s: float) -> None:
        self.frames: Iterator[bytes] | None = (
            itertools.cycle(tone(frequency)) if frequency else None
        )
        self.frame_every_s = frame_every_s
        self.received = 0
        self.heard = bytearray()
        self.news = asyncio.Event()
        self.remote: tuple[str, int] | None = None
        self._seq = secrets.randbelow(30000)
        self._stamp = secrets.randbelow(1 << 30)
        self._ssrc = secrets.token_bytes(4)
        self._task: asyncio.Task[None] | None = None
        self._digits: asyncio.Queue[str] = asyncio.Queue()
        self._pressed = asyncio.Event()
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if len(data) > 12 and data[1] & 0x7F == 8:
            self.received += 1
            self.heard += data[12:]
            self.news.set()

    @property
    def port(self) -> int:
        assert self.transport is not None
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def start(self, remote: tuple[str, int]) -> None:
        self.remote = remote
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._send())

    def press(self, digits: str) -> None:
        for digit in digits:
            self._digits.put_nowait(digit)
        self._pressed.set()

    async def pressed(self) -> None:
        await self._digits.join()

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
        if self.transport is not None:
            self.transport.close()

    def _packet(self, kind: int, stamp: int, payload: bytes, marker: bool = False) -> None:
        assert self.transport is not None
        self._seq = (self._seq + 1) & 0xFFFF
        head = bytes([0x80, kind | (0x80 if marker else 0)])
        head += self._seq.to_bytes(2) + (stamp & 0xFFFFFFFF).to_bytes(4) + self._ssrc
        self.transport.sendto(head + payload, self.remote)

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            if not self._digits.empty():
                due = await self._digit(self._digits.get_nowait(), max(due, loop.time()))
                self._digits.task_done()
                continue
            if self.frames is not None:
                self._packet(8, self._stamp, next(self.frames))
            self._stamp += _FRAME
            due += self.frame_every_s
            await self._rest(due - loop.time())

    async def _rest(self, seconds: float) -> None:
        """Until the next frame is due; one who speaks rarely still presses keys at once."""
        if self.frame_every_s < 0.1:
            await asyncio.sleep(max(0.0, seconds))
            return
        self._pressed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._pressed.wait(), max(0.0, seconds))

    async def flood(self, digits: str, every_s: float = 0.01) -> None:
        """Events much faster than any hand: each begins and ends at once (RFC 4733)."""
        for digit in digits:
            code = "0123456789*#".index(digit)
            self._packet(101, self._stamp, bytes([code, 10]) + _FRAME.to_bytes(2), True)
            for _ in range(3):
                self._packet(101, self._stamp, bytes([code, 0x8A]) + (2 * _FRAME).to_bytes(2))
            self._stamp += 2 * _FRAME
            await asyncio.sleep(every_s)

    async def _digit(self, digit: str, due: float) -> float:
        """RFC 4733: one event of 100 ms, its end sent three times, then 60 ms of nothing."""
        loop = asyncio.get_running_loop()
        code = "0123456789*#".index(digit)
        stamp = self._stamp
        for n in range(1, 6):
            self._packet(101, stamp, bytes([code, 10]) + (n * _FRAME).to_bytes(2), n == 1)
            due += 0.02
            await asyncio.sleep(max(0.0, due - loop.time()))
        for _ in range(3):
            self._packet(101, stamp, bytes([code, 0x8A]) + (5 * _FRAME).to_bytes(2))
        self._stamp += 8 * _FRAME
        due += 0.06
        await asyncio.sleep(max(0.0, due - loop.time()))
        return due


@dataclass
class Dialog:
    """One call of this phone."""

    phone: SipPhone
    call_id: str
    audio: _Audio
    local: str
    remote: str
    target: str
    incoming: bool
    headers: dict[str, str] = field(default_factory=dict)
    invite: str = ""
    cseq: int = 1
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 0
    gave_up: bool = False

    def hang_up(self) -> None:
        """BYE, or CANCEL while it rings."""
        if self.ended.is_set():
            return
        if self.answered.is_set() or self.incoming:
            self.cseq += 1
            self.phone.request("BYE", self)
        else:
            self.gave_up = True
            self.phone.cancel(self)
        self.finish()

    def press(self, digits: str) -> None:
        self.audio.press(digits)

    async def pressed(self) -> None:
        """Returns once every digit has been sent."""
        await self.audio.pressed()

    def say(self, sound: bytes = b"", *, forever: bool = False) -> None:
        """Speak this from now on (16 bits, 8 kHz), then be silent instead of the tone; or speak it
        again and again."""
        then = itertools.cycle(speech(sound) if forever else [QUIET])
        self.audio.frames = then if forever else itertools.chain(speech(sound), then)

    def answer(self) -> None:
        self.phone.respond(self.invite, 200, "OK", self.local, self.phone.sdp(self.audio))
        self.answered.set()
        self._start_audio(self.invite)

    def reject(self, code: int, reason: str = "Decline") -> None:
        self.phone.respond(self.invite, code, reason, self.local)
        self.finish()

    async def hold(self, on: bool) -> None:
        """Re-INVITE with `sendonly` (hold) or `sendrecv` (resume), up to its final answer.

        Asterisk tells of the hold before it answers; a second re-INVITE in between would be
        refused with 491, and a telephone never sends one (RFC 3261, 14.1).
        """
        self.cseq += 1
        self.settled.clear()
        mode = "sendonly" if on else "sendrecv"
        self.phone.request("INVITE", self, self.phone.sdp(self.audio, mode))
        await self.wait("settled")

    def finish(self) -> None:
        self.audio.stop()
        self.ended.set()

    def _start_audio(self, text: str) -> None:
        address = re.search(r"^c=IN IP4 (\S+)", text, re.M)
        port = re.search(r"^m=audio (\d+)", text, re.M)
        if address and port:
            self.audio.start((address[1], int(port[1])))

    async def listen(self, frames: int, within_s: float = 20) -> bytes:
        """The next `frames` (20 ms each) that are heard."""
        start = len(self.audio.heard)
        async with asyncio.timeout(within_s):
            while len(self.audio.heard) < start + frames * _FRAME:
                self.audio.news.clear()
                await self.audio.news.wait()
        return bytes(self.audio.heard[start:])

    async def hears_sound(self, seconds: float = 0.05, within_s: float = 20) -> None:
        """Until so much of what is heard from now on is no silence."""
        start = len(self.audio.heard)
        async with asyncio.timeout(within_s):
            while len(self.audio.heard[start:].translate(None, _FAINT)) < seconds * 8000:
                self.audio.news.clear()
                await self.audio.news.wait()

    async def wait(self, event: str, within_s: float = 20) -> None:
        async with asyncio.timeout(within_s):
            await getattr(self, event).wait()


class SipPhone(asyncio.DatagramProtocol):
    """One UDP port; any number of dialogs. `user` is what it registers and is called as."""

    def __init__(self, user: str, server: tuple[str, int], frequency: float) -> None:
        self.user = user
        self.server = server
        self.frequency = frequency
        # A crowd of phones sends just enough to be taken for alive (`rtp_timeout` is 60 s).
        self.frame_every_s = 0.02
        self.dialogs: dict[str, Dialog] = {}
        self.offers: asyncio.Queue[Dialog] = asyncio.Queue()
        self.silent = False
        self.registered = asyncio.Event()
        self._secret = ""
        self._transport: asyncio.DatagramTransport | None = None
        self._opening: set[asyncio.Task[None]] = set()
        self._opened: set[str] = set()
        self._cancelled: set[str] = set()
        self._unanswered: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._register_number = 0
        self._expires = 0
        self._authorized = False

    @classmethod
    async def open(
        cls, user: str, server_port: int, frequency: float = 400, port: int = 0
    ) -> SipPhone:
        loop = asyncio.get_running_loop()
        _, phone = await loop.create_datagram_endpoint(
            lambda: cls(user, ("127.0.0.1", server_port), frequency), ("127.0.0.1", port)
        )
        return phone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    @property
    def port(self) -> int:
        assert self._transport is not None
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def close(self) -> None:
        self.silent = True
        for task in self._opening:
            task.cancel()
        for dialog in list(self.dialogs.values()):
            dialog.hang_up()
        for handle in self._unanswered.values():
            handle.cancel()
        if self._transport is not None:
            self._transport.close()

    # --- what a test does ----------------------------------------------------------------

    async def call(
        self, number: str, *, ani: str = "13800138000", name: str = "", extra: str = ""
    ) -> Dialog:
        """Send INVITE; `wait("answered")` tells that it was answered and audio flows."""
        audio = await self._audio()
        call_id = f"{secrets.token_hex(8)}@test"
        display = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '" ' if name else ""
        dialog = Dialog(
            phone=self,
            call_id=call_id,
            audio=audio,
            local=f"{display}<sip:{ani}@127.0.0.1>;tag={secrets.token_hex(4)}",
            remote=f"<sip:{number}@127.0.0.1>",
            target=f"sip:{number}@{self.server[0]}:{self.server[1]}",
            incoming=False,
        )
        self.dialogs[call_id] = dialog
        self.request("INVITE", dialog, self.sdp(audio), extra)
        return dialog

    async def incoming(self, within_s: float = 20) -> Dialog:
        """The next offer that rings here."""
        async with asyncio.timeout(within_s):
            return await self.offers.get()

    async def register(self, secret: str, expires: int = 600) -> None:
        """For as long as Asterisk lets it: nothing here registers again by itself."""
        self._secret = secret
        self._expires = expires
        self.registered.clear()
        self._send_register("")
        await asyncio.wait_for(self.registered.wait(), 20)

    # --- wire ----------------------------------------------------------------------------

    async def _audio(self) -> _Audio:
        loop = asyncio.get_running_loop()
        _, audio = await loop.create_datagram_endpoint(
            lambda: _Audio(self.frequency, self.frame_every_s), ("127.0.0.1", 0)
        )
        return audio

    def sdp(self, audio: _Audio, mode: str = "sendrecv") -> str:
        lines = (
            "v=0",
            f"o=- 1 {next(_counter)} IN IP4 127.0.0.1",
            "s=-",
            "c=IN IP4 127.0.0.1",
            "t=0 0",
            f"m=audio {audio.port} RTP/AVP 8 101",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:101 telephone-event/8000",
            "a=fmtp:101 0-15",
            f"a={mode}",
        )
        return "".join(f"{line}\r\n" for line in lines)

    def request(self, method: str, dialog: Dialog, body: str = "", extra: str = "") -> None:
        self._ask(self._request(method, dialog, body, extra))

    def _ask(self, text: str, times: int = 0) -> None:
        """Say it, and again until there is any answer to it."""
        key = _header(text, "Call-ID"), _header(text, "CSeq")
        self._unanswered.pop(key, None)
        if times and self.silent:
            return
        self._write(text)
        if times < len(_AGAIN_AFTER_S):
            later = asyncio.get_running_loop().call_later
            self._unanswered[key] = later(_AGAIN_AFTER_S[times], self._ask, text, times + 1)

    def _request(self, method: str, dialog: Dialog, body: str = "", extra: str = "") -> str:
        lines = [
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}",
            "Max-Forwards: 70",
            f"From: {dialog.local}",
            f"To: {dialog.remote}",
            f"Call-ID: {dialog.call_id}",
            f"CSeq: {dialog.cseq} {method}",
            f"Contact: <sip:{self.user}@127.0.0.1:{self.port}>",
        ]
        if extra:
            lines.append(extra)
        if method == "INVITE" and not dialog.invite:
            dialog.invite = "\r\n".join(lines)
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body.encode())}")
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def cancel(self, dialog: Dialog) -> None:
        text = dialog.invite.replace("INVITE sip:", "CANCEL sip:", 1)
        text = text.replace(f"CSeq: {dialog.cseq} INVITE", f"CSeq: {dialog.cseq} CANCEL")
        self._ask(f"{text}\r\nContent-Length: 0\r\n\r\n")

    def respond(self, invite: str, code: int, reason: str, local: str, body: str = "") -> None:
        kept = re.findall(r"^(?:Via|From|Call-ID|CSeq|Record-Route): .*$", invite, re.M)
        lines = [f"SIP/2.0 {code} {reason}", *(line.rstrip("\r") for line in kept)]
        lines.append(f"To: {local}")
        lines.append(f"Contact: <sip:{self.user}@127.0.0.1:{self.port}>")
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body.encode())}")
        self._write("\r\n".join(lines) + "\r\n\r\n" + body)

    def _write(self, text: str) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(text.encode("utf-8", "surrogateescape"), self.server)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if addr != self.server:
            return  # a report of some media's (RTCP) to the port beside its own
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        if self.silent or not text.strip():
            return
        if text.startswith("SIP/2.0 "):
            self._on_response(text)
        else:
            self._on_request(text)

    def _on_response(self, text: str) -> None:
        code = int(text.split(" ", 2)[1])
        call_id, cseq = _header(text, "Call-ID"), _header(text, "CSeq")
        waiting = self._unanswered.pop((call_id, cseq), None)
        if waiting is not None:
            waiting.cancel()
        number, _, method = cseq.partition(" ")
        if method == "REGISTER":
            if number == str(self._register_number):
                self._on_register(text, code)
            return
        dialog = self.dialogs.get(call_id)
        if dialog is None or method != "INVITE":
            return
        dialog.status = code
        if code < 200:
            return
        dialog.settled.set()
        if code >= 300:
            self._ack(dialog, text)
            dialog.finish()
            return
        dialog.remote = _header(text, "To")
        dialog.target = _uri(_header(text, "Contact")) or dialog.target
        self._ack(dialog, text)
        if dialog.gave_up:
            # The answer and our CANCEL have crossed: it is a call, and has to be ended as one
            # (RFC 3261, 9.1).
            dialog.gave_up = False
            dialog.cseq += 1
            self.request("BYE", dialog)
        if dialog.ended.is_set():
            return
        dialog.answered.set()
        dialog._start_audio(text)

    def _ack(self, dialog: Dialog, response: str) -> None:
        to, dialog.remote = dialog.remote, _header(response, "To")
        text = self._request("ACK", dialog)
        if not response.startswith("SIP/2.0 2"):
            via = re.search(r"^Via: .*$", dialog.invite, re.M)
            if via:
                text = re.sub(r"^Via: .*$", via[0].rstrip("\r"), text, count=1, flags=re.M)
            dialog.remote = to
        self._write(text)

    def _on_request(self, text: str) -> None:
        method = text.split(" ", 1)[0]
        call_id = _header(text, "Call-ID")
        dialog = self.dialogs.get(call_id)
        if method == "INVITE" and dialog is None:
            if call_id in self._opened:
                return  # said again (RFC 3261, 17.1.1.2) while its audio is being opened
            self._opened.add(call_id)
            task = asyncio.get_running_loop().create_task(self._offer(text, call_id))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        elif method == "INVITE" and dialog is not None and dialog.answered.is_set():
            self.respond(text, 200, "OK", dialog.local, self.sdp(dialog.audio))
        elif method in ("BYE", "CANCEL"):
            self.respond(text, 200, "OK", _header(text, "To"))
            if dialog is None:
                self._cancelled.add(call_id)
            elif not dialog.ended.is_set():
                if method == "CANCEL":
                    self.respond(dialog.invite, 487, "Request Terminated", dialog.local)
                dialog.finish()
        elif method not in ("ACK", "INVITE"):
            self.respond(text, 200, "OK", _header(text, "To"))

    async def _offer(self, text: str, call_id: str) -> None:
        audio = await self._audio()
        dialog = Dialog(
            phone=self,
            call_id=call_id,
            audio=audio,
            local=f"{_header(text, 'To')};tag={secrets.token_hex(4)}",
            remote=_header(text, "From"),
            target=_uri(_header(text, "Contact")),
            incoming=True,
            invite=text,
            cseq=100,
        )
        dialog.headers = dict(re.findall(r"^([A-Za-z-]+): (.*)$", text, re.M))
        self.dialogs[call_id] = dialog
        self.respond(text, 180, "Ringing", dialog.local)
        self.offers.put_nowait(dialog)
        if call_id in self._cancelled:
            self.respond(text, 487, "Request Terminated", dialog.local)
            dialog.finish()

    def _send_register(self, authorization: str) -> None:
        self._register_number += 1
        lines = [
            f"REGISTER sip:127.0.0.1:{self.server[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch=z9hG4bK{secrets.token_hex(8)}",
            "Max-Forwards: 70",
            f"From: <sip:{self.user}@127.0.0.1>;tag=reg",
            f"To: <sip:{self.user}@127.0.0.1>",
            f"Call-ID: register-{self.port}",
            f"CSeq: {self._register_number} REGISTER",
            f"Contact: <sip:{self.user}@127.0.0.1:{self.port}>",
            f"Expires: {self._expires}",
            *([authorization] if authorization else []),
            "Content-Length: 0",
        ]
        self._authorized = bool(authorization)
        self._ask("\r\n".join(lines) + "\r\n\r\n")

    def _on_register(self, text: str, code: int) -> None:
        if code == 200:
            self.registered.set()
        elif code == 401 and not self._authorized:
            challenge = dict(re.findall(r'(\w+)="?([^",]+)"?', _header(text, "WWW-Authenticate")))
            uri = f"sip:127.0.0.1:{self.server[1]}"
            realm, nonce = challenge["realm"], challenge["nonce"]
            first = _md5(f"{self.user}:{realm}:{self._secret}")
            answer = _md5(f"{first}:{nonce}:00000001:abc:auth:{_md5(f'REGISTER:{uri}')}")
            self._send_register(
                f'Authorization: Digest username="{self.user}", realm="{realm}", '
                f'nonce="{nonce}", uri="{uri}", response="{answer}", algorithm=MD5, qop=auth, '
                f'nc=00000001, cnonce="abc"'
                + (f', opaque="{challenge["opaque"]}"' if "opaque" in challenge else ""),
            )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _uri(contact: str) -> str:
    found = re.search(r"<(sip:[^>]+)>", contact)
    return found[1] if found else ""


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", text, re.M | re.I)
    return found[1].strip() if found else ""
