"""Are all texts translated? Extracts them as `makemessages` does, into a copy, and compares.

python tools/messages.py             fail on texts missing, untranslated or uncertain in nynorsk or English
python tools/messages.py --update    bring new texts into the translation files, to be translated there
"""
# ruff: noqa: S603, T201 - programs are named here, and this one talks to a person at a terminal

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "torget" / "design" / "locale"
LANGUAGES = ("nn", "en")
EXTRACTED = {".py", ".html", ".txt"}
LEFT_OUT = {"tests", "node_modules", "migrations", "__pycache__", "static", "locale"}
SHOWN = 20


def copy_sources(to: Path) -> None:
    """Copy what holds texts, and the translations beside it where makemessages looks for them."""
    for path in (ROOT / "torget").rglob("*"):
        inside = path.relative_to(ROOT)
        if path.suffix in EXTRACTED and not LEFT_OUT.intersection(inside.parts):
            (to / inside).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to / inside)
    for language in LANGUAGES:
        folder = to / "locale" / language / "LC_MESSAGES"
        folder.mkdir(parents=True)
        if (kept := LOCALE / language / "LC_MESSAGES" / "django.po").exists():
            shutil.copyfile(kept, folder / "django.po")


def extract(into: Path) -> None:
    """Run makemessages in the copy; end when it fails."""
    command = [
        sys.executable,
        "-m",
        "django",
        "makemessages",
        "--no-location",
        "--no-obsolete",
        "--no-wrap",
    ]
    command += ["--extension", "html,txt,py", *(f"--locale={language}" for language in LANGUAGES)]
    done = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"makemessages failed (is gettext installed?):\n{done.stderr}")


def faults(file: Path) -> list[str]:
    """The texts in one translation file that a reader would meet in the wrong language."""
    return [
        f"{'uncertain' if entry.fuzzy else 'untranslated'}: {entry.msgid!r}"
        for entry in polib.pofile(str(file))
        if entry.fuzzy or not entry.translated()
    ]


def main(update: bool) -> int:
    """Compare, tell, and the number of faults as exit code 0 or 1."""
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        copy_sources(copy)
        extract(copy)
        for language in LANGUAGES:
            extracted = copy / "locale" / language / "LC_MESSAGES" / "django.po"
            if update:
                kept = LOCALE / language / "LC_MESSAGES" / "django.po"
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(extracted, kept)
            wrong = faults(extracted)
            found += len(wrong)
            for line in wrong[:SHOWN]:
                print(f"{language}: {line}")
            if wrong[SHOWN:]:
                print(f"{language}: … and {len(wrong) - SHOWN} more")
    if found:
        print("Translate them in torget/design/locale/ (first: make messages).")
    return 1 if found and not update else 0


if __name__ == "__main__":
    raise SystemExit(main("--update" in sys.argv))
