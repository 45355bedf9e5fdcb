"""What sipp 3.6.1 writes with `-trace_msg` is read back, message by message."""

from __future__ import annotations

import pytest

from bench.traces import CallSetUp, offers, read_trace, set_ups

_LINE = "-" * 47


def entry(at: str, way: str, message: str) -> str:
    """As sipp writes it: its own lines end in LF, the message's in CR LF."""
    size = f"({len(message)} bytes)" if way == "sent" else f"[{len(message)}] bytes "
    body = message.replace("\n", "\r\n")
    return f"{_LINE} 2026-11-25 22:55:{at}\nUDP message {way} {size}:\n\n{body}\n"


def invite(dialog: str, media_port: int) -> str:
    return f"""INVITE sip:12345@127.0.0.1:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:25998;branch=z9hG4bK-12810-1-0
From: "" <sip:13900000001@127.0.0.1:25998>;tag=12810c1
Call-ID: {dialog}
CSeq: 1 INVITE
Content-Type: application/sdp
Content-Length: 129

v=0
o=citizen 6004 1 IN IP4 127.0.0.1
s=-
c=IN IP4 127.0.0.1
t=0 0
m=audio {media_port} RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""


def answer(dialog: str, start: str, cseq: str = "1 INVITE") -> str:
    return f"SIP/2.0 {start}\nCall-ID: {dialog}\nCSeq: {cseq}\nContent-Length: 0\n\n"


def offer(dialog: str, endpoint: str, call_id: str, number: int) -> str:
    return f"""INVITE sip:{endpoint}@127.0.0.1:47059 SIP/2.0
Call-ID: {dialog}
CSeq: 2312 INVITE
X-Hotline-Call: {call_id}
X-Hotline-Offer: {call_id}.{number}
Content-Length: 0

"""


OPTIONS = """OPTIONS sip:desk506@127.0.0.1:47059 SIP/2.0
Call-ID: alive
CSeq: 14730 OPTIONS
Content-Length:  0

"""


def test_every_message_is_read_with_its_time_way_and_parts() -> None:
    trace = entry("47.809376", "sent", invite("1-1", 6004)) + entry(
        "47.810558", "received", answer("1-1", "200 OK")
    )
    sent, received = read_trace(trace)

    assert (sent.sent, sent.method, sent.status, sent.dialog) == (True, "INVITE", None, "1-1")
    assert (received.sent, received.method, received.status) == (False, "INVITE", 200)
    assert sent.body.startswith("v=0\n")
    assert received.at - sent.at == pytest.approx(0.001182, abs=1e-6)


def test_a_trace_without_messages_is_empty() -> None:
    assert list(read_trace("")) == []


def test_set_up_runs_from_the_first_invite_to_its_200() -> None:
    trace = "".join(
        [
            entry("47.000000", "sent", invite("1-1", 6004)),
            entry("47.500000", "sent", invite("1-1", 6004)),
            entry("47.600000", "received", answer("1-1", "100 Trying")),
            entry("47.650000", "received", answer("1-1", "200 OK")),
            entry("48.650000", "received", answer("1-1", "200 OK", "2 INFO")),
        ]
    )
    (call,) = set_ups(read_trace(trace))

    assert call.media_port == 6004
    assert call.answered_at is not None
    assert call.answered_at - call.invited_at == pytest.approx(0.65, abs=1e-6)


def test_a_call_that_was_never_answered_is_kept_as_such() -> None:
    trace = entry("47.000000", "sent", invite("1-1", 6004)) + entry(
        "47.100000", "received", answer("1-1", "503 Service Unavailable")
    )
    (call,) = set_ups(read_trace(trace))

    assert call == CallSetUp(call.invited_at, None, 6004)


def test_offers_are_the_invites_that_reached_a_phone_once_each() -> None:
    trace = "".join(
        [
            entry("47.000000", "received", OPTIONS),
            entry("47.100000", "received", offer("a", "desk506", "gz1-1-1", 1)),
            entry("47.600000", "received", offer("a", "desk506", "gz1-1-1", 1)),
            entry("47.700000", "sent", answer("a", "200 OK", "2312 INVITE")),
            entry("48.000000", "received", offer("b", "desk505", "gz1-1-1", 2)),
        ]
    )
    first, second = offers(read_trace(trace))

    assert (first.endpoint, first.call_id, first.number) == ("desk506", "gz1-1-1", 1)
    assert (second.endpoint, second.number) == ("desk505", 2)
    assert second.at - first.at == pytest.approx(0.9, abs=1e-6)
