"""R18: whatever comes over the AMI, nothing crashes, and what was meant arrives byte for byte.

Source: reliability notes A3, R18.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cti.adapters.agi_fence import read_headers
from cti.adapters.ami_fence import FencedManager, FencedProtocol
from cti.core.reports import milliseconds, parse_event
from tests.chaos.size import SIZE
from tests.fakes.log import KeptLog

NAME = "广州市民热线𠮷🙂"
fuzzed = settings(
    max_examples=SIZE.fuzz, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


class Wire(asyncio.Transport):
    """Takes what is written; remembers whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Ear:
    """A protocol without a network, and what its sink heard."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.heard: list[Mapping[str, str]] = []
        self.lost: list[str] = []
        self.log = KeptLog()
        self.wire = Wire()
        self.protocol = self.loop.run_until_complete(self._make())

    async def _make(self) -> FencedProtocol:
        manager = FencedManager(log=self.log, sink=self.heard.append, lost=self.lost.append)
        protocol = FencedProtocol(manager)
        manager.protocol = protocol
        protocol.connection_made(self.wire)
        return protocol

    def feed(self, data: bytes, sizes: Iterator[int]) -> None:
        at = 0
        while at < len(data):
            size = next(sizes)
            self.protocol.data_received(data[at : at + size])
            at += size

    def close(self) -> None:
        self.loop.close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.close()


def always(size: int) -> Iterator[int]:
    while True:
        yield size


def event(**headers: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"Event: Ours\r\n{lines}\r\n".encode()


SENTINEL = event(Number="last")


def test_a_name_arrives_whole_wherever_the_stream_is_split(ear: Ear) -> None:
    data = event(CallerIDName=NAME)
    for at in range(1, len(data)):
        ear.protocol.data_received(data[:at])
        ear.protocol.data_received(data[at:])
    assert [h["calleridname"] for h in ear.heard] == [NAME] * (len(data) - 1)


def test_one_byte_at_a_time_is_a_stream_as_good_as_any(ear: Ear) -> None:
    ear.feed(event(CallerIDName=NAME) * 20 + SENTINEL, always(1))
    assert [h.get("calleridname") for h in ear.heard] == [NAME] * 20 + [None]


MALFORMED = {
    "an end of mixed line breaks (asterisk #761)": b"Event: Ours\r\nName: x\r\n\n",
    "bare newlines": b"Event: Ours\nName: x\n\n",
    "a header twice": b"Event: Ours\r\nName: x\r\nName: y\r\n\r\n",
    "a header without a value": b"Event: Ours\r\nName:\r\n\r\n",
    "a header without a colon": b"Event: Ours\r\nName\r\n\r\n",
    "only a colon": b": \r\n\r\n",
    "nothing but ends": b"\r\n\r\n\r\n\r\n",
    "no name of an event": b"Name: x\r\n\r\n",
    "an answer nobody waits for": b"Response: Success\r\nActionID: 9-9\r\n\r\n",
    "bytes that are no text": b"Event: Ours\r\nName: \xff\xfe\xc3\r\n\r\n",
    "a zero byte": b"Event: Ours\r\nName: a\x00b\r\n\r\n",
    "an event nobody knows": b"Event: Brandnew\r\nName: x\r\n\r\n",
}


@pytest.mark.parametrize("what", MALFORMED)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_after_a_malformed_message_the_next_is_heard(ear: Ear, what: str, size: int) -> None:
    ear.feed(MALFORMED[what] + SENTINEL, always(size))
    assert ear.heard[-1].get("number") == "last"
    assert not ear.wire.closed


def test_a_flood_of_events_is_heard_to_the_last_and_keeps_nothing_back(ear: Ear) -> None:
    for number in range(20_000):
        ear.protocol.data_received(event(Number=str(number)))
    assert len(ear.heard) == 20_000 and ear.heard[-1]["number"] == "19999"
    assert ear.protocol._pending == ""


def test_a_message_without_an_end_is_cut_off_and_not_kept_for_ever(ear: Ear) -> None:
    for _ in range(2_000):
        ear.protocol.data_received(b"x" * 50_000)
        if ear.wire.closed:
            break
    assert ear.wire.closed
    assert len(ear.protocol._pending) < 2_000_000


@fuzzed
@given(
    noise=st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.sampled_from(
                [b"\r\n", b"\r\n\r\n", b"\n\n", b"Event: ", b"Response: ", b"ActionID: 1", b": "]
            ),
        ),
        max_size=30,
    ),
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=20),
)
def test_any_bytes_at_all_cost_no_more_than_themselves(
    noise: list[bytes], sizes: list[int]
) -> None:
    ear = Ear()
    turns = iter(sizes * 1000)
    # Broken characters and half messages before it must not swallow what follows their end.
    ear.feed(b"".join(noise) + b"\r\n\r\n" + SENTINEL, turns)
    assert ear.heard[-1].get("number") == "last"
    assert not ear.wire.closed
    ear.close()


@fuzzed
@given(
    kind=st.sampled_from(
        ["UserEvent", "DialBegin", "DialState", "DialEnd", "Hold", "ContactStatus", "Other"]
    ),
    headers=st.dictionaries(
        st.sampled_from(
            ["userevent", "fact", "call", "seq", "channel", "destchannel", "dialstatus", "name"]
            + ["arrived", "offer", "cause", "recorded", "endpointname", "contactstatus", "speech"]
        ),
        st.one_of(
            st.text(max_size=40),
            st.sampled_from(
                ["Hotline", "waiting", "hungup", "gz1-1795492774-0", "RINGING", "9" * 30]
            ),
        ),
    ),
)
def test_any_event_is_a_report_or_nothing_or_refused(kind: str, headers: dict[str, str]) -> None:
    try:
        parse_event({"event": kind, **headers})
    except ValueError:
        # The link logs it and passes over it.
        pass


@pytest.mark.parametrize("text", ["9" * 30, "253402300800000", "-1", "0", "", "x"])
def test_a_moment_outside_the_calendar_is_none(text: str) -> None:
    # It raised OverflowError, and a read-back with such a channel variable could never succeed.
    assert milliseconds(text) is None


@fuzzed
@given(block=st.binary(max_size=2_000))
def test_any_header_of_a_question_is_read_or_refused(block: bytes) -> None:
    async def read() -> None:
        reader = asyncio.StreamReader(limit=16 * 1024)
        reader.feed_data(block)
        reader.feed_eof()
        found = await read_headers(reader)
        assert found is None or all(isinstance(v, str) for v in found.values())

    asyncio.run(read())
