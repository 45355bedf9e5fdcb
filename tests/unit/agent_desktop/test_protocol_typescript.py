"""The browser's types are the server's: the generated file equals the messages."""

from __future__ import annotations

from pathlib import Path

from agent_desktop.protocol import ClientMessage, ServerMessage
from agent_desktop.protocol_typescript import render, union_members

ROOT = Path(__file__).resolve().parents[3]


def test_typescript_messages_are_generated_from_the_python_ones() -> None:
    written = (ROOT / "frontend" / "src" / "shared" / "protocol.ts").read_text()
    assert written == render(), "run: python -m agent_desktop.protocol_typescript > that file"


def test_each_message_of_a_union_has_an_interface_with_its_type() -> None:
    text = render()
    for name in (*union_members(ClientMessage), *union_members(ServerMessage)):
        assert f"export interface {name} {{" in text
