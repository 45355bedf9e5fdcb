"""The settings, secrets and the city as values of Asterisk's configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cti.adapters.asterisk_config import AsteriskValues
from hotline.secrets import Secrets
from hotline.settings import Settings
from kernel.errors import Unavailable

NUMBER = "12345"
CITIZEN_ENDPOINT = "citizen-web"
PHONE_KINDS = ("booth", "desk")


def phone_secrets(secrets: Secrets, booths: Sequence[str]) -> dict[str, str]:
    """The SIP password of each phone; the same for the same installation."""
    return {
        f"{kind}{booth}": secrets.derive(f"phone:{kind}{booth}")[:32]
        for kind in PHONE_KINDS
        for booth in booths
    }


def asterisk_values(
    settings: Settings,
    secrets: Secrets,
    *,
    booths: Sequence[str],
    lines: Sequence[str],
    teams: Sequence[str],
    term: int,
) -> AsteriskValues:
    """The AMI's password is another in each run (`term`), so that an older one cannot come back.

    Raises Unavailable, in one sentence, when set-up has not made Asterisk yet."""
    environment = _environment(settings)
    run = settings.asterisk_dir
    folders = {name: run / name for name in ("run", "log", "asterisk-spool", "db", "var")}
    for folder in (*folders.values(), settings.spool_dir):
        folder.mkdir(parents=True, exist_ok=True)
    return AsteriskValues(
        system_name=settings.system_name,
        sip_port=settings.sip_port,
        http_port=settings.asterisk_http_port,
        ami_port=settings.ami_port,
        ami_secret=secrets.derive(f"ami:{term}"),
        agi_port=settings.agi_port,
        rtp_start=settings.rtp_start,
        rtp_end=settings.rtp_end,
        run_dir=folders["run"],
        log_dir=folders["log"],
        spool_dir=folders["asterisk-spool"],
        db_dir=folders["db"],
        var_dir=folders["var"],
        module_dir=Path(environment["ASTERISK_MODULE_DIR"]),
        data_dir=Path(environment["ASTERISK_DATA_DIR"]),
        prompts_dir=settings.prompts_dir,
        moh_dir=settings.hold_music_dir,
        recordings_dir=settings.spool_dir,
        dtls_cert=settings.certs_dir / "dtls.crt",
        dtls_key=settings.certs_dir / "dtls.key",
        phone_secrets=phone_secrets(secrets, booths),
        citizen_secret=secrets.derive("phone:citizen")[:32],
        carrier_uri=settings.carrier_uri,
        teams=tuple(teams),
        line_numbers=(NUMBER, *lines),
    )


def asterisk_version(settings: Settings) -> str:
    """For example `22.10.1`. Raises Unavailable when set-up has not made Asterisk yet."""
    return _environment(settings).get("ASTERISK_VERSION", "")


def _environment(settings: Settings) -> dict[str, str]:
    """What set-up noted about the Asterisk it made: `NAME=value` lines."""
    path = settings.setup_dir / "asterisk" / "env"
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise Unavailable(
            f"Asterisk is not set up ({path} is missing); run `make setup`."
        ) from error
    return dict(line.split("=", 1) for line in lines if "=" in line)
