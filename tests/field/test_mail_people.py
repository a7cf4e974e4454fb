"""Who is answered is who speaks: a form's or a robot's mail stands for the person it names, and everybody on copy is seen."""

from __future__ import annotations

import pytest

from tests.field.letters import letter, understood
from tests.field.test_mail import KARI, OWN

OTHER = "ola@innbygger.example"


@pytest.mark.parametrize(
    ("headers", "answered", "wants"),
    [
        ({"From": "noreply@skjema.example", "Reply-To": f"Ola <{OTHER}>"}, OTHER, ""),
        ({"From": "wordpress@vel.example", "Reply-To": OTHER}, OTHER, ""),
        ({"From": "Skjema <ikke-svar@skjema.example>", "Reply-To": OTHER}, OTHER, ""),
        ({"From": f"Nettsiden <{OWN}>", "Reply-To": OTHER}, OTHER, ""),
        ({"From": "noreply@a.example", "Reply-To": "noreply@b.example"}, "noreply@a.example", ""),
        ({"Reply-To": OTHER}, KARI, OTHER),
        ({"Reply-To": KARI}, KARI, ""),
        ({"Reply-To": OWN}, KARI, ""),
        ({"Reply-To": OTHER, "List-Id": "<vel.example>"}, KARI, ""),
        ({"Reply-To": "<>"}, KARI, ""),
        ({"Reply-To": "=?utf-8?q?Ola?= <>"}, KARI, ""),
        ({"Sender": "assistent@innbygger.example"}, KARI, ""),
    ],
)
def test_the_answer_goes_to_whom_it_should(headers, answered, wants):
    found = understood(letter("Hei", **headers))
    assert (found.author.external_id, found.reply_to) == (answered, wants)


@pytest.mark.parametrize(
    ("headers", "copied"),
    [
        ({"Cc": f"Ola <{OTHER}>, {OWN}"}, [OTHER]),
        ({"To": f"{OWN}, {OTHER}"}, [OTHER]),
        ({"To": f"{OTHER}; {OWN}"}, [OTHER]),
        ({"Cc": f"Velet: Ola <{OTHER}>, {KARI};"}, [OTHER]),
        ({"Cc": f"postmottak+abc@nordvaag.example.no, {OTHER.upper()}"}, [OTHER]),
        ({"Cc": "undisclosed-recipients:;"}, []),
        ({"Cc": "Ola uten adresse"}, []),
    ],
)
def test_everybody_else_it_was_sent_to_is_seen(headers, copied):
    assert understood(letter("Hei", **headers)).copied_to == copied
