"""Asterisk's configuration: the templates of `config/asterisk` filled with checked values.

The templates are data; what may vary is a field of `AsteriskValues`. Every text is checked against
a narrow alphabet before it is written, because a line break or a semicolon in a value would become
configuration of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

from cti.core.words import AMI_EVENTS, PHONE_DEVICES
from kernel.errors import ConfigurationError
from kernel.phone import CALLABLE

TEMPLATES = Path(__file__).resolve().parents[2] / "config" / "asterisk"
MAIN_FILE = "asterisk.conf"

MODULES = (
    "pbx_config",
    "res_crypto",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_timing_timerfd",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_pubsub",
    "res_pjsip_session",
    "res_pjsip_sdp_rtp",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_registrar",
    "res_pjsip_nat",
    "res_pjsip_caller_id",
    "res_pjsip_rfc3326",
    "res_pjsip_header_funcs",
    "res_pjsip_dtmf_info",
    "res_pjsip_logger",
    "res_http_websocket",
    "res_pjsip_transport_websocket",
    "res_srtp",
    "res_rtp_asterisk",
    "res_format_attr_opus",
    "chan_pjsip",
    "bridge_simple",
    "codec_ulaw",
    "codec_alaw",
    "codec_a_mu",
    "codec_resample",
    "codec_opus_open_source",
    "format_pcm",
    "format_wav",
    "format_sln",
    "res_musiconhold",
    "res_speech",
    "res_audiosocket",
    "res_agi",
    "res_manager_devicestate",
    "app_stack",
    "app_userevent",
    "app_dial",
    "app_playback",
    "app_playtones",
    "app_read",
    "app_record",
    "app_mixmonitor",
    "app_chanspy",
    "app_queue",
    "app_exec",
    "app_audiosocket",
    "app_channelredirect",
    "app_dtmfstore",
    "func_callerid",
    "func_channel",
    "func_cut",
    "func_frame_drop",
    "func_global",
    "func_lock",
    "func_logic",
    "func_strings",
    "func_timeout",
    "func_uri",
)
"""Loaded in this order; nothing else is (`autoload=no`)."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SECRET = re.compile(r"[A-Za-z0-9._~+/=-]{8,128}")
_PATH = re.compile(r"/[A-Za-z0-9._/+@~ -]{1,400}")
_ADDRESS = re.compile(r"[0-9a-fA-F.:/]{2,60}")
_NUMBER = re.compile(r"[0-9]{2,16}")
_URI = re.compile(r"sip:[A-Za-z0-9._@:;=%-]{3,120}")
_PHONE = re.compile(r"(booth|desk)[0-9]{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskValues:
    """All that varies in the configuration. Durations are whole seconds.

    Secrets never appear in `repr`. `system_name` begins every call id; it is lower case.
    `phone_secrets` names every phone (`booth001`, `desk001`) with its SIP password, and
    `static_contacts` gives those that do not register a fixed SIP address.
    """

    system_name: str
    bind_address: str = "127.0.0.1"
    sip_port: int = 5060
    http_port: int = 8088
    ami_port: int = 5038
    ami_user: str = "hotline"
    ami_secret: str = field(repr=False)
    agi_host: str = "127.0.0.1"
    agi_port: int = 4573
    rtp_start: int = 10000
    rtp_end: int = 14999
    run_dir: Path
    log_dir: Path
    spool_dir: Path
    db_dir: Path
    var_dir: Path
    module_dir: Path
    data_dir: Path
    prompts_dir: Path
    moh_dir: Path
    recordings_dir: Path
    dtls_cert: Path
    dtls_key: Path
    phone_secrets: Mapping[str, str] = field(repr=False)
    static_contacts: Mapping[str, str] = field(default_factory=dict)
    citizen_secret: str = field(repr=False)
    carrier_addresses: tuple[str, ...] = ("127.0.0.1/32",)
    carrier_uri: str = "sip:127.0.0.1:5070"
    """Where citizens are called; the number takes the place of the user."""
    callback_from: str = "12345"
    teams: tuple[str, ...] = ("consumer", "urban", "labour", "security", "general")
    default_team: str = "general"
    line_numbers: tuple[str, ...] = ("12345",)
    emergency_numbers: tuple[str, ...] = ("110", "119", "120", "122", "12366")
    emergency_uri: str | None = None
    emergency_demo_s: int = 4
    waiting_turn_s: int = 5
    announce_every_turns: int = 6
    waiting_keys: int = 30
    """So many keys of one waiting caller are listened to."""
    fallback_turn_s: int = 15
    answer_within_s: int = 7
    """After this a question is given up; the platform itself answers within 5 s or not at all."""
    listen_within_s: int = 210
    """After this a listening is given up, whoever holds it."""
    heartbeat_late_s: int = 4
    heartbeat_stale_s: int = 10
    orphan_priority: int = 10
    qualify_s: int = 30
    named_event_filters: bool = True
    """False for Asterisk before 22, which knows only regular expressions in `eventfilter`."""

    etc_dir: Path = Path("/")
    """Set by `render` to the folder it writes."""

    def __post_init__(self) -> None:
        _check(self)


def _check(values: AsteriskValues) -> None:
    """Raises ConfigurationError naming the first field that may not be written to a file."""
    for item in fields(values):
        value = getattr(values, item.name)
        if isinstance(value, Path) and not (value == Path("/") or _PATH.fullmatch(str(value))):
            _refuse(item.name)
        if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= 65535:
            _refuse(item.name)
    _all("system_name", (values.system_name,), re.compile(r"[a-z0-9]{1,24}"))
    _all("ami_user", (values.ami_user,), _NAME)
    _all("ami_secret", (values.ami_secret,), _SECRET)
    _all("citizen_secret", (values.citizen_secret,), _SECRET)
    _all("phone_secrets", values.phone_secrets, _PHONE)
    _all("phone_secrets", values.phone_secrets.values(), _SECRET)
    _all("static_contacts", values.static_contacts, _PHONE)
    _all("static_contacts", values.static_contacts.values(), _URI)
    _all("addresses", (values.bind_address, values.agi_host, *values.carrier_addresses), _ADDRESS)
    _all("teams", (*values.teams, values.default_team), re.compile(r"[a-z][a-z0-9_]{1,31}"))
    _all("line_numbers", values.line_numbers, _NUMBER)
    _all("emergency_numbers", values.emergency_numbers, _NUMBER)
    _all("callback_from", (values.callback_from,), _NUMBER)
    _all("carrier_uri", (values.carrier_uri,), _URI)
    if values.emergency_uri is not None:
        _all("emergency_uri", (values.emergency_uri,), _URI)
    if values.default_team not in values.teams:
        _refuse("default_team")


def _all(name: str, texts: object, pattern: re.Pattern[str]) -> None:
    for text in texts:  # type: ignore[attr-defined]
        if not pattern.fullmatch(text):
            _refuse(name)


def _refuse(name: str) -> None:
    raise ConfigurationError(f"Asterisk's setting {name} has a value that cannot be used.")


def render(target_dir: Path, values: AsteriskValues, templates: Path = TEMPLATES) -> Path:
    """Write all configuration files into `target_dir` and make the folders they name.

    Files are readable by the owner only (they hold secrets) and are replaced as a whole. Returns
    the main file, for `asterisk -C`. Raises ConfigurationError.
    """
    target_dir = target_dir.resolve()
    texts = rendered(target_dir, values, templates)
    target_dir.mkdir(parents=True, exist_ok=True)
    for folder in _folders(values):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_private(target_dir / name, text)
    return target_dir / MAIN_FILE


def rendered(
    target_dir: Path, values: AsteriskValues, templates: Path = TEMPLATES
) -> dict[str, str]:
    """File name to text, as `render` would write it into `target_dir`. Raises ConfigurationError
    for a template that cannot be filled."""
    values = replace(values, etc_dir=target_dir.resolve())
    environment = Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # The output is no HTML; every value was checked against its own alphabet.
        autoescape=False,
    )
    texts = {}
    for template in sorted(templates.glob("*.conf.j2")):
        try:
            texts[template.name.removesuffix(".j2")] = environment.get_template(
                template.name
            ).render(
                v=values,
                modules=MODULES,
                events=AMI_EVENTS,
                callable=CALLABLE,
                phone_devices=PHONE_DEVICES,
                phones=sorted(values.phone_secrets.items()),
                agi=f"agi://{values.agi_host}:{values.agi_port}",
            )
        except TemplateError as error:
            raise ConfigurationError(f"{template.name}: {error}") from error
    return texts


def _folders(values: AsteriskValues) -> tuple[Path, ...]:
    return (
        values.run_dir,
        values.log_dir,
        values.spool_dir,
        values.db_dir,
        values.var_dir,
        values.var_dir / "keys",
        values.recordings_dir,
    )


def write_private(path: Path, text: str) -> None:
    """Replace the file as a whole, readable by its owner only."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
    fresh.replace(path)
