"""Addresses of the ActivityPub channel."""

from __future__ import annotations

from django.urls import path, re_path

from torget.adapters.activitypub import desk_views, views

DESK = "desk/innstillinger/kanal/<int:pk>/fodivers"

app_name = "activitypub"
urlpatterns = [
    path(".well-known/webfinger", views.finger, name="webfinger"),
    path(".well-known/host-meta", views.host_meta, name="host_meta"),
    path(".well-known/nodeinfo", views.nodeinfo_links, name="nodeinfo_links"),
    path("nodeinfo/2.1", views.nodeinfo_document, name="nodeinfo"),
    re_path(r"^ap/o/(?P<name>bilde|topp)-(?P<mark>[0-9a-f]{16})\.png$", views.picture),
    path("ap/o/<str:username>/<str:public_id>", views.published, name="ap_object"),
    path("ap/o/<str:username>/<str:public_id>/fil/<int:number>", views.file, name="file"),
    path("ap/o/<str:username>/<str:public_id>/fil/<int:number>.<slug:suffix>", views.file),
    path("ap/o/<str:username>/<str:public_id>/<str:what>", views.part, name="part"),
    path(f"{DESK}", desk_views.manage, name="manage"),
    path(f"{DESK}/steng", desk_views.block, name="block"),
    path(f"{DESK}/apne", desk_views.unblock, name="unblock"),
    path(f"{DESK}/send", desk_views.retry, name="retry"),
    path(f"{DESK}/nokler", desk_views.keys, name="keys"),
    path("ap/<str:username>", views.actor, name="actor"),
    path("ap/<str:username>/<str:name>", views.collection, name="collection"),
]
