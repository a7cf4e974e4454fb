"""What we do there: answer, post, take back, hide; each written under a key made of ours, so never twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from torget.adapters.bluesky import parsing
from torget.adapters.bluesky.reading import chat, posts, record
from torget.adapters.bluesky.xrpc import call, chat_service, did
from torget.channels import pictures
from torget.channels.contract import AccountAccess, Outgoing, Receipt, SendError
from torget.outbox.receipts import is_claimed
from torget.protocols import atproto, clocks, threads

POST = "app.bsky.feed.post"
GATE = "app.bsky.feed.threadgate"
MOST_PICTURES = 4
# Lexicon app.bsky.embed.images: maxSize 2,000,000. Older servers took half of that; a picture on a telephone needs no more.
PICTURE_BYTES = 1_000_000
MOST_HIDDEN = 300  # lexicon app.bsky.feed.threadgate: hiddenReplies
MOST_MENTIONS = 10
CHAT_GRAPHEMES = 1000  # lexicon chat.bsky.convo.defs#messageInput
CHAT_WINDOW = timedelta(days=2)

Ref = dict[str, str]


# Posting ---------------------------------------------------------------------------------------


def post(out: Outgoing, account: AccountAccess, text: str) -> Receipt:
    """An answer or a post of our own; a long one becomes a thread. Parts that stand there already are left so.

    Raises:
        SendError: classified; a look-up settles what is ambiguous.
    """
    parts = atproto.parts(text)
    if not threads.whole(parts):
        raise SendError("The text is too long even for a thread.", permanent=True)
    own = did(account)
    reply = _answers(out, account) if out.act == "say" else {}
    embed = _embed(out, account)
    first = Receipt("")
    for number, part in enumerate(parts):
        rkey = atproto.part_key(atproto.tid(out.idempotency_key), number)
        post_record = _record(part, out, account)
        if reply:
            post_record["reply"] = reply
        if number == 0 and embed:
            post_record["embed"] = embed
        ref = _write(account, own, POST, rkey, post_record)
        reply = {"parent": ref, "root": reply.get("root", ref)}
        first = first if number else Receipt(ref["uri"], url=_web(account, ref["uri"]))
    return first


def _record(text: str, out: Outgoing, account: AccountAccess) -> dict[str, Any]:
    dids = {}
    for handle in atproto.mentioned(text)[:MOST_MENTIONS]:
        query = {"handle": handle}
        try:
            answer = call(account, "GET", "com.atproto.identity.resolveHandle", query=query)
            dids[handle] = str(answer.get("did", ""))
        except SendError:  # nobody by that name, or not known now: it stays plain text
            continue
    post_record: dict[str, Any] = {
        "$type": POST,
        "text": text,
        "langs": [out.language],
        "createdAt": timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if facets := atproto.facets(text, dids.get):
        post_record["facets"] = facets
    return post_record


def _answers(out: Outgoing, account: AccountAccess) -> dict[str, Ref]:
    """References to the post answered and to the first of its thread (lexicon app.bsky.feed.post#replyRef)."""
    if not atproto.at_uri(out.parent):
        raise SendError("There is no post to answer.", permanent=True)
    views = posts(account, [out.parent])
    if not views:
        raise SendError("The post to answer is not there any more.", permanent=True)
    parent = {"uri": str(views[0].get("uri")), "cid": str(views[0].get("cid"))}
    return {"parent": parent, "root": _root(views[0]) or parent}


def _root(view: Mapping[str, Any]) -> Ref | None:
    parent_record = view.get("record")
    reply = parent_record.get("reply") if isinstance(parent_record, dict) else None
    root = reply.get("root") if isinstance(reply, dict) else None
    if not isinstance(root, dict):
        return None
    return {"uri": str(root.get("uri")), "cid": str(root.get("cid"))}


def _embed(out: Outgoing, account: AccountAccess) -> dict[str, Any] | None:
    images = []
    for file in [file for file in out.attachments if file.media_type.startswith("image/")][
        :MOST_PICTURES
    ]:
        content, media_type, width, height = pictures.fitting(file.content, PICTURE_BYTES)
        # A blob nothing refers to is thrown away by the server: uploading it again harms nothing.
        raw = (media_type, content)
        upload = call(account, "POST", "com.atproto.repo.uploadBlob", raw=raw)
        ratio = {"width": width, "height": height}
        images.append({"alt": file.alt, "image": upload.get("blob"), "aspectRatio": ratio})
    return {"$type": "app.bsky.embed.images", "images": images} if images else None


def _write(account: AccountAccess, own: str, kind: str, rkey: str, value: Mapping[str, Any]) -> Ref:
    """Create a record under its key; where one stands there already it is ours from an attempt before."""
    payload = {"repo": own, "collection": kind, "rkey": rkey, "record": value, "swapRecord": None}
    try:
        made = call(account, "POST", "com.atproto.repo.putRecord", payload=payload, writes=True)
    except SendError as fault:
        if fault.code != "InvalidSwap":
            raise
        made = record(account, f"at://{own}/{kind}/{rkey}") or {}
        if not made:  # taken away between the two
            raise SendError("The server contradicts itself.", ambiguous=True) from fault
    return {"uri": str(made.get("uri")), "cid": str(made.get("cid"))}


def _web(account: AccountAccess, uri: str) -> str:
    return f"{parsing.WEB}{account.address}/post/{uri.rsplit('/', 1)[1]}"


def look_for_post(out: Outgoing, account: AccountAccess, text: str) -> Receipt | None:
    """The post, when every part of it stands there; None when some part is missing (what is there is not repeated)."""
    own = did(account)
    first = atproto.tid(out.idempotency_key)
    for number, _part in enumerate(atproto.parts(text)):
        uri = f"at://{own}/{POST}/{atproto.part_key(first, number)}"
        if record(account, uri) is None:
            return None
    uri = f"at://{own}/{POST}/{first}"
    return Receipt(uri, "Looked up.", _web(account, uri))


# Taking back -----------------------------------------------------------------------------------


def _ours(uri: str, account: AccountAccess) -> atproto.AtUri:
    at = atproto.at_uri(uri)
    if at is None or at.collection != POST or at.repo != did(account):
        raise SendError("Only our own posts can be taken back.", permanent=True)
    return at


def withdraw(out: Outgoing, account: AccountAccess) -> Receipt:
    """Delete our post and what it was continued in. Deleting what is gone already is no fault.

    Raises:
        SendError: classified.
    """
    at = _ours(out.target, account)
    for number in range(atproto.MOST_PARTS):
        rkey = atproto.part_key(at.rkey, number)
        if number and record(account, f"at://{at.repo}/{POST}/{rkey}") is None:
            break
        payload = {"repo": at.repo, "collection": POST, "rkey": rkey}
        call(account, "POST", "com.atproto.repo.deleteRecord", payload=payload, writes=True)
    return Receipt(out.target)


def look_for_withdrawal(out: Outgoing, account: AccountAccess) -> Receipt | None:
    """Whether our post, and its first continuation, are gone."""
    at = _ours(out.target, account)
    for number in range(2):
        rkey = atproto.part_key(at.rkey, number)
        if record(account, f"at://{at.repo}/{POST}/{rkey}") is not None:
            return None
    return Receipt(out.target, "Looked up.")


# Hiding ----------------------------------------------------------------------------------------


def _gate_of(out: Outgoing, account: AccountAccess) -> atproto.AtUri:
    """The threadgate of the thread the reply stands in: it has the key of the thread's first post, in our repository."""
    views = posts(account, [out.target])
    root = _root(views[0]) if views else None
    at = atproto.at_uri(root["uri"]) if root else None
    if at is None or at.repo != did(account):
        raise SendError("Only replies in threads we began ourselves can be hidden.", permanent=True)
    return atproto.AtUri(at.repo, GATE, at.rkey)


def _hidden(value: Mapping[str, Any]) -> list[str]:
    uris = value.get("hiddenReplies")
    return [str(uri) for uri in uris] if isinstance(uris, list) else []


def hide(out: Outgoing, account: AccountAccess, *, shown: bool) -> Receipt:
    """Put a reply on the thread's list of hidden ones, or take it off; other rules of the thread stay as they are.

    Raises:
        SendError: the thread is not ours, or somebody changed the list at the same moment (then it is tried again).
    """
    gate = _gate_of(out, account)
    before = record(account, str(gate))
    value = dict((before or {}).get("value") or {})
    hidden = [uri for uri in _hidden(value) if uri != out.target]
    if not shown:
        hidden = [*hidden, out.target]
    if len(hidden) > MOST_HIDDEN:
        raise SendError(f"Bluesky takes at most {MOST_HIDDEN} hidden replies.", permanent=True)
    value |= {
        "$type": GATE,
        "post": f"at://{gate.repo}/{POST}/{gate.rkey}",
        "hiddenReplies": hidden,
    }
    value.setdefault("createdAt", timezone.now().isoformat().replace("+00:00", "Z"))
    payload: dict[str, Any] = {
        "repo": gate.repo,
        "collection": GATE,
        "rkey": gate.rkey,
        "record": value,
    }
    payload |= {"swapRecord": before.get("cid") if before else None}
    call(account, "POST", "com.atproto.repo.putRecord", payload=payload, writes=True)
    return Receipt(out.target)


def look_for_hiding(out: Outgoing, account: AccountAccess, *, shown: bool) -> Receipt | None:
    """Whether the reply stands on the list, or does not."""
    gate_record = record(account, str(_gate_of(out, account))) or {}
    listed = out.target in _hidden(gate_record.get("value") or {})
    return Receipt(out.target, "Looked up.") if listed != shown else None


# Direct messages -------------------------------------------------------------------------------


def message(out: Outgoing, account: AccountAccess, text: str) -> Receipt:
    """A direct message to one person.

    Raises:
        SendError: also when the app password may not, or the person takes none from us.
    """
    convo = _convo(out, account)
    payload = {"convoId": convo, "message": _with_facets(text)}
    name = "chat.bsky.convo.sendMessage"
    try:
        made = call(
            account, "POST", name, payload=payload, proxy=chat_service(account), writes=True
        )
    except SendError as fault:
        raise _only_this(fault) from fault
    return Receipt(parsing.chat_id(convo, str(made.get("id"))))


def _with_facets(text: str) -> dict[str, Any]:
    facets = atproto.facets(text, lambda _handle: None)
    return {"text": text, "facets": facets} if facets else {"text": text}


def _convo(out: Outgoing, account: AccountAccess) -> str:
    if not out.recipient.startswith("did:"):
        raise SendError("There is nobody to write to.", permanent=True)
    query = {"members": [out.recipient]}
    try:
        answer = call(
            account,
            "GET",
            "chat.bsky.convo.getConvoForMembers",
            query=query,
            proxy=chat_service(account),
        )
    except SendError as fault:
        raise _only_this(fault) from fault
    return str((answer.get("convo") or {}).get("id"))


def _only_this(fault: SendError) -> SendError:
    """That direct messages are not for us says nothing about the account: posts go on."""
    if fault.account:
        return SendError(
            f"Direct messages are not allowed with this app password ({fault}).",
            code=fault.code,
            status=fault.status,
            permanent=True,
        )
    return fault


def look_for_message(out: Outgoing, account: AccountAccess, text: str) -> Receipt | None:
    """A message of ours with these very words that no other delivery claims, among the newest hundred there.

    The network has no key of ours: two messages with the same words at the same time could be taken for each other,
    which does no harm, as both then stand there.

    Raises:
        SendError: it cannot be told.
    """
    convo, own = _convo(out, account), did(account)
    messages = chat(account, "getMessages", convoId=convo, limit=100).get("messages") or []
    for message in messages:
        ours = isinstance(message, dict) and (message.get("sender") or {}).get("did") == own
        if not ours or str(message.get("text")) != text or _old(message.get("sentAt")):
            continue
        receipt = parsing.chat_id(convo, str(message.get("id")))
        if not is_claimed(account.id, receipt):
            return Receipt(receipt, "Looked up.")
    return None


def _old(sent_at: Any) -> bool:
    at = clocks.when(sent_at)
    return at is not None and at < timezone.now() - CHAT_WINDOW
