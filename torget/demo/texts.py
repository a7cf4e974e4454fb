"""The words of the example municipality: invented people, places and talk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any

NUMBER = "9901"
MUNICIPALITY: dict[str, Any] = {
    "number": NUMBER,
    "name": "Nordvåg",
    "slug": "nordvaag",
    "ref_prefix": "NV",
    "phone": "70 00 00 00",
    "email": "postmottak@nordvaag.example.no",
    "website": "https://www.nordvaag.example.no",
    "colour": "#0b5c72",
    "languages": ["nb", "nn", "en"],
    "coat_of_arms": (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 48"><path fill="#0b5c72" d="M2 2h36v22c0 12-8 18-18 '
        '22C10 42 2 36 2 24z"/><path fill="none" stroke="#fff" stroke-width="3.4" stroke-linecap="round" d="M7 20c4.3'
        '-4 8.7-4 13 0s8.7 4 13 0M7 29c4.3-4 8.7-4 13 0s8.7 4 13 0"/><path fill="#fff" d="M20 6l2 4.2h-4z"/></svg>'
    ),
}

UNITS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "nordvaag",
        "",
        {
            "name": "Nordvåg kommune",
            "name_nn": "Nordvåg kommune",
            "name_en": "Nordvåg municipality",
            "receives": False,
        },
    ),
    (
        "servicetorget",
        "nordvaag",
        {
            "name": "Servicetorget",
            "name_nn": "Servicetorget",
            "name_en": "Service centre",
            "is_front": True,
        },
    ),
    (
        "teknisk-drift",
        "nordvaag",
        {
            "name": "Teknisk drift",
            "name_nn": "Teknisk drift",
            "name_en": "Technical operations",
            "keywords": [
                "brøyt",
                "strø",
                "hull i",
                "gatelys",
                "avfall",
                "søppel",
                "vann",
                "avløp",
                "grøft",
            ],
        },
    ),
    (
        "oppvekst",
        "nordvaag",
        {
            "name": "Oppvekst",
            "name_nn": "Oppvekst",
            "name_en": "Children and education",
            "keywords": ["barnehage", "skole", "sfo", "skule"],
        },
    ),
    (
        "fjellheim-skole",
        "oppvekst",
        {
            "name": "Fjellheim skole",
            "name_nn": "Fjellheim skule",
            "name_en": "Fjellheim school",
            "keywords": ["fjellheim skole"],
        },
    ),
    (
        "plan-bygg",
        "nordvaag",
        {
            "name": "Plan og bygg",
            "name_nn": "Plan og bygg",
            "name_en": "Planning and building",
            "keywords": ["byggesak", "nabovarsel", "garasje", "regulering"],
        },
    ),
    (
        "kultur",
        "nordvaag",
        {
            "name": "Kultur og bibliotek",
            "name_nn": "Kultur og bibliotek",
            "name_en": "Culture and library",
            "keywords": ["bibliotek", "kino", "svømmehall", "kulturhus"],
        },
    ),
]


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who works in Nordvåg."""

    key: str
    first_name: str
    last_name: str
    unit: str
    roles: tuple[tuple[str, str], ...]

    @property
    def email(self) -> str:
        """The sign-in."""
        return f"{self.key}@nordvaag.example.no"


STAFF = [
    Employee("martin", "Martin", "Solvik", "servicetorget", (("responder", "nordvaag"),)),
    Employee(
        "per",
        "Per",
        "Haugland",
        "servicetorget",
        (("duty_lead", "nordvaag"), ("responder", "nordvaag")),
    ),
    Employee("ola", "Ola", "Brekke", "teknisk-drift", (("responder", "teknisk-drift"),)),
    Employee(
        "amina", "Amina", "Warsame", "kultur", (("editor", "nordvaag"), ("responder", "kultur"))
    ),
    Employee("siri", "Siri", "Tveit", "servicetorget", (("archivist", "nordvaag"),)),
    Employee("liv", "Liv", "Nesheim", "servicetorget", (("administrator", "nordvaag"),)),
    Employee("gunn", "Gunn", "Lervik", "plan-bygg", (("approver", "nordvaag"),)),
    Employee(
        "kristin",
        "Kristin",
        "Dahl",
        "servicetorget",
        (("crisis_lead", "nordvaag"), ("responder", "nordvaag")),
    ),
]

