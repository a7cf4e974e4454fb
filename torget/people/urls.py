"""Sign-in addresses of our own, before allauth's."""

from __future__ import annotations

from allauth.account.views import password_reset
from django.urls import include, path, re_path

from torget.people import signin
from torget.people.limits import gated

app_name = "people"
urlpatterns = [
    path(
        "konto/",
        include(
            [
                path(
                    "utlogget/fra-tilbyder",
                    signin.front_channel_logout,
                    name="front_channel_logout",
                ),
                path("oidc/<str:provider_id>/login/", signin.to_provider, name="to_provider"),
                path("password/reset/", gated(password_reset), name="forgotten"),
                re_path(
                    r"^(?:signup|email|confirm-email|3rdparty|social|login/code)/(?!login/).*$",
                    signin.closed,
                    name="closed",
                ),
            ]
        ),
    )
]
