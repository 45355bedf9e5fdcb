"""A taken port is one clear sentence that names the setting."""

from __future__ import annotations

import socket

import pytest

from hotline.ports_free import demand_free
from kernel.errors import Unavailable
from tests.servers.process import free_port


def test_a_taken_port_is_named_with_the_setting_that_moves_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(Unavailable, match=f"Web: port 127.0.0.1:{port} is already in use.*WEB"):
            demand_free("127.0.0.1", port, socket.SOCK_STREAM, "Web", "WEB_PORT")


def test_a_free_port_is_accepted_and_left_free() -> None:
    port = free_port()

    demand_free("127.0.0.1", port, socket.SOCK_DGRAM, "SIP", "SIP_PORT")
    demand_free("127.0.0.1", port, socket.SOCK_DGRAM, "SIP", "SIP_PORT")
