"""Lighthouse, as on a middling phone with a slow line."""

import json
import os
import subprocess

import pytest

PAGES = {
    "home": "",
    "post": "us-admissions/2025-06-21/",
    "place": "us-admissions/us/",
    "scoreboard": "scoreboard/",
}
OPTIONS = ["--quiet", "--no-enable-error-reporting", "--output=json", "--output-path=stdout"]
CHROME = "--chrome-flags=--headless --no-sandbox --disable-gpu --disable-background-networking"


@pytest.fixture
def judge(chromium, node, tool):
    def run(address):
        command = [node, tool("lighthouse/cli/index.js"), address, *OPTIONS, CHROME]
        done = subprocess.run(
            command, capture_output=True, timeout=150, check=False, env=os.environ | {"CHROME_PATH": chromium}
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_a_phone_gets_the_page_quickly_and_finds_nothing_wrong(judge, served, page):
    best = 0.0
    for _ in range(3):  # speed is measured beside whatever else the machine does: the best of three is the page's own
        report = judge(served.address + page)
        scores = {name: category["score"] for name, category in report["categories"].items()}
        failed = {
            name: audit["title"]
            for category in ("accessibility", "best-practices", "seo")
            for reference in report["categories"][category]["auditRefs"]
            if (audit := report["audits"][name := reference["id"]])["score"] == 0
        }
        assert failed == {}
        assert [scores["accessibility"], scores["best-practices"], scores["seo"]] == [1, 1, 1]
        assert report["audits"]["cumulative-layout-shift"]["numericValue"] <= 0.02
        best = max(best, scores["performance"])
        if best >= 0.95:
            break
    assert best >= 0.95
