"""A message comes through unchanged, and a mad worker's is refused."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.core import wire
from speech.core.listening import Deaf, Heard, Keyed, Outcome, Silent
from speech.core.wire import Beat, Begun, Expect, Forget, Garbled, Read, Ready, Result, Stranger

EAR = "8b1c9e0e-9d1f-4a2b-8c3d-0123456789ab"
ears = st.uuids().map(str)
texts = st.text(max_size=100)
outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Heard, texts, st.floats(0, 1)),
    st.text("0123456789*", min_size=1, max_size=32).map(Keyed),
    st.just(Silent()),
    texts.map(Deaf),
)


@given(
    st.one_of(
        st.builds(
            Expect,
            ear=ears,
            files=st.lists(texts, max_size=5).map(tuple),
            max_digits=st.integers(1, 32),
            timeout_s=st.floats(0, 120),
            longest_s=st.floats(0, 120),
        ),
        ears.map(Forget),
        st.builds(Read, ears, texts, st.floats(0, 200_000)),
    )
)
def test_an_order_comes_through(order: wire.Order) -> None:
    line = wire.encode(order)
    assert line.count(b"\n") == 1 and wire.order(line) == order


@given(
    st.one_of(
        st.integers(1, 65535).map(Ready),
        st.integers(0, 99).map(Beat),
        texts.map(Stranger),
        st.builds(Begun, ears, st.floats(0, 9999)),
    )
)
def test_a_report_comes_through(report: wire.Report) -> None:
    assert wire.report(wire.encode(report)) == report


@given(ears, outcomes)
def test_a_result_comes_through(ear: str, outcome: Outcome) -> None:
    told = wire.report(wire.encode(wire.result(ear, outcome)))
    assert isinstance(told, Result)
    assert (told.ear, wire.outcome(told)) == (ear, outcome)


@given(st.binary(max_size=300))
def test_garbage_is_refused(line: bytes) -> None:
    with pytest.raises(Garbled):
        wire.report(line)


@pytest.mark.parametrize(
    "changed",
    [
        {"ear": "1"},
        {"ear": None},
        {"kind": "hears"},
        {"confidence_fraction": 1.1},
        {"confidence_fraction": float("nan")},
        {"confidence_fraction": True},
        {"digits": "1;2"},
        {"text": "x" * 401},
        {"text": 3},
        {"more": 1},
        {"is": "expect"},
        {"is": ["result"]},
    ],
)
def test_a_result_with_a_strange_field_is_refused(changed: dict[str, object]) -> None:
    body = json.loads(wire.encode(wire.result(EAR, Heard("社保", 1.0)))) | changed
    with pytest.raises(Garbled):
        wire.report(json.dumps(body).encode())


def test_names_are_random_uuids() -> None:
    order = Forget(str(uuid.uuid4()))
    assert wire.order(wire.encode(order)) == order
