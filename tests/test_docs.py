"""The documentation says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from torget.config.env import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


def test_every_setting_is_documented_and_no_other():
    text = (DOCS / "operations.md").read_text()
    told = set(re.findall(r"^\| `(TORGET_[A-Z_]+)` \|", text, re.MULTILINE))
    assert told == {setting.name for setting in SETTINGS}
    for setting in SETTINGS:
        assert (
            f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else '–'} | {setting.meaning} |"
            in text
        )


def test_every_adapter_has_a_page():
    for path in settings.ADAPTERS:
        assert (DOCS / "channels" / f"{path.rsplit('.', 1)[1]}.md").exists(), path


def test_every_decision_is_in_the_index():
    index = (DOCS / "decisions" / "README.md").read_text()
    for page in DOCS.glob("decisions/[0-9]*.md"):
        assert f"({page.name})" in index


def test_links_between_pages_lead_somewhere():
    dead = [
        f"{page.relative_to(ROOT)} → {target}"
        for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert not dead


def test_the_architecture_names_functions_that_exist():
    text = (DOCS / "architecture.md").read_text()
    named = re.findall(r"`(torget(?:\.\w+)+)\.(\w+)\(\)`", text)
    assert named
    for module, function in named:
        source = ROOT / (module.replace(".", "/") + ".py")
        source = source if source.exists() else ROOT / module.replace(".", "/") / "__init__.py"
        assert re.search(rf"^\s*(?:async )?def {function}\(", source.read_text(), re.MULTILINE), (
            f"{module}.{function}"
        )


def test_every_glossary_term_is_in_three_languages():
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (DOCS / "glossary.md").read_text().splitlines()
        if line.startswith("|") and "---" not in line
    ]
    assert rows[0][:3] == ["English", "bokmål", "nynorsk"]
    assert len(rows) > 40
    assert not [row for row in rows if not all(row[:3])]


def test_what_the_glossary_says_stands_in_code_stands_there():
    lines = (DOCS / "glossary.md").read_text().splitlines()
    named = {
        name.rpartition(".")[2]
        for line in lines
        if line.startswith("| ")
        for name in re.findall(r"`([\w.]+)`", line.rstrip("| ").rpartition("|")[2])
    }
    source = "\n".join(path.read_text() for path in (ROOT / "torget").rglob("*.py"))
    there = set(re.findall(r"^\s*(?:class|def) (\w+)|^\s*(\w+) = ", source, re.MULTILINE))
    assert len(named) > 50
    assert not named - {one for pair in there for one in pair}


def test_every_test_the_features_name_exists():
    text = (DOCS / "features.md").read_text()
    there = {
        name
        for root in (ROOT / "torget", ROOT / "tests")
        for path in root.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    named = set(re.findall(r"`(test_\w+)`", text))
    assert len(named) > 40
    assert not named - there
    files = set(re.findall(r"`((?:torget|tests)/[\w/]+\.py)`", text))
    assert files
    assert not [file for file in files if not (ROOT / file).exists()]
