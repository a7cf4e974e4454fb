"""People on other servers whom a text of ours names as @name@host: found, linked and told of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from torget.adapters.activitypub import blocks, remotes
from torget.adapters.activitypub.models import Remote
from torget.adapters.activitypub.ours import Ours
from torget.protocols import webfinger
from torget.protocols.activitypub import markup

MOST = 10  # looked up for one text; the others stay words
SECONDS = 20.0  # for all of them: a server that does not answer holds a post up no longer


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a text names: by the name as it stands there; and the names behind which nobody was found."""

    remotes: Mapping[str, Remote] = field(default_factory=dict)
    unknown: Sequence[str] = ()

    @property
    def remark(self) -> str:
        """A sentence for the writer about those nobody was found behind; "" when all were."""
        if not self.unknown:
            return ""
        return _("Fant ingen bak %(names)s. Navnet står som vanlig tekst.") % {
            "names": ", ".join(self.unknown)
        }


def find(text: str, mine: Ours, *, at: datetime) -> Named:
    """Look up everybody a text names: whom we know at once, others by WebFinger at their server, which may be slow."""
    until = time.monotonic() + SECONDS
    remotes_by_name: dict[str, Remote] = {}
    unknown = []
    for number, name in enumerate(markup.handles(text)):
        ask = number < MOST and time.monotonic() < until
        remote = _remote(name, mine, at) if ask else None
        if remote is None:
            unknown.append(name)
        else:
            remotes_by_name[name] = remote
    return Named(remotes_by_name, unknown)


def strangers(text: str) -> list[str]:
    """The names in a text that we would have to ask another server about. Nobody is asked."""
    names = markup.handles(text)
    return [name for name in names[:MOST] if _known(name) is None] + names[MOST:]


def _known(name: str) -> Remote | None:
    return Remote.objects.filter(handle__iexact=name, gone_at=None).first()


def _remote(name: str, mine: Ours, at: datetime) -> Remote | None:
    """The one behind a handle; None when there is nobody, nobody answers, or their server is shut out."""
    try:
        known = _known(name)
        uri = known.uri if known else remotes.find(name, mine)[1]
        remote = remotes.actor(uri, mine, at=at)
    except (webfinger.Unknown, remotes.Unreachable):
        return None
    if remote.gone_at or not blocks.allowed(mine.account_id, [remote.uri]):
        return None
    return remote
