"""Whoever decodes a stranger's picture does it in a process of its own."""

from __future__ import annotations

import ast
from pathlib import Path

import torget

ROOT = Path(torget.__file__).parent
# Where pictures may be decoded: in the child, and what we have already made ourselves.
DECODE = {
    "protocols/files.py",
    "protocols/svg.py",
    "channels/pictures.py",
    "adapters/meta/pictures.py",
}


def test_pictures_are_decoded_only_where_they_may_be():
    for path in ROOT.rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if "/tests/" in name or name.startswith(("bench/", "demo/")):
            continue
        tree = ast.parse(path.read_text())
        called = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
        }
        imported = {
            node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
        }
        if name not in DECODE:
            assert not {"clean_image", "clean_images"} & called, name
            assert "PIL" not in imported, name
