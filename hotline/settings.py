"""All settings, read from the environment (prefix `HOTLINE_`) here and nowhere else.

The defaults are one machine's: everything on loopback, SQLite, the bus in process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from kernel.errors import ConfigurationError
from kernel.ids import TeamId

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "HOTLINE_"
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """Each field is `HOTLINE_<NAME>` in the environment. Paths may be relative to the root."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    setup_dir: Path = Field(
        ROOT / "var", description="what set-up made: Asterisk, prompts, hold music, certificates"
    )
    data_dir: Path = Field(
        ROOT / "var" / "data", description="database, recordings, secrets, run-time files"
    )
    config_dir: Path = Field(ROOT / "config", description="reviewed data")
    screening_file: Path | None = Field(
        None, description="policy of the guard; default: ivr/screening.yaml of the reviewed data"
    )
    database_url: str = Field("", description="empty: SQLite in the data folder")
    redis_url: str = Field(
        "",
        pattern=r"^((rediss?|unix)://.+)?$",
        description="empty: the event bus stays in this process",
    )

    web_host: str = "127.0.0.1"
    web_port: Port = 8000
    https: bool = Field(False, description="cookies get the Secure flag (behind a TLS proxy)")
    sip_port: Port = 5060
    asterisk_http_port: Port = Field(8088, description="Asterisk's WebSocket for browsers")
    ami_port: Port = 5038
    agi_port: Port = 4573
    rtp_start: Port = 10000
    rtp_end: Port = 14000
    carrier_uri: str = Field(
        "sip:127.0.0.1:5070",
        pattern=r"^sip:[A-Za-z0-9._@:;=%-]{3,120}$",
        description="where citizens are called back; the default is this machine: try it out",
    )
    system_name: str = Field("gz1", pattern=r"^[a-z0-9]{1,12}$", description="prefix of call ids")

    transcribed_teams: str = Field(
        "",
        pattern=r"^([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*)?$",
        description="teams whose conversations are written down as they are spoken: labour,general",
    )

    transcribed_messages: bool = Field(
        True, description="messages that callers leave are written down for whoever calls back"
    )

    asterisk_binary: Path | None = Field(None, description="default: the one set-up made")
    studio_dir: Path | None = Field(None, description="studio recordings that replace prompts")
    log_json: bool = False
    log_level: str = "INFO"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'hotline.db'}"

    @property
    def screening(self) -> Path:
        return self.screening_file or self.config_dir / "ivr" / "screening.yaml"

    @property
    def prompts_dir(self) -> Path:
        return self.setup_dir / "prompts"

    @property
    def hold_music_dir(self) -> Path:
        return self.setup_dir / "asterisk" / "moh"

    @property
    def certs_dir(self) -> Path:
        return self.setup_dir / "certs"

    @property
    def asterisk(self) -> Path:
        return self.asterisk_binary or self.setup_dir / "asterisk" / "bin" / "asterisk"

    @property
    def asterisk_dir(self) -> Path:
        """Rendered configuration and run-time files of our Asterisk."""
        return self.data_dir / "asterisk"

    @property
    def spool_dir(self) -> Path:
        """Raw recordings until they are archived."""
        return self.data_dir / "spool"

    @property
    def archive_dir(self) -> Path:
        return self.data_dir / "recordings"

    @property
    def transcribed(self) -> frozenset[TeamId]:
        """Teams whose conversations are written down."""
        return frozenset(TeamId(team) for team in self.transcribed_teams.split(",") if team)

    @property
    def speech_dir(self) -> Path:
        """The installed models of the recogniser."""
        return self.data_dir / "speech"

    @property
    def takes_dir(self) -> Path:
        """Studio recordings as the line plays them, made from the database."""
        return self.data_dir / "takes"

    @property
    def secrets_dir(self) -> Path:
        return self.data_dir / "secrets"


def read_settings() -> Settings:
    """Raises ConfigurationError, in one sentence, naming each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"{PREFIX}{'.'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
            for fault in error.errors()
        )
        raise ConfigurationError(f"The settings are wrong. {wrong}.") from error
