"""The command line: `hotline run` and what set-up, tests and newcomers need beside it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from hotline.settings import read_settings
from kernel.errors import HotlineError
from kernel.infra import log

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Guangzhou's 12345 hotline, from the first ring to the closed work order.",
)
ivr = typer.Typer(no_args_is_help=True, help="What the caller hears before a person.")
app.add_typer(ivr, name="ivr")
speech = typer.Typer(no_args_is_help=True, help="The recogniser that listens to callers.")
app.add_typer(speech, name="speech")
# A file or a pipe has no width: a table that went there would lose its words.
console = Console(width=None if sys.stdout.isatty() else 200)
problems = Console(stderr=True)

Report = Callable[[str, int, int], None]


@app.command()
def run() -> None:
    """Run the hotline in the foreground until Ctrl-C."""
    from hotline.guardian import Beat, Guardian
    from hotline.one_instance import only_one
    from hotline.serve import prepare, serve

    settings = read_settings()
    log.configure(json=settings.log_json, level=settings.log_level)

    def server(beat: Beat) -> int:
        return exit_code(lambda: asyncio.run(serve(settings, console, beat)))

    with only_one(settings.data_dir):
        raise SystemExit(Guardian(prepare, server).run())


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema (idempotent)."""
    from hotline.migrate import migrate_settings

    asyncio.run(migrate_settings(read_settings()))
    console.print("database: newest schema")


@app.command()
def demo() -> None:
    """Fill the database with the demo city (idempotent)."""
    from hotline.demo import seed_city

    with _progress() as report:
        counts = asyncio.run(seed_city(read_settings(), report))
    console.print(", ".join(f"{count} {name}" for name, count in counts.items()))


@app.command()
def prompts() -> None:
    """Make the spoken prompts (idempotent; studio recordings replace them file by file)."""
    from hotline.prompts import make_prompts

    settings = read_settings()
    with _progress() as report:
        console.print(make_prompts(settings, report))


@app.command()
def reload() -> None:
    """Let the running Asterisk read its changed configuration in, with all calls in place."""
    from hotline.reload import reload as read_in

    done = asyncio.run(read_in(read_settings()))
    console.print("read in:", ", ".join(done.now) or "nothing has changed")
    if done.later:
        console.print("read at Asterisk's next start:", ", ".join(done.later))


@app.command()
def check() -> None:
    """Validate the reviewed data under config/ without starting anything."""
    from hotline.reviewed import load_reviewed

    load_reviewed(read_settings())
    console.print("config: valid")


@ivr.command("try")
def try_(
    flow: Annotated[str, typer.Argument(help="main, survey, or a file")] = "main",
    line: Annotated[str, typer.Option(help="the number that is dialled")] = "12345",
    ani: Annotated[str, typer.Option(help="the calling number, empty: anonymous")] = "13800138000",
    language: Annotated[str, typer.Option(help="remembered: zh, yue or en")] = "",
    lookup: Annotated[str, typer.Option(help="found, not_found, refused or failed")] = "found",
    order: Annotated[str, typer.Option(help="a recent order: handled or answered")] = "",
    voice: Annotated[bool, typer.Option(help="whether a recogniser listens")] = True,
    keys: Annotated[
        str | None, typer.Option(help="all keys and words at once: 9,2,hukou (- is silence)")
    ] = None,
) -> None:
    """Be a caller on paper: read what is said, type what you press or say (Enter: nothing).

    A sentence that begins with ? was heard badly; a single ! is a recogniser that dies.
    """
    from hotline.try_flow import Trial, try_flow, typed_keys
    from kernel.infra.clock import SystemClock

    trial = Trial(
        flow=flow,
        line=line,
        ani=ani,
        language=language,
        lookup=lookup,
        order=order,
        voice=voice,
        keys=None if keys is None else typed_keys(keys),
    )
    try_flow(
        read_settings(),
        trial,
        SystemClock().now(),
        say=lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True),
        ask=lambda: console.input("  key or words: "),
    )


@speech.command("install")
def speech_install(
    source: Annotated[str, typer.Argument(help="a folder, .zip or .tgz, or an https address")],
    sha256: Annotated[str, typer.Option(help="what the file's SHA-256 must be")] = "",
    language: Annotated[
        list[str] | None, typer.Option(help="zh, yue, en; may be given twice; default: by the name")
    ] = None,
) -> None:
    """Check, try and install a published vosk model; a running hotline takes it by itself."""
    from hotline.speech import install

    with _progress() as report:
        model = install(read_settings(), source, sha256, language or (), _plain, report)
    _plain(f"installed: {model.name} for {', '.join(model.languages)}")


