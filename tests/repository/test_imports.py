"""Data flows one way: who may import whom, and who owns which library (DESIGN: layout)."""

import ast

import pytest

BASE = {"errors", "dates", "schema"}
ALLOWED = {
    "errors": set(),
    "dates": {"errors"},
    "keys": set(),
    "schema": {"errors", "dates", "keys"},
    "seal": set(),
    "files": {"errors", "seal"},
    "contents": {"errors"},
    "dated": {"errors", "dates", "files", "contents"},
    "receipts": {"errors", "dates", "files", "seal", "dated"},
    "parallel": {"errors", "fingerprint"},
    "fingerprint": set(),
    "tables": set(),
    "team": {"tables"},
    "feeds": BASE | {"tables"},
    "config": BASE | {"feeds", "tables", "team"},
    "names": BASE | {"config", "feeds"},
    "sources": BASE,
    "score": BASE,
    "marks": BASE,
    "triangle": BASE,
    "revisions": BASE | {"triangle"},
    "models": BASE | {"triangle"},
    "charts": BASE,
    "hub": BASE | {"config", "team"},
    "metadata": BASE | {"config", "hub", "models", "team"},
    "asked": BASE,
    "submission": BASE | {"asked"},
    "acceptance": BASE | {"asked"},
    "told": BASE | {"models"},
    "forecast": BASE | {"marks", "models", "told"},
    "explain": BASE | {"forecast", "models"},
    "remembered": BASE | {"models"},
    "work": BASE | {"explain", "forecast", "models"},
    "tasks": BASE,
    "evaluate": BASE | {"score", "tasks"},
    "cells": set(),
    "admission": BASE | {"tasks", "cells"},
    "hubfiles": BASE | {"sources", "tasks", "admission"},
    "timeliness": set(),
    "switches": set(),
    "aside": {"files"},
    "supply": BASE | {"files", "switches"},
    "posts": BASE | {"charts", "evaluate", "marks", "switches", "tasks", "timeliness"},
    "cards": BASE | {"charts", "posts"},
    "sheets": BASE | {"posts"},
    "beside": BASE | {"cards", "posts", "sheets"},
    "syndication": {"posts"},
    "sitemap": {"posts"},
    "theme": BASE,
    "pieces": BASE | {"posts"},
    "render": BASE | {"beside", "pieces", "posts", "sitemap", "syndication", "theme"},
    "transport": set(),
    "request": BASE | {"sources", "transport"},
    "fetch": BASE | {"sources", "files", "request"},
    "gate": BASE | {"keys"},
    "audit": BASE | {"files", "seal", "dated", "receipts", "vintages", "ledger"},
    "known": BASE | {"keys"},
    "vintages": BASE | {"contents", "dated", "keys", "known"},
    "ledger": BASE | {"contents", "dated", "files", "receipts"},
}
CONDUCTORS = {
    "account",
    "combining",
    "counts",
    "backtest",
    "derive",
    "export",
    "index",
    "scores",
    "upkeep",
    "peers",
    "scorecard",
    "gather",
    "ask",
    "downloads",
    "job",
    "pull",
    "retracing",
    "said",
    "pipeline",
    "cli",
    "__init__",
    "__main__",
}
OWNERS = {
    "torch": {"models"},
    "scipy": {"models", "evaluate"},
    "PIL": {"cards"},
    "jinja2": {"theme"},
    "httpx2": {"request"},
    "stamina": {"fetch"},
    "pydantic": {"config", "feeds", "tables", "team"},
    "yaml": {"metadata"},
    "pydantic_core": {"config", "feeds"},
    "filelock": {"files"},
    "click": {"cli"},
    "ray": {"parallel"},
}


def part_of(path, package):
    return path.relative_to(package).parts[0].removesuffix(".py")


def imported(path):
    """Every module a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.fixture(scope="session")
def modules(root):
    package = root / "reporter"
    return [(part_of(path, package), path) for path in sorted(package.rglob("*.py"))]


def test_every_part_stands_in_the_table(modules):
    assert {part for part, _ in modules} == set(ALLOWED) | CONDUCTORS


def test_nobody_imports_against_the_flow(modules):
    parts = {part for part, _ in modules}
    wrong = []
    for part, path in modules:
        if part in CONDUCTORS:
            continue
        for name in imported(path):
            words = name.split(".")
            if words[0] == "reporter" and words[1] in parts and words[1] not in ALLOWED[part] | {part, "__init__"}:
                wrong.append(f"{path.name} imports {name}")
    assert wrong == []


def test_each_library_has_one_owner(modules):
    wrong = [
        f"{path.name} imports {name}"
        for part, path in modules
        for name in imported(path)
        if part not in OWNERS.get(name.split(".")[0], {part})
    ]
    assert wrong == []


def test_the_clock_is_read_in_the_command_line_only(modules):
    """Ruff's DTZ rules see naive clocks; this sees the others."""
    clocks = ("datetime.now(", "date.today(", "time.time(", "utcnow(", "Timestamp.now(", "Timestamp.today(")
    wrong = [
        f"{path.name}: {clock}"
        for part, path in modules
        for clock in clocks
        if part != "cli" and clock in path.read_text(encoding="utf-8")
    ]
    assert wrong == []


def test_no_module_grows_beyond_reading(modules):
    long = [path.name for _, path in modules if path.read_text(encoding="utf-8").count("\n") > 350]
    assert long == [], "split by noun"
