"""Static files: which of those npm fetched are served, and by what names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

from django.contrib.staticfiles.finders import FileSystemFinder
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Of a package not named here every file is served.
SERVED: Mapping[str, tuple[str, ...]] = {
    # torget.css names Latin and Latin Extended, upright, in every weight.
    "vendor/inter": ("inter-latin-wght-normal.woff2", "inter-latin-ext-wght-normal.woff2"),
    # The networks' own marks (Simple Icons, CC0), as marks.css names them. LinkedIn's terms allow none.
    "vendor/marks": (
        "activitypub.svg",
        "bluesky.svg",
        "facebook.svg",
        "instagram.svg",
        "mastodon.svg",
        "matrix.svg",
        "messenger.svg",
        "rss.svg",
        "threads.svg",
        "x.svg",
        "youtube.svg",
    ),
}


class VendorFinder(FileSystemFinder):
    """Django's finder for folders, which passes by what no page uses: thousands of icons, a dozen alphabets."""

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Any]]:
        for name, storage in super().list(ignore_patterns):
            served = SERVED.get(getattr(storage, "prefix", ""), ("*",))
            if any(fnmatch(name, pattern) for pattern in served):
                yield name, storage


class NamedByContent(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Static files named by what is in them, compressed; what scripts import from each other too."""

    support_js_module_import_aggregation = True
