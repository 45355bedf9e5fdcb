"""Messages of Asterisk become typed reports."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.core import reports as rp
from cti.core.words import Tell
from kernel.ids import CallId, Endpoint, OfferId

CALL = "gz1-1795492774-0"
TOLD = {"event": "UserEvent", "userevent": "Hotline", "fact": "waiting", "call": CALL}


def test_the_dialplans_own_event_is_read_whole() -> None:
    told = rp.parse_event(
        TOLD
        | {
            "channel": "PJSIP/carrier-00000000",
            "seq": "7",
            "ani": "13800138000",
            "dnis": "12345",
            "name": quote("张三"),
            "team": "labour",
            "priority": "2",
            "speech": "yue",
            "arrived": "1795492774123",
            "wanted": "op0001",
            "offer": "3",
            "endpoint": "booth001",
            "result": "NOANSWER",
            "cause": "19",
            "recorded": "1795492775000",
        }
    )
    assert isinstance(told, rp.Told)
    assert (told.tell, told.call_id, told.seq) == (Tell.WAITING, CALL, 7)
    assert (told.name, told.team, told.priority, told.language.value) == (
        "张三",
        "labour",
        2,
        "yue",
    )
    assert told.arrived_at == datetime(2026, 11, 24, 3, 59, 34, 123000, UTC)
    assert (told.wanted_agent, told.offer, told.endpoint, told.cause) == (
        "op0001",
        3,
        "booth001",
        19,
    )


@pytest.mark.parametrize("call", ["", "x", "../../etc", "gz1-1-1\n", "GZ-1-1", "gz1-1", "a-b-c"])
def test_a_call_id_that_is_not_ours_is_refused(call: str) -> None:
    with pytest.raises(ValueError):
        rp.parse_event(TOLD | {"call": call})


@pytest.mark.parametrize(
    ("headers", "report"),
    [
        ({"event": "DialBegin"}, rp.LegDialled("c", "l")),
        ({"event": "DialState", "dialstatus": "RINGING"}, rp.LegRinging("c", "l")),
        ({"event": "DialState", "dialstatus": "PROGRESS"}, None),
        ({"event": "DialEnd", "dialstatus": "ANSWER"}, rp.LegAnswered("c", "l")),
        ({"event": "DialEnd", "dialstatus": "BUSY"}, None),
        ({"event": "Hold"}, rp.HoldToggled("c", True)),
        ({"event": "Unhold"}, rp.HoldToggled("c", False)),
        ({"event": "Newexten"}, None),
        ({"event": "UserEvent", "userevent": "Other"}, None),
    ],
)
def test_native_events(headers: dict[str, str], report: rp.Report | None) -> None:
    assert rp.parse_event({"channel": "c", "destchannel": "l"} | headers) == report


@pytest.mark.parametrize(
    ("status", "reachable"),
    [("Reachable", True), ("NonQualified", True), ("Created", True), ("Removed", False)],
)
def test_contacts(status: str, reachable: bool) -> None:
    headers = {
        "event": "ContactStatus",
        "uri": "sip:booth001@127.0.0.1:5062",
        "endpointname": "booth001",
        "contactstatus": status,
    }
    assert rp.parse_event(headers) == rp.ContactMoved(
        Endpoint("booth001"), reachable, "sip:booth001@127.0.0.1:5062"
    )


def test_an_endpoint_is_read_from_its_channel() -> None:
    assert rp.endpoint_of("PJSIP/booth001-0000002a") == "booth001"
    assert rp.endpoint_of("PJSIP/citizen-web-0000002a") == "citizen-web"
    assert rp.endpoint_of("Local/s@x-0000002a;1") is None


def test_a_name_loses_control_characters_and_what_is_beyond_eighty() -> None:
    assert rp.caller_name(quote("a\r\nb\x00c\u202e张")) == "abc张"
    assert rp.caller_name(quote("名" * 200)) == "名" * 80


def test_a_name_cut_inside_a_character_loses_only_that_one() -> None:
    cut = ("ab" + "名" * 100).encode()[:240]
    assert rp.caller_name(quote(cut)) == "ab" + "名" * 78


@given(st.binary(max_size=300))
def test_any_bytes_make_a_printable_name(raw: bytes) -> None:
    name = rp.caller_name(quote(raw))
    assert len(name) <= 80 and (name == "" or name.isprintable())


@given(st.dictionaries(st.sampled_from([*TOLD, "seq", "arrived", "cause"]), st.text(max_size=40)))
def test_no_headers_raise_anything_but_valueerror(headers: dict[str, str]) -> None:
    try:
        rp.parse_event(TOLD | headers)
    except ValueError:
        return


def test_an_offer_belongs_to_its_call() -> None:
    assert rp.offer_number(rp.offer_id(CallId(CALL), 4), CallId(CALL)) == 4
    with pytest.raises(ValueError):
        rp.offer_number(OfferId("other-1-1.4"), CallId(CALL))
    with pytest.raises(ValueError):
        rp.offer_number(OfferId(f"{CALL}.x"), CallId(CALL))
