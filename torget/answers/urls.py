"""Addresses of the answers room."""

from __future__ import annotations

from django.urls import path

from torget.answers.views import public

app_name = "answers"
urlpatterns = [
    path("", public.index, name="index"),
    path("<slug:slug>", public.detail, name="detail"),
    path("<slug:slug>/nyttig", public.rate, name="rate"),
]
