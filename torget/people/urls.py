"""Sign-in addresses of our own beside allauth's."""

from __future__ import annotations

from django.urls import path

from torget.people.signin import front_channel_logout

app_name = "people"
urlpatterns = [path("utlogget/fra-tilbyder", front_channel_logout, name="front_channel_logout")]
