"""What other servers ask us for: who we are, what we published, who follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from torget import __version__
from torget.adapters.activitypub import blocks, collections, documents, inbound, rotation
from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.models import APObject
from torget.adapters.activitypub.ours import NETWORK, Ours
from torget.channels import accounts, files
from torget.channels import rules as channels
from torget.channels.contract import BadSignature
from torget.channels.models import Account
from torget.people.links import absolute
from torget.people.models import Municipality
from torget.protocols import nodeinfo, posthtml, webfinger
from torget.protocols.activitypub import LD_MEDIA_TYPE, MEDIA_TYPE
from torget.protocols.files import BadFile
from torget.protocols.http_signatures import Request

View = Callable[..., HttpResponse]
_WANTS = (MEDIA_TYPE, "application/ld+json", "application/json")


def _json(
    document: Mapping[str, Any], *, status: int = 200, kind: str = MEDIA_TYPE
) -> HttpResponse:
    response = JsonResponse(
        dict(document), status=status, json_dumps_params={"ensure_ascii": False}
    )
    response.headers["Content-Type"] = kind
    response.headers["Vary"] = "Accept"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _wants_json(request: HttpRequest) -> bool:
    """Whether a server asks (people's browsers ask for HTML first)."""
    accept = request.headers.get("Accept", "")
    return any(kind in accept for kind in _WANTS) and "text/html" not in accept


def _account(municipality: Municipality, username: str) -> Account:
    address = f"{username.lower()}@"
    mine = accounts.on_network(NETWORK).filter(municipality=municipality)
    for account in mine.filter(address__startswith=address):
        return account
    raise Http404("No such actor.")


def _ours(request: Any, username: str) -> Ours:
    return our.of(channels.access(_account(request.municipality, username)))


def _may_read(request: HttpRequest, mine: Ours) -> bool:
    """Whether who asks may: everybody, or with authorised fetch who signs and is not blocked."""
    if not mine.authorised_fetch:
        return True
    try:
        remote = inbound.reader(_asked(request, mine), mine, at=timezone.now())
    except BadSignature:
        return False
    municipality: Municipality = request.municipality  # type: ignore[attr-defined]  # set by tenancy
    return blocks.severity(municipality.pk, remote.uri) != "suspend"


def _asked(request: HttpRequest, mine: Ours) -> Request:
    """The request as whoever asks signed it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    scheme = urlsplit(mine.origin).scheme
    url = f"{scheme}://{request.get_host()}{request.get_full_path()}"
    return Request.of(request.method or "GET", url, headers)


def _guarded(view: View) -> View:
    """A view of an actor's documents that authorised fetch protects."""

    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, username: str, *args: Any, **kwargs: Any) -> HttpResponse:
        mine = _ours(request, username)
        if _wants_json(request) and not _may_read(request, mine):
            return _json({"error": "This must be asked for with a valid signature."}, status=401)
        return view(request, mine, *args, **kwargs)

    return guarded


@require_safe
def finger(request: Any) -> HttpResponse:
    """WebFinger: from @name@host, or an actor's address, to the actor."""
    resource = request.GET.get("resource", "")
    if not resource:
        return _json({"error": "Ask with ?resource=acct:name@host."}, status=400)
    begins = f"{absolute(request.municipality, '')}/ap/"
    if resource.startswith(begins):
        username = resource.removeprefix(begins)
    else:
        try:
            username, host = webfinger.split(resource)
        except webfinger.Unknown:
            return _json({"error": "Not a name of the form acct:name@host."}, status=400)
        ours = {host.host for host in request.municipality.hosts.all()}
        if host.rpartition(":")[0] not in ours and host not in ours:
            raise Http404("Not on this server.")
    mine = _ours(request, username)
    answer = webfinger.answer(mine.username, mine.host, mine.actor, mine.actor)
    return _json(answer, kind=webfinger.MEDIA_TYPE)


@require_safe
def host_meta(request: Any) -> HttpResponse:
    """Where WebFinger is, for servers that ask the old way (RFC 6415)."""
    origin = absolute(request.municipality, "")
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">'
        f'<Link rel="lrdd" template="{origin}/.well-known/webfinger?resource={{uri}}"/></XRD>\n'
    )
    return HttpResponse(body, content_type="application/xrd+xml")


@require_safe
def nodeinfo_links(request: Any) -> HttpResponse:
    """Where NodeInfo is."""
    document = nodeinfo.links(absolute(request.municipality, ""))
    return _json(document, kind="application/json")


