"""What those who answer in the example municipality have at hand: ready-made replies, and cases in the middle of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ready:
    """A ready-made reply."""

    name: str
    shortcut: str
    nb: str
    nn: str = ""
    en: str = ""
    unit: str = ""


CANNED = [
    Ready(
        "Takk for tipset",
        "takk",
        "Hei {fornavn}! Takk for at du sa fra. Vi har sendt det videre til dem som kan ordne det.\n\n"
        "Saksnummeret er {saksnummer}. Du kan ringe oss på {telefon} hvis det haster.",
        "Hei {fornavn}! Takk for at du sa frå. Vi har sendt det vidare til dei som kan ordne det.\n\n"
        "Saksnummeret er {saksnummer}. Du kan ringje oss på {telefon} om det hastar.",
        "Hi {fornavn}! Thank you for telling us. We have passed it on to those who can fix it.\n\n"
        "The case number is {saksnummer}. Call us on {telefon} if it is urgent.",
    ),
    Ready(
        "Foreløpig svar: vi trenger mer tid",
        "mer-tid",
        "Hei {fornavn}! Vi har fått henvendelsen din og arbeider med den. Vi trenger litt mer tid enn vanlig, og "
        "{enhet} svarer deg så snart vi kan.",
        "Hei {fornavn}! Vi har fått førespurnaden din og arbeider med han. Vi treng litt meir tid enn vanleg, og "
        "{enhet} svarar deg så snart vi kan.",
        "Hi {fornavn}! We have received your question and are working on it. We need a little more time than usual, "
        "and {enhet} will answer you as soon as we can.",
    ),
    Ready(
        "Brøyting av vei",
        "broyting",
        "Hei {fornavn}! Vi brøyter hovedveier og gangveier til skolene først, fra kl. 04. Boligveier brøytes når det er "
        "mer enn 8 cm snø, og skal være ferdige innen kl. 15. Er veien ikke brøytet da, så skriv til oss igjen.",
        "Hei {fornavn}! Vi brøyter hovudvegar og gangvegar til skulane først, frå kl. 04. Bustadvegar blir brøytte når "
        "det er meir enn 8 cm snø, og skal vere ferdige innan kl. 15. Er vegen ikkje brøytt då, så skriv til oss igjen.",
        "Hi {fornavn}! We plough main roads and footpaths to the schools first, from 4 am. Residential roads are "
        "ploughed when there is more than 8 cm of snow, and should be done by 3 pm.",
        unit="teknisk-drift",
    ),
    Ready(
        "Gatelys som ikke virker",
        "gatelys",
        "Hei {fornavn}! Takk for at du meldte fra om gatelyset. Vi retter mørke gatelys én gang i uka, som regel onsdag. "
        "Er flere lys på rad mørke, kommer vi før.",
        "Hei {fornavn}! Takk for at du melde frå om gatelyset. Vi rettar mørke gatelys éin gong i veka, som regel "
        "onsdag. Er fleire lys på rad mørke, kjem vi før.",
        unit="teknisk-drift",
    ),
    Ready(
        "Melde på til SFO",
        "sfo",
        "Hei {fornavn}! Du melder på til SFO med skjemaet på kommunens nettsider. Du kan velge hel plass eller tre dager "
        "i uka, og starte den første i en måned.",
        "Hei {fornavn}! Du melder på til SFO med skjemaet på nettsidene til kommunen. Du kan velje heil plass eller tre "
        "dagar i veka, og byrje den første i ein månad.",
        "Hi {fornavn}! You enrol in the after-school programme with the form on our website. You can choose a full "
        "place or three days a week, and start on the first of a month.",
        unit="oppvekst",
    ),
    Ready(
        "Åpningstider i jula",
        "jul",
        "Hei! Vi har stengt julaften, 1. og 2. juledag og 1. nyttårsdag. Ellers har vi åpent som vanlig fra 8 til 15.30.",
        "Hei! Vi har stengt julaftan, 1. og 2. juledag og 1. nyttårsdag. Elles har vi ope som vanleg frå 8 til 15.30.",
        "Hi! We are closed on 24–26 December and 1 January. Otherwise we are open as usual from 8 am to 3.30 pm.",
    ),
]

# A kind of reply that a second person must approve, and one that waits for it.
TERM = ("Offentlige svar om byggesaker", "plan-bygg", "public")
WAITING = (
    "Naboen har satt opp et gjerde på over to meter. Er det lov uten å søke?",
    "Frode",
    "Et gjerde på inntil 1,8 meter kan som regel settes opp uten å søke. Er det høyere, må det søkes om. Vi ser på saken.",
    "martin",
)

# A public question that went on in private.
ASIDE = (
    "Hvorfor får ikke datteren min skoleskyss lenger?! Ingen svarer når jeg ringer!",
    "Marianne",
    "Hei Marianne. Det beklager vi. Vedtaket om skyss gikk ut i oktober, og vi kan fornye det for datteren din i dag. "
    "Skriv til oss her om det passer å ringe deg i ettermiddag.",
    "Hei! Det skal ikke være vanskelig å få svar. Vi fortsetter samtalen privat, fordi den gjelder et barn.",
    "Ja, etter klokka tre passer fint. Takk.",
    "martin",
)

# Begun and left: subject words, who, how far they came.
DRAFT = ("SFO i januar", "kristin", "Hei Ewa! Ja, han kan gå tre dager i uka. Du melder ham på")

# A colleague named in a note: subject words, who, note.
NAMED = (
    "swimming pool",
    "amina",
    "@martin vet du om svømmehallen har åpent i romjula? @teknisk-drift styrer vaktene.",
)
