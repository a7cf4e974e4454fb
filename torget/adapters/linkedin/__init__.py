"""The municipality's page on LinkedIn."""

from __future__ import annotations

from torget.adapters.linkedin.adapter import LinkedInAdapter

adapter = LinkedInAdapter()
