"""The words of the example's answers: topics, translations, visitors."""

from __future__ import annotations

TOPICS = [
    ("Avfall", "Avfall", "Waste"),
    ("Barn og skole", "Barn og skule", "Children and school"),
    ("Vei og vinter", "Veg og vinter", "Roads and winter"),
    ("Bygging", "Bygging", "Building"),
]

# Question → what it is about.
ABOUT: dict[str, list[str]] = {
    "Hvordan får jeg ny nøkkel til avfallsdunken?": ["Avfall"],
    "Hvor kan jeg levere farlig avfall?": ["Avfall"],
    "Når er fristen for å søke barnehageplass?": ["Barn og skole"],
    "Når blir veien min brøytet?": ["Vei og vinter"],
    "Må jeg søke for å bygge garasje?": ["Bygging"],
}

EXPIRES_IN_DAYS = {"Når er fristen for å søke barnehageplass?": 12}

REWRITTEN = {
    "Når blir veien min brøytet?": (
        "Vi begynner kl. 04. Hovedveier og gangveier til skolene tas først. Boligveier brøytes når det er mer enn "
        "8 cm snø, og skal være ferdige innen kl. 13 samme dag.\n\nEr veien ikke brøytet da? Si fra til oss."
    )
}

TRANSLATED = [
    (
        "Når er fristen for å søke barnehageplass?",
        "nn",
        "Når er fristen for å søkje barnehageplass?",
        "Fristen for hovudopptaket er **1. mars**. Du får svar i løpet av april.\n\nDu kan søkje heile året, men plass "
        "utanom hovudopptaket kjem an på om det er ledig.",
    ),
    (
        "Når er fristen for å søke barnehageplass?",
        "en",
        "When is the deadline for applying for kindergarten?",
        "The deadline is **1 March**. You will hear from us during April.\n\nYou can apply all year, but outside the "
        "main admission a place depends on whether one is free.",
    ),
]

# Question, whether it helped, a word.
RATED = [
    ("Når blir veien min brøytet?", True, ""),
    ("Når blir veien min brøytet?", True, ""),
    ("Når blir veien min brøytet?", False, "Jeg fant ikke ut om Fjellveien er en boligvei."),
    ("Når er fristen for å søke barnehageplass?", True, ""),
    ("Må jeg søke for å bygge garasje?", False, ""),
]
