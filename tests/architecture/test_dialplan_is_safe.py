"""The rendered configuration: nothing unfiltered reaches an application, and all names agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cti.adapters.asterisk_config import TEMPLATES, AsteriskValues, render
from cti.core import words
from kernel.errors import ConfigurationError
from kernel.phone import CALLABLE

DANGEROUS = ("Dial", "System", "TrySystem", "MixMonitor", "Queue", "Bridge", "Exec", "Originate")
FUNCTIONS = ("SHELL", "FILE", "EVAL", "CURL", "DB", "ENV")
STEP = re.compile(
    r"^(?:exten => (?P<exten>[^,]+),(?:1|n)(?:\(\w+\))?| same => n(?:\(\w+\))?),(?P<do>.*)$"
)
# Variables an application may be given: each is set through FILTER, by us, or by Asterisk itself.
TRUSTED = {
    "CC_ENDPOINT",
    "CC_RING_S",
    "CC_CONSULTED",
    "CC_CALL_ID",
    "CC_OFFER",
    "CC_LEG_OF",
    "CC_CALLER",
    "CC_TEAM",
    "CC_JOIN",
    "CC_CITIZEN",
    # On a dialling channel only: they came with the order, checked by `cti.core.dial_back`.
    "CC_CALLBACK",
    "CC_LANGUAGE",
    "CC_PRIORITY",
    "CC_ARRIVED",
    "CHANNEL",
}


def values(folder: Path, **changes: object) -> AsteriskValues:
    paths = ("run", "log", "spool", "db", "var", "module", "data", "prompts", "moh", "recordings")
    fields: dict[str, object] = {f"{name}_dir": folder / name for name in paths}
    fields |= {
        "system_name": "gz1",
        "ami_secret": "ami-secret",
        "citizen_secret": "citizen-secret",
        "dtls_cert": folder / "c.pem",
        "dtls_key": folder / "k.pem",
        "phone_secrets": {"booth001": "phone-secret", "desk001": "phone-secret"},
    }
    return AsteriskValues(**(fields | changes))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("asterisk") / "etc"
    render(target, values(target.parent))
    return target


def steps(folder: Path) -> list[tuple[str, str, str]]:
    """Context, extension, application with its data."""
    context = exten = ""
    found = []
    for line in (folder / "extensions.conf").read_text().splitlines():
        if line.startswith("["):
            context = line.strip("[]")
        elif match := STEP.match(line):
            exten = match["exten"] or exten
            found.append((context, exten, match["do"]))
    return found


def test_the_dialplan_is_read_by_this_test(folder: Path) -> None:
    assert len(steps(folder)) > 100
    lines = (folder / "extensions.conf").read_text().splitlines()
    unread = [x for x in lines if "=>" in x and not STEP.match(x)]
    assert unread == []


def test_what_the_caller_sends_is_filtered_at_once(folder: Path) -> None:
    raw = re.compile(r"\$\{(EXTEN|CALLERID\((?:num|name|all)\))(?::\d+:\d+)?\}")
    filtered = re.compile(r"\$\{(?:FILTER|CUT|URIENCODE)\(")
    for context, exten, do in steps(folder):
        if raw.search(do):
            assert filtered.search(do) or context == "cc-entry", (context, exten, do)
            assert do.startswith("Set("), (context, exten, do)


def test_the_entry_filters_number_and_name_before_anything_else(folder: Path) -> None:
    first = [do for context, _, do in steps(folder) if context == "cc-entry"][:2]
    assert first[0].startswith("Set(CALLERID(num)=${FILTER(")
    assert first[1].startswith("Set(CALLERID(name)=${FILTER(")


def test_dangerous_applications_get_only_trusted_variables(folder: Path) -> None:
    names = re.compile(r"\$\{([A-Z_0-9]+)")
    checked = 0
    for context, exten, do in steps(folder):
        if do.split("(")[0] in DANGEROUS:
            checked += 1
            assert set(names.findall(do)) <= TRUSTED, (context, exten, do)
    assert checked >= 5


def test_no_function_that_reaches_the_machine_is_used(folder: Path) -> None:
    text = (folder / "extensions.conf").read_text()
    for function in FUNCTIONS:
        assert f"${{{function}(" not in text
    assert "System(" not in text


def test_every_question_has_a_deadline_and_takes_it_back(folder: Path) -> None:
    plan = steps(folder)
    asked = [n for n, (_, _, do) in enumerate(plan) if do.startswith("AGI(")]
    for n in asked:
        assert plan[n - 1][2] == "Set(TIMEOUT(absolute)=7)", plan[n]
        assert plan[n + 1][2] == "Set(TIMEOUT(absolute)=0)", plan[n]
        assert (plan[n][0], "T") in {(context, exten) for context, exten, _ in plan}
    assert len(asked) == 6
    # An order reaches its caller in the middle of a question: the deadline must not end the talk.
    orders = [(exten, do) for context, exten, do in plan if context == "cc-order"]
    assert orders[0] == ("_X.", "Set(TIMEOUT(absolute)=0)")


def test_no_audio_server_can_end_a_call(folder: Path) -> None:
    """AudioSocket hangs up when its server fails; TryExec comes back. Only the loopback is asked,
    and what comes of it never passes through here."""
    plan = steps(folder)
    listening = [n for n, (_, _, do) in enumerate(plan) if "AudioSocket(" in do]
    assert len(listening) == 1
    context, exten, do = plan[listening[0]]
    assert (context, exten) == ("cc-obey", "do-listen")
    assert do == (
        "TryExec(AudioSocket(${FILTER(a-f0-9-,${CC_EAR})},127.0.0.1:${FILTER(0-9,${CC_EAR_PORT})}))"
    )
    before, after = plan[listening[0] - 1][2], plan[listening[0] + 1][2]
    assert before == "Set(TIMEOUT(absolute)=210)" and after == "Goto(listened,1)"
    late = [do for context, exten, do in plan if (context, exten) == ("cc-obey", "T")]
    assert late[0] == 'GotoIf($["${CC_LISTENING}" = "yes"]?listened,1)'
    ways = [do for context, exten, do in plan if (context, exten) == ("cc-obey", "listened")]
    assert ways == ["Set(TIMEOUT(absolute)=0)", "Set(CC_LISTENING=)", "Goto(next,1)"]
    assert f"Set(CC_INPUT={words.LISTENED})" in {do for _, _, do in plan}


def test_keys_are_noted_by_one_call_at_a_time_and_no_call_depends_on_it(folder: Path) -> None:
    """`app_dtmfstore` of Asterisk 22.10 passes its data on through one variable of the module."""
    plan = steps(folder)
    noted = [n for n, (_, _, do) in enumerate(plan) if "StoreDTMF" in do]
    assert len(noted) == 1
    context, exten, do = plan[noted[0]]
    assert (context, exten, do) == ("cc-keys", "keep", "TryExec(StoreDTMF(RX,CC_NOTED))")
    within = [do for context, exten, do in plan if (context, exten) == ("cc-keys", "keep")]
    at = within.index(do)
    assert 'GotoIf($["${CC_LOCKED}" = "1"]?locked)' in within[:at]
    assert "Goto(try)" == within[at - 1], "only by the jump from the lock"
    assert within[at + 2] == "Set(CC_LOCKED=${UNLOCK(cc-keys)})"
    beginnings = [context for context, _, do in plan if do == "Gosub(cc-keys,keep,1)"]
    assert beginnings == ["cc-entry", "cc-called-back"]


def test_every_goto_leads_somewhere(folder: Path) -> None:
    known = {(context, exten) for context, exten, _ in steps(folder)}
    contexts = {context for context, _ in known}
    for _, _, do in steps(folder):
        for target in re.findall(r"(?:Goto|Gosub)\((cc-[a-z-]+),([a-z]+),", do):
            assert target in known
        for target in re.findall(r"(cc-[a-z-]+)[,^]s[,^]1", do):
            assert (target, "s") in known
        for name in re.findall(r"\b(cc-[a-z-]+)", do):
            assert name in contexts


def test_the_platforms_words_exist_in_the_dialplan(folder: Path) -> None:
    text = (folder / "extensions.conf").read_text()
    contexts = {context for context, _, _ in steps(folder)}
    assert {c.value for c in words.Context} <= contexts
    for path in words.AgiPath:
        stage, question = path.value.split("/")
        assert f"/{path.value}," in text or (question == "next" and "${CC_STAGE}/next" in text)
    extensions = {exten for context, exten, _ in steps(folder) if context == "cc-obey"}
    assert {f"do-{do.value}" for do in words.Do} <= extensions
    for variable in (*words.AnswerVariable, *words.TruthVariable, words.BEAT_VARIABLE):
        assert re.search(rf"\b{variable}\b", text), variable
    for tell in words.Tell:
        assert f"(cc-tell,s,1({tell.value}))" in text or f"Fact: {tell.value}" in text
    for word in words.DialTell:
        assert f"Fact: {word.value}," in text
    assert f"\nexten => {words.DIAL_ORDER},1," in text
    assert f"@{words.CARRIER_OUT}," in text
    for place in words.Place:
        assert f"Set(CC_STATE={place.value})" in text
    assert f"UserEvent({words.USER_EVENT}," in text
    assert words.HEADER_CALL in text and words.HEADER_OFFER in text


def test_the_reader_of_the_dialplan_finds_the_same_words() -> None:
    readme = (TEMPLATES / "README.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \|.*\| `(\w+)\.(\w+)` \|$", readme, re.M)
    listed: dict[str, dict[str, str]] = {}
    for value, kind, member in rows:
        listed.setdefault(kind, {})[member] = value
    for kind in (
        words.Context,
        words.AgiPath,
        words.AnswerVariable,
        words.TruthVariable,
        words.Tell,
        words.DialTell,
    ):
        assert listed[kind.__name__] == {m.name: m.value for m in kind}


def test_the_reader_of_the_dialplan_finds_every_context(folder: Path) -> None:
    readme = (TEMPLATES / "README.md").read_text()
    section = readme.split("## Contexts")[1].split("##")[0]
    listed = set(re.findall(r"^\| `(cc-[a-z-]+)` \|", section, re.M))
    text = (folder / "extensions.conf").read_text()
    assert listed == set(re.findall(r"^\[(cc-[a-z-]+)\]", text, re.M))


def test_every_template_is_listed() -> None:
    readme = (TEMPLATES / "README.md").read_text()
    names = {p.name.removesuffix(".j2") for p in TEMPLATES.glob("*.j2")}
    assert {n for n in names if f"`{n}`" not in readme} == set()


def test_secrets_are_readable_by_the_owner_only(folder: Path) -> None:
    modes = {p.name: p.stat().st_mode & 0o777 for p in folder.iterdir()}
    assert set(modes.values()) == {0o600}


def test_the_platforms_account_has_no_dangerous_rights(folder: Path) -> None:
    text = (folder / "manager.conf").read_text()
    written = re.search(r"^write = (.*)$", text, re.M)
    assert written is not None
    rights = set(written[1].split(","))
    assert rights.isdisjoint({"system", "config", "command", "all"})
    assert "bindaddr = 127.0.0.1" in text and "webenabled = no" in text


def test_the_allow_list_of_citizens_is_the_kernels(folder: Path) -> None:
    """Nobody else is dialled by our dialplan, and each pattern says the same in both worlds."""
    patterns = {exten for context, exten, _ in steps(folder) if context == "cc-dial"}
    assert patterns == {f"_{p}" for p in CALLABLE} | {"ring", "i"}
    dialling = [do for _, _, do in steps(folder) if "@carrier-out" in do]
    assert len(dialling) == 1 and dialling[0].startswith("Dial(PJSIP/${CC_CITIZEN}@carrier-out,")


def test_phones_can_dial_nobody(folder: Path) -> None:
    text = (folder / "pjsip.conf").read_text()
    for template in ("[booth](!,browser)", "[desk](!)"):
        block = text.split(template)[1].split("\n\n")[0]
        assert "context = cc-no-calls" in block
    assert not [s for s in steps(folder) if s[0] == "cc-no-calls"]


@pytest.mark.parametrize(
    "changes",
    [
        {"system_name": "GZ 1"},
        {"ami_secret": "short"},
        {"ami_secret": "good-secret\nwrite = all"},
        {"citizen_secret": "good-secret;comment"},
        {"phone_secrets": {"booth1": "phone-secret"}},
        {"phone_secrets": {"booth001": "phone secret"}},
        {"static_contacts": {"desk001": "sip:x@y\n[evil]"}},
        {"teams": ("general", "a]b")},
        {"default_team": "nobody"},
        {"line_numbers": ("12345,1,System(id)",)},
        {"emergency_numbers": ("110&x",)},
        {"emergency_uri": "sip:x\ny"},
        {"carrier_uri": "sip:x\ny"},
        {"callback_from": "12345&PJSIP/x"},
        {"bind_address": "127.0.0.1\nport=1"},
        {"recordings_dir": Path("/tmp/a\nb")},
        {"sip_port": 70000},
    ],
)
def test_a_value_that_would_be_configuration_is_refused(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    with pytest.raises(ConfigurationError):
        values(tmp_path, **changes)


def test_secrets_do_not_appear_in_messages(tmp_path: Path) -> None:
    shown = repr(values(tmp_path))
    for secret in ("ami-secret", "citizen-secret", "phone-secret"):
        assert secret not in shown
