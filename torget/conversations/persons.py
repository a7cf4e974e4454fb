"""Who speaks: finding or making the identity behind a message, and all that one person is known as."""

from __future__ import annotations

from datetime import datetime

from torget.channels.contract import Author
from torget.channels.registry import capabilities
from torget.conversations.models import Block, Identity, Person, below
from torget.people.models import Municipality


def identify(
    municipality: Municipality, network: str, author: Author, *, at: datetime, language: str = "nb"
) -> Identity:
    """The identity of an author on a network; a person is made for one never seen before. Safe when two arrive at once."""
    external_id = author.external_id.strip()[:320] or "unknown"
    if capabilities(network).letters:
        external_id = external_id.lower()
    known = Identity.objects.filter(
        municipality=municipality, network=network, external_id=external_id
    ).first()
    if known is None:
        person = Person.objects.create(
            municipality=municipality, name=author.name[:120], language=language, created_at=at
        )
        known, new = Identity.objects.get_or_create(
            municipality=municipality,
            network=network,
            external_id=external_id,
            defaults={
                "person": person,
                "name": author.name[:120],
                "handle": author.handle[:320],
                "url": author.url[:500] if author.url.startswith("https://") else "",
                "verified": author.verified,
                "verified_at": at if author.verified else None,
            },
        )
        if not new:
            person.delete()  # another worker was first; nobody has seen this one
    if author.handle and known.handle != author.handle[:320]:
        known.handle = author.handle[:320]  # people change what they are called; the id stays
        known.save(update_fields=["handle"])
    return known


def verify(identity: Identity, how: str, *, at: datetime) -> None:
    """The person showed that the identity is theirs."""
    identity.verified, identity.verified_at = how, at
    identity.save(update_fields=["verified", "verified_at"])


def family(person: Person) -> list[int]:
    """Ids of everybody found to be this person: who they are in the end, and all merged into that one."""
    root = person.root
    return [root.pk, *below([root.pk])]


def is_same(person: Person | None, other: Person | None) -> bool:
    """Whether two are one person, through however many merges; nobody is the same as nobody."""
    return person is not None and other is not None and person.root.pk == other.root.pk


def namesakes(person: Person, *, most: int = 10) -> list[Person]:
    """Others of the same whole name who are not merged: perhaps the same person, for somebody to judge."""
    if len(person.name.split()) < 2:
        return []
    same = Person.objects.filter(
        municipality=person.municipality_id, name=person.name, merged_into=None
    )
    return list(same.exclude(pk__in=family(person)).order_by("-created_at")[:most])


def is_blocked(identity: Identity, *, at: datetime) -> bool:
    """Whether what this sender says makes nobody wait just now."""
    return Block.objects.filter(identity=identity).current(on=at.date()).exists()
