"""Addresses of the ActivityPub channel."""

from __future__ import annotations

from django.urls import path, re_path

from torget.adapters.activitypub.views import public, staff

DESK = "desk/innstillinger/kanal/<int:pk>/fodivers"

app_name = "activitypub"
urlpatterns = [
    path(".well-known/webfinger", public.finger, name="webfinger"),
    path(".well-known/host-meta", public.host_meta, name="host_meta"),
    path(".well-known/nodeinfo", public.nodeinfo_links, name="nodeinfo_links"),
    path("nodeinfo/2.1", public.nodeinfo_document, name="nodeinfo"),
    re_path(r"^ap/o/(?P<name>bilde|topp)-(?P<mark>[0-9a-f]{16})\.png$", public.picture),
    path("ap/o/<str:username>/<str:public_id>", public.published, name="ap_object"),
    path("ap/o/<str:username>/<str:public_id>/fil/<int:number>", public.file, name="file"),
    path("ap/o/<str:username>/<str:public_id>/fil/<int:number>.<slug:suffix>", public.file),
    path("ap/o/<str:username>/<str:public_id>/<str:what>", public.part, name="part"),
    path(f"{DESK}", staff.manage, name="manage"),
    path(f"{DESK}/steng", staff.block, name="block"),
    path(f"{DESK}/apne", staff.unblock, name="unblock"),
    path(f"{DESK}/send", staff.retry, name="retry"),
    path(f"{DESK}/nokler", staff.keys, name="keys"),
    path("ap/<str:username>", public.actor, name="actor"),
    path("ap/<str:username>/<str:name>", public.collection, name="collection"),
]
