"""Make what callers hear: every prompt of the catalogue in every language."""

from __future__ import annotations

from collections.abc import Callable

from hotline.settings import Settings
from ivr.adapters.prompt_files import load_prompts
from ivr.adapters.prompt_render import render_prompts
from kernel.errors import ConfigurationError

Report = Callable[[str, int, int], None]


def make_prompts(settings: Settings, report: Report) -> str:
    """Render the prompts; returns a sentence. Raises ConfigurationError for a bad studio file."""
    catalogue = load_prompts(settings.config_dir / "ivr" / "prompts.yaml")
    done = render_prompts(
        catalogue,
        settings.prompts_dir,
        settings.studio_dir,
        lambda number, total, name: report(name, number, total),
    )
    if done.refused:
        path, why = done.refused[0]
        raise ConfigurationError(f"{path}: {why}")
    return (
        f"prompts: {done.rendered} made, {done.from_studio} from the studio, "
        f"{done.unchanged} unchanged"
    )
