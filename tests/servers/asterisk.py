"""What a test needs to run the real Asterisk: where set-up put it, and values on free ports."""

from __future__ import annotations

import os
from pathlib import Path

from cti.adapters.asterisk_config import AsteriskValues
from tests.servers.process import free_port

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "asterisk"
BINARY = HOME / "bin" / "asterisk"

MEDIA_PORTS = 400


def asterisk_env() -> dict[str, str]:
    """ASTERISK_VERSION, ASTERISK_MODULE_DIR and ASTERISK_DATA_DIR of the Asterisk set-up made."""
    path = HOME / "env"
    if not path.exists():
        raise RuntimeError("There is no Asterisk; run scripts/setup --dev.")
    pairs = (line.partition("=") for line in path.read_text().splitlines() if line)
    return {name: value for name, _, value in pairs}


def values_for(
    folder: Path, first_media_port: int, secrets: dict[str, str] | None = None
) -> AsteriskValues:
    """Values with every folder under `folder` and every port free; change one with `replace`.

    `secrets` are the phones and their passwords (`booth001`, `desk001`, ...).
    """
    environment = asterisk_env()
    return AsteriskValues(
        system_name=f"test{os.getpid()}",
        sip_port=free_port(),
        http_port=free_port(),
        ami_port=free_port(),
        ami_secret="test-ami-secret",
        agi_port=free_port(),
        rtp_start=first_media_port,
        rtp_end=first_media_port + MEDIA_PORTS - 1,
        run_dir=folder / "run",
        log_dir=folder / "log",
        spool_dir=folder / "spool",
        db_dir=folder / "db",
        var_dir=folder / "lib",
        module_dir=Path(environment["ASTERISK_MODULE_DIR"]),
        data_dir=Path(environment["ASTERISK_DATA_DIR"]),
        prompts_dir=ROOT / "var" / "prompts",
        moh_dir=HOME / "moh",
        recordings_dir=folder / "recordings",
        dtls_cert=ROOT / "var" / "certs" / "dtls.crt",
        dtls_key=ROOT / "var" / "certs" / "dtls.key",
        phone_secrets=secrets or {"booth001": "test-booth-secret", "desk001": "test-desk-secret"},
        citizen_secret="test-citizen-secret",
        # A distribution's Asterisk 20 knows only regular expressions in `eventfilter`.
        named_event_filters=int(environment["ASTERISK_VERSION"].split(".")[0]) >= 22,
    )
