"""`hotline run`: everything up, in the foreground, until Ctrl-C stops exactly what was started."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from hotline.ports_free import demand_free
from hotline.settings import Settings

GRACE_S = 5


LOOPBACK = "127.0.0.1"


def demand_platform_ports(settings: Settings) -> None:
    """Raises Unavailable with one sentence for the first port of ours that is taken."""
    demand_free(settings.web_host, settings.web_port, socket.SOCK_STREAM, "Web", "WEB_PORT")
    demand_free(LOOPBACK, settings.agi_port, socket.SOCK_STREAM, "FastAGI", "AGI_PORT")


def demand_asterisk_ports(settings: Settings) -> None:
    """The same for the ports that Asterisk is to open."""
    tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
    demand_free(LOOPBACK, settings.sip_port, udp, "SIP", "SIP_PORT")
    demand_free(
        LOOPBACK, settings.asterisk_http_port, tcp, "Asterisk's WebSocket", "ASTERISK_HTTP_PORT"
    )
    demand_free(LOOPBACK, settings.ami_port, tcp, "AMI", "AMI_PORT")


class WebServer(uvicorn.Server):
    """uvicorn without signal handling of its own: the composition root decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def web_server(app: FastAPI, settings: Settings) -> WebServer:
    return WebServer(
        uvicorn.Config(
            app,
            host=settings.web_host,
            port=settings.web_port,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=65_536,
            # Each of fifty wallboards would be packed for itself, two times a second.
            ws_per_message_deflate=False,
            ws_ping_interval=10,
            ws_ping_timeout=10,
            timeout_graceful_shutdown=GRACE_S,
        )
    )


async def until_stopped(server: WebServer) -> None:
    """Serve until SIGINT or SIGTERM. The first asks politely; the second ends open connections."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        await server.serve()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
