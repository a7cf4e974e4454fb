"""Files said along with messages."""

from __future__ import annotations

import uuid

from django.db import models


class CurrentAttachments(models.Manager["Attachment"]):
    """Those a message has now."""

    def get_queryset(self) -> models.QuerySet[Attachment]:
        """Without what an edit or a deletion took away."""
        return super().get_queryset().filter(version=None)


class Attachment(models.Model):
    """A file said along: kept by its hash; pictures are cleaned of where and when they were taken."""

    message = models.ForeignKey(
        "conversations.Message", on_delete=models.PROTECT, related_name="attachments"
    )
    version = models.ForeignKey(
        "conversations.Version",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="taken_away",
        help_text="The earlier words it went away with.",
    )
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    sha256 = models.CharField(max_length=64)
    media_type = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    alt = models.CharField(max_length=300, blank=True)
    size = models.PositiveIntegerField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)

    # The first is what `message.attachments` goes by: what was taken away outside must be asked for by name.
    objects = CurrentAttachments()
    everything = models.Manager["Attachment"]()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Attachment {self.pk}"

    @property
    def is_image(self) -> bool:
        """A picture that may be shown in the page."""
        return self.media_type in {"image/jpeg", "image/png", "image/webp", "image/gif"}
