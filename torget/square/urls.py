"""Addresses of the square."""

from __future__ import annotations

from django.urls import path

from torget.square.views import accounts, ask, chat, embed, feeds, following, home, mine, wall

app_name = "square"
urlpatterns = [
    path("", home.home, name="home"),
    path("farger.css", home.colours, name="colours"),
    path("vaapen.svg", home.coat_of_arms, name="coat_of_arms"),
    path("sok", home.search, name="search"),
    path("spraak", home.set_language, name="set_language"),
    path("utseende", home.set_theme, name="set_theme"),
    path("personvern", home.page, {"name": "privacy"}, name="privacy"),
    path("tilgjengelighet", home.page, {"name": "accessibility"}, name="accessibility"),
    path("regler", home.page, {"name": "rules"}, name="rules"),
    path("spor", ask.ask, name="ask"),
    path("spor/forslag", ask.suggestions, name="suggestions"),
    path("spor/hjalp/<slug:slug>", ask.helped, name="helped"),
    path("saker/<str:ref>", ask.public_case, name="public_case"),
    path("saker/<str:ref>/<str:key>", ask.case, name="case"),
    path("saker/<str:ref>/<str:key>/<uuid:public_id>", wall.case_file, name="case_file"),
    path("vegg", wall.wall, name="wall"),
    path("vegg/nytt", wall.wall_new, name="wall_new"),
    path("vegg/<str:ref>", wall.wall_post, name="wall_post"),
    path(
        "svar/<slug:slug>/folg", following.follow, {"topic": "answers.answer"}, name="answer_follow"
    ),
    path(
        "svar/emne/<slug:slug>/folg",
        following.follow,
        {"topic": "answers.topic"},
        name="topic_follow",
    ),
    path("embed/svar", embed.answers, name="embed_answers"),
    path(
        "vegg/<str:ref>/folg",
        following.follow,
        {"topic": "conversations.conversation"},
        name="wall_follow",
    ),
    path("folg/om/<str:topic>/<str:ref>", following.follow, name="follow"),
    path("fil/<uuid:public_id>", wall.public_file, name="public_file"),
    path("folg/<str:token>", following.confirm_follow, name="confirm_follow"),
    path("folg/<str:token>/slutt", following.end_follow, name="end_follow"),
    path("min-side", mine.mine, name="mine"),
    path("min-side/inn", mine.signin, name="signin"),
    path("min-side/inn/id-porten", mine.signin_idporten, name="signin_idporten"),
    path("min-side/inn/<str:token>", mine.signin_link, name="signin_link"),
    path("min-side/ut", mine.signout, name="signout"),
    path("prat", chat.chat, name="chat"),
    path("prat/<str:ref>/<str:key>", chat.talk, name="talk"),
    path("prat/<str:ref>/<str:key>/skriver", chat.typing, name="talk_typing"),
    path("prat/<str:ref>/<str:key>/slutt", chat.end, name="talk_end"),
    path("embed/prat.js", chat.script, name="chat_script"),
    path("kontoer", accounts.accounts, name="accounts"),
    path(".well-known/official-accounts", accounts.signed, name="accounts_signed"),
    path(".well-known/official-accounts.jwks.json", accounts.keys, name="accounts_keys"),
    path(".well-known/security.txt", home.security_txt, name="security_txt"),
    path("feed/", feeds.feeds, name="feeds"),
    path("feed/<slug:what>.<slug:form>", feeds.feed, name="feed"),
]
