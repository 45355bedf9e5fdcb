"""Models come onto the shelf checked and tried; whatever is wrong with one, the shelf stays."""

from __future__ import annotations

import io
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from hotline.settings import Settings
from hotline.speech import install, installed, remove
from kernel.errors import BadInput, ConfigurationError, NotFound, Unavailable
from kernel.language import Language
from speech.adapters import model_archive
from speech.adapters.model_archive import digest
from speech.adapters.model_shelf import FolderShelf
from speech.ports import Installed
from tests.speech_model.kit import BUILT_WITHIN_S, tiny_model

pytestmark = pytest.mark.timeout(BUILT_WITHIN_S)
NAME = "vosk-model-tiny-cn"


class Shop:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(data_dir=folder / "data", setup_dir=folder / "setup")
        self.shelf = FolderShelf(self.settings.speech_dir)
        self.said: list[str] = []

    def install(self, source: object, sha256: str = "", *languages: str) -> Installed:
        return install(
            self.settings,
            str(source),
            sha256,
            languages,
            self.said.append,
            lambda what, done, total: None,
        )

    def refused(self, source: object, *args: str) -> str:
        """The one sentence; nothing is left behind."""
        before = self.shelf.models()
        with pytest.raises((BadInput, Unavailable)) as caught:
            self.install(source, *args)
        assert self.shelf.models() == before
        left = [p.name for p in self.settings.speech_dir.glob(".*") if p.name != ".lock"]
        assert left == []
        return caught.value.message


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as it would be published."""
    folder = tmp_path_factory.mktemp("packed")
    shutil.copytree(tiny_model(), folder / "in" / NAME)
    made = shutil.make_archive(str(folder / NAME), "zip", folder / "in")
    return Path(made)


def test_a_published_zip_is_tried_and_installed(shop: Shop, packed: Path) -> None:
    model = shop.install(packed, digest(packed))
    assert shop.shelf.models() == (model,)
    assert (model.name, model.languages, model.rate) == (NAME, (Language.MANDARIN,), 16000)
    assert (model.folder / "am" / "final.mdl").is_file()
    assert 0 < model.load_fraction < 0.5
    assert installed(shop.settings)[0].startswith(f"{NAME}: zh, 16000 Hz")


def test_a_folder_and_a_tar_file_are_taken_too(shop: Shop, tmp_path: Path) -> None:
    shutil.copytree(tiny_model(), tmp_path / "in" / NAME)
    shop.install(tmp_path / "in" / NAME)
    made = shutil.make_archive(str(tmp_path / "yue-model"), "gztar", tmp_path / "in" / NAME)
    shop.install(made, "", "yue", "zh")
    # A language belongs to the model that was installed for it last.
    assert [(m.name, m.languages) for m in shop.shelf.models()] == [
        (NAME, ()),
        ("yue-model", (Language.CANTONESE, Language.MANDARIN)),
    ]
    before = shop.shelf.edition()
    remove(shop.settings, NAME)
    assert [m.name for m in shop.shelf.models()] == ["yue-model"]
    assert shop.shelf.edition() != before
    with pytest.raises(NotFound):
        remove(shop.settings, NAME)


def test_the_language_must_be_known(shop: Shop, tmp_path: Path) -> None:
    shutil.copytree(tiny_model(), tmp_path / "mystery")
    assert "--language" in shop.refused(tmp_path / "mystery")
    assert "zh, yue or en" in shop.refused(tmp_path / "mystery", "", "de")


def test_another_checksum_is_refused(shop: Shop, packed: Path) -> None:
    assert "SHA-256" in shop.refused(packed, "0" * 64)


Spoil = Callable[[Path], object]
SPOILS: dict[str, tuple[Spoil, str]] = {
    "no graph": (lambda p: (p / "graph/HCLG.fst").unlink(), "neither"),
    "no silence phones": (
        lambda p: (p / "conf/model.conf").write_text("--beam=13.0\n"),
        "silence-phones",
    ),
    "a page instead": (lambda p: (p / "am/final.mdl").write_text("<html>"), "no acoustic model"),
    "cut short": (
        lambda p: (p / "am/final.mdl").write_bytes((p / "am/final.mdl").read_bytes()[:5000]),
        "cannot be used",
    ),
    "other features": (
        lambda p: (p / "conf/mfcc.conf").write_text("--sample-frequency=16000\n--num-ceps=13\n"),
        "cannot be used",
    ),
    "a silence phone that there is not": (
        lambda p: (p / "conf/model.conf").write_text(
            "--endpoint.silence-phones=1\n--no-such-option=3\n"
        ),
        "cannot be used",
    ),
}


@pytest.mark.parametrize("kind", SPOILS)
def test_a_bad_model_is_refused_with_the_reason(shop: Shop, tmp_path: Path, kind: str) -> None:
    spoil, reason = SPOILS[kind]
    shutil.copytree(tiny_model(), tmp_path / NAME)
    spoil(tmp_path / NAME)
    assert reason in shop.refused(tmp_path / NAME)


def _zip(path: Path, *entries: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for name, body in entries:
            out.writestr(name, body)
    return path


@pytest.mark.parametrize(
    "name", ["../../evil", "/etc/evil", "a/../../evil", "..\\evil", "a/../../../b"]
)
def test_no_path_of_an_archive_leads_outside(shop: Shop, tmp_path: Path, name: str) -> None:
    source = _zip(tmp_path / "x-cn.zip", (name, b"x"))
    assert "outside the model" in shop.refused(source)
    with tarfile.open(tmp_path / "y-cn.tgz", "w:gz") as out:
        info = tarfile.TarInfo(name)
        info.size = 1
        out.addfile(info, io.BytesIO(b"x"))
    assert "outside the model" in shop.refused(tmp_path / "y-cn.tgz")
    assert not list(tmp_path.rglob("evil"))


def test_links_and_devices_are_refused(shop: Shop, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("am/final.mdl")
    link.external_attr = 0o120777 << 16
    assert "no plain file" in shop.refused(_zip(tmp_path / "x-cn.zip", (link, b"/etc/passwd")))
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        with tarfile.open(tmp_path / "y-cn.tgz", "w:gz") as out:
            info = tarfile.TarInfo("am/final.mdl")
            info.type, info.linkname = kind, "/etc/passwd"
            out.addfile(info)
        assert "no plain file" in shop.refused(tmp_path / "y-cn.tgz")
    (tmp_path / "z-cn").mkdir()
    (tmp_path / "z-cn" / "am").symlink_to("/etc")
    assert "no plain file" in shop.refused(tmp_path / "z-cn")


def test_size_and_number_of_files_have_a_limit(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_archive, "MOST_BYTES", 100_000)
    monkeypatch.setattr(model_archive, "MOST_FILES", 5)
    bomb = tmp_path / "x-cn.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("am/final.mdl", bytes(10_000_000))
    assert "too large" in shop.refused(bomb)
    many = _zip(tmp_path / "y-cn.zip", *((f"f{n}", b"") for n in range(6)))
    assert "too many" in shop.refused(many)


def test_what_is_no_archive_is_refused(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "x-cn.zip").write_bytes(b"PK\x03\x04 not really")
    shop.refused(tmp_path / "x-cn.zip")
    shop.refused(tmp_path / "absent-cn.zip")
    assert "am/final.mdl" in shop.refused(_zip(tmp_path / "y-cn.zip", ("readme", b"hello")))
    shop.refused("..")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Nothing on the test's standard error."""


@pytest.fixture
def address(packed: Path) -> Iterator[str]:
    """A folder served on the loopback."""
    server = HTTPServer(("127.0.0.1", 0), lambda *args: _Quiet(*args, directory=str(packed.parent)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_address_without_encryption_needs_the_checksum(
    shop: Shop, packed: Path, address: str
) -> None:
    assert "--sha256" in shop.refused(f"{address}/{packed.name}")
    shop.install(f"{address}/{packed.name}", digest(packed))
    assert [m.name for m in shop.shelf.models()] == [NAME]
    assert "downloaded" in shop.refused(f"{address}/absent-cn.zip", "0" * 64)


def test_a_damaged_list_is_told_in_one_sentence(shop: Shop) -> None:
    shop.settings.speech_dir.mkdir(parents=True)
    for text in ("{", "[]", '{"models": [{"name": "../x"}]}', '{"models": [{"name": "a"}]}'):
        (shop.settings.speech_dir / "models.json").write_text(text)
        with pytest.raises(ConfigurationError, match=r"models\.json is damaged"):
            shop.shelf.models()
