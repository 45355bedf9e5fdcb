"""`CityBook` read straight from `config/`, for when no directory runs (the demo's past cases)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kernel.ids import AuthorityId, TeamId
from workorders.adapters.marked_yaml import read


@dataclass(frozen=True, slots=True)
class FileAuthority:
    authority_id: AuthorityId
    name: str
    name_en: str
    short: str
    district: str | None


@dataclass(frozen=True, slots=True)
class FileDistrict:
    district_id: str
    name: str
    name_en: str


@dataclass(frozen=True, slots=True)
class FileTeam:
    team_id: TeamId
    short: str
    short_en: str


class FileCity:
    """Implements `workorders.ports.CityBook`. Raises ConfigurationError for unreadable files."""

    def __init__(self, config_dir: Path) -> None:
        self._authorities = _authorities(config_dir / "authorities.yaml")
        self._by_id = {a.authority_id: a for a in self._authorities}
        self._districts = _districts(config_dir / "districts.yaml")
        self._teams = _teams(config_dir / "teams.yaml")

    def authority(self, authority_id: AuthorityId) -> FileAuthority | None:
        return self._by_id.get(authority_id)

    def authorities(self) -> Sequence[FileAuthority]:
        return self._authorities

    def districts(self) -> Sequence[FileDistrict]:
        return self._districts

    def teams(self) -> Sequence[FileTeam]:
        return self._teams


def _authorities(path: Path) -> tuple[FileAuthority, ...]:
    found = []
    for node in read(path).mapping({"authorities"})["authorities"].items():
        entry = node.entries()
        found.append(
            FileAuthority(
                authority_id=AuthorityId(entry["id"].text()),
                name=entry["zh"].text(),
                name_en=entry["en"].text(),
                short=entry["short"].text(),
                district=entry["district"].text() if "district" in entry else None,
            )
        )
    return tuple(found)


def _districts(path: Path) -> tuple[FileDistrict, ...]:
    nodes = read(path).mapping({"districts"})["districts"].items()
    entries = (node.entries() for node in nodes)
    return tuple(FileDistrict(e["id"].text(), e["zh"].text(), e["en"].text()) for e in entries)


def _teams(path: Path) -> tuple[FileTeam, ...]:
    nodes = read(path).mapping({"teams"})["teams"].items()
    entries = (node.entries() for node in nodes)
    return tuple(
        FileTeam(TeamId(e["id"].text()), e["short"].text(), e["short_en"].text()) for e in entries
    )
