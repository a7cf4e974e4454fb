"""Addresses of the answers room."""

from __future__ import annotations

from django.urls import include, path

from torget.answers.views import public

app_name = "answers"
urlpatterns = [
    path(
        "svar/",
        include(
            [
                path("", public.index, name="index"),
                path("<slug:slug>", public.detail, name="detail"),
                path("<slug:slug>/nyttig", public.rate, name="rate"),
            ]
        ),
    )
]
