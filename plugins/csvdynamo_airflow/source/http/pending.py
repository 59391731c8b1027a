"""What a server answers while it still makes the file: a JSON object with a word that says so. Pure."""

import codecs
import json
import re

MOST_BYTES = 16 * 1024
"""What such an answer has at most."""

_STATUS = re.compile(r"(?:.*(?:status|state|progress)|message)", re.IGNORECASE)
_UNDER_WAY = re.compile(
    r"pending|queue|wait|progress|process(?!ed)|being processed|prepar|generat|running"
    r"|exporting|creating|building|updating|working|started|submitted|accepted|scheduled|initiali[sz]|busy"
    r"|not[ _-]?(?:yet|ready)",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"fail|error|cancel|abort|complete|success|finish|denied|expired|invalid|unavailable", re.IGNORECASE
)
_SHOWN_CHARACTERS = 100


def pending_answer(body: bytes) -> str | None:
    """Tell whether a body is such an answer.

    Args:
        body: All that came.

    Returns:
        The words that say so, for a message; None if it is anything else, a JSON object that tells of a failure, too.
    """
    if len(body) > MOST_BYTES or not body.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        return None
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    words = {name: value for name, value in document.items() if isinstance(value, str) and _STATUS.fullmatch(name)}
    if any(map(_ENDED.search, words.values())) or not any(map(_UNDER_WAY.search, words.values())):
        return None
    # Not all of it: an answer may quote the address that was asked, with its token.
    told = {name: value[:_SHOWN_CHARACTERS] for name, value in words.items() if _UNDER_WAY.search(value)}
    return json.dumps({name: value for name, value in told.items() if "://" not in value}, ensure_ascii=False)
