"""What can mean nothing to us is thanked for and forgotten: a refusal would be sent again and again."""

from __future__ import annotations

import http.client
import json

from tests.square import Square


def test_news_of_somebody_we_never_knew_is_thanked_for_and_forgotten(square: Square) -> None:
    ((hook,),) = square.query(
        "SELECT key FROM channels_account WHERE network = 'activitypub' ORDER BY id LIMIT 1"
    )
    gone = "https://stor.example/users/ukjent"
    body = json.dumps({"id": f"{gone}#delete", "type": "Delete", "actor": gone, "object": gone})
    signature = f'keyId="{gone}#main-key",headers="host date digest",signature="AAAA"'
    headers = {"content-type": "application/activity+json", "signature": signature}
    link = http.client.HTTPConnection("localhost", square.port, timeout=30)
    link.request("POST", f"/hooks/{hook}", body.encode(), headers)
    assert link.getresponse().status == 202
    link.close()
    assert square.query("SELECT count(*) FROM intake_envelope WHERE body LIKE '%%ukjent%%'") == [
        (0,)
    ]
