"""The whole hotline as a process of its own, on free ports, with its own data folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from hotline.secrets import Secrets
from tests.servers.asterisk import MEDIA_PORTS
from tests.servers.process import free_port, kept_media_ports

ROOT = Path(__file__).resolve().parents[2]
OPEN_SCREENING = ROOT / "tests" / "servers" / "open_screening.yaml"
READY_WITHIN_S = 120
STOP_WITHIN_S = 60


@dataclass
class HotlineProcess:
    """Start with `start()`; `environment` wins over the defaults made here."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    web_port: int = field(default_factory=free_port)
    sip_port: int = field(default_factory=free_port)
    media_ports: int = MEDIA_PORTS
    process: subprocess.Popen[bytes] | None = None
    _env: dict[str, str] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def password(self) -> str:
        """The demo accounts' password of this installation."""
        return Secrets(self.data_dir / "secrets").password("demo")

    @property
    def env(self) -> dict[str, str]:
        if not self._env:
            rtp = kept_media_ports(self.media_ports)
            self._env = {
                **os.environ,
                "HOTLINE_DATA_DIR": str(self.data_dir),
                "HOTLINE_WEB_PORT": str(self.web_port),
                "HOTLINE_SIP_PORT": str(self.sip_port),
                "HOTLINE_ASTERISK_HTTP_PORT": str(free_port()),
                "HOTLINE_AMI_PORT": str(free_port()),
                "HOTLINE_AGI_PORT": str(free_port()),
                "HOTLINE_RTP_START": str(rtp),
                "HOTLINE_RTP_END": str(rtp + self.media_ports - 1),
                "HOTLINE_LOG_JSON": "true",
                # Loads come from one machine, as floods do.
                "HOTLINE_SCREENING_FILE": str(OPEN_SCREENING),
                **self.environment,
            }
        return self._env

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `hotline <arguments>` with this installation's settings; raise if it fails."""
        return subprocess.run(
            [sys.executable, "-m", "hotline.cli", *arguments],
            cwd=ROOT,
            env=self.env,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def start(self) -> None:
        """Migrate, seed the demo city and run until healthy; raises with the log's end if not."""
        self.seed()
        self.launch()

    def seed(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.command("migrate")
        self.command("demo")

    def launch(self) -> None:
        self.spawn()
        self.wait_until_healthy()

    def spawn(self) -> None:
        """Start the process and do not wait for anything."""
        with (self.folder / "hotline.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hotline.cli", "run"],
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                if httpx.get(f"{self.base_url}/healthz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)  # the interval between two looks at a named condition
        raise RuntimeError(f"hotline did not become healthy:\n{self.log_end()}")

    def log_end(self, size: int = 6000) -> str:
        path = self.folder / "hotline.log"
        return path.read_text(errors="replace")[-size:] if path.exists() else "(no log)"

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise
        return code