@require_safe
def nodeinfo_document(request: Any) -> HttpResponse:
    """What kind of server this is, and how much there is on it."""
    mine = accounts.on_network(NETWORK).filter(municipality=request.municipality)
    posts = APObject.objects.filter(account__in=mine, public=True, withdrawn_at=None).count()
    name = request.municipality.name
    document = nodeinfo.document(version=__version__, name=name, actors=mine.count(), posts=posts)
    return _json(document, kind=nodeinfo.MEDIA_TYPE)


@require_safe
def actor(request: Any, username: str) -> HttpResponse:
    """Who an actor of ours is. Open to everybody: without its key nobody could check what it signs."""
    account = _account(request.municipality, username)
    mine = our.of(channels.access(account))
    if not _wants_json(request):
        return render(
            request,
            "activitypub/actor.html",
            {
                "name": account.name,
                "handle": mine.handle,
                "ap_objects": [
                    (ap_object, posthtml.to_text(str(ap_object.document.get("content", ""))))
                    for ap_object in collections.newest(mine)
                ],
            },
        )
    if mine.changes_keys(timezone.now()):
        rotation.note_fetch(_asked(request, mine), mine)
    kind = LD_MEDIA_TYPE if "ld+json" in request.headers.get("Accept", "") else MEDIA_TYPE
    return _json(documents.actor_of(account, at=timezone.now()), kind=kind)


@require_safe
def picture(request: Any, name: str, mark: str) -> HttpResponse:
    """The avatar and the header of the municipality's actors. `mark` changes with the picture."""
    # As it is now: what the request brings is remembered for a while, and who asks keeps the picture for good.
    municipality = Municipality.objects.get(pk=request.municipality.pk)
    if mark != documents.mark_of(municipality):
        raise Http404("It is another picture now.")
    try:
        made = documents.drawn(municipality.coat_of_arms, municipality.colour, name)
    except BadFile as fault:
        raise Http404("It cannot be drawn.") from fault
    response = HttpResponse(made, content_type="image/png")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@csrf_exempt
@_guarded
def collection(request: HttpRequest, mine: Ours, name: str) -> HttpResponse:
    """Outbox, followers, following or featured; a page of it with ?page=."""
    document = collections.collection(mine, name, request.GET.get("page", ""))
    if document is None:
        raise Http404("No such collection.")
    return _json(document)


def _ap_object(mine: Ours, public_id: str) -> APObject:
    """What we published at that address.

    Raises:
        Http404: nothing, or nothing for everybody: a private one is delivered to whom it is for and never fetched.
    """
    ap_object = APObject.objects.filter(
        account_id=mine.account_id, public_id=public_id, public=True
    ).first()
    if ap_object is None:
        raise Http404("Nothing is published here.")
    return ap_object


@_guarded
def published(request: HttpRequest, mine: Ours, public_id: str) -> HttpResponse:
    """A note, poll or event of ours; 410 and a tombstone when it was withdrawn."""
    ap_object = _ap_object(mine, public_id)
    if _wants_json(request):
        return _json(documents.ap_object(ap_object), status=410 if ap_object.withdrawn_at else 200)
    if ap_object.withdrawn_at is None and (url := str(ap_object.document.get("url", ""))):
        return HttpResponseRedirect(url)
    text = "" if ap_object.withdrawn_at else posthtml.to_text(str(ap_object.document["content"]))
    context = {"name": mine.name, "handle": mine.handle, "ap_object": ap_object, "text": text}
    return render(
        request, "activitypub/object.html", context, status=410 if ap_object.withdrawn_at else 200
    )


@_guarded
def part(request: HttpRequest, mine: Ours, public_id: str, what: str) -> HttpResponse:
    """The Create of an object, or the replies, likes and shares it has."""
    ap_object = _ap_object(mine, public_id)
    if ap_object.withdrawn_at:
        return _json(documents.ap_object(ap_object), status=410)
    if what == "activity":
        return _json(documents.creation(ap_object, mine))
    document = collections.responses(ap_object, what, request.GET.get("page", ""))
    if document is None:
        raise Http404("No such collection.")
    return _json(document)


@require_safe
def file(
    request: HttpRequest, username: str, public_id: str, number: int, suffix: str = ""
) -> HttpResponse | FileResponse:
    """A picture of an object, whatever suffix its address has. Those of private ones too: who has the address was given it."""
    mine = _ours(request, username)
    ap_object = APObject.objects.filter(
        account_id=mine.account_id, public_id=public_id, withdrawn_at=None
    ).first()
    if ap_object is None or number >= len(ap_object.files):
        raise Http404("No such file.")
    sha256, kind = ap_object.files[number]
    try:
        response = FileResponse(files.path_of(sha256).open("rb"), content_type=kind)
    except FileNotFoundError as fault:
        raise Http404("The file is gone.") from fault
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
