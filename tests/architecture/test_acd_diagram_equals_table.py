"""The drawn states of the distribution are those of its tables."""

from __future__ import annotations

from pathlib import Path

from acd.core.diagram import document

FILE = Path(__file__).parents[2] / "docs" / "diagrams" / "acd-states.md"


def test_the_drawn_states_equal_the_tables() -> None:
    assert FILE.read_text(encoding="utf-8") == document(), (
        "run: python -m acd.core.diagram > docs/diagrams/acd-states.md"
    )
