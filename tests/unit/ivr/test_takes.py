"""Takes of a prompt: every state and event, use and undo, and words that changed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.core.studio import Container
from ivr.core.takes import (
    TRANSITIONS,
    Take,
    TakeEvent,
    TakeState,
    confirm,
    fits,
    moved,
    undo,
    use,
)
from kernel.errors import InvalidTransition
from kernel.language import Language
from tests.fakes.clock import NOON


def take(number: int = 1, state: TakeState = TakeState.CANDIDATE, text: str = "您好。") -> Take:
    return Take(
        name="welcome",
        language=Language.MANDARIN,
        number=number,
        state=state,
        text=text,
        sha256=f"{number:064}",
        source_sha256=f"{number:064}",
        container=Container.WAV,
        rate=48000,
        channels=1,
        level_dbfs=-24.0,
        duration_ms=2100,
        uploaded_by="ad28",
        uploaded_at=NOON,
    )


@pytest.mark.parametrize("state", TakeState)
@pytest.mark.parametrize("event", TakeEvent)
def test_every_state_and_event(state: TakeState, event: TakeEvent) -> None:
    wanted = TRANSITIONS.get((state, event))
    if wanted is None:
        with pytest.raises(InvalidTransition):
            moved(take(state=state), event)
    else:
        assert moved(take(state=state), event).state is wanted


def test_take_that_is_used_replaces_the_live_one_and_undo_brings_that_back() -> None:
    (first,) = use(take(1), None, "您好。", "ad28", NOON)
    assert (first.state, first.replaces, first.used_by) == (TakeState.LIVE, None, "ad28")
    second, replaced = use(take(2), first, "您好。", "ad28", NOON)
    assert (second.replaces, replaced.state) == (1, TakeState.REPLACED)
    back, gone = undo(second, replaced, "ad29", NOON)
    assert (back.number, back.state, back.replaces) == (1, TakeState.LIVE, None)
    assert (gone.number, gone.state) == (2, TakeState.WITHDRAWN)
    (last,) = undo(back, None, "ad29", NOON)
    assert last.state is TakeState.WITHDRAWN


def test_whoever_uses_or_confirms_a_take_vouches_for_its_words() -> None:
    (live,) = use(take(), None, "您好！欢迎。", "ad28", NOON)
    assert live.text == "您好！欢迎。"
    assert confirm(live, "您好", "ad28", NOON).text == "您好"
    with pytest.raises(InvalidTransition):
        confirm(take(), "您好", "ad28", NOON)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("您好", True),
        (" 您好！ ", True),
        ("你好。", False),
        ("您好，请按1。", False),
    ],
)
def test_marks_and_spaces_are_not_spoken_but_every_word_is(text: str, same: bool) -> None:
    assert fits(take(), text) is same
    assert fits(take(text="For English, press 9."), "for english press 9")
    assert not fits(take(text="For English, press 9."), "For English, press 8.")


@given(st.lists(st.sampled_from(["use", "undo", "synthetic", "upload"]), max_size=30), st.data())
def test_at_most_one_take_is_live_whatever_is_done(acts: list[str], data: st.DataObject) -> None:
    takes: dict[int, Take] = {}
    for act in acts:
        live = next((t for t in takes.values() if t.state is TakeState.LIVE), None)
        if act == "upload":
            takes[len(takes) + 1] = take(len(takes) + 1)
            continue
        if act == "use":
            usable = [t for t in takes.values() if (t.state, TakeEvent.USE) in TRANSITIONS]
            if not usable:
                continue
            changed = use(data.draw(st.sampled_from(usable)), live, "您好。", "ad28", NOON)
        elif live is None:
            continue
        else:
            before = takes[live.replaces] if act == "undo" and live.replaces else None
            changed = undo(live, before, "ad28", NOON)
        takes |= {t.number: t for t in changed}
        now_live = [t for t in takes.values() if t.state is TakeState.LIVE]
        assert len(now_live) <= 1
        assert all(t.replaces != t.number for t in now_live)


def test_take_is_never_changed_in_place() -> None:
    candidate = take()
    use(candidate, None, "别的话", "ad28", NOON)
    assert candidate == replace(candidate, state=TakeState.CANDIDATE, text="您好。")
