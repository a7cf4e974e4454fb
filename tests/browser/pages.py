"""The pages there are in the example municipality, for tests that walk them all."""

from __future__ import annotations

import re

from playwright.sync_api import Page

PUBLIC = (
    "/",
    "/spor",
    "/spor?q=br%C3%B8yting",
    "/svar/",
    "/svar/?enhet=teknisk-drift",
    "/svar/?emne=avfall",
    "/svar/naar-er-fristen-for-aa-soeke-barnehageplass",
    "/embed/svar",
    "/embed/svar?q=br%C3%B8yting&sprak=nn",
    "/vegg",
    "/vegg/nytt",
    "/prat",
    "/prat?ramme=1",
    "/kontoer",
    "/ap/nordvaag",
    "/sok",
    "/sok?q=br%C3%B8yt",
    "/sok?q=finnesikke",
    "/min-side/inn",
    "/personvern",
    "/tilgjengelighet",
    "/regler",
    "/feed/",
    "/saker/NV-2020-99",
    "/finnes-ikke",
    "/konto/login/",
    "/konto/password/reset/",
    "/min-side/inn/ukjent",
    "/folg/ukjent",
    "/folg/ukjent/slutt",
)
STAFF = (
    "/desk/",
    "/desk/?vis=mine",
    "/desk/?vis=closed",
    "/desk/sok",
    "/desk/sok?q=br%C3%B8yt",
    "/desk/sok?enhet=teknisk-drift&tilstand=new",
    "/desk/tall",
    "/desk/vegg",
    "/desk/svar",
    "/desk/svar?vis=no",
    "/desk/svar?vis=asked",
    "/desk/svar?vis=all",
    "/desk/svar?vis=gone",
    "/desk/emner",
    "/desk/svar/naar-blir-veien-min-broeytet/utgaver",
    "/desk/svar/naar-blir-veien-min-broeytet/gi",
    "/desk/svar/naar-blir-veien-min-broeytet/oversett/nn",
    "/desk/karantene",
    "/desk/sendinger",
    "/desk/vakt",
    "/desk/nevnt",
    "/desk/godkjenning",
    "/desk/innstillinger/godkjenning",
    "/desk/svarmaler",
    "/desk/svarmaler/ny",
    "/desk/innstillinger",
    "/desk/innstillinger/kanal/1",
    "/desk/?vis=late",
    "/desk/?vis=snoozed",
    "/desk/?vis=waiting&merke=vinter",
    "/desk/meg",
    "/desk/vakt/overlever",
    "/desk/innstillinger/frister",
    "/desk/innstillinger/merker",
    "/desk/innstillinger/makroer",
    "/desk/innstillinger/regler",
    "/desk/innstillinger/regler/1/prov",
    "/desk/innstillinger/fordeling",
    "/desk/innstillinger/fordeling/servicetorget",
    "/min-side",
    "/konto/2fa/",
    "/konto/2fa/totp/activate/",
    "/konto/2fa/webauthn/add/",
    "/konto/password/change/",
    "/konto/logout/",
)
ADMINISTRATOR = (
    "/desk/kom-i-gang",
    *(
        f"/desk/innstillinger{page}"
        for page in (
            "",
            "/epost",
            "/ny",
            "/ny/bluesky",
            "/ny/sms",
            "/kanal/1",
            "/kanal/2",
            "/kanal/5",
            "/kommunen",
            "/enheter",
            "/enheter/teknisk-drift",
            "/kollegaer",
            "/kollegaer/1",
            "/kollegaer/tabell",
        )
    ),
)


def first(page: Page, listing: str, pattern: str) -> str:
    """The first address on a page that looks like this."""
    page.goto(listing)
    found = re.search(pattern, page.content())
    assert found, f"no {pattern} on {listing}"
    return found.group(0)


def public_pages(page: Page) -> tuple[str, ...]:
    """What residents open."""
    answer = first(page, "/svar/", r"/svar/[a-z0-9-]+")
    return (*PUBLIC, answer, first(page, "/vegg", r"/vegg/NV-\d+-\d+"))


def staff_pages(page: Page) -> tuple[str, ...]:
    """What staff open; the page is signed in."""
    case = first(page, "/desk/", r"/desk/sak/NV-\d+-\d+")
    answered = first(page, "/desk/?vis=answered", r"/desk/sak/NV-\d+-\d+")
    answer = first(page, "/svar/", r"/svar/[a-z0-9-]+")
    canned = first(page, "/desk/svarmaler", r"/desk/svarmaler/\d+")
    aside = first(page, "/desk/sok?q=skoleskyss", r"/desk/sak/NV-\d+-\d+")
    work = [f"{case}/{page}" for page in ("slaa-sammen", "del-opp", "utskrift")]
    addresses = (*STAFF, case, answered, *work, f"{answered}/publiser", f"/desk{answer}")
    bluesky = first(page, "/desk/sok?q=postbilen", r"/desk/sak/NV-\d+-\d+")
    held = first(page, "/desk/sok?q=nye+skolen", r"/desk/sak/NV-\d+-\d+")
    comment = first(page, held, r"/desk/melding/[0-9a-f-]{36}")
    posted = first(page, "/desk/vegg", r"/desk/vegg/NV-\d+-\d+")
    return (*addresses, canned, aside, bluesky, comment, posted)
