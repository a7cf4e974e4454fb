"""Addresses of the square room."""

from __future__ import annotations

app_name = "square"
urlpatterns: list[object] = []
