"""Every address, room by room."""

from __future__ import annotations

from django.conf import settings
from django.urls import include, path

from torget.config.adapters import has

handler400 = "torget.design.errors.bad_request"
handler403 = "torget.design.errors.forbidden"
handler404 = "torget.design.errors.not_found"
handler500 = "torget.config.faults.server_error"
handler429 = "torget.design.errors.too_many"  # asked for by allauth

urlpatterns = [
    path("konto/", include("torget.people.urls")),
    path("konto/", include("allauth.urls")),
    path("svar/", include("torget.answers.urls")),
    path("desk/", include("torget.desk.urls")),
    # A channel's own addresses (a chat page, what other servers ask for), where it has any.
    *(
        path("", include(f"{adapter}.urls"))
        for adapter in settings.ADAPTERS
        if has(adapter, "urls")
    ),
    path("", include("torget.square.urls")),
]
