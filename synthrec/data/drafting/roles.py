"""The likely role of a column, from the words of its name and the pattern of its texts."""

from __future__ import annotations

from synthrec.data.drafting.texts import Texts
from synthrec.schema.model import Column, Role

DIRECT_WORDS = frozenset(
    {"surname", "firstname", "lastname", "forename", "fullname", "email", "mail", "phone", "telephone", "tel"}
    | {"mobile", "fax", "ssn", "mrn", "nhs", "address", "street", "iban", "passport", "maiden"}
)
"""Direct identifiers, whether or not values repeat."""
NAME_PARTS = frozenset({"first", "last", "full", "given", "family", "middle", "maiden"})
QUASI_WORDS = frozenset(
    {"age", "sex", "gender", "zip", "zipcode", "postcode", "postal", "birth", "birthdate", "birthday", "dob"}
    | {
        "race",
        "ethnicity",
        "ethnic",
        "marital",
        "marriage",
        "education",
        "occupation",
        "country",
        "city",
        "town",
    }
    | {"lat", "lon", "latitude", "longitude", "fips", "birthplace", "deathdate", "death"}
    | {"nationality", "religion", "county", "state", "region", "district", "language", "workclass", "puma"}
)
SENSITIVE_WORDS = frozenset(
    {
        "diagnosis",
        "diag",
        "icd",
        "disease",
        "hiv",
        "income",
        "salary",
        "wage",
        "amount",
        "amt",
        "balance",
        "bal",
    }
    | {
        "bill",
        "pay",
        "payment",
        "cost",
        "charge",
        "charges",
        "claim",
        "debt",
        "loan",
        "credit",
        "default",
        "limit",
    }
    | {"drug", "medication", "procedure", "readmitted", "gain", "loss"}
)
DIRECT_PATTERNS = (
    r"[^@\s]+@[^@\s]+\.[^@\s]+",
    r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}",
    r"\d{3}-\d{2}-\d{4}",
)
"""E-mail address, IBAN, US social security number."""
TELEPHONE = r"\+\d[\d ./()-]{6,}\d|\(?\d{2,5}\)?[ ./-]+\d[\d ./-]{3,}\d"
SHARED = 20
"""Numbers that so many rows share on average are codes of something, not the telephones of persons."""

_LABEL_LIKE = frozenset({"id", "string", "text", "code", "category"})


def role_of(texts: Texts, column: Column) -> tuple[Role, str]:
    """The likely role and why."""
    if _is_direct(texts, column):
        return "direct_identifier", "by its name or pattern"
    if column.kind == "id":
        return "key", "never modelled, always made anew"
    for role, words in (("quasi_identifier", QUASI_WORDS), ("sensitive", SENSITIVE_WORDS)):
        if texts.words & words:
            return role, "by its name"  # type: ignore[return-value]
    return "attribute", "or quasi_identifier, sensitive, direct_identifier"


def _is_direct(texts: Texts, column: Column) -> bool:
    if column.kind not in _LABEL_LIKE:
        return False
    if texts.words & DIRECT_WORDS or _is_name(texts):
        return True
    patterns = DIRECT_PATTERNS if _is_shared(texts) else (*DIRECT_PATTERNS, TELEPHONE)
    return any(texts.share_matching(pattern) > 0.9 for pattern in patterns)


def _is_shared(texts: Texts) -> bool:
    return len(texts.labels) * SHARED <= int(texts.counts.sum())


def _is_name(texts: Texts) -> bool:
    """A person's name; the name of anything else only where values hardly repeat."""
    if texts.words <= NAME_PARTS | {"name"} and texts.words:
        return True
    if "name" not in texts.words:
        return False
    hardly_repeats = len(texts.labels) * 2 > int(texts.counts.sum())
    return hardly_repeats or texts.names_person or bool(texts.words & NAME_PARTS)
