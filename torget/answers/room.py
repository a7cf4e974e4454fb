"""What published answers are to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Act, Check, Feed, Job, Loop, Measure, Page, Room, Source, Tile, Topic, Verb

ROOM = Room(
    name="answers",
    verbs=(
        Verb(name="answer.published", words=_("%(who)s publiserte svaret"), public=True),
        Verb(name="answer.changed", public=True),
        Verb(name="answer.translated", public=True),
        Verb(name="answer.withdrawn", public=True),
        Verb(name="answer.helped", public=True),
        Verb(name="answer.not_helped", public=True),
        Verb(name="answer.told"),
        Verb(name="answer.reminded"),
        Verb(name="answer.ratings_read"),
        Verb(name="answers.policy", public=True),
        Verb(name="topic.added", public=True),
        Verb(name="topic.opened", public=True),
        Verb(name="topic.closed", public=True),
    ),
    acts=(
        Act(name="answers.publish", roles=frozenset({"responder", "editor", "duty_lead"})),
        Act(name="answers.topics", roles=frozenset({"editor", "duty_lead", "administrator"})),
    ),
    pages=(
        Page(
            name="desk:answers",
            label=_("Svar"),
            menu="rail",
            position=50,
            icon="answer",
            act="answers.publish",
            within=("desk:topics", "desk:topic_close", "desk:embedding", "desk:publish"),
        ),
        Page(name="answers:index", label=_("Svar"), menu="public", position=30),
    ),
    tiles=(
        Tile(
            name="answers:index",
            label=_("Les svar"),
            icon="answer",
            hint=_("Kanskje noen har spurt før deg"),
            position=20,
        ),
    ),
    feeds=(
        Feed(
            name="svar",
            label=_("Svar"),
            title=_("Svar fra %(name)s kommune"),
            entries="torget.answers.public.newest",
        ),
    ),
    search=(Source(name="svar", label=_("Svar"), find="torget.answers.public.hits", position=10),),
    topics=(
        Topic(
            name="answers.answer",
            label=_("Et svar"),
            find="torget.answers.public.followable",
            title="torget.answers.public.question_of",
        ),
        Topic(
            name="answers.topic",
            label=_("Et emne"),
            find="torget.answers.public.topic_in_use",
            title="torget.answers.public.name_of",
        ),
    ),
    measures=(
        Measure(name="helped", label=_("Fant svaret selv"), count="torget.answers.public.helped"),
    ),
    loops=(
        Loop(
            name="learning",
            run="torget.answers.tasks.learn_loop",
            label=_("Letingen etter svar i andre ord"),
        ),
    ),
    jobs=(Job(name="answers.remind", cron="20 6 * * *", run="torget.answers.tasks.remind"),),
    checks=(Check(name="answers", look="torget.answers.checks.answers"),),
    story="torget.answers.story.tell",
)
