"""Asterisk's note of its native queues."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cti.core.queue_log import QueuedCaller, callers
from kernel.ids import CallId, TeamId

NOTE = """\
1795666000|NONE|NONE|NONE|QUEUESTART|
1795666010|NONE|fallback-general|PJSIP/desk001|ADDMEMBER|
1795666020|gz1-1795666018.4|fallback-general|NONE|ENTERQUEUE||8613900000001|1
1795666035|gz1-1795666018.4|fallback-general|NONE|EXITWITHTIMEOUT|1|1|15
1795666035|gz1-1795666018.4|fallback-general|NONE|ENTERQUEUE||8613900000001|1
1795666040|gz1-1795666018.4|fallback-general|PJSIP/desk001|CONNECT|5|gz1-1795666036.6|4
1795666050|gz1-1795666044.8|fallback-labour|NONE|ENTERQUEUE||anonymous|1
1795666060|gz1-1795666044.8|fallback-labour|NONE|ABANDON|1|1|10
1795666100|gz1-1795666018.4|fallback-general|PJSIP/desk001|COMPLETECALLER|5|60|1
"""


def at(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def test_who_came_is_told_with_number_team_first_entry_and_end() -> None:
    general, labour = TeamId("general"), TeamId("labour")
    assert callers(NOTE.splitlines()) == (
        QueuedCaller(
            CallId("gz1-1795666018-4"),
            "13900000001",
            general,
            at(1795666020),
            at(1795666100),
            True,
        ),
        QueuedCaller(CallId("gz1-1795666044-8"), "", labour, at(1795666050), at(1795666060), False),
    )


def test_a_line_that_was_cut_short_is_passed_over() -> None:
    for cut in range(len(NOTE)):
        found = callers(NOTE[:cut].splitlines())
        assert len(found) <= 2


@given(st.lists(st.text()))
def test_no_text_at_all_is_fatal(lines: list[str]) -> None:
    callers(lines)
