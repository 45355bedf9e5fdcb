"""One listening: a word, a key or silence ends it, once, and within its time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speech.core.listening import (
    CUT_OFF_WITHIN_S,
    CutOff,
    Deaf,
    Due,
    Effect,
    Ended,
    Event,
    Failed,
    Finish,
    Heard,
    Key,
    Keyed,
    Listening,
    Outcome,
    Partial,
    Phase,
    PhrasesEnded,
    Silent,
    StopPhrases,
    Terms,
    begin,
    deadline,
    longest_s,
    step,
)
from speech.core.result import NOTHING, Utterance

TERMS = Terms(max_digits=3, timeout_s=5, longest_s=10)
WORD = Utterance("社保", 0.9, True)
COUGH = Utterance("", 0.0, True)


def run(
    *events: tuple[float, Event], terms: Terms = TERMS
) -> tuple[Listening, list[tuple[float, Effect]]]:
    """The state and the effects, each with its moment; deadlines come by themselves."""
    state, done = begin(terms, 0.0), []
    for at, event in (*events, (1000.0, Due())):
        while (limit := deadline(state)) is not None and limit <= at:
            state, effects = step(state, Due(), limit)
            done += [(limit, effect) for effect in effects]
        state, effects = step(state, event, at)
        done += [(at, effect) for effect in effects]
    return state, done


def outcome(*events: tuple[float, Event], terms: Terms = TERMS) -> tuple[float, Outcome]:
    finished = [(at, e.outcome) for at, e in run(*events, terms=terms)[1] if isinstance(e, Finish)]
    assert len(finished) == 1
    return finished[0]


def test_an_utterance_ends_it() -> None:
    assert outcome((1, PhrasesEnded()), (3, Ended(WORD))) == (3, Heard("社保", 0.9))


def test_a_word_stops_the_phrases_before_the_utterance_has_ended() -> None:
    _, done = run((0.4, Partial(WORD)), (1.1, Ended(WORD)))
    assert done == [(0.4, StopPhrases()), (1.1, Finish(Heard("社保", 0.9)))]


def test_a_cough_does_not_stop_the_phrases() -> None:
    _, done = run((0.4, Partial(COUGH)), (1.0, Ended(COUGH)), (2, PhrasesEnded()))
    assert done == [(7, Finish(Silent()))]


def test_who_says_nothing_was_silent_after_the_time() -> None:
    empty = [(t, Ended(NOTHING)) for t in (5.2, 6.5)]
    assert outcome((2, PhrasesEnded()), *empty) == (7, Silent())


def test_words_that_are_not_understood_are_told_so() -> None:
    assert outcome((1, PhrasesEnded()), (3, Ended(COUGH))) == (3, Heard("", 0.0))


def test_who_is_talking_when_the_time_is_over_is_heard_out() -> None:
    assert outcome((0, PhrasesEnded()), (4.9, Partial(WORD)), (8, Ended(WORD)))[0] == 8


def test_who_talks_on_is_cut_off_and_what_was_understood_counts() -> None:
    _, done = run((0, PhrasesEnded()), (1, Partial(WORD)), (11.5, Ended(WORD)))
    # Not sure: music has no end either.
    assert done == [(11, CutOff()), (11.5, Finish(Heard("社保", 0.0)))]


def test_a_recogniser_that_does_not_answer_the_cut_is_deaf() -> None:
    at, found = outcome((0, PhrasesEnded()), (1, Partial(WORD)))
    assert at == 11 + CUT_OFF_WITHIN_S and isinstance(found, Deaf)


def test_noise_that_is_taken_back_gives_no_more_time() -> None:
    hum = [(t, e) for t in (1.0, 2.0, 3.0) for e in (Partial(COUGH), Ended(NOTHING))]
    assert outcome((0, PhrasesEnded()), *hum) == (5, Silent())
    late = ((4.0, Partial(COUGH)), (6.0, Ended(NOTHING)))
    assert outcome((0, PhrasesEnded()), *late) == (6, Silent())


def test_keys_are_collected_to_the_last_or_to_the_hash() -> None:
    keys = [(n, Key(str(n))) for n in (1, 2, 3)]
    assert outcome((0, PhrasesEnded()), *keys) == (3, Keyed("123"))
    assert outcome((0, PhrasesEnded()), *keys[:2], (2.5, Key("#"))) == (2.5, Keyed("12"))
    assert outcome((0, PhrasesEnded()), *keys[:1]) == (6, Keyed("1"))
    assert outcome((0, PhrasesEnded()), (1, Key("#"))) == (1, Silent())


def test_a_key_stops_the_phrases_and_the_voice_is_not_heard_any_more() -> None:
    _, done = run((1, Key("1")), (2, Partial(WORD)), (3, Ended(WORD)), (4, Failed("gone")))
    assert done == [(1, StopPhrases()), (6, Finish(Keyed("1")))]


def test_the_only_key_ends_it_amid_the_phrases() -> None:
    one = Terms(1, 5, 10)
    assert run((1, Key("0")), terms=one)[1] == [(1, StopPhrases()), (1, Finish(Keyed("0")))]


@pytest.mark.parametrize("at", [0.5, 1.5])
def test_a_recogniser_that_fails_makes_deaf_at_once(at: float) -> None:
    events: list[tuple[float, Event]] = [(1.0, PhrasesEnded()), (at, Failed("gone"))]
    events.sort(key=lambda e: e[0])
    assert outcome(*events) == (at, Deaf("gone"))


UTTERANCES = st.sampled_from([NOTHING, WORD, COUGH])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.just(PhrasesEnded()),
    UTTERANCES.map(Partial),
    UTTERANCES.map(Ended),
    st.sampled_from("0123456789*#AX").map(Key),
    st.just(Due()),
    st.just(Failed("gone")),
)


@given(st.lists(st.tuples(st.floats(0, 3), EVENTS), max_size=40))
def test_it_ends_exactly_once_and_in_time_whatever_happens(
    gaps: list[tuple[float, Event]],
) -> None:
    now = 0.0
    events: list[tuple[float, Event]] = [(0.0, PhrasesEnded())]
    for gap, event in gaps:
        now += gap
        events.append((now, event))
    state, done = run(*events)
    finished = [at for at, effect in done if isinstance(effect, Finish)]
    assert state.phase is Phase.OVER
    assert len(finished) == 1
    assert done[-1] == (finished[0], done[-1][1]) and isinstance(done[-1][1], Finish)
    assert finished[0] <= longest_s(TERMS) + 1e-6


@given(st.lists(EVENTS, max_size=30))
def test_phrases_are_stopped_at_most_once(events: list[Event]) -> None:
    _, done = run(*[(float(n), e) for n, e in enumerate(events)])
    assert sum(isinstance(effect, StopPhrases) for _, effect in done) <= 1
