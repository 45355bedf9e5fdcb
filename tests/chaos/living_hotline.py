"""A hotline that can be killed: the process of `hotline run`, and the Asterisk it leaves behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx

from cti.adapters.asterisk_process import living
from tests.e2e.hotline_process import HotlineProcess
from tests.servers.asterisk import BINARY
from tests.servers.process import wait_until


class LivingHotline(HotlineProcess):
    """`birth(seed)` first, `bury()` last. Times are of the monotonic clock."""

    def birth(self, seed: Path) -> None:
        """Begin with a copy of a seeded data folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(seed, self.data_dir)
        self.launch()

    def kill(self) -> float:
        """End the platform as a crash would; Asterisk and its callers stay. Returns when."""
        assert self.process is not None
        at = time.monotonic()
        self.process.kill()
        self.process.wait()
        return at

    @property
    def server_pid(self) -> int:
        """The process that serves; its parent is the guardian."""
        assert self.process is not None
        pid = self.process.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def kill_server(self) -> float:
        """End the server only; its guardian brings it back. Returns when."""
        pid, at = self.server_pid, time.monotonic()
        os.kill(pid, signal.SIGKILL)
        return at

    def signal_server(self, number: signal.Signals) -> None:
        os.kill(self.server_pid, number)

    def signal_all(self, number: signal.Signals) -> None:
        """Server and guardian: SIGSTOP, SIGCONT."""
        assert self.process is not None
        for pid in (self.server_pid, self.process.pid):
            os.kill(pid, number)

    # --- its Asterisk ----------------------------------------------------------------------

    @property
    def asterisk_dir(self) -> Path:
        return self.data_dir / "asterisk" / "etc"

    @property
    def asterisk_pid(self) -> int | None:
        return living(self.asterisk_dir)

    def console(self, command: str) -> str:
        done = subprocess.run(
            [BINARY, "-C", self.asterisk_dir.resolve() / "asterisk.conf", "-rx", command],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.stdout

    def channels(self) -> list[str]:
        """Names of all channels."""
        lines = self.console("core show channels concise").splitlines()
        return [line.split("!")[0] for line in lines if "!" in line]

    def bridges(self) -> list[str]:
        """Ids of all bridges."""
        lines = self.console("bridge show all").splitlines()[1:]
        return [line.split()[0] for line in lines if line.strip()]

    # --- the end ---------------------------------------------------------------------------

    def healthy(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def bury(self) -> None:
        """End everything that is left, whatever state it is in."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        pid = self.asterisk_pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: self.asterisk_pid is None, "Asterisk's end", 10)
