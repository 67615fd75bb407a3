"""Every page of the built sites against the HTML standard."""

import json
import subprocess

import pytest

RULES = {
    "extends": ["html-validate:standard"],
    "root": True,
    "rules": {
        # Opinions, where the standard allows both.
        "doctype-style": "off",
        "attr-quotes": "off",
        "no-trailing-whitespace": "off",
        "void-style": "off",
        "no-implicit-close": "off",
        "no-implicit-button-type": "off",
        "long-title": "off",
        "prefer-native-element": "off",
        "no-redundant-role": "off",
        "no-raw-characters": "off",
        "tel-non-breaking": "off",
    },
}


@pytest.fixture
def validate(node, tool, tmp_path):
    def run(*paths):
        rules = tmp_path / "rules.json"
        rules.write_text(json.dumps(RULES), encoding="utf-8")
        command = [node, tool("html-validate/bin/html-validate.mjs"), "--config", rules, "--formatter", "json", *paths]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode in {0, 1}, done.stderr
        return [
            (report["filePath"].rsplit("/site/")[-1], message["line"], message["ruleId"], message["message"])
            for report in json.loads(done.stdout)
            for message in report["messages"]
        ]

    return run


@pytest.mark.parametrize("site", ["blog", "hostile_blog"])
def test_every_page_is_valid(validate, request, site):
    pages = sorted(request.getfixturevalue(site).rglob("*.html"))
    assert len(pages) > 8
    found = validate(*pages)
    assert found == [], f"{len(found)} faults"


def test_a_page_with_faults_is_found_out(validate, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '<!DOCTYPE html><html lang="en"><head><title>x</title></head><body><p id="a"><div id="a"></div></body></html>'
    )
    assert "no-dup-id" in {found[2] for found in validate(page)}
