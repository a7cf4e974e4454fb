"""Addresses of the desk."""

from __future__ import annotations

from django.urls import path

from torget.desk.views import answers, files, inbox, publish, thread, watch

app_name = "desk"
urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("start", inbox.start, name="start"),
    path("sak/<str:ref>", thread.conversation, name="conversation"),
    path("sak/<str:ref>/ta", thread.take, name="take"),
    path("sak/<str:ref>/gi", thread.assign, name="assign"),
    path("sak/<str:ref>/videre", thread.forward, name="forward"),
    path("sak/<str:ref>/notat", thread.note, name="note"),
    path("sak/<str:ref>/svar", thread.reply, name="reply"),
    path("sak/<str:ref>/avslutt", thread.close, name="close"),
    path("sak/<str:ref>/aapne", thread.reopen, name="reopen"),
    path("sak/<str:ref>/publiser", publish.publish, name="publish"),
    path("svar", answers.answers, name="answers"),
    path("svar/<slug:slug>/utgaver", answers.editions, name="answer_editions"),
    path("svar/<slug:slug>/gi", answers.tell, name="tell_answer"),
    path("svar/<slug:slug>/lest", answers.read, name="ratings_read"),
    path("svar/<slug:slug>/oversett/<slug:language>", answers.translate, name="translate_answer"),
    path("emner", answers.topics, name="topics"),
    path("emner/<int:pk>", answers.close_topic, name="topic_close"),
    path("emner/visning", answers.embedding, name="embedding"),
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
