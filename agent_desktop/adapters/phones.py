"""Where a browser registers, and with which password."""

from __future__ import annotations

from collections.abc import Callable

from agent_desktop.ports import PhoneAccess
from kernel.errors import NotFound

CITIZEN_ENDPOINT = "citizen-web"
_BOOTH_PREFIX = "booth"


class BrowserPhones:
    """Fills the port `Phones`: booths' browser phones and the citizen's web phone, nothing else.

    `secret` gives an endpoint's password, None for an unknown one.
    """

    def __init__(
        self, *, websocket_url: str, realm: str, secret: Callable[[str], str | None]
    ) -> None:
        self._websocket_url = websocket_url
        self._realm = realm
        self._secret = secret

    def access(self, endpoint: str) -> PhoneAccess:
        usable = endpoint == CITIZEN_ENDPOINT or endpoint.startswith(_BOOTH_PREFIX)
        password = self._secret(endpoint) if usable else None
        if password is None:
            raise NotFound("没有这部话机")
        return PhoneAccess(
            websocket_url=self._websocket_url,
            endpoint=endpoint,
            password=password,
            realm=self._realm,
        )
