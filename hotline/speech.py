"""`hotline speech`: models come onto the shelf checked and tried, and leave it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hotline.settings import Settings
from kernel.errors import BadInput
from kernel.language import Language
from speech.adapters.model_archive import Progress, digest, fetch, is_address, unpack
from speech.adapters.model_shelf import FolderShelf, facts_of
from speech.adapters.trial import Trial, try_model
from speech.core.model import BadModel, model_name, rate
from speech.ports import Installed

SPOKEN_PHRASES = 8
_TELLING = {
    Language.MANDARIN: ("cn", "zh"),
    Language.CANTONESE: ("yue", "hk"),
    Language.ENGLISH: ("en",),
}

Say = Callable[[str], None]


def install(
    settings: Settings,
    source: str,
    sha256: str,
    languages: Sequence[str],
    say: Say,
    report: Progress,
) -> Installed:
    """Check, try, and put a model into its place; a running hotline takes it within seconds.

    Raises BadInput, Unavailable; the shelf is then as it was.
    """
    try:
        name = model_name(source)
        spoken = _languages(name, languages)
        shelf = FolderShelf(settings.speech_dir)
        with shelf.room() as room:
            packed = _packed(source, sha256, room, report)
            told = digest(packed)
            folder = unpack(packed, room / "model", report)
            found = rate(facts_of(folder))
            say(f"{name}: a model for {found} Hz; it is being tried …")
            trial = try_model(folder, _phrases(settings.prompts_dir, spoken[0]))
            _tell(trial, say)
            model = Installed(
                name=name,
                folder=settings.speech_dir / name,
                languages=spoken,
                rate=found,
                sha256=told,
                load_fraction=trial.load_fraction,
            )
            shelf.put(folder, model)
    except BadModel as error:
        raise BadInput(f"this model cannot be used: {error}") from error
    return model


def _packed(source: str, sha256: str, room: Path, report: Progress) -> Path:
    wanted = sha256.lower()
    packed = Path(source)
    if is_address(source):
        packed = room / "download"
        fetch(source, packed, wanted, report)
    elif not packed.exists():
        raise BadInput(f"there is no such file or folder: {source[:200]}")
    if wanted and (found := digest(packed)) != wanted:
        raise BadInput(f"its SHA-256 is {found}, not {wanted[:64]}")
    return packed


def _languages(name: str, asked: Sequence[str]) -> tuple[Language, ...]:
    if asked:
        try:
            return tuple(dict.fromkeys(Language(text) for text in asked))
        except ValueError:
            raise BadInput("a language is zh, yue or en", "language") from None
    parts = name.lower().replace("_", "-").split("-")
    found = tuple(language for language, words in _TELLING.items() if set(words) & set(parts))
    if not found:
        raise BadInput(
            "the name does not tell the language; say --language zh, yue or en", "language"
        )
    return found


def _phrases(prompts: Path, language: Language) -> list[Path]:
    """What the hotline itself says is what there is to listen to."""
    return sorted((prompts / language.value).glob("*.wav"))[:SPOKEN_PHRASES]


def _tell(trial: Trial, say: Say) -> None:
    say(f"loaded in {trial.loaded_s:.1f} s; one caller takes {trial.load_fraction:.1%} of a core")
    for text in trial.heard:
        say(f"  heard: {text or '(nothing)'}")


def installed(settings: Settings) -> list[str]:
    """A line for each model. Raises ConfigurationError."""
    return [
        f"{m.name}: {', '.join(m.languages) or 'no language'}, {m.rate} Hz, "
        f"{m.load_fraction:.1%} of a core a caller, sha256 {m.sha256[:16]}…"
        for m in FolderShelf(settings.speech_dir).models()
    ]


def remove(settings: Settings, name: str) -> None:
    """Raises NotFound."""
    FolderShelf(settings.speech_dir).remove(name)
