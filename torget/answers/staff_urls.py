"""Addresses of the editors' pages, below the desk's and named as the desk's."""

from __future__ import annotations

from django.urls import path

from torget.answers.views import publishing, staff

urlpatterns = [
    path("sak/<str:ref>/publiser", publishing.publish, name="publish"),
    path("svar", staff.answers, name="answers"),
    path("svar/<slug:slug>/utgaver", staff.editions, name="answer_editions"),
    path("svar/<slug:slug>/gi", staff.tell, name="tell_answer"),
    path("svar/<slug:slug>/lest", staff.read, name="ratings_read"),
    path("svar/<slug:slug>/oversett/<slug:language>", staff.translate, name="translate_answer"),
    path("emner", staff.topics, name="topics"),
    path("emner/<int:pk>", staff.close_topic, name="topic_close"),
    path("emner/visning", staff.embedding, name="embedding"),
    path("svar/<slug:slug>", publishing.change, name="change_answer"),
    path("svar/<slug:slug>/trekk", publishing.withdraw, name="withdraw_answer"),
]
