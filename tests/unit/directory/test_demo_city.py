"""The demo city is exactly the seed's: each number of the hotline's own description is counted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from directory.adapters.config_files import NOT_INTEGRATED, load_city
from directory.adapters.demo_city import CONFIG
from directory.core.city import AuthorityKind, City
from kernel.ids import AgentId
from kernel.language import Language
from kernel.policy import Role

SEED = Path(__file__).resolve().parents[4] / "shared" / "seeds" / "guangzhou-12345.txt"


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(CONFIG)


def test_the_counts_are_the_seeds(city: City) -> None:
    assert len(city.teams) == 5
    assert len(city.booths) == 506
    assert len(city.operators) == 759
    assert len(city.administrators) == 34
    assert len(city.authorities) == 123
    assert len(city.districts) == 11
    assert len(city.lines) == 76
    assert len({line.authority for line in city.lines}) == 51


def test_the_seed_says_these_numbers() -> None:
    if not SEED.exists():
        pytest.skip("the hotline's description of 2018 is not on this machine")
    text = SEED.read_text(encoding="utf-8")

    for words in (
        "506 reception booths and 759 phone operators",
        "34 administrators",
        "76 special lines of 51 government departments",
        "5 call reception teams",
        "11 district-level governments, 50 municipal government departments, 62 state-owned",
    ):
        assert words in text


def test_the_authorities_are_11_districts_50_departments_and_62_others(city: City) -> None:
    kinds = Counter(a.kind for a in city.authorities)

    assert kinds[AuthorityKind.DISTRICT] == 11
    assert kinds[AuthorityKind.DEPARTMENT] == 50
    others = set(AuthorityKind) - {AuthorityKind.DISTRICT, AuthorityKind.DEPARTMENT}
    assert sum(kinds[kind] for kind in others) == 62
    assert all(kinds[kind] for kind in others)


def test_each_district_has_its_government(city: City) -> None:
    governed = [a.district for a in city.authorities if a.kind is AuthorityKind.DISTRICT]

    assert sorted(map(str, governed)) == sorted(d.district_id for d in city.districts)


def test_the_bodies_that_the_seed_names_are_there(city: City) -> None:
    former = {a.former_en for a in city.authorities} - {None}

    assert former == {
        "Bureau of Public Security",
        "Bureau of Education",
        "Transportation Commission",
        "Power Supply Bureau",
        "Gas Group",
        "Consumer Council",
        "Municipal Commission Office for Public Sectors Reform",
        "Municipal Legislative Affairs Office",
        "Municipal Industry and Information Commission",
        "Housing Accumulation Fund Management Center",
    }


def test_nothing_is_there_twice(city: City) -> None:
    people = [o.name for o in city.operators] + [a.name for a in city.administrators]
    for values in (
        [t.team_id for t in city.teams],
        [b.booth_id for b in city.booths],
        [b.place for b in city.booths],
        [o.agent_id for o in city.operators],
        [a.account for a in city.administrators],
        people,
        [a.authority_id for a in city.authorities],
        [a.code for a in city.authorities],
        [a.name for a in city.authorities],
        [a.short for a in city.authorities],
        [a.name_en for a in city.authorities],
        [d.code for d in city.districts],
        [line.number for line in city.lines],
        [line.name for line in city.lines],
    ):
        assert len(values) == len(set(values))


def test_numbers_of_people_and_places_run_without_a_gap(city: City) -> None:
    assert [b.booth_id for b in city.booths] == [f"{n:03}" for n in range(1, 507)]
    assert [o.agent_id for o in city.operators] == [f"op{n:04}" for n in range(1, 760)]
    assert [a.account for a in city.administrators] == [f"ad{n:02}" for n in range(1, 35)]


def test_the_teams_have_their_ids_and_their_order(city: City) -> None:
    ids = [t.team_id for t in city.teams]

    assert ids == ["consumer", "urban", "labour", "security", "general"]
    assert [t.order for t in city.teams] == [1, 2, 3, 4, 5]


def test_no_emergency_or_tax_line_is_integrated(city: City) -> None:
    assert not NOT_INTEGRATED & {line.number for line in city.lines}
    assert all(line.authority != "tax" for line in city.lines)


def test_an_invented_number_can_ring_nobody(city: City) -> None:
    for line in city.lines:
        assert line.demo == line.number.startswith("55"), line.number
        assert len(line.number) == (8 if line.demo else 5)


def test_every_team_has_lines_and_every_line_a_team(city: City) -> None:
    counts = Counter(line.team for line in city.lines)

    assert set(counts) == {t.team_id for t in city.teams}


def test_primary_teams_follow_their_shares(city: City) -> None:
    counts = Counter(o.primary_team for o in city.operators)

    assert counts == {"consumer": 152, "urban": 167, "labour": 182, "security": 106, "general": 152}


def test_levels_are_high_in_the_own_team_and_lower_elsewhere(city: City) -> None:
    for operator in city.operators:
        own = operator.skills[operator.primary_team]
        assert 5 <= own <= 10
        others = [v for k, v in operator.skills.items() if k != operator.primary_team]
        assert len(others) <= 2
        assert all(1 <= level < own for level in others)


def test_every_team_has_members_of_every_primary_level(city: City) -> None:
    for team in city.teams:
        own = {o.skills[team.team_id] for o in city.operators if o.primary_team == team.team_id}
        assert own == set(range(5, 11))


def test_every_team_has_secondary_members(city: City) -> None:
    second = Counter(t for o in city.operators for t in o.skills if t != o.primary_team)

    assert min(second[t.team_id] for t in city.teams) >= 10
    assert sum(len(o.skills) == 1 for o in city.operators) > 200


def test_all_speak_mandarin_most_cantonese_and_some_english(city: City) -> None:
    speakers = Counter(language for o in city.operators for language in o.languages)

    assert speakers[Language.MANDARIN] == 759
    assert speakers[Language.CANTONESE] == round(0.62 * 759) == 471
    assert speakers[Language.ENGLISH] == round(0.09 * 759) == 68


def test_the_first_dozen_operators_know_all_teams_and_languages(city: City) -> None:
    dozen = city.operators[:12]

    assert {o.primary_team for o in dozen} == {t.team_id for t in city.teams}
    assert {language for o in dozen for language in o.languages} == set(Language)


def test_every_role_of_the_centre_has_several_people(city: City) -> None:
    roles = Counter(role for a in city.administrators for role in a.roles)

    assert set(roles) == set(Role) - {Role.OPERATOR}
    assert min(roles.values()) >= 5
    assert any(len(a.roles) > 1 for a in city.administrators)


def test_the_same_configuration_makes_the_same_city(city: City) -> None:
    assert load_city(CONFIG) == city
    first = next(o for o in city.operators if o.agent_id == AgentId("op0001"))
    assert (first.name, first.name_en, first.primary_team) == ("卢思敏", "Simin Lu", "labour")
