"""A citizen at a pyVoIP telephone: dials, listens, presses keys, hangs up.

pyVoIP 1.6.8 does the SIP and the media of one call; what it cannot do, or does wrongly, is fenced
here, each with the reason:

* P1 it sends no digits at all: `press` sends RFC 4733 events in the stream's own numbering;
* P2 it registers before it dials: a citizen of the carrier's has no account with us;
* P3 its ACK names a tag that nobody has: Asterisk would not take it and end the call after 32 s;
* P4 its Call-IDs count from one in every process: the second telephone of a test would continue the
  first one's dialogue;
* P5 it waits for the answer to its INVITE without end: `dial` has a deadline;
* P6 what it hears, it takes apart bit by bit as text, cuts to 8 bits and gives back with made-up
  silence: `heard` is the mu-law that came, with silence for what was lost;
* P7 its threads outlive the test that forgot one: they end with the process;
* P8 its modules import each other in a circle, which closes unless `pyVoIP.VoIP` comes first;
* P9 it takes a port at random and finds out later whether it is free;
* P10 it leaves the port above its media's to anybody, to whom the far side's RTCP (RFC 3550, 11)
  then comes, and a datagram that is no SIP ends its receiving thread.
"""

from __future__ import annotations

import queue
import secrets
import socket
import threading
import time
from types import TracebackType
from typing import Any

import pyVoIP.VoIP as voip  # P8: the others must come after it
from pyVoIP import RTP, SIP

from tests.servers.process import wait_until

SILENCE = 0xFF
_FRAME = 160
_EVENT = 101
_EVENT_FRAMES = 5
_AFTER_FRAMES = 3
_HEADER = 12
_ALIVE_EVERY_S = 0.5
_LATE_S = 0.1
_MOST_LOST = 50
_DIAL_WITHIN_S = 10
_KEYS = "0123456789*#"


class PyVoipCitizen:
    """One call at a time, by the number `ani`. Every method may block: call it in a thread of its
    own where a loop must turn."""

    def __init__(self, sip_port: int, ani: str) -> None:
        self._phone = _Phone(sip_port, ani)
        self._call: _Call | None = None

    def __enter__(self) -> PyVoipCitizen:
        self._phone.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hang_up()
        self._phone.stop()
        self._phone.close_ports()

    def dial(self, number: str = "12345") -> None:
        """Until it is answered. Raises TimeoutError when it is not."""
        self._call = self._phone.call(number)
        call = self._call
        wait_until(
            lambda: call.state is voip.CallState.ANSWERED, f"{number} answers", _DIAL_WITHIN_S
        )

    def press(self, keys: str) -> None:
        """Each for 100 ms, 60 ms apart; returns at once."""
        self._media.press(keys)

    def say(self, mulaw: bytes) -> None:
        """Speak, in frames of 20 ms; returns at once."""
        self._media.say(mulaw)

    def hang_up(self) -> None:
        if self._call is not None and self._call.state is voip.CallState.ANSWERED:
            self._call.hangup()

    @property
    def ended(self) -> bool:
        """Whether the other side, or we, hung up."""
        return self._call is not None and self._call.state is voip.CallState.ENDED

    def heard(self) -> bytes:
        """Mu-law, from the first packet on; silence where a packet was lost."""
        return bytes(self._media.heard)

    @property
    def _media(self) -> _Media:
        assert self._call is not None, "nobody was dialled"
        media = self._call.RTPClients[0]
        assert isinstance(media, _Media)
        return media


