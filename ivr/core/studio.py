"""What an uploaded studio recording must be before callers hear it. Pure.

Theory of operation: what the file is, its first bytes say, never its name. A WAV's or FLAC's header
is read here and must agree with the file's length; then it is decoded elsewhere and measured, and
`objections` says everything that is wrong, so that the studio mends it in one go. What can be put
right without loss (two channels, silence at both ends, the level) is put right instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kernel.language import Language

LARGEST_BYTES = 12 * 1024 * 1024
RATES = (8000, 96_000)
MOST_CHANNELS = 2
LEVELS_DBFS = (-40.0, -6.0)
"""Below, the room and the recorder would be amplified with the voice; above, it is squashed."""
LENGTHS = (0.3, 3.0)
"""Against the same words from the synthesiser."""
SHORTEST_S = 0.15
LONGEST_S = 120.0
MOST_CLIPPED = 0.001
FULL = 32_760
"""A sample at or beyond this is taken for clipped."""
MOST_DC = 0.05
LONGEST_PAUSE_S = 3.0
_SECONDS_A_CHARACTER = {Language.MANDARIN: 0.25, Language.CANTONESE: 0.25, Language.ENGLISH: 0.06}
"""Used only where the synthesiser's recording is missing."""


class Container(StrEnum):
    WAV = "wav"
    FLAC = "flac"


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that is wrong, as a text of the catalogue and its values."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The upload cannot be used; `objections` has at least one."""

    def __init__(self, *objections: Objection) -> None:
        super().__init__("; ".join(o.text for o in objections))
        self.objections = objections


@dataclass(frozen=True, slots=True)
class Form:
    """What the header says. `frames` None: it does not say how many there are."""

    container: Container
    rate: int
    channels: int
    frames: int | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What was heard. The level is that of the sounding parts, None for silence; `clipped` and `dc`
    are fractions, of the samples and of full scale; `seconds` and the pause are after trimming."""

    seconds: float
    level_dbfs: float | None
    clipped: float
    dc: float
    longest_pause_s: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long the recording may be, in seconds, and how long the synthesiser's is."""

    expected_s: float

    @property
    def least_s(self) -> float:
        return max(SHORTEST_S, LENGTHS[0] * self.expected_s)

    @property
    def most_s(self) -> float:
        return min(LONGEST_S, LENGTHS[1] * self.expected_s)


def bounds(text: str, language: Language, synthetic_s: float | None) -> Bounds:
    """Of a recording of `text`."""
    if synthetic_s is not None:
        return Bounds(synthetic_s)
    return Bounds(max(1.0, _SECONDS_A_CHARACTER[language] * len(text)))


# --- what it is ------------------------------------------------------------------------------

_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
_COMPRESSED = (b"ID3", b"OggS", b"#!AMR", b"\x30\x26\xb2\x75", b"\xff\xf1", b"\xff\xf9")


def container_of(head: bytes) -> Container:
    """By the first bytes of the file. Raises Refused."""
    if not head:
        raise Refused(Objection("文件是空的"))
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return Container.WAV
    if head[:4] == b"fLaC":
        return Container.FLAC
    if _is_lossy(head):
        raise Refused(
            Objection("这是有损压缩的格式（如MP3），在电话里会更失真，请从录音软件导出WAV或FLAC")
        )
    if head.startswith(_PROGRAMS):
        raise Refused(Objection("这是程序文件，不是录音"))
    if head.startswith(_PACKED):
        raise Refused(Objection("这是压缩包，请解压后上传录音文件本身"))
    raise Refused(Objection("这不是WAV或FLAC录音"))


def _is_lossy(head: bytes) -> bool:
    mpeg = head[0] == 0xFF and len(head) > 1 and head[1] & 0xE0 == 0xE0
    return mpeg or head.startswith(_COMPRESSED) or head[4:8] == b"ftyp"


_CUT = "文件不完整，请重新导出后再上传"
_DAMAGED = "文件已损坏，读不出声音"


def wav_form(body: bytes) -> Form:
    """Of a whole WAV file. Raises Refused: damaged, or cut short."""
    place, fmt = 12, b""
    while place + 8 <= len(body):
        name = body[place : place + 4]
        size = int.from_bytes(body[place + 4 : place + 8], "little")
        inside = body[place + 8 : place + 8 + (40 if name == b"fmt " else 0)]
        if name == b"fmt ":
            fmt = inside
        if name == b"data":
            return _wav_form(fmt, size, len(body) - place - 8)
        place += 8 + size + size % 2
    raise Refused(Objection(_CUT if place > len(body) or not fmt else _DAMAGED))


