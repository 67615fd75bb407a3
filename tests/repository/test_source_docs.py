"""What the documents say of sources, and the README's source itself."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from reporter.sources import REGISTRY

SAMPLE = """\
date,state,fips,cases,deaths
2020-03-13,Washington,53,584,37
2020-03-13,Guam,66,3,0
2020-03-14,Washington,53,642,40
2020-03-14,Alabama,01,12,0
"""


@pytest.fixture(scope="module")
def sections(root):
    text = (root / "docs" / "sources.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^## `([\w-]+)`\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE))


def cells(section):
    return dict(re.findall(r"^\| (\w+) \| (.*) \|$", section, re.MULTILINE))


def test_every_source_has_its_section(sections):
    assert list(sections) == list(REGISTRY)


@pytest.mark.parametrize("name", REGISTRY)
def test_a_sources_section_says_what_the_source_does(sections, name):
    source, said = REGISTRY[name], cells(sections[name])
    addresses = sorted({part.url.split("?")[0] for part in source.downloads(source.targets)})
    assert sorted(re.findall(r"`(https?://[^`]+)`", said["address"])) == addresses
    assert said.get("about") == (f"<{source.page}>" if source.page else None)
    if source.targets:
        assert tuple(re.findall(r"`([^`]+)`", said["targets"])) == source.targets
    if source.cadence:
        assert said["cadence"].startswith(source.cadence.value)
    assert said["settle"] == str(source.settle)
    assert said["licence"].startswith(source.licence)
    token = source.token
    assert re.findall(r"`([^`]+)`", said.get("token", "")) == ([token.variable, token.header] if token else [])


@pytest.fixture(scope="module")
def example(root):
    """The README's source: the module and the line of the registry."""
    text = (root / "README.md").read_text(encoding="utf-8").split("how to add one\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def test_the_readmes_source_is_short(example):
    module, line = example
    assert module.count("\n") + line.count("\n") < 40


def test_the_readmes_source_is_one_as_all_others(root, example, tmp_path):
    module, line = example
    assert tuple(re.findall(r'"([\w-]+)"', line)) == (*REGISTRY, "nyt")
    shutil.copytree(root / "reporter", tmp_path / "reporter", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "reporter" / "sources" / "nyt.py").write_text(module, encoding="utf-8")
    registry = tmp_path / "reporter" / "sources" / "__init__.py"
    text, replaced = re.subn(r"^_NAMES = .*\n", line, registry.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert replaced == 1
    registry.write_text(text, encoding="utf-8")
    for name in ("sources", "data/sources"):
        shutil.copytree(root / "tests" / name, tmp_path / "tests" / name)
    (tmp_path / "tests" / "data" / "sources" / "nyt.csv").write_text(SAMPLE, encoding="utf-8")
    for name in ("pyproject.toml", "tests/conftest.py"):
        shutil.copy(root / name, tmp_path / name)
    said = in_copy(tmp_path, "-m", "pytest", "-q", "-n", "0", "-k", "nyt or registry", "tests/sources/test_contract.py")
    passed = int(re.search(r"(\d+) passed", said).group(1))
    assert passed > 30, said
    code = (
        "from reporter.sources import REGISTRY\n"
        "counts = REGISTRY['nyt'].parse(open('tests/data/sources/nyt.csv', 'rb').read())\n"
        "print(counts['location'].to_list(), counts['observation'].to_list())"
    )
    assert in_copy(tmp_path, "-c", code) == "['01', '53', '53'] [12.0, 584.0, 642.0]\n"


def in_copy(folder, *arguments):
    """What Python says in another copy of the package."""
    environment = os.environ | {"PYTHONPATH": str(folder), "REPORTER_UNDER_TEST": str(folder)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
