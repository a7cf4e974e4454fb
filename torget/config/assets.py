"""What is made from sources before pages can be served: translations compiled, static files collected."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import django
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

LOCALE = Path(__file__).resolve().parents[1] / "design" / "locale"


def compile_messages(folder: Path = LOCALE) -> int:
    """Compile every translation file newer than its compiled twin; how many were. Needs no gettext programs."""
    count = 0
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parts[-3])
        draft = target.with_suffix(".mo.new")
        with draft.open("wb") as file:
            write_mo(file, catalog)
        draft.replace(target)
        count += 1
    return count


def _sources() -> Iterator[str]:
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            yield f"{getattr(storage, 'prefix', '')} {name} {stat.st_size} {stat.st_mtime_ns}"


def check_static() -> None:
    """See that static files are collected: without them no page can be made.

    Raises:
        ImproperlyConfigured: they are not, and what to do.
    """
    if not getattr(staticfiles_storage, "hashed_files", True):
        raise ImproperlyConfigured(
            f"Style sheets and scripts are missing in {settings.STATIC_ROOT}. Run: torget assets"
        )


def collect_static(root: Path) -> bool:
    """Collect, name by content and compress static files into root, unless nothing changed; True when it did."""
    digest = hashlib.sha256(f"{django.__version__} {version('whitenoise')}".encode())
    for line in sorted(_sources()):
        digest.update(line.encode())
    stamp = root.with_name(f"{root.name}.stamp")
    if stamp.exists() and stamp.read_text() == digest.hexdigest() and root.is_dir():
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest.hexdigest())
    return True
