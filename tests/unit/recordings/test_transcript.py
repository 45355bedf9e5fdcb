"""What is kept of what the recogniser says, whatever it says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recordings.core.transcript import LONGEST_S, LONGEST_TEXT, utterance

ANY_TEXT = st.text(st.characters(), max_size=500)  # half characters and NUL as well
ANY_NUMBER = st.floats(allow_nan=True, allow_infinity=True)


@given(st.sampled_from(["caller", "operator"]), ANY_TEXT, ANY_NUMBER, ANY_NUMBER, ANY_NUMBER)
def test_what_is_kept_fits_any_database(
    side: str, text: str, confidence: float, from_s: float, to_s: float
) -> None:
    kept = utterance(side=side, text=text, confidence_fraction=confidence, from_s=from_s, to_s=to_s)
    if kept is None:
        return
    assert kept.side == side
    assert 0 < len(kept.text) <= LONGEST_TEXT
    assert "\x00" not in kept.text
    assert kept.text.encode()
    assert 0 <= kept.confidence_fraction <= 1
    assert 0 <= kept.from_s <= kept.to_s <= LONGEST_S


@given(st.text("的是了我 市民查询社保", min_size=1, max_size=50).filter(str.strip))
def test_plain_words_are_kept_as_they_are(text: str) -> None:
    kept = utterance(side="caller", text=text, confidence_fraction=0.75, from_s=1.5, to_s=2.25)
    assert kept is not None
    assert (kept.text, kept.from_s, kept.to_s) == (text.strip(), 1.5, 2.25)


def test_what_the_recogniser_was_not_sure_of_is_doubtful() -> None:
    sure, unsure = (
        utterance(side="caller", text="好", confidence_fraction=fraction, from_s=0, to_s=1)
        for fraction in (0.6, 0.59)
    )
    assert sure is not None and not sure.doubtful
    assert unsure is not None and unsure.doubtful
