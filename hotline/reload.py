"""`hotline reload`: the configuration as it is now, read in by the Asterisk that serves."""

from __future__ import annotations

from sqlalchemy import func, select

from cti.adapters.asterisk_process import AsteriskProcess
from cti.adapters.asterisk_reload import ReadIn, read_in
from directory.adapters.city_store import SqlCityStore
from directory.service import Directory
from hotline.asterisk import asterisk_values
from hotline.migrate import in_one_sentence
from hotline.secrets import Secrets
from hotline.settings import Settings
from kernel.errors import Unavailable
from kernel.infra.database import Database
from kernel.infra.term import TermRow


async def reload(settings: Settings) -> ReadIn:
    """No call is dropped, and a configuration with a fault changes nothing.

    Raises Unavailable when no hotline runs with this data folder, and ConfigurationError with what
    is wrong.
    """
    process = AsteriskProcess(settings.asterisk, settings.asterisk_dir / "etc")
    if not await process.attach():
        raise Unavailable("No hotline runs with this data folder; `make run` starts one.")
    database = Database(settings.database)
    try:
        with in_one_sentence():
            directory = Directory(SqlCityStore(database))
            await directory.load()
            async with database.reading() as session:
                term = await session.scalar(select(func.max(TermRow.number)))
    finally:
        await database.close()
    values = asterisk_values(
        settings,
        Secrets(settings.secrets_dir),
        booths=[b.booth_id for b in directory.booths()],
        lines=[line.number for line in directory.lines()],
        teams=directory.team_ids(),
        term=term or 0,
    )
    return await read_in(process, settings.asterisk, settings.asterisk_dir / "etc", values)
