"""What `torget doctor` looks at: whether the files residents sent are there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from torget.channels import files
from torget.conversations.models import Attachment

MOST_NAMED = 20


def attachments(_at: datetime) -> Iterator[str]:
    """Files that are missing."""
    hashes = Attachment.everything.values_list("sha256", flat=True).distinct().iterator()
    missing = [sha256 for sha256 in hashes if not files.path_of(sha256).is_file()]
    if missing:
        shown = ", ".join(files.path_of(sha256).name[:12] for sha256 in missing[:MOST_NAMED])
        yield f"{len(missing)} files residents sent are missing in {settings.MEDIA_ROOT}: {shown}. Restore them from the backup."
