"""How Nordvåg works with its inbox: tags, deadlines, a macro, a rule, views, something put aside, something handed over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from torget.casework.models import Handover
from torget.casework.rules import automation, macros, preferences
from torget.conversations.models import Conversation, Deadline
from torget.conversations.rules import snoozing, tagging, terms
from torget.people.actor import Actor
from torget.people.models import Municipality, Staff, Unit

TAGS = ("Vinter", "Barnehage og skole", "Avfall", "Haster")
# Words in the subject → tag.
TAGGED = {
    "brøyt": "vinter",
    "gatelys": "vinter",
    "sfo": "barnehage-og-skole",
    "barnehage": "barnehage-og-skole",
    "avfall": "avfall",
}
HANDED = "Entreprenøren skulle ringe tilbake om Fjellveien før klokka ti. Gi innbyggeren beskjed når du vet mer."


def arrange(municipality: Municipality, *, by: Staff, at: datetime) -> None:
    """What the duty lead set up before anything came in."""
    lead = Actor.of_staff(by)
    for name in TAGS:
        tagging.make_tag(municipality, name, by=lead, at=at)
    units = {unit.slug: unit for unit in Unit.objects.filter(municipality=municipality)}
    for slug, hours in (("teknisk-drift", 4), ("kultur", 6)):
        terms.set_deadline(
            municipality,
            Deadline.What.FIRST_ANSWER,
            unit=units[slug],
            amount=hours,
            measure=Deadline.Measure.OPEN_HOURS,
            warn_hours=2,
            by=lead,
            at=at,
        )
    macros.save_macro(
        None,
        municipality,
        name="Til brøytelaget",
        actions=[
            {"act": "tag", "value": "vinter"},
            {"act": "note", "value": "Sendt til brøytelaget. De melder tilbake til oss."},
            {"act": "forward", "value": "teknisk-drift"},
        ],
        by=lead,
        at=at,
    )
    snow = automation.save_rule(
        None,
        municipality,
        name="Brøyting får merket Vinter",
        event="conversation.opened",
        conditions=[{"field": "words", "operator": "contains", "value": "brøyt"}],
        actions=[{"act": "tag", "value": "vinter"}],
        last=False,
        position=10,
        by=lead,
        at=at,
    )
    automation.switch(snow, True, by=lead, at=at)
    automation.save_rule(
        None,
        municipality,
        name="Haster når fristen nærmer seg",
        event="conversation.warned",
        conditions=[{"field": "assignee", "operator": "is", "value": "nei"}],
        actions=[{"act": "tag", "value": "haster"}],
        last=False,
        position=20,
        by=lead,
        at=at,
    )


def work(municipality: Municipality, staff: Mapping[str, Staff], *, at: datetime) -> None:
    """What they have done with it since."""
    lead, martin = Actor.of_staff(staff["per"]), Actor.of_staff(staff["martin"])
    rows = Conversation.objects.filter(municipality=municipality).select_related("unit")
    for row in rows.order_by("pk"):
        for word, slug in TAGGED.items():
            if word in row.subject.lower():
                tagging.add_tag(row, slug, by=lead, at=at)
    if aside := rows.filter(state=Conversation.State.ANSWERED, kind="question").last():
        snoozing.snooze(aside, at + timedelta(days=3), by=martin, at=at)
    preferences.save_view(municipality, "Vinter", "vis=waiting&merke=vinter", by=lead, at=at)
    preferences.save_view(
        municipality,
        "Offentlige som venter",
        "vis=waiting&synlig=public",
        unit=Unit.objects.get(municipality=municipality, slug="servicetorget"),
        by=lead,
        at=at,
    )
    Handover.objects.create(
        from_staff=staff["kristin"],
        to_staff=staff["per"],
        unit=staff["per"].unit,
        note=HANDED,
        handed_at=at - timedelta(hours=2),
    )
