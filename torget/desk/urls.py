"""Addresses of the desk room."""

from __future__ import annotations

app_name = "desk"
urlpatterns: list[object] = []
