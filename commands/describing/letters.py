"""How plausible a text is whose bytes were read in some encoding: letters of one language, in words. Pure."""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

_ALPHABETS: dict[str, Sequence[str]] = {
    "fr": "éèêëàâçùûîïôœÿæ",
    "de": "äöüß",
    "es": "áéíóúñü¿¡ªº",
    "ca": "àèéíïòóúüç·",
    "pt": ("ã", "õe", *"çáéíóúâêôàªº"),
    "it": "àèéìòù",
    "da": "æøåé",
    "sv": "åäöéü",
    "nl": "ëïéöüè",
    "is": "þðáéíóúýæö",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "pl": "ąćęłńóśźż",
    "hu": "áéíóöőúüű",
    "hr": "čćđšž",
    "ro": "ăâîşţșț",
    "tr": "çğ\u0131iöşüâî",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "et": "äõöüšž",
}
_SELDOM = {"is": 0.65, "ca": 0.9, "lv": 0.95, "et": 0.9, "ro": 0.95}
_CYRILLIC_OFTEN = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюціїєґўјљњћђџ")
_MARKS = frozenset("“”‘’‚„‹›–—…•«»€£¥©®°²³§·½¼¾×™±µ№\u00a0\u3000、。「」（）：；！？・～ー％")  # noqa: RUF001 - signs are what it is about
_WITHIN_WORDS = frozenset("’'·-–\u00ad")  # noqa: RUF001 - signs are what it is about
_WORDS = frozenset("àÀéÉèÈóÓòÒúÚôÔåÅöÖíÍаАвВиИкКоОсСуУяЯіІєй")  # letters that are one
_NEVER_BEFORE_LETTERS = frozenset("¼½¾¹²³®©™±")


def plausibility(text: str) -> float:
    """Say how plausible the characters of a text are that are not of ASCII: 1 at best, below 0 for gibberish.

    Args:
        text: It; one at least is not of ASCII.
    """
    places = [place for place, one in enumerate(text) if one > "\x7f"]
    letters = Counter(_letter(text, place) for place in places if _script(text[place]) == "LATIN")
    latin = _latin_share(letters)
    total = sum(_worth(text, place, latin) for place in places)
    return total / max(1, len(places))


def _letter(text: str, place: int) -> str:
    """Return a letter in small, as `_ALPHABETS` has it."""
    small = text[place].lower()[0]
    # In Portuguese an e follows it; where none does, it is Estonian, or Hungarian's letter that has its place.
    return small if small != "õ" or text[place + 1 : place + 2].lower() != "e" else "õe"


def _latin_share(letters: Counter[str]) -> float:
    """Return the share of Latin letters that the best language has; less where it takes several of them."""
    count = letters.total()
    if not count:
        return 0.0
    shares = (
        _SELDOM.get(language, 1.0) * sum(letters[one] for one in alphabet) / count
        for language, alphabet in _ALPHABETS.items()
    )
    known = frozenset(one for alphabet in _ALPHABETS.values() for one in alphabet)
    return max(*shares, 0.7 * sum(letters[one] for one in known) / count)


def _worth(text: str, place: int, latin: float) -> float:
    one = text[place]
    before = text[place - 1] if place else " "
    after = text[place + 1] if place + 1 < len(text) else " "
    script = _script(one)
    if script == "":
        return _worth_of_mark(one, before, after)
    if any(other.isalpha() and _script(other) not in ("", script) for other in _shared(before, after, script)):
        return -1.0
    if script in ("LATIN", "CYRILLIC", "GREEK"):
        return _worth_of_case(one, before, after) + (latin if script == "LATIN" else _worth_of_letter(one, script))
    return _worth_of_letter(one, script)


def _shared(before: str, after: str, script: str) -> Iterator[str]:
    """Give the neighbours that have to be of the same script: words of East Asia stand beside others."""
    if script not in ("CJK", "HIRAGANA", "KATAKANA"):
        yield from (before, after)
    elif before.isascii() and after.isascii() and before.isalpha() and after.isalpha():
        yield before


def _worth_of_letter(one: str, script: str) -> float:
    if script == "CYRILLIC":
        return 1.0 if one.lower() in _CYRILLIC_OFTEN else 0.6
    if script in ("HIRAGANA", "HANGUL"):
        return 1.0
    if script == "KATAKANA":
        return 0.9 if one >= "\u3000" and one < "\uff00" else 0.1  # half-width ones are what bytes become by chance
    if script == "CJK":
        return 0.85 if is_usual_ideograph(one) else -0.3
    if script == "HEBREW":
        return 1.0
    return 0.95 if script in ("GREEK", "ARABIC", "THAI") else -0.5


def _worth_of_case(one: str, before: str, after: str) -> float:
    if one.isupper() and before.islower():
        return -1.0
    if one.isupper() and before.isupper() and after.islower():
        return -0.5
    alone = not before.isalpha() and not after.isalpha()
    if alone and (one not in _WORDS or before.isdigit() or after.isdigit()):
        return -0.6
    return -0.15 if one.isupper() and (before.isupper() or after.isupper()) else 0.0


def _worth_of_mark(one: str, before: str, after: str) -> float:
    if one not in _MARKS:
        return -1.0
    between = before.isalpha() and after.isalpha()
    if (between and one not in _WITHIN_WORDS) or (one in _NEVER_BEFORE_LETTERS and after.isalpha()):
        return -1.0
    if one in "£€¥" and after.isalpha() and not after.isascii():
        return -1.0
    return 0.9


@cache
def _script(one: str) -> str:
    """Return the script of a letter, "" of anything else."""
    if not one.isalpha():
        return ""
    name = unicodedata.name(one, "").split()
    return name[0] if name and name[0] != "FULLWIDTH" and name[0] not in ("MASCULINE", "FEMININE", "MICRO") else ""


@cache
def is_usual_ideograph(one: str) -> bool:
    """Whether an ideograph is one of those in daily use, in any of the countries that have them."""
    for encoding, leads in (("gb2312", range(0xB0, 0xD8)), ("big5", range(0xA4, 0xC7)), ("euc-jp", range(0xB0, 0xD0))):
        try:
            if one.encode(encoding)[0] in leads:
                return True
        except UnicodeEncodeError:
            continue
    return False
