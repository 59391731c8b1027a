"""What a source's last record tells of its end: a file that was cut off parses to its last line. Pure."""

from csvdynamo.rules.codes import RejectCode
from csvdynamo_airflow.reading.record_blocks import BadRecord

_LONE_SURROGATES = range(0xDC00, 0xDD00)


def told_last_record(row: int, bad: BadRecord, width: int, *, ends_a_line: bool) -> str | None:
    """Say that a file's last record is no row: half of one, a message of its server, or a footer.

    A bad row is one of many reasons; a last record with another number of columns, with quotes that are wrong, or that
    stops within a character, is what is left where a server broke off and told nobody.

    Args:
        row: Its number in the source.
        bad: What is wrong with it.
        width: How many columns the header has.
        ends_a_line: Whether a line break is after it.

    Returns:
        A sentence without its end; None if it is a whole row that is bad for another reason.
    """
    if bad.text:
        told = f"cannot be read as one ({bad.message})"
    elif bad.code == RejectCode.BAD_WIDTH:
        told = f"has {len(bad.fields):,} of {width:,} columns"
        if len(bad.fields) > width:
            told = f"has {len(bad.fields):,} fields, and the header {width:,} columns"
    elif not ends_a_line and bad.fields and _ends_within_a_character(bad.fields[-1]):
        told = "ends within a character"
    else:
        return None
    return f"The last record, row {row:,}, {told}{'' if ends_a_line else ', with no line break after it'}"


def _ends_within_a_character(text: str) -> bool:
    """Whether a text's last byte was not decoded (see `source_file.open_source`)."""
    return bool(text) and ord(text[-1]) in _LONE_SURROGATES
