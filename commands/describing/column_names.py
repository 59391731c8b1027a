"""What a column's name says of its cells. Pure."""

import re

_WORD = re.compile(r"[A-Z]?[a-zà-ÿ]+|[A-Z]+(?![a-z])|[0-9]+")
_KEYS = frozenset({"id", "ids", "key", "uuid", "guid", "identifier", "uid", "pk", "oid", "objectid", "rowid"})
_CODES = _KEYS | frozenset(
    {
        "code", "codes", "zip", "zipcode", "postal", "postcode", "plz", "cap", "tract", "fips", "geoid", "gss",
        "phone", "telephone", "tel", "fax", "mobile", "isbn", "issn", "ean", "gtin", "upc", "sku", "barcode",
        "vat", "tin", "siret", "siren", "iban", "bic", "account", "vin", "imo", "mmsi", "npi", "ssn", "version",
        "licence", "license", "cas",
    }
)  # fmt: skip
_LAST = frozenset({"no", "nr", "num", "number", "ref", "reference"})
_DAYS = frozenset(
    {"date", "day", "datum", "dt", "fecha", "data", "jour", "dag", "time", "timestamp", "datetime", "on", "at"}
)
_PERIODS = frozenset({"year", "month", "week", "quarter", "hour", "minute", "period", "jahr", "monat", "fy", "season"})


def words_of(header: str) -> list[str]:
    """Cut a name into its words, in small letters: ``DOL Vehicle ID``, ``vehicle_id`` and ``vehicleId`` alike."""
    return [word.lower() for word in _WORD.findall(header)]


def is_key(header: str) -> bool:
    """Say whether a name says that its column tells rows apart."""
    words = words_of(header)
    return bool(_KEYS & set(words)) or (bool(words) and words[-1] in _LAST)


def is_code(header: str) -> bool:
    """Say whether a name says that its column holds codes, which are no quantities though they are digits."""
    words = words_of(header)
    return bool(_CODES & set(words)) or (len(words) > 1 and words[-1] in _LAST)


def is_day(header: str) -> bool:
    """Say whether a name says that its column holds days or times."""
    return bool(_DAYS & set(words_of(header)))


def is_period(header: str) -> bool:
    """Say whether a name says that its column holds years, months, hours or days."""
    return is_day(header) or bool(_PERIODS & set(words_of(header)))