class _Media(RTP.RTPClient):
    """P1, P6: one stream each way."""

    def __init__(self, opened: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sin = self.sout = opened
        self.sin.settimeout(0.5)
        self.heard = bytearray()
        self._next: int | None = None
        self._waiting: queue.SimpleQueue[str | bytes] = queue.SimpleQueue()
        self._due = time.monotonic()
        # pyVoIP begins anywhere; a wrap in the middle of a test would be its fault, not ours.
        self.outSequence = secrets.randbelow(1000)
        self.outTimestamp = secrets.randbelow(1000)

    def start(self) -> None:
        for work in (self.recv, self.trans):
            threading.Thread(target=work, daemon=True).start()

    def press(self, keys: str) -> None:
        for key in keys:
            self._waiting.put(key)

    def say(self, mulaw: bytes) -> None:
        for at in range(0, len(mulaw), _FRAME):
            self._waiting.put(mulaw[at : at + _FRAME].ljust(_FRAME, bytes([SILENCE])))

    def recv(self) -> None:
        while self.NSD:
            try:
                packet = self.sin.recv(2048)
            except TimeoutError:
                continue
            except OSError:
                return
            if len(packet) > _HEADER and packet[1] & 0x7F == 0:
                self._hear(int.from_bytes(packet[2:4], "big"), packet[_HEADER:])

    def _hear(self, number: int, sound: bytes) -> None:
        """One after the other by their numbers. The stamps say when a busy Asterisk came to send:
        its sound is whole all the same. On loopback nothing overtakes."""
        lost = 0 if self._next is None else (number - self._next) & 0xFFFF
        self.heard += bytes([SILENCE]) * (_FRAME * min(lost, _MOST_LOST)) + sound
        self._next = (number + 1) & 0xFFFF

    def trans(self) -> None:
        """The keys that were pressed, what is to be said; in silence a frame now and then, which
        keeps the call alive and leaves the machine to the others."""
        try:
            while self.NSD:
                try:
                    what = self._waiting.get(timeout=_ALIVE_EVERY_S)
                except queue.Empty:
                    self.outTimestamp += int(_ALIVE_EVERY_S * 8000)
                    what = bytes([SILENCE]) * _FRAME
                if isinstance(what, str):
                    self._digit(what)
                else:
                    self._send(0, self.outTimestamp, what)
                    self._frame_later()
        except OSError:
            return

    def _digit(self, key: str) -> None:
        """RFC 4733: one event of 100 ms, its end said three times, then 60 ms of nothing."""
        code, stamp = _KEYS.index(key), self.outTimestamp
        for number in range(1, _EVENT_FRAMES + 1):
            length = (number * _FRAME).to_bytes(2, "big")
            self._send(_EVENT, stamp, bytes([code, 10]) + length, marker=number == 1)
            self._frame_later()
        for _ in range(3):
            length = (_EVENT_FRAMES * _FRAME).to_bytes(2, "big")
            self._send(_EVENT, stamp, bytes([code, 0x8A]) + length)
        for _ in range(_AFTER_FRAMES):
            self._frame_later()

    def _frame_later(self) -> None:
        """In time with the clock, not with how long the work took; after a silence, from now on."""
        self.outTimestamp += _FRAME
        now = time.monotonic()
        self._due = max(self._due + _FRAME / 8000, now - _LATE_S)
        time.sleep(max(0.0, self._due - now))

    def _send(self, kind: int, stamp: int, payload: bytes, marker: bool = False) -> None:
        head = bytes([0x80, kind | (0x80 if marker else 0)])
        head += self.outSequence.to_bytes(2, "big") + stamp.to_bytes(4, "big")
        self.outSequence = (self.outSequence + 1) & 0xFFFF
        packet = head + self.outSSRC.to_bytes(4, "big") + payload
        self.sout.sendto(packet, (self.outIP, self.outPort))


class _Call(voip.VoIPCall):
    """A call with our media."""

    def create_rtp_clients(self, codecs: Any, ip: str, port: int, request: Any, base: int) -> None:
        address = request.body["c"][0]["address"]
        assert isinstance(self.phone, _Phone)
        opened = self.phone.opened.pop(port)
        media = _Media(
            opened, codecs, ip, port, address, base, self.sendmode, dtmf=self.dtmf_callback
        )
        self.RTPClients.append(media)

    def __del__(self) -> None:
        """pyVoIP gives its ports back here, to a telephone that may be gone."""


class _Sip(SIP.SIPClient):
    """P2 to P5."""

    def register(self) -> bool:
        return True

    def deregister(self) -> bool:
        return True

    def start(self) -> None:
        self.NSD = True
        assert isinstance(self.phone, _Phone)
        self.s = self.phone.opened.pop(self.myPort)
        self.s.settimeout(0.2)
        self.out = self.s
        threading.Thread(target=self.recv_loop, daemon=True).start()

    def recv_loop(self) -> None:
        """pyVoIP's own makes the socket blocking by turns with whoever dials."""
        while self.NSD:
            try:
                raw = self.s.recv(8192)
            except TimeoutError:
                continue
            except OSError:
                return
            try:
                self.parse_message(SIP.SIPMessage(raw))
            except (SIP.SIPParseError, UnicodeDecodeError):  # P10
                continue

    def parse_message(self, message: Any) -> None:
        said_bye = message.status is SIP.SIPStatus.OK and _method(message) == "BYE"
        # pyVoIP takes the answer to a BYE for the answer to the INVITE, and answers with an ACK.
        if not said_bye:
            blocking = self.s.gettimeout()
            super().parse_message(message)
            self.s.settimeout(blocking)

    def gen_call_id(self) -> str:
        return f"{secrets.token_hex(16)}@{self.myIP}"

    def gen_ack(self, request: Any) -> str:
        text: str = super().gen_ack(request)
        to = request.headers["To"]
        lines = [
            f"To: {to['raw']};tag={to['tag']}" if line.startswith("To: ") else line
            for line in text.split("\r\n")
        ]
        target = request.headers["Contact"].strip("<>")
        return "\r\n".join([f"ACK {target} SIP/2.0", *lines[1:]])


def _method(message: Any) -> str:
    method: str = message.headers["CSeq"]["method"]
    return method


class _Phone(voip.VoIPPhone):
    """A telephone on free ports of loopback."""

    def __init__(self, sip_port: int, ani: str) -> None:
        self.opened: dict[int, socket.socket] = {}
        self._rtcp: list[socket.socket] = []
        own = self.request_port()
        super().__init__("127.0.0.1", sip_port, ani, "", myIP="127.0.0.1", sipPort=own)
        self.sip = _Sip(
            "127.0.0.1",
            sip_port,
            ani,
            "",
            phone=self,
            myIP="127.0.0.1",
            myPort=own,
            callCallback=self.callback,
            fatalCallback=self.fatal,
        )

    def request_port(self, blocking: bool = True) -> int:
        """P9: kept open from now on until it is used."""
        return self._keep(_bound(0))

    def request_media_port(self) -> int:
        """P10: an even one whose neighbour is ours too."""
        while True:
            opened = _bound(0)
            port: int = opened.getsockname()[1]
            try:
                above = None if port % 2 else _bound(port + 1)
            except OSError:
                above = None
            if above is not None:
                self._rtcp.append(above)
                return self._keep(opened)
            opened.close()

    def close_ports(self) -> None:
        """Those that no call has taken over, and those beside the media's."""
        for opened in (*self.opened.values(), *self._rtcp):
            opened.close()

    def _keep(self, opened: socket.socket) -> int:
        port: int = opened.getsockname()[1]
        self.opened[port] = opened
        return port

    def call(self, number: str) -> _Call:
        """P5: send the INVITE and go on; its answers come to the receiving thread."""
        # pyVoIP names one type for its medias here and another there, and takes this one.
        codecs = {0: RTP.PayloadType.PCMU, _EVENT: RTP.PayloadType.EVENT}
        medias: Any = {self.request_media_port(): codecs}
        sip, sending = self.sip, RTP.TransmitType.SENDRECV
        call_id, session = sip.gen_call_id(), str(sip.sessID.next())
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        invite = sip.gen_invite(number, session, medias, sending, branch, call_id).encode()
        call = _Call(
            self,
            voip.CallState.DIALING,
            SIP.SIPMessage(invite),
            int(session),
            self.myIP,
            medias,
            sendmode=self.sendmode,
        )
        self.calls[call_id] = call
        sip.out.sendto(invite, (self.server, self.port))
        return call


def _bound(port: int) -> socket.socket:
    """Of loopback; 0: any. Raises OSError where it is taken."""
    opened = socket.socket(type=socket.SOCK_DGRAM)
    try:
        opened.bind(("127.0.0.1", port))
    except OSError:
        opened.close()
        raise
    return opened
