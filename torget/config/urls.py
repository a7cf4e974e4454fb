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
    # Each room's addresses, and a channel's own (what other servers ask for), where they have any.
    *(
        path("", include(f"{room}.urls"))
        for room in settings.ROOMS
        if room != __package__ and has(room, "urls")
    ),
    path("konto/", include("allauth.urls")),
    *(
        path("", include(f"{adapter}.urls"))
        for adapter in settings.ADAPTERS
        if has(adapter, "urls")
    ),
]
