"""Addresses of the answers room."""

from __future__ import annotations

from django.urls import path

from torget.answers import views

app_name = "answers"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:slug>", views.detail, name="detail"),
    path("<slug:slug>/nyttig", views.rate, name="rate"),
]
