"""Addresses of the answers room."""

from __future__ import annotations

app_name = "answers"
urlpatterns: list[object] = []
