"""Are templates, styles and scripts laid out as the tools lay them out, and no line over 120 characters?

python tools/markup.py            fail on what djangofmt and Biome would change, on what Biome warns of, on long lines
python tools/markup.py --write    lay it out
"""
# ruff: noqa: S603, T201 - programs are named here, and this one talks to a person at a terminal

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 120
BIN = Path(sys.executable).parent
BIOME = ROOT / "node_modules" / ".bin" / "biome"
FORMATTED = {".html", ".css", ".js"}


def sources() -> list[Path]:
    """The templates, styles and scripts that are ours."""
    return sorted(path for path in (ROOT / "torget").rglob("*") if path.suffix in FORMATTED)


def lay_out(templates: list[Path]) -> None:
    """Let djangofmt write the templates anew; end when it cannot read one."""
    command = [str(BIN / "djangofmt"), "--quiet", f"--line-length={LONGEST}", "--indent-width=2"]
    done = subprocess.run([*command, *map(str, templates)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)


def untidy(templates: list[Path]) -> list[str]:
    """The templates djangofmt would change: it has no way to ask without writing, so it writes copies."""
    with tempfile.TemporaryDirectory(prefix="markup-") as folder:
        copies = {Path(folder) / path.relative_to(ROOT): path for path in templates}
        for copy, path in copies.items():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        lay_out(list(copies))
        changed = [path for copy, path in copies.items() if copy.read_bytes() != path.read_bytes()]
    return [f"{path.relative_to(ROOT)}: djangofmt would change it" for path in changed]


def long_lines(paths: list[Path]) -> list[str]:
    """The lines with more than 120 characters, by file and number."""
    return [
        f"{path.relative_to(ROOT)}:{number}: {len(line)} characters"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LONGEST
    ]


def biome(*options: str) -> int:
    """Let Biome look at styles and scripts, with the machine's Node.js or the one of .venv."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(BIOME), "check", "--error-on-warnings", *options]
    return subprocess.run(command, cwd=ROOT, env=environment).returncode


def main(write: bool) -> int:
    """Look at everything, or lay it out."""
    paths = sources()
    templates = [path for path in paths if path.suffix == ".html"]
    if write:
        lay_out(templates)
        return biome("--write")
    faults = untidy(templates) + long_lines(paths)
    print("\n".join(faults), end="\n" if faults else "")
    if faults:
        print("`make format` lays out what a tool can; break long lines by hand.")
    return biome() or bool(faults)


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--write"]):
        raise SystemExit(__doc__)
    sys.exit(main(write=bool(sys.argv[1:])))
