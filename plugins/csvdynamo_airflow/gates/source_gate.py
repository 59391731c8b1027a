"""The gates on a source as a whole, which prepare holds it to before the upload: its rows, and its end. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from csvdynamo.datasets.dataset import Gates
from csvdynamo.datasets.policies import OnChange
from csvdynamo_airflow.gates.row_mark import RowMark


@dataclass(frozen=True)
class SourceFault:
    """What speaks against a source.

    Attributes:
        message: What it is, in a sentence.
        advice: What to do about it, in sentences that go on with the settings of the data set file.
        fails: Whether it stops the run.
        gate: The setting that says so, as its dotted name.
        numbers: What it rests on, each number under its name.
        acceptable: Whether a person who triggers the DAG with accept_source lets it pass.
    """

    message: str
    advice: str
    fails: bool
    gate: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)
    acceptable: bool = True


def judge_source(
    rows: int, mark: RowMark | None, last_record: str | None, gates: Gates, *, accepted: bool
) -> list[SourceFault]:
    """List what speaks against a source as a whole.

    Args:
        rows: Its rows.
        mark: The rows of the last green run, None if it is not to be compared with them, or there was none.
        last_record: What its last record is, if that is no row (`last_record.told_last_record`).
        gates: The data set's limits. Exactly as few rows as allowed are allowed.
        accepted: Whether a person let this run's source pass, whatever it is.
    """
    faults = []
    if mark is not None and 100 * rows < Decimal(str(gates.min_rows_percent)) * mark.rows:
        faults.append(
            SourceFault(
                f"The source has {rows:,} rows, and the last green run's had {mark.rows:,} (run {mark.run_id}): less "
                f"than gates.min_rows_percent = {gates.min_rows_percent:g}.",
                "Look whether its publisher serves all of it: a default page, a filter or an export that failed ends "
                "so. If the setting is too strict, lower it (0: any number of rows)",
                fails=not accepted,
                gate="gates.min_rows_percent",
                numbers={"rows": rows, "rows of the last green run": mark.rows},
            )
        )
    if last_record is not None and gates.last_record is not OnChange.ACCEPT:
        faults.append(
            SourceFault(
                f"{last_record}: the file may have been cut off, or ends with a message or a footer.",
                "Clear the task download to fetch it again. If its publisher ends every file so, set "
                'gates.last_record = "accept"',
                fails=gates.last_record is OnChange.FAIL and not accepted,
                gate="gates.last_record",
            )
        )
    return faults


def judge_keys(ruined: Mapping[str, str]) -> list[SourceFault]:
    """List what speaks against the columns that the key is made of.

    Args:
        ruined: What is told of those with codes that a spreadsheet has ruined, by column (`ruined_codes.told_ruined`).
    """
    return [
        SourceFault(
            f"{told} {column!r} is a column of the key: two codes that became alike are one item.",
            "Take the file as it was before a spreadsheet had it",
            fails=False,
        )
        for column, told in ruined.items()
    ]


def judge_encoding(guessed: str | None, wanted: OnChange, *, accepted: bool) -> list[SourceFault]:
    """List what speaks against a source's encoding.

    Args:
        guessed: What was taken for its encoding though nothing proves it, as messages call it; None if it is certain.
        wanted: What the data set file wants of a guess.
        accepted: Whether a person let this run's source pass, whatever it is.
    """
    if guessed is None or wanted is OnChange.ACCEPT:
        return []
    return [
        SourceFault(
            f"The source was read as {guessed}, which is likely and not proven: where it is another encoding, letters "
            "with accents are wrong.",
            "Look at some of them. If they are right, or once you know the encoding, name it in source.encoding",
            fails=wanted is OnChange.FAIL and not accepted,
            gate="source.guessed_encoding",
        )
    ]