@speech.command("status")
def speech_status() -> None:
    """What is installed. Whether it listens, a running hotline says in /healthz."""
    from hotline.speech import installed

    for line in installed(read_settings()) or ["no model is installed; callers use keys"]:
        _plain(line)


@speech.command("remove")
def speech_remove(name: Annotated[str, typer.Argument(help="as `status` names it")]) -> None:
    """Take a model away; callers of its languages use keys from now on."""
    from hotline.speech import remove

    remove(read_settings(), name)
    _plain(f"removed: {name}")


def _plain(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)


@app.command()
def simulate(
    citizens: Annotated[int, typer.Option(min=1, max=500, help="citizens who call")] = 20,
    operators: Annotated[int, typer.Option(min=1, max=506, help="operators at desk phones")] = 12,
    minutes: Annotated[float, typer.Option(min=0.1, help="how long")] = 10.0,
) -> None:
    """Bring a running hotline to life with real SIP calls and headless operators."""
    from hotline.simulate.command import simulate as run_simulation

    counts = asyncio.run(run_simulation(read_settings(), citizens, operators, minutes, console))
    console.print(", ".join(f"{count} {name}" for name, count in counts.items()))


Day = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="a day of the city; default: today"),
]


@app.command()
def replay(
    day: Day = None,
    run: Annotated[str | None, typer.Option(help="only this run of the day")] = None,
) -> None:
    """Step a recorded day again and compare each decision with what was written.

    Exit code 1 where it differs. May stand beside a running hotline: it only reads.
    """
    from hotline.replay import replay_day

    chosen = day.date() if day is not None else None
    with _progress() as report:
        same = asyncio.run(
            replay_day(
                read_settings(),
                chosen,
                run,
                console,
                lambda entries: report(f"{entries} entries", 0, 0),
            )
        )
    if not same:
        raise typer.Exit(code=1)


@app.command()
def whatif(
    day: Day = None,
    more: Annotated[
        list[str] | None, typer.Option(help="operators more (or fewer) in a team: labour=20")
    ] = None,
    ring: Annotated[
        list[str] | None,
        typer.Option(help="when a ring of a team opens for a caller: labour.2=20s"),
    ] = None,
    wrap_up: Annotated[
        list[str] | None, typer.Option(help="a team's limit of the wrap-up: labour=30s")
    ] = None,
    rules: Annotated[
        Path | None, typer.Option(help="other rules altogether: a file like config/acd.yaml")
    ] = None,
    seed: Annotated[int, typer.Option(help="of what is drawn")] = 1,
    teams: Annotated[bool, typer.Option(help="every team's figures, too")] = False,
) -> None:
    """Play a recorded day again with other staff or other rules, side by side with what was.

    For example: hotline whatif --day 2026-11-24 --more labour=20 --ring labour.2=20s
    """
    from hotline.what_if import Wish, ask

    wish = Wish(more=more or (), rings=ring or (), wrap_ups=wrap_up or (), rules=rules)
    chosen = day.date() if day is not None else None
    asyncio.run(ask(read_settings(), chosen, wish, seed, teams, console))


class _Bar(AbstractContextManager[Report]):
    """A progress bar fed by (what, done, total); plain lines where there is no terminal."""

    def __enter__(self) -> Report:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=problems,
            transient=True,
        )
        self._progress.start()
        self._task = self._progress.add_task("", total=None)
        return self._report

    def _report(self, what: str, done: int, total: int) -> None:
        self._progress.update(self._task, description=what, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _progress() -> AbstractContextManager[Report]:
    return _Bar() if problems.is_terminal else nullcontext(lambda what, done, total: None)


def exit_code(work: Callable[[], object]) -> int:
    """Do the work; 0, or what went wrong: a fault that we know is one sentence, never a trace."""
    try:
        work()
    except HotlineError as error:
        problems.print(f"hotline: {error.message}", style="bold red", markup=False, soft_wrap=True)
        return 1
    except (KeyboardInterrupt, EOFError):
        return 130
    return 0


def main() -> None:
    """Entry point."""
    raise SystemExit(exit_code(app))


if __name__ == "__main__":
    main()
