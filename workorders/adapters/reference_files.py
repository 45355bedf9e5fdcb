"""Reads this department's reviewed data under `config/` and checks it, naming file and line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from kernel.clock import CITY_ZONE_NAME
from workorders.adapters.category_file import load_categories
from workorders.adapters.marked_yaml import Node, read
from workorders.core.calendar import CalendarYear, WorkCalendar, WorkingHours
from workorders.core.category import CategoryTree
from workorders.core.deadline import Term, Unit
from workorders.core.policy_pack import DeadlineRule, PolicyPack, Stage, is_under
from workorders.core.words import RequestType, Urgency
from workorders.ports import CityBook
from workorders.reference import (
    Disposition,
    Reference,
    SelfServiceItem,
    Template,
    TransferTarget,
)

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_RULE_KEYS = frozenset({"id", "stage", "amount", "unit", "zh", "en", "basis"})
_TEMPLATE_KEYS = frozenset(
    {"id", "zh", "en", "intro_zh", "intro_en", "type", "category", "fields", "sentence"}
)
_ITEM_KEYS = frozenset(
    {"id", "zh", "en", "summary_zh", "summary_en", "category", "template", "keywords"}
)


def load_reference(config_dir: Path, city: CityBook) -> Reference:
    """All of this department's data. Raises ConfigurationError at the first fault.

    Authorities and teams named in it must stand in `city`.
    """
    tree = load_categories(config_dir / "categories.yaml", city)
    templates = load_templates(config_dir / "complaint_templates.yaml", tree)
    dispositions, targets = load_dispositions(config_dir / "dispositions.yaml")
    return Reference(
        tree=tree,
        policy=load_policy(config_dir / "deadlines.yaml", tree),
        calendar=load_calendar(config_dir / "calendar.yaml"),
        templates=templates,
        items=load_items(config_dir / "self_service.yaml", tree, templates),
        dispositions=dispositions,
        targets=targets,
    )


def load_calendar(path: Path) -> WorkCalendar:
    """Raises ConfigurationError, also for a make-up day that is no weekend."""
    root = read(path).mapping({"working_hours", "years"})
    hours = []
    for node in root["working_hours"].items():
        entry = node.mapping({"start", "end"})
        hours.append(WorkingHours(_clock_time(entry["start"]), _clock_time(entry["end"])))
    years = tuple(_year(node) for node in root["years"].items())
    if len({y.year for y in years}) != len(years):
        raise root["years"].fault("a year stands here twice")
    try:
        return WorkCalendar(ZoneInfo(CITY_ZONE_NAME), tuple(hours), years)
    except ValueError as error:
        raise root["working_hours"].fault(str(error)) from error


def _clock_time(node: Node) -> time:
    try:
        return time.fromisoformat(node.text())
    except ValueError as error:
        raise node.fault(f"a time like 09:00 is expected, not `{node.text()}`") from error


def _year(node: Node) -> CalendarYear:
    entry = node.mapping({"year", "official", "source", "holidays", "make_up_days"})
    year = entry["year"].integer(2014)
    holidays: set[date] = set()
    for holiday in entry["holidays"].items():
        span = holiday.mapping({"zh", "en", "first", "last"})
        first, last = span["first"].day(), span["last"].day()
        if last < first or first.year != year or last.year != year:
            raise holiday.fault(f"the holiday must lie in {year} and end after it begins")
        holidays.update(first + timedelta(days=n) for n in range((last - first).days + 1))
    make_up_days: set[date] = set()
    for day_node in entry["make_up_days"].items():
        day = day_node.day()
        if day.year != year or day.weekday() < 5 or day in holidays:
            raise day_node.fault("a make-up day is a weekend of this year that is no holiday")
        make_up_days.add(day)
    return CalendarYear(
        year=year,
        official=entry["official"].boolean(),
        holidays=frozenset(holidays),
        make_up_days=frozenset(make_up_days),
        source=entry["source"].text(empty=False),
    )


def load_policy(path: Path, tree: CategoryTree) -> PolicyPack:
    """Raises ConfigurationError, also when a stage has no last rule that fits everything or a
    rule can never be reached."""
    root = read(path).mapping({"version", "rules"})
    rules: list[DeadlineRule] = []
    for node in root["rules"].items():
        rule = _rule(node, tree)
        if any(rule.rule_id == r.rule_id for r in rules):
            raise node.fault(f"the rule `{rule.rule_id}` stands here twice")
        shadow = next((r for r in rules if _covers(r, rule)), None)
        if shadow is not None:
            raise node.fault(f"`{rule.rule_id}` is never reached: `{shadow.rule_id}` fits first")
        rules.append(rule)
    for stage in Stage:
        if not any(r.stage is stage and _fits_all(r) for r in rules):
            raise root["rules"].fault(f"the stage `{stage}` has no rule that fits everything")
    return PolicyPack(root["version"].text(empty=False), tuple(rules))


def _rule(node: Node, tree: CategoryTree) -> DeadlineRule:
    entry = node.mapping(_RULE_KEYS, {"types", "urgency", "category"})
    category = entry["category"].text() if "category" in entry else ""
    if category and tree.find(category) is None:
        raise entry["category"].fault(f"there is no category `{category}`")
    types = entry["types"].items() if "types" in entry else []
    urgencies = entry["urgency"].items() if "urgency" in entry else []
    return DeadlineRule(
        rule_id=entry["id"].text(empty=False),
        stage=entry["stage"].choice(Stage),
        term=Term(entry["amount"].integer(1), entry["unit"].choice(Unit)),
        text=entry["zh"].text(empty=False),
        text_en=entry["en"].text(empty=False),
        basis=entry["basis"].text(empty=False),
        request_types=frozenset(n.choice(RequestType) for n in types),
        urgencies=frozenset(n.choice(Urgency) for n in urgencies),
        category=category,
    )


def _covers(earlier: DeadlineRule, later: DeadlineRule) -> bool:
    """True if whatever fits `later` fits `earlier` too."""
    return (
        earlier.stage is later.stage
        and (not earlier.request_types or _within(later.request_types, earlier.request_types))
        and (not earlier.urgencies or _within(later.urgencies, earlier.urgencies))
        and is_under(later.category, earlier.category)
    )


def _within(narrow: frozenset[object], wide: frozenset[object]) -> bool:
    return bool(narrow) and narrow <= wide


def _fits_all(rule: DeadlineRule) -> bool:
    return not (rule.request_types or rule.urgencies or rule.category)


def load_templates(path: Path, tree: CategoryTree) -> tuple[Template, ...]:
    """Raises ConfigurationError, also for a sentence that names a field the template lacks."""
    templates = []
    for node in read(path).mapping({"templates"})["templates"].items():
        entry = node.mapping(_TEMPLATE_KEYS)
        fields = entry["fields"].texts()
        for item in entry["fields"].items():
            if item.text() not in tree.fields:
                raise item.fault(f"there is no field `{item.text()}`")
        for name in _PLACEHOLDER.findall(entry["sentence"].text()):
            if name not in fields:
                raise entry["sentence"].fault(f"the sentence names `{name}`, which is no field")
        templates.append(
            Template(
                template_id=entry["id"].text(empty=False),
                zh=entry["zh"].text(empty=False),
                en=entry["en"].text(empty=False),
                intro_zh=entry["intro_zh"].text(empty=False),
                intro_en=entry["intro_en"].text(empty=False),
                request_type=entry["type"].choice(RequestType),
                category=_leaf(entry["category"], tree),
                fields=fields,
                sentence=entry["sentence"].text(),
            )
        )
    return tuple(templates)


def load_items(
    path: Path, tree: CategoryTree, templates: Sequence[Template]
) -> tuple[SelfServiceItem, ...]:
    """Raises ConfigurationError."""
    known = {t.template_id for t in templates} | {""}
    items = []
    for node in read(path).mapping({"items"})["items"].items():
        entry = node.mapping(_ITEM_KEYS)
        if entry["template"].text() not in known:
            raise entry["template"].fault(f"there is no template `{entry['template'].text()}`")
        items.append(
            SelfServiceItem(
                item_id=entry["id"].text(empty=False),
                zh=entry["zh"].text(empty=False),
                en=entry["en"].text(empty=False),
                summary_zh=entry["summary_zh"].text(empty=False),
                summary_en=entry["summary_en"].text(empty=False),
                category=_leaf(entry["category"], tree),
                template=entry["template"].text(),
                keywords=entry["keywords"].texts(),
            )
        )
    return tuple(items)


def _leaf(node: Node, tree: CategoryTree) -> str:
    found = tree.find(node.text())
    if found is None or not found.leaf:
        raise node.fault(f"`{node.text()}` is no leaf of the category tree")
    return found.category_id


def load_dispositions(
    path: Path,
) -> tuple[tuple[Disposition, ...], tuple[TransferTarget, ...]]:
    """Raises ConfigurationError."""
    root = read(path).mapping({"dispositions", "transfer_targets"})
    dispositions = []
    for node in root["dispositions"].items():
        entry = node.mapping({"code", "zh", "en"})
        dispositions.append(
            Disposition(*(entry[key].text(empty=False) for key in ("code", "zh", "en")))
        )
    targets = []
    for node in root["transfer_targets"].items():
        entry = node.mapping({"number", "zh", "en", "emergency"})
        targets.append(
            TransferTarget(
                number=entry["number"].text(empty=False),
                zh=entry["zh"].text(empty=False),
                en=entry["en"].text(empty=False),
                emergency=entry["emergency"].boolean(),
            )
        )
    return tuple(dispositions), tuple(targets)
