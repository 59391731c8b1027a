"""Which replayed rows are written: of rows of one key the data set's policy says which the table is to hold.

It decides by the rows' numbers in the source of the run that is replayed, which the error CSV has: as one run of the
whole corrected source would. A row that a person added has none, and comes last. Nothing is taken away from the table:
a row that stands against one in it, and loses, is a reject that names it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from heapq import merge
from pathlib import Path
from typing import NamedTuple

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.rules.codes import RejectCode
from csvdynamo.rules.columns import ROW_NUMBER_HEADER
from csvdynamo.rules.file_header import FileHeader
from csvdynamo.rules.guards import NO_ITEM, Guard
from csvdynamo.rules.refusals import Refusal, duplicate_refusal
from csvdynamo.rules.row_rules import DuplicatePolicy
from csvdynamo.rules.rows import RowConverter
from csvdynamo_airflow.preparation.draft import Draft
from csvdynamo_airflow.preparation.file_rows import read_file_rows
from csvdynamo_airflow.preparation.prepared_rows import ENVELOPE_BYTES, format_rows, item_bytes
from csvdynamo_airflow.preparation.reject_spool import RejectSpool
from csvdynamo_airflow.preparation.replay.held_rows import HeldRows, key_number
from csvdynamo_airflow.preparation.replay.number_spool import NUMBER_COLUMNS, NumberSpool
from csvdynamo_airflow.reading.record_blocks import BadRecord
from csvdynamo_airflow.storage.duckdb_session import read_csv
from csvdynamo_airflow.storage.growing_file import GrowingFile
from csvdynamo_airflow.storage.query_steps import QuerySteps

REPLAYED_ROWS_FILE = "replayed_rows.parquet"
"""The table of the replayed rows: ``row``, its number in this source; ``origin``, its number in the source of the run
that is replayed, NULL of any other; ``wins``, whether it is to be written; ``over``, the number there of another row
whose item it then takes the place of, NULL where that is none; ``again``, whether an earlier replay that was green has
put the row into the table."""

_ACCEPTED = {"row": "BIGINT", "key": "UHUGEINT"}
_LAST = 1 << 62  # where a row without a number stands: behind all others
_MOST_DIGESTS = 8
_GUARD_BYTES = 100 + 40 * _MOST_DIGESTS  # a guard's cell in a batch, but for the key
_ESCAPED_TWICE = 12  # bytes of a character of the key there, at most
_WINNER = {
    DuplicatePolicy.FIRST: "min(place)",
    DuplicatePolicy.LAST: "max(place)",
    DuplicatePolicy.REJECT: "CASE WHEN count(*) = 1 THEN min(place) END",
}


@dataclass(frozen=True)
class SettledRows:
    """What of an error CSV is written.

    Attributes:
        path: The prepared file: the rows that are to be written.
        guarded: The same rows, each with what it may take the place of.
        told: The table of all rows (`REPLAYED_ROWS_FILE`).
        new: How many of the rows that are written take the place of nothing that is known.
        changed: The others of them.
    """

    path: Path
    guarded: Path
    told: Path
    new: int
    changed: int


class _LeftOut(NamedTuple):
    """A row that is not written, and why."""

    row: int
    refusal: Refusal


@dataclass(frozen=True)
class Settlement:
    """Settles the rows of an error CSV, step by step, each of which leaves its file to the next.

    Attributes:
        held: Reads what runs have put into the table.
        dataset: The data set.
        by: The DAG run's id of the run that replays.
        steps: Keeps the steps' files.
        headers: The header of the rows.
        key_names: The headers of the columns that the key is made of.
    """

    held: HeldRows
    dataset: Dataset
    by: str
    steps: QuerySteps
    headers: Sequence[str]
    key_names: Sequence[str]

    def settle(
        self,
        draft: Draft,
        source_rows: int,
        numbers: NumberSpool,
        spool: RejectSpool,
        growing: Callable[[str], GrowingFile],
    ) -> SettledRows:
        """Settle them.

        Args:
            draft: The rows that can be read, closed.
            source_rows: How many rows the error CSV has.
            numbers: Which rows it says they are, closed.
            spool: Takes those that are not written.
            growing: Opens a file of the folder.

        Raises:
            RunGoneError: What the run left is not there any more.
            NoSpaceError: There is no room.
        """
        self._judge(draft, source_rows)
        self._contest(numbers.path)
        path, guarded = self.steps.path("settled"), self.steps.path("guarded")
        with growing(path.name) as output:
            left_out = merge(self._refused(), self._losers(draft), key=lambda left: left.row)
            for left, fields in draft.copy_without(left_out, output):
                refusal = left.refusal
                spool.add(left.row, BadRecord(refusal.code, refusal.message, fields, column=refusal.column))
        draft.path.unlink()
        with growing(guarded.name) as output:
            new, changed = self._write_guarded(path, output)
        return SettledRows(path, guarded, self.steps.path(REPLAYED_ROWS_FILE), new, changed)

    def _judge(self, draft: Draft, source_rows: int) -> None:
        """Hold each row against all the rules: those alone that they accept may take a place in the table."""
        key = self.dataset.rules.key
        with (
            self.steps.space.open_text(self.steps.path("accepted")) as accepted,
            self.steps.space.open_text(self.steps.path("refused")) as refused,
        ):
            for number, fields in draft.rows(range(1, source_rows + 1)):
                row = dict(zip(self.headers, fields, strict=True))
                item = self._converter.convert(row)
                judged = item if isinstance(item, Refusal) else self._with_room(fields, key.of(item))
                if isinstance(judged, Refusal):
                    refused.write(json.dumps([number, judged.code, judged.column, judged.message]) + "\n")
                else:
                    accepted.write(f"{number},{key_number(judged)}\n")

    def _with_room(self, fields: Sequence[str], key: str) -> str | Refusal:
        """Return the key of a row; refuse one that no batch has room for with its guard."""
        limit = self.dataset.limits.max_input_bytes_per_batch - ENVELOPE_BYTES
        size = item_bytes(FileHeader(tuple(self.headers)), fields) + _GUARD_BYTES + _ESCAPED_TWICE * len(key)
        if size <= limit:
            return key
        message = (
            f"the row takes {size:,} bytes as a JSON item with what it may replace; a batch has room for {limit:,}"
        )
        return Refusal(RejectCode.TOO_LARGE, None, message)

    def _contest(self, numbers: Path) -> None:
        """Find which rows win, beside one another and what is in the table."""
        run = self.held.run
        accepted = read_csv(self.steps.path("accepted"), _ACCEPTED)
        origins = self.steps.step(
            "origins",
            f"""
            SELECT numbers.row, origins.origin FROM {read_csv(numbers, NUMBER_COLUMNS)} AS numbers
                LEFT JOIN (
                    SELECT row, origin FROM {self.held.origins(run.named)} SEMI JOIN {self.held.left_out(run.named)}
                        USING (row)
                ) AS origins ON origins.row = numbers.number
            """,
        )
        rows = self.steps.step("rows", f"SELECT row, key, origin FROM {accepted} JOIN {origins} USING (row)")
        held = self.held.under(rows, looks_back=self.dataset.write.only_changed)
        written = f"(SELECT * FROM {held} WHERE written AND run >= 0)"
        # What was told of: rows that a replay has put there which was not green are counted by one that is.
        told = [n for n, one in enumerate(run.replays, 1) if one.execution in run.counted and one.run_id != self.by]
        others = f"(SELECT * FROM {written} WHERE run IN ({', '.join(map(str, [0, *told]))}))"
        # What a row of the same number has put there is the row itself, as it was before.
        rivals = self.steps.step(
            "rivals",
            f"""
            SELECT *, coalesce(origin, {_LAST})::HUGEINT * {_LAST} + coalesce(row, 0) AS place FROM (
                SELECT key, row, origin, NULL::BIGINT AS run, NULL::BIGINT AS number FROM {rows}
                UNION ALL
                SELECT key, NULL, origin, run, number FROM {_newest(written)} AS holders
                    ANTI JOIN {rows} AS rows USING (key, origin)
            )
            """,
        )
        settled = self.steps.step(
            "settled_rows",
            f"""
            SELECT row, rivals.key, place IS NOT DISTINCT FROM winner AS wins, winner IS NOT NULL AS decided, rivals,
                coalesce(winner, CASE WHEN place = first THEN last ELSE first END) AS other
            FROM {rivals} AS rivals JOIN (
                SELECT key, {_WINNER[self.dataset.policies.duplicates]} AS winner, min(place) AS first,
                    max(place) AS last, count(*) AS rivals FROM {rivals} GROUP BY key
            ) AS contests USING (key) WHERE row IS NOT NULL
            """,
        )
        self.steps.step(
            "losers",
            f"""
            SELECT lost.row, decided, others.row AS other, others.run, others.number, rivals
            FROM {settled} AS lost JOIN {rivals} AS others ON others.key = lost.key AND others.place = lost.other
            WHERE NOT wins
            """,
        )
        self.steps.step(
            "guards",
            f"""
            SELECT row, coalesce(items, []) AS items FROM (SELECT row, key FROM {settled} WHERE wins) LEFT JOIN (
                SELECT key, list(item ORDER BY run DESC)[:{_MOST_DIGESTS}] AS items
                FROM (SELECT key, item, max(run) AS run FROM {held} GROUP BY key, item) GROUP BY key
            ) USING (key)
            """,
        )
        self.steps.step(
            REPLAYED_ROWS_FILE,
            f"""
            SELECT origins.row, origins.origin, coalesce(settled.wins, false) AS wins,
                CASE WHEN settled.wins AND before.origin IS DISTINCT FROM origins.origin THEN before.origin END AS over,
                coalesce(origins.origin IN {self._came(told)}, false) AS again
            FROM {origins} AS origins LEFT JOIN {settled} AS settled USING (row)
                LEFT JOIN {_newest(others)} AS before USING (key) ORDER BY row
            """,
        )

    def _came(self, told: Sequence[int]) -> str:
        """Give as SQL which rows of the first run some replays have put into the table, under whatever key."""
        came = ["SELECT 0 AS origin"]
        for run in (self.held.run.writers[place] for place in told):
            came.append(f"SELECT origin FROM {self.held.origins(run)} ANTI JOIN {self.held.left_out(run)} USING (row)")
        return f"(SELECT origin FROM ({' UNION ALL '.join(came)}) WHERE origin IS NOT NULL)"

    def _refused(self) -> Iterator[_LeftOut]:
        with self.steps.path("refused").open(encoding="utf-8") as lines:
            for row, code, column, message in map(json.loads, lines):
                yield _LeftOut(row, Refusal(RejectCode[code], column, message))

    def _losers(self, draft: Draft) -> Iterator[_LeftOut]:
        query = f"SELECT row, decided, other, run, number, rivals FROM {self.steps.read('losers')} ORDER BY row"
        for row, decided, other, run, number, rivals in self.steps.rows(query):
            [(_, fields)] = draft.rows([row])
            key = self._converter.key_of(dict(zip(self.headers, fields, strict=True))) or ""
            shown = self.dataset.rules.key.shown(key)
            where = f"row {other}" if other is not None else f"row {number} of the run {self._run_id(run)}"
            if not decided:
                more = f" and {rivals - 2:,} more" if rivals > 2 else ""
                problem = f"the same key {shown} is in {where}{more}, and none of them is written"
            elif other is not None:
                problem = f"{where} has the same key {shown} and is written instead"
            else:
                problem = f"{where} has the same key {shown} and stays in the table"
            yield _LeftOut(row, duplicate_refusal(self.key_names, problem))

    def _run_id(self, place: int) -> str:
        return self.held.run.writers[place].run_id

    def _write_guarded(self, path: Path, output: GrowingFile) -> tuple[int, int]:
        """Write the rows with their guards; return how many take the place of nothing, and of something."""
        headers = tuple(self.headers)
        named = FileHeader(headers).named
        output.write(format_rows([FileHeader(headers, guarded=True).line]).encode())
        counts = [0, 0]
        guards = self.steps.rows(f"SELECT row, items FROM {self.steps.read('guards')} ORDER BY row")
        for (number, items), row in zip(guards, map(named, read_file_rows(path)), strict=True):
            if row[ROW_NUMBER_HEADER] != str(number):
                raise ValueError("the rows and their guards are not in one order")
            guard = Guard(self._converter.key_of(row) or "", (NO_ITEM, *items))
            fields = [number, *(row[name] for name in headers), guard.cell()]
            output.write(format_rows([fields]).encode())
            counts[bool(items)] += 1
        return counts[0], counts[1]

    @cached_property
    def _converter(self) -> RowConverter:
        return RowConverter(self.dataset.rules)


def _newest(held: str) -> str:
    """Give as SQL the last of what runs wrote under each key."""
    last = f"SELECT key, max(run) AS run FROM {held} GROUP BY key"
    return f"(SELECT held.* FROM {held} AS held JOIN ({last}) AS last USING (key, run))"
