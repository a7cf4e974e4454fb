"""What Mastodon servers know us as: one registration for each server and return address."""

from __future__ import annotations

from django.db import models


class Registration(models.Model):
    """Torget as an application on one server. The secret is encrypted (channels.secrets)."""

    server = models.CharField(max_length=255)
    redirect_uri = models.CharField(max_length=500)
    secrets = models.BinaryField(help_text="Encrypted: client_id and client_secret.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "redirect_uri"], name="registration_once")
        ]

    def __str__(self) -> str:
        return self.server