SIGN_INS = [
    ("svarer på servicetorget", "martin@nordvaag.example.no"),
    ("vaktleder", "per@nordvaag.example.no"),
    ("svarer i teknisk drift", "ola@nordvaag.example.no"),
    ("redaktør", "amina@nordvaag.example.no"),
    ("godkjenner", "gunn@nordvaag.example.no"),
    ("administrator", "liv@nordvaag.example.no"),
]

# Who, on which weekdays (Monday is 0), from, to.
WORKDAYS, WEEKEND = range(5), range(5, 7)
SHIFTS = [
    ("martin@nordvaag.example.no", WORKDAYS, time(8), time(15, 30)),
    ("ola@nordvaag.example.no", WORKDAYS, time(7), time(15)),
    ("per@nordvaag.example.no", WORKDAYS, time(15, 30), time(22)),
    ("kristin@nordvaag.example.no", WEEKEND, time(10), time(18)),
]


@dataclass(frozen=True, slots=True)
class Turn:
    """What was said next."""

    text: str
    by: str = ""
    name: str = ""
    minutes_later: int = 30
    note: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One conversation, from the beginning."""

    text: str
    hours_ago: float
    unit: str = ""
    kind: str = "question"
    visibility: str = "private"
    name: str = ""
    language: str = "nb"
    by_staff: str = ""
    subject: str = ""
    turns: tuple[Turn, ...] = ()
    answer: tuple[str, str, str] | None = None


SCENES = [
    Scene(
        "Hei! Jeg har mistet nøkkelen til avfallsdunken. Hvordan får jeg en ny, og hva koster det?",
        hours_ago=150,
        unit="teknisk-drift",
        visibility="private",
        name="Torill B.",
        turns=(
            Turn(
                "Du får ny nøkkel gratis på Servicetorget. Vi er åpne mandag til fredag fra 8 til 15.30.",
                by="martin",
            ),
        ),
        answer=(
            "Hvordan får jeg ny nøkkel til avfallsdunken?",
            "Du får ny nøkkel gratis på Servicetorget i Storgata 1. Vi har åpent mandag til fredag fra kl. 8 til 15.30. "
            "Du trenger ikke å ha med noe.",
            "martin",
        ),
    ),
    Scene(
        "Når er fristen for å søke barnehageplass til høsten?",
        hours_ago=130,
        unit="oppvekst",
        visibility="public",
        name="Hanne",
        turns=(
            Turn(
                "Fristen for hovedopptaket er 1. mars. Du kan også søke resten av året, men da etter ledige plasser.",
                by="martin",
                minutes_later=55,
            ),
        ),
        answer=(
            "Når er fristen for å søke barnehageplass?",
            "Fristen for hovedopptaket er **1. mars**. Du får svar i løpet av april.\n\nDu kan søke hele året, men plass "
            "utenom hovedopptaket avhenger av om det er ledig.",
            "martin",
        ),
    ),
    Scene(
        "Kvar kan eg levere farleg avfall?",
        hours_ago=110,
        unit="teknisk-drift",
        language="nn",
        name="Arne",
        turns=(
            Turn(
                "Du kan levere farleg avfall gratis på gjenvinningsstasjonen i Havnegata, laurdagar frå 10 til 14.",
                by="ola",
                minutes_later=80,
            ),
        ),
        answer=(
            "Hvor kan jeg levere farlig avfall?",
            "Farlig avfall leverer du gratis på gjenvinningsstasjonen i Havnegata. Den har åpent tirsdag kl. 12–19 og "
            "lørdag kl. 10–14. Maling, batterier og lysrør regnes som farlig avfall.",
            "ola",
        ),
    ),
    Scene(
        "Når blir gatene brøytet? Hvilke veier tar dere først?",
        hours_ago=90,
        unit="teknisk-drift",
        visibility="public",
        name="Geir",
        turns=(
            Turn(
                "Hovedveier og gangveier til skolene tas først, fra kl. 04. Boligveier tas når det er mer enn 8 cm snø.",
                by="ola",
                minutes_later=25,
            ),
        ),
        answer=(
            "Når blir veien min brøytet?",
            "Vi begynner kl. 04. Hovedveier og gangveier til skolene tas først. Boligveier brøytes når det er mer enn "
            "8 cm snø, og skal være ferdige innen kl. 15 samme dag.\n\nEr veien ikke brøytet da? Si fra til oss.",
            "ola",
        ),
    ),
    Scene(
        "Må jeg søke for å bygge garasje?",
        hours_ago=75,
        unit="plan-bygg",
        name="Lars",
        turns=(
            Turn(
                "En frittliggende garasje under 50 m² trenger som regel ikke søknad, men du må sjekke planen for tomta og melde fra når den er ferdig.",
                by="martin",
                minutes_later=200,
            ),
        ),
        answer=(
            "Må jeg søke for å bygge garasje?",
            "En frittliggende garasje på inntil 50 m² kan du som regel bygge uten å søke. Den må stå minst én meter fra "
            "nabogrensen og følge planen for tomta. Meld fra til oss når den er ferdig, så den kommer på kartet.",
            "martin",
        ),
    ),
    Scene(
        "Gangveien til Fjellheim skole er ferdig. Den er 640 meter lang, har lys og blir strødd om vinteren. Vi åpner "
        "den mandag kl. 8, og rektor kommer med kakao til de første som går.",
        hours_ago=50,
        unit="teknisk-drift",
        kind="wall",
        by_staff="amina",
        subject="Ny gangvei til Fjellheim skole åpner mandag",
        turns=(
            Turn(
                "Så flott! Endelig slipper ungene å gå langs bilveien.",
                name="Mette",
                minutes_later=40,
            ),
            Turn("Blir det lys helt fram til skolen?", name="Jonas", minutes_later=75),
            Turn(
                "Ja, det er lys hele veien. De siste lampene kom opp i går.",
                by="ola",
                minutes_later=30,
            ),
        ),
    ),
    Scene(
        "Biblioteket har kveldsåpent hver torsdag til kl. 20 fra og med neste uke. Du kan låne og levere selv etter kl. 16.",
        hours_ago=28,
        unit="kultur",
        kind="wall",
        by_staff="amina",
        subject="Kveldsåpent på biblioteket",
        turns=(Turn("Gjelder det også i juleferien?", name="Ingrid", minutes_later=300),),
    ),
    Scene(
        "Takk til gjengen som strødde fortauet i Strandgata i dag tidlig. Det betyr mye for oss som går med rullator.",
        hours_ago=20,
        kind="wall",
        visibility="public",
        name="Solveig",
        turns=(
            Turn(
                "Takk for at du sier det! Vi sender hilsenen videre til brøytelaget.",
                by="ola",
                minutes_later=50,
            ),
        ),
    ),
    Scene(
        "Hei, Fjellveien er ikke brøytet siden fredag. Kommer dere i dag?",
        hours_ago=3.2,
        unit="teknisk-drift",
        visibility="public",
        name="Kari N.",
        turns=(
            Turn(
                "Entreprenøren er på vei, ferdig ca. kl. 11.", by="per", minutes_later=28, note=True
            ),
        ),
    ),
    Scene(
        "Sønnen min begynner på SFO i januar. Hvordan melder jeg ham på, og kan han gå bare tre dager i uka?",
        hours_ago=2.1,
        unit="oppvekst",
        name="Ewa",
    ),
    Scene(
        "Gatelyset utenfor Kirkegata 12 har vært mørkt i en uke.",
        hours_ago=1.2,
        unit="teknisk-drift",
        name="",
    ),
    Scene(
        "Is the swimming pool open during the Christmas holidays?",
        hours_ago=0.5,
        unit="kultur",
        language="en",
        visibility="public",
        name="Daniel",
    ),
]
