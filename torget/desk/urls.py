"""Addresses of the desk."""

from __future__ import annotations

from django.urls import path

from torget.desk.views import approving, files, inbox, publish, texts, thread, watch, writing

app_name = "desk"
urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("start", inbox.start, name="start"),
    path("sak/<str:ref>", thread.conversation, name="conversation"),
    path("sak/<str:ref>/ta", thread.take, name="take"),
    path("sak/<str:ref>/gi", thread.assign, name="assign"),
    path("sak/<str:ref>/videre", thread.forward, name="forward"),
    path("sak/<str:ref>/notat", writing.note, name="note"),
    path("sak/<str:ref>/svar", writing.reply, name="reply"),
    path("sak/<str:ref>/angre/<int:pk>", writing.regret, name="regret"),
    path("sak/<str:ref>/utkast", writing.draft, name="draft"),
    path("sak/<str:ref>/utkast/kast", writing.drop_draft, name="drop_draft"),
    path("sak/<str:ref>/her", writing.here, name="here"),
    path("sak/<str:ref>/maler", writing.canned_list, name="canned_list"),
    path("sak/<str:ref>/navn", writing.names, name="names"),
    path("sak/<str:ref>/vent/<int:pk>/<str:sha256>", writing.held_file, name="held_file"),
    path("nevnt", approving.mentions, name="mentions"),
    path("nevnt/<int:pk>", approving.open_mention, name="open_mention"),
    path("godkjenning", approving.approvals, name="approvals"),
    path("godkjenning/<int:pk>", approving.decide, name="decide"),
    path("godkjenning/<int:pk>/<str:sha256>", approving.file, name="approval_file"),
    path("innstillinger/godkjenning", approving.terms, name="terms"),
    path("innstillinger/godkjenning/<int:pk>", approving.end_term, name="end_term"),
    path("svarmaler", texts.canned, name="canned"),
    path("svarmaler/ny", texts.canned_one, name="canned_new"),
    path("svarmaler/<int:pk>", texts.canned_one, name="canned_one"),
    path("sak/<str:ref>/avslutt", thread.close, name="close"),
    path("sak/<str:ref>/aapne", thread.reopen, name="reopen"),
    path("sak/<str:ref>/publiser", publish.publish, name="publish"),
    path("svar/<slug:slug>", publish.change, name="change_answer"),
    path("svar/<slug:slug>/trekk", publish.withdraw, name="withdraw_answer"),
    path("vegg", publish.post, name="post"),
    path("sok", inbox.search, name="search"),
    path("fil/<uuid:public_id>", files.file, name="file"),
    path("original/<uuid:public_id>", files.original, name="original"),
    path("karantene", watch.quarantine, name="quarantine"),
    path("karantene/<uuid:public_id>", watch.quarantine_item, name="quarantine_item"),
    path("karantene/<uuid:public_id>/raa", watch.quarantine_raw, name="quarantine_raw"),
    path("karantene/<uuid:public_id>/igjen", watch.replay, name="replay"),
    path("karantene/<uuid:public_id>/bort", watch.discard, name="discard"),
    path("sendinger", watch.deliveries, name="deliveries"),
    path("sendinger/<int:pk>", watch.settle, name="settle"),
    path("innstillinger", watch.settings, name="settings"),
    path("innstillinger/<int:pk>/pause", watch.pause, name="pause"),
    path("innstillinger/epost", watch.connect_mail, name="connect_mail"),
    path("vakt", watch.duty, name="duty"),
    path("vakt/fravaer", watch.absence, name="absence"),
    path("vakt/<int:pk>/overlever", watch.hand_over, name="hand_over"),
]
