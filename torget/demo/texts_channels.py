"""What the example municipality stands on, and what people say to it there: invented accounts, people and talk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# In the fediverse we are the server ourselves: unit, name there, name shown.
ACTORS = [
    ("nordvaag", "nordvaag", "Nordvåg kommune"),
    ("teknisk-drift", "drift", "Teknisk drift, Nordvåg"),
    ("kultur", "kultur", "Kultur og bibliotek, Nordvåg"),
]

DECIDER = "Kommunedirektør Hilde Moen"
IN_USE = (
    "Innbyggerne våre finnes i fødiverset, og noen bare der. Vi kan svare dem uten at de må bli kunde hos et "
    "selskap, og serveren er vår egen.\n\n"
    "Personopplysninger: navn, brukernavn og det folk skriver til oss. Offentlige innlegg blir også liggende på "
    "serveren de ble skrevet på. Private meldinger der er ikke kryptert hele veien, så vi ber ingen om fødselsnummer "
    "eller opplysninger om helse, og viser heller til sikker post.\n\n"
    "Risikoen er vurdert som lav. Personvernombudet har lest vurderingen. Vi ser på den igjen om ett år."
)
INVENTED = (
    "Nordvåg er en oppdiktet kommune. Kontoen står her for å vise hvordan kanalen ser ut, og er ikke koblet til. "
    "Torget spør aldri etter nytt der og sender ingenting dit.\n\n"
)


@dataclass(frozen=True, slots=True)
class Place:
    """An account that is shown, but not in use."""

    network: str
    address: str
    name: str
    weighed: str
    settings: dict[str, Any]
    unit: str = "servicetorget"


PLACES = [
    Place(
        "bluesky",
        "nordvaag.example.no",
        "Nordvåg kommune",
        INVENTED
        + "Skal en kommune ta kontoen i bruk: alt på Bluesky er offentlig, også hvem som følger hvem, og det ligger "
        "hos et selskap i USA. Bruk kommunens eget domene som brukernavn, så ser alle hvem som står bak.",
        {},
    ),
    Place(
        "facebook",
        "100000000000001",
        "Nordvåg kommune",
        INVENTED
        + "Skal en kommune ta siden i bruk: Meta samler inn opplysninger om alle som besøker den, og kommunen er "
        "felles behandlingsansvarlig for statistikken. Gjør en egen personvernvurdering (DPIA) først.",
        {},
    ),
    Place(
        "instagram",
        "17840000000000001",
        "Nordvåg kommune",
        INVENTED
        + "Skal en kommune ta kontoen i bruk: bilder av folk krever samtykke, og bilder av barn krever det fra "
        "foreldrene.",
        {"page_id": "100000000000001"},
    ),
    Place(
        "sms",
        "02097",
        "SMS til kommunen",
        INVENTED
        + "Skal en kommune ta nummeret i bruk: meldingene går gjennom en leverandør. Lag en databehandleravtale, og "
        "send aldri sensitive opplysninger på SMS.",
        {"way": "http", "sender": "02097"},
    ),
    Place(
        "mastodon",
        "nordvaag@mastodon.example",
        "Nordvåg kommune",
        INVENTED
        + "Torget er selv en server i fødiverset. En egen konto på Mastodon trengs bare når kommunen hadde en fra før.",
        {},
    ),
    Place(
        "matrix",
        "@nordvaag:matrix.example",
        "Nordvåg kommune",
        INVENTED
        + "Skal en kommune ta rommet i bruk: krypterte rom kan vi ikke lese. Bruk åpne rom, og si det i romnavnet.",
        {},
    ),
    Place(
        "youtube",
        "UCnordvaagkommune0000001",
        "Nordvåg kommune",
        INVENTED
        + "Skal en kommune ta kanalen i bruk: sett kommentarer til gjennomgang, så slipper dere dem fram herfra.",
        {},
    ),
    Place(
        "rss",
        "https://www.nordvaagblad.example/rss",
        "Nordvåg Blad",
        INVENTED
        + "Skal en kommune følge avisa: vi leser bare det avisa selv legger ut for alle, og lagrer de sakene som "
        "nevner kommunen.",
        {"words": "Nordvåg kommune, ordføreren"},
        unit="kultur",
    ),
]


@dataclass(frozen=True, slots=True)
class Said:
    """Something said on a network; `who` is a stable name there, `name` what people read."""

    network: str
    key: str
    who: str
    name: str
    text: str
    hours_ago: float


# One street, asked about on four networks; then what else a day brings.
SAID = [
    Said(
        "rss",
        "https://www.nordvaagblad.example/sak/1204",
        "Nordvåg Blad",
        "Håkon Strand",
        "Nordvåg kommune brøyter for sent, mener naboene|Tre dager etter snøfallet er Bakkeveien fortsatt ikke "
        "ryddet. – Vi har prioritert skoleveiene, sier lederen for teknisk drift.",
        9.0,
    ),
    Said(
        "youtube",
        "UgxNordvaag0001",
        "UCinnbygger0001",
        "@jan-egil",
        "Ring meg på 900 00 000, så skal jeg fortelle dere hvordan det egentlig går med den nye skolen.",
        7.5,
    ),
    Said(
        "facebook",
        "100000000000001_7001",
        "9001",
        "Berit Aas",
        "Dette er jo helt håpløst!!! Dere har penger til nytt rådhus, men IKKE til å måke veien vår. Skandale!",
        6.0,
    ),
    Said(
        "messenger",
        "m_nordvaag_0001",
        "9001",
        "Berit Aas",
        "Beklager at jeg ble så sint i kommentarfeltet. Mannen min er hjertesyk, og ambulansen kommer ikke opp bakken. "
        "Kan noen ringe meg?",
        5.4,
    ),
    Said(
        "bluesky",
        "3lbnordvaag01",
        "did:plc:nordvaagexample000000001",
        "Sunniva",
        "Bakkeveien er ikke brøytet, og postbilen kom ikke fram i dag heller. Når kommer dere?",
        4.5,
    ),
    Said(
        "facebook",
        "100000000000001_7002",
        "9002",
        "Roar Vik",
        "Hei! Vet dere når plogen kommer til Bakkeveien?",
        4.0,
    ),
    Said(
        "sms",
        "mo-nordvaag-1",
        "+4790000002",
        "",
        "Hei. Er det mulig å få brøytet Bakkeveien 14 i dag? Jeg skal på sykehuset kl 8 i morgen.",
        3.6,
    ),
    Said(
        "activitypub",
        "113500000000000001",
        "asta",
        "Åsta",
        "Kommer plogen til Bakkeveien før helga?",
        2.8,
    ),
]

CHAT = (
    "Hei! Jeg fikk et brev om ny vannmåler. Må jeg være hjemme når dere bytter den?",
    "Nils",
    "Hei Nils! Ja, én voksen må være hjemme. Det tar ti minutter. Passer torsdag etter klokka fire?",
    "martin",
    1.6,
)

# A post that goes out on the wall and to an actor of ours.
POST = (
    "Vi brøyter Bakkeveien i kveld",
    "Plogen har stått i to dager og er reparert. Vi tar Bakkeveien og Lia i kveld, og er ferdige før klokka 22. Takk "
    "til alle som sa fra.",
    "Plogen er reparert. Vi tar Bakkeveien og Lia i kveld, og er ferdige før klokka 22. #snø",
    "amina",
    0.9,
)
