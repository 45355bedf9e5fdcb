"""The promises of the port `CallControl`, kept by the real Asterisk: one of it for all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from tests.integration.asterisk_rig import AsteriskRig
from tests.integration.test_call_control_contract import CONTRACT, Rig
from tests.servers.process import free_port
from tests.servers.sip_phone import SipPhone
from tests.servers.switchboard import CITIZEN_HZ, switchboard

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def telephone(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsteriskRig]:
    port = free_port()
    folder, uri = tmp_path_factory.mktemp("contract"), f"sip:127.0.0.1:{port}"
    async with switchboard(folder, carrier_uri=uri, heartbeat_stale_s=4) as board:
        home = await SipPhone.open("home", board.values.sip_port, CITIZEN_HZ, port)
        try:
            rig = AsteriskRig(board, home)
            await rig.register()
            yield rig
        finally:
            home.close()


@pytest_asyncio.fixture(loop_scope="module")
async def rig(telephone: AsteriskRig) -> AsyncIterator[AsteriskRig]:
    telephone.begin()
    yield telephone
    await telephone.end()


@pytest.mark.parametrize("promise", CONTRACT, ids=lambda f: f.__name__.removeprefix("contract_"))
async def test_the_telephone_keeps_the_promise(
    rig: AsteriskRig, promise: Callable[[Rig], Awaitable[None]]
) -> None:
    await promise(rig)
