#!/usr/bin/env python3
"""The one catalogue: find every text of the screens, and compare it with the English file.

Texts are `_("…")` in templates, `t("…")` in TypeScript, and every Chinese string literal in a
Python module that is neither a docstring nor data (the modules in `NOT_TEXT`). Commands:

    catalogue.py check            print what is missing, unused or unusable; exit 1 if anything is
    catalogue.py merge FILE…      add translations from tab-separated files (msgid, English)
"""

from __future__ import annotations

import ast
import io
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "frontend" / "locale" / "en.po"
PACKAGES = (
    "kernel",
    "hotline",
    "directory",
    "cti",
    "ivr",
    "acd",
    "agent_desktop",
    "workorders",
    "knowledge_base",
    "recordings",
    "feedback",
    "callbacks",
)
CJK = re.compile(r"[\u3400-\u9fff\uff00-\uffef\u3000-\u303f]")
# Modules whose Chinese strings are the city's data or language rules, not texts of a screen.
NOT_TEXT = re.compile(
    r"(^|/)(demo\w*|names|spoken|tokens|tokenizer|pinyin)\.py$|/demo/"
    r"|^hotline/simulate/(stories|voices)\.py$|^ivr/core/(intents|lettering)\.py$"
)
PLACES = re.compile(r"%\((\w+)\)[sd]")
TS_CALL = re.compile(r"""\bt\(\s*(["'`])((?:\\.|(?!\1).)*)\1""", re.S)


def python_texts(path: Path) -> tuple[set[str], list[str]]:
    """Chinese literals of a module, and complaints about f-strings that hold Chinese."""
    tree = ast.parse(path.read_text())
    docstrings, parts, complaints = set(), set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for value in node.values:
                if isinstance(value, ast.Constant):
                    parts.add(id(value))
                    if CJK.search(str(value.value)):
                        where = path.relative_to(ROOT)
                        complaints.append(f"{where}:{node.lineno}: f-string cannot be translated")
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    docstrings.add(id(statement.value))
        # A string statement after a field is that field's documentation.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docstrings.add(id(node.value))
    texts = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
        and id(node) not in parts
        and CJK.search(node.value)
    }
    return texts, complaints


def all_texts() -> tuple[dict[str, str], list[str]]:
    """msgid -> where it stands first; and complaints."""
    found: dict[str, str] = {}
    complaints: list[str] = []
    jinja = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            relative = str(path.relative_to(ROOT))
            if NOT_TEXT.search(relative):
                continue
            texts, bad = python_texts(path)
            complaints += bad
            for text in texts:
                found.setdefault(text, relative)
    templates = [*(ROOT / "frontend" / "templates").rglob("*.html")]
    for package in PACKAGES:
        templates += (ROOT / package).rglob("templates/**/*.html")
    for path in sorted(templates):
        for _, _, message in jinja.extract_translations(path.read_text()):  # type: ignore[attr-defined]
            # A text with values comes as a tuple: the text, and None for each value.
            for text in message if isinstance(message, tuple) else (message,):
                if isinstance(text, str) and CJK.search(text):
                    found.setdefault(text, str(path.relative_to(ROOT)))
    for path in sorted((ROOT / "frontend" / "src").rglob("*.ts")):
        for match in TS_CALL.finditer(path.read_text()):
            text = match.group(2).replace('\\"', '"').replace("\\n", "\n")
            if CJK.search(text):
                found.setdefault(text, str(path.relative_to(ROOT)))
    return found, complaints


def load() -> Catalog:
    if not PO.exists():
        return Catalog(locale="en", project="hotline")
    with PO.open("rb") as source:
        return read_po(source, locale="en")


def check() -> int:
    found, problems = all_texts()
    known = {str(m.id): str(m.string) for m in load() if m.id}
    for text, where in sorted(found.items(), key=lambda item: (item[1], item[0])):
        if not known.get(text):
            problems.append(f"{where}: no English for: {text!r}")
        elif set(PLACES.findall(text)) != set(PLACES.findall(known[text])):
            problems.append(f"{where}: places differ: {text!r} and {known[text]!r}")
    problems += [f"unused: {text!r}" for text in sorted(set(known) - set(found))]
    for problem in problems:
        print(problem)
    print(f"{len(found)} texts, {len(problems)} problems")
    return 1 if problems else 0


def merge(files: list[str]) -> int:
    found, _ = all_texts()
    catalog = load()
    header = "# English of the screens. The Chinese text is the key; see scripts/catalogue.py."
    fresh = Catalog(locale="en", project="hotline", fuzzy=False, header_comment=header)
    english = {str(m.id): str(m.string) for m in catalog if m.id}
    for file in files:
        for line in Path(file).read_text().splitlines():
            msgid, tab, text = line.partition("\t")
            if tab and text.strip():
                english[msgid.replace("\\n", "\n")] = text.strip().replace("\\n", "\n")
    for text in sorted(found):
        if english.get(text):
            fresh.add(text, english[text])
    out = io.BytesIO()
    write_po(out, fresh, width=0, no_location=True, omit_header=False)
    noise = ("-Date:", "-Team:", "-Translator:", "Bugs-To:", "Generated-By:", "Id-Version:")
    lines = [ln for ln in out.getvalue().decode().splitlines() if not any(n in ln for n in noise)]
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        sys.exit(check())
    if sys.argv[1:2] == ["merge"]:
        sys.exit(merge(sys.argv[2:]))
    sys.exit(__doc__)
