"""Addresses of the Meta channels."""

from __future__ import annotations

from django.urls import path

from torget.adapters.meta import pictures, views

app_name = "meta"
urlpatterns = [path(f"{pictures.PATH}/<str:name>.jpg", views.picture, name="picture")]
