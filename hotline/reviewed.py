"""`hotline check`: load all reviewed data and say what is wrong, with file and line."""

from __future__ import annotations

from acd.adapters.callbacks_file import load_callbacks
from acd.adapters.plans_file import Known, load_plans
from acd.adapters.rules_file import load_rules
from agent_desktop.core.choices import NOT_READY_REASONS
from directory.adapters.config_files import load_city
from directory.service import Directory
from hotline.settings import Settings
from ivr.adapters.flow_files import load_flow
from ivr.adapters.intent_files import load_intents
from ivr.adapters.prompt_files import load_prompts
from ivr.adapters.screening_file import load_screening
from ivr.adapters.waiting_file import load_waiting
from knowledge_base.adapters.article_files import load_articles
from workorders.adapters.reference_files import load_reference


class CityOfFiles(Directory):
    """A directory of what the files say, without a database."""

    def __init__(self, settings: Settings) -> None:
        self._install(load_city(settings.config_dir))


def load_reviewed(settings: Settings) -> None:
    """Raises ConfigurationError for the first file that breaks a rule."""
    directory = CityOfFiles(settings)
    rules = load_rules(settings.config_dir / "acd.yaml")
    load_callbacks(settings.config_dir / "callbacks.yaml")
    catalogue = load_prompts(settings.config_dir / "ivr" / "prompts.yaml")
    reasons = {r.code for r in NOT_READY_REASONS}
    load_plans(settings.config_dir / "plans.yaml", Known(rules, catalogue.texts.keys(), reasons))
    words = load_intents(settings.config_dir / "ivr" / "intents.yaml")
    for name in ("main", "survey"):
        path = settings.config_dir / "ivr" / f"{name}.yaml"
        load_flow(path, catalogue, directory.team_ids(), words)
    load_waiting(settings.config_dir / "ivr" / "waiting.yaml")
    load_screening(settings.screening)
    reference = load_reference(settings.config_dir, directory)
    load_articles(
        settings.config_dir / "knowledge",
        authorities=frozenset(a.authority_id for a in directory.authorities()),
        categories=frozenset(c.category_id for c in reference.tree),
    )