def _wav_form(fmt: bytes, size: int, there: int) -> Form:
    if len(fmt) < 16:
        raise Refused(Objection(_DAMAGED))
    channels = int.from_bytes(fmt[2:4], "little")
    rate = int.from_bytes(fmt[4:8], "little")
    frame = int.from_bytes(fmt[12:14], "little")
    if not channels or not rate or not frame:
        raise Refused(Objection(_DAMAGED))
    if size > there:
        raise Refused(Objection(_CUT))
    # A frame of an adaptive coding holds many samples: only plain ones count themselves.
    plain = int.from_bytes(fmt[:2], "little") in (1, 3, 6, 7, 0xFFFE)
    return Form(Container.WAV, rate, channels, size // frame if plain else None)


def flac_form(body: bytes) -> Form:
    """Of a FLAC file, from its first block. Raises Refused."""
    info = body[8:42]
    if len(info) < 34 or body[4] & 0x7F != 0:
        raise Refused(Objection(_CUT))
    packed = int.from_bytes(info[10:18], "big")
    rate, channels, frames = packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1
    if not rate:
        raise Refused(Objection(_DAMAGED))
    return Form(Container.FLAC, rate, channels, frames or None)


def form_of(body: bytes) -> Form:
    """Raises Refused for what is no recording, is damaged, or is cut short."""
    match container_of(body[:16]):
        case Container.WAV:
            return wav_form(body)
        case Container.FLAC:
            return flac_form(body)


# --- whether it will do ------------------------------------------------------------------------


def demand_form(form: Form, allowed: Bounds) -> None:
    """Before anything is decoded: a small file may hold hours. Raises Refused."""
    found = []
    least, most = RATES
    if not least <= form.rate <= most:
        found.append(
            Objection(
                "采样率是%(rate)s Hz，要在%(least)s到%(most)s Hz之间",
                {"rate": str(form.rate), "least": str(least), "most": str(most)},
            )
        )
    if form.channels > MOST_CHANNELS:
        found.append(
            Objection("有%(count)s个声道，只能是单声道或双声道", {"count": str(form.channels)})
        )
    # Silence at both ends is cut off later, so a little more than the bound is let through here.
    if form.frames is not None and form.frames / form.rate > most_decoded_s(allowed):
        found.append(_too_long(form.frames / form.rate, allowed))
    if form.frames == 0:
        found.append(Objection("录音里没有声音"))
    if found:
        raise Refused(*found)


def most_decoded_s(allowed: Bounds) -> float:
    """So much of a file is looked at."""
    return allowed.most_s + 10.0


def demand_whole(form: Form, decoded: int) -> None:
    """`decoded` frames came out of it. Raises Refused if some are missing."""
    if decoded == 0:
        raise Refused(Objection(_DAMAGED))
    if form.frames is not None and decoded < form.frames:
        raise Refused(Objection(_CUT))


def objections(measured: Measured, allowed: Bounds) -> tuple[Objection, ...]:
    """All that is wrong with what was heard; empty if it may be used."""
    if measured.level_dbfs is None:
        return (Objection("录音里没有声音"),)
    found = [*_length(measured, allowed), *_level(measured.level_dbfs)]
    if measured.clipped > MOST_CLIPPED:
        found.append(
            Objection(
                "录音削波失真（%(percent)s%%的采样到顶），请调低话筒音量后重录",
                {"percent": f"{100 * measured.clipped:.1f}"},
            )
        )
    if measured.dc > MOST_DC:
        found.append(
            Objection(
                "录音有%(percent)s%%的直流偏移，请检查话筒和声卡后重录",
                {"percent": f"{100 * measured.dc:.0f}"},
            )
        )
    if measured.longest_pause_s > LONGEST_PAUSE_S:
        found.append(
            Objection(
                "中间有%(seconds)s秒没有声音，来电人会以为断线，请剪短",
                {"seconds": f"{measured.longest_pause_s:.1f}"},
            )
        )
    return tuple(found)


def _length(measured: Measured, allowed: Bounds) -> tuple[Objection, ...]:
    if measured.seconds > allowed.most_s:
        return (_too_long(measured.seconds, allowed),)
    if measured.seconds < allowed.least_s:
        values = {
            "has": f"{measured.seconds:.1f}",
            "least": f"{allowed.least_s:.1f}",
            "expected": f"{allowed.expected_s:.1f}",
        }
        return (
            Objection(
                "录音只有%(has)s秒；这段文字合成语音念%(expected)s秒，录音至少要%(least)s秒", values
            ),
        )
    return ()


def _too_long(seconds: float, allowed: Bounds) -> Objection:
    return Objection(
        "录音有%(has)s秒；这段文字合成语音念%(expected)s秒，录音最多%(most)s秒",
        {
            "has": f"{seconds:.1f}",
            "most": f"{allowed.most_s:.1f}",
            "expected": f"{allowed.expected_s:.1f}",
        },
    )


def _level(level: float) -> tuple[Objection, ...]:
    least, most = LEVELS_DBFS
    values = {"level": f"{level:.0f}", "least": f"{least:.0f}", "most": f"{most:.0f}"}
    if level < least:
        return (Objection("音量太小（%(level)s dBFS，至少%(least)s），请靠近话筒重录", values),)
    if level > most:
        return (Objection("音量太大（%(level)s dBFS，最多%(most)s），请调低后重录", values),)
    return ()
