"""`hotline run` as two processes: one that serves, and one that brings it back when it dies.

Theory of operation
-------------------
The guardian imports everything once, forks the server and watches it. A server that dies without
having been asked to (a crash, kill -9) is forked again within milliseconds: nothing has to be
imported, Asterisk has kept every caller, and the new server adopts both. A server that hangs shows
it by silence: it sends a byte every half second from its event loop. Once it serves, one that is
silent is looked at and, if it is lost (`hotline.silence`), killed: after 2 s when it was stopped,
after 6 s when it hangs, before the dialplan loses patience (10 s).

The server dies with its guardian (`PR_SET_PDEATHSIG`), so that none ever serves unguarded beside a
new one. SIGINT and SIGTERM are passed on; the server stops in order and its exit code is ours.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

from hotline.silence import Lost, Silence, look_at
from kernel.infra.log import get

BEAT_EVERY_S = 0.5
LOOK_EVERY_S = 0.5
SILENT_S = 1.0
"""Two beats that did not come: from now on it is looked at."""
STARTS_WITHIN_S = 60.0
"""Silence of a server that does not serve yet. On a machine that does much else a start may stand
still for a while, and to kill it would be to begin again."""
PAUSED_TOO_S = 1.0
SOON_S = 10.0
AGAIN_AFTER_S = (0.0, 0.5, 1.0, 2.0, 5.0)
CRASHED = 70
"""Exit code of a server that ended by an error nobody expected (`EX_SOFTWARE`)."""
_PR_SET_PDEATHSIG = 1

log = get("guardian")


class Beat:
    """The server's end of the pipe to its guardian. Without one (a test) beating does nothing."""

    def __init__(self, descriptor: int | None = None, *, first: bool = True) -> None:
        self.first = first
        """Whether this server is the first since `hotline run`."""
        self._descriptor = descriptor
        if descriptor is not None:
            os.set_blocking(descriptor, False)

    def alive(self) -> None:
        self._write(b".")

    def serving(self) -> None:
        """From now on an unexpected end is no failed start."""
        self._write(b"!")

    def _write(self, mark: bytes) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, mark)
        except BlockingIOError:
            pass  # The guardian itself is stopped; it will find enough beats when it goes on.


@dataclass(slots=True)
class _Server:
    """One life of the server, as the guardian sees it."""

    pid: int
    born_at: float
    beats: int
    descriptor: int
    has_served: bool = False
    heard_at: float = 0.0
    silence: Silence = field(default_factory=Silence)

    def __post_init__(self) -> None:
        self.heard_at = self.born_at

    def hear(self) -> bool:
        """Take in what it has said; False when it will say nothing any more."""
        marks = os.read(self.beats, 4096)
        self.has_served = self.has_served or b"!" in marks
        return bool(marks)

    def anew(self, now: float) -> None:
        """It spoke, or has not been listened to: its silence begins now."""
        self.heard_at = now
        self.silence.over()

    def lost(self, now: float) -> Lost | None:
        """Why it is to be given up; None as long as there is hope. To be asked again and again."""
        silent_s = now - self.heard_at
        if not self.has_served:
            return Lost.TOO_LONG if silent_s >= STARTS_WITHIN_S else None
        look = look_at(self.pid, now) if silent_s >= SILENT_S else None
        return self.silence.lost(look, silent_s) if look is not None else None


class Guardian:
    """`prepare` is run once, before the first fork, so that no server has to do it again; it starts
    no thread. `serve` is run in each child; what it returns is the exit code."""

    def __init__(self, prepare: Callable[[], None], serve: Callable[[Beat], int]) -> None:
        self._prepare = prepare
        self._serve = serve
        self._server: _Server | None = None
        self._has_served = False
        self._asked_to_stop = False

    def run(self) -> int:
        """Serve until told to stop or until there is no point in trying again; the exit code."""
        before = {n: signal.signal(n, self._pass_on) for n in (signal.SIGINT, signal.SIGTERM)}
        try:
            self._prepare()
            return self._keep()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _keep(self) -> int:
        deaths = 0
        while True:
            server = self._fork()
            code = self._watch(server)
            os.close(server.descriptor)
            self._has_served = self._has_served or server.has_served
            if self._asked_to_stop or not self._again(code):
                return code if code >= 0 else 128 - code
            lasted_s = time.monotonic() - server.born_at
            deaths = 0 if lasted_s > SOON_S else deaths + 1
            log.error("server_died", code=code, lasted_s=round(lasted_s, 1), pid=server.pid)
            time.sleep(AGAIN_AFTER_S[min(deaths, len(AGAIN_AFTER_S) - 1)])

    def _again(self, code: int) -> bool:
        """A server that says why it will not serve (exit code 0 to 3) is not asked again, nor is
        the first one if it has never come so far as to serve."""
        return self._has_served and (code < 0 or code == CRASHED)

    def _fork(self) -> _Server:
        guardian, (ours, theirs) = os.getpid(), os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(ours)
            _child(self._serve, Beat(theirs, first=self._server is None), guardian)
        os.close(theirs)
        self._server = _Server(pid, time.monotonic(), ours, os.pidfd_open(pid))
        return self._server

    def _watch(self, server: _Server) -> int:
        """Until it has ended, by itself or by us because it is lost; its exit code, or minus the
        signal that ended it."""
        poll = select.poll()
        poll.register(server.beats, select.POLLIN)
        poll.register(server.descriptor, select.POLLIN)
        while True:
            asked_at = time.monotonic()
            events = dict(poll.poll(LOOK_EVERY_S * 1000))
            now = time.monotonic()
            if server.beats in events:
                server.anew(now)
                if not server.hear():
                    poll.unregister(server.beats)  # it is ending; its end is told next
            if server.descriptor in events:
                os.close(server.beats)
                return os.waitstatus_to_exitcode(os.waitpid(server.pid, 0)[1])
            if now - asked_at > LOOK_EVERY_S + PAUSED_TOO_S:
                # We were stopped ourselves, the whole machine perhaps: that is no fault of the
                # server's, which notices by its own pulse (`cti.service`).
                log.warning("guardian_was_paused")
                server.anew(now)
            elif (lost := server.lost(now)) is not None:
                silent_s = round(now - server.heard_at, 1)
                log.error("server_silent", silent_s=silent_s, why=lost.value, pid=server.pid)
                os.kill(server.pid, signal.SIGKILL)
                server.anew(now)

    def _pass_on(self, number: int, _: object) -> None:
        self._asked_to_stop = True
        if self._server is not None:
            os.kill(self._server.pid, number)


def _child(serve: Callable[[Beat], int], beat: Beat, guardian: int) -> None:
    """Never returns: the guardian's stack and its clean-up are not the child's business."""
    code = CRASHED
    try:
        os.setpgid(0, 0)  # Ctrl-C of a terminal reaches the guardian only, which passes it on
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == guardian:
            code = serve(beat)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
