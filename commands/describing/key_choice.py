"""The key that a table gets: one column, the fewest columns, a digest of all, or the row's number."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from commands.describing.cell_store import CellStore
from commands.describing.column_names import is_key, is_period
from commands.describing.column_types import ColumnFinding
from commands.describing.key_candidates import Candidate, best_known, is_by_chance, parts, several, single_columns
from csvdynamo.rules.attribute_values import MAX_SORT_KEY_BYTES

_MOST_SINGLES = 8
_MOST_COUNTED = 6  # combinations that are counted in the whole file, each of which may take seconds
_MOST_TRIED = 220  # in the first rows
_SEPARATORS = ("#", "|", "~", "/")
_FULL_WIDTH = datetime(2018, 11, 28, 12, 30, 45, tzinfo=UTC)
_WHOLE_NUMBER = "0|-?[1-9][0-9]{0,37}"


@dataclass(frozen=True)
class KeyChoice:
    """The key.

    Attributes:
        partition: The attribute that is the partition key.
        why: Why it is this one, a sentence.
        sort: The attribute that is the sort key, None where there is none.
        computed: The attributes that it is made of and no column holds, each with its keys in a data set file.
        columns: The headers of the columns that it is made of.
        plain: Those of them that are texts there, whatever their cells are.
        candidates: What was counted.
        unsure: What a person should look at, a sentence each.
    """

    partition: str
    why: str
    sort: str | None = None
    computed: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    plain: frozenset[str] = frozenset()
    candidates: Sequence[Candidate] = ()
    unsure: Sequence[str] = ()


def choose_key(store: CellStore, findings: Sequence[ColumnFinding]) -> KeyChoice:
    """Choose the key, of what was counted in the whole file."""
    if not store.rows:
        named = next((one.header for one in findings if is_key(one.header)), None)
        unsure = ("The file has no row: nothing tells its key.",)
        if named:
            return KeyChoice(named, "by its name: there is no row", columns=(named,), unsure=unsure)
        return _numbered(store, (), "nothing else is known: there is no row", unsure)
    counted: list[Candidate] = []
    found = next((one for one in _candidates(store, findings, counted) if one.is_key), None)
    told = sorted(counted, key=lambda one: (not one.is_key, one.duplicates + one.blank, len(one.columns)))
    if found is None:
        return _of_whole_rows(store, told)
    doubts = _doubts(found, counted)
    if len(found.columns) == 1:
        return _of_one(store, found, told, doubts)
    return _of_several(store, found, told, doubts)


def _candidates(store: CellStore, findings: Sequence[ColumnFinding], counted: list[Candidate]) -> Iterator[Candidate]:
    """Count candidates, the best first, and keep what was counted."""

    def count(columns: Iterable[ColumnFinding]) -> Candidate:
        some = tuple(columns)
        repeated = store.repeated([one.counts.place for one in some])
        if len(some) == 1:
            repeated -= max(0, some[0].counts.blank - 1)  # blank cells are no keys that are equal
        candidate = Candidate(some, repeated)
        counted.append(candidate)
        return candidate

    singles = single_columns(findings)[:_MOST_SINGLES]
    likely = [count([one]) for one in singles]
    yield from (one for one in likely if not is_by_chance(one.columns[0]))
    if not any(one.is_key for one in likely):
        for one in best_known(findings, 3):
            if one not in singles:
                count([one])
    pool = parts(findings)
    subset = store.subset([one.counts.place for one in pool])

    def of(size: int, *, by_chance: bool) -> Iterator[Candidate]:
        tried = islice(several(pool, size, by_chance=by_chance), _MOST_TRIED)
        left = (some for some in tried if not subset.repeated([one.counts.place for one in some]))
        return map(count, islice(left, _MOST_COUNTED))

    yield from of(2, by_chance=False)
    yield from of(3, by_chance=False)
    yield from (one for one in likely if is_by_chance(one.columns[0]))
    yield from of(2, by_chance=True)


def _of_one(store: CellStore, found: Candidate, told: Sequence[Candidate], unsure: Sequence[str]) -> KeyChoice:
    [column] = found.columns
    plain = frozenset({column.header})
    if column.kind is not None and column.kind.type in ("date", "timestamp") and _is_one_to_one(store, column):
        plain = frozenset()
    why = "no cell is blank, and none comes again"
    return KeyChoice(column.header, why, columns=(column.header,), plain=plain, candidates=told, unsure=unsure)


def _of_several(store: CellStore, found: Candidate, told: Sequence[Candidate], unsure: Sequence[str]) -> KeyChoice:
    first, *others = sorted(found.columns, key=lambda one: (_is_when(one), one.counts.place))
    many = {2: "two", 3: "three"}[len(found.columns)]
    why = f"no single column tells every row apart; these {many} do"
    headers = (first.header, *(one.header for one in others))
    if len(others) == 1:
        plain = {first.header} | ({others[0].header} - _kept(store, others[0]))
        return KeyChoice(
            first.header, why, others[0].header, {}, headers, frozenset(plain), candidates=told, unsure=unsure
        )
    sort = unused("sort_key", store.headers)
    computed = {sort: _joined(store, others)}
    return KeyChoice(first.header, why, sort, computed, headers, frozenset(headers), candidates=told, unsure=unsure)


def _kept(store: CellStore, column: ColumnFinding) -> set[str]:
    return {column.header} if _is_one_to_one(store, column) else set()


def _is_one_to_one(store: CellStore, column: ColumnFinding) -> bool:
    """Say whether a column's type makes no two of its cells equal that are not."""
    counts, kind = column.counts, column.kind
    if kind is None or column.blank:
        return False
    if kind.rules == {"type": "number"}:
        return store.matches(counts.place, [_WHOLE_NUMBER]) == [counts.filled]
    text = kind.rules.get("format", "%Y-%m-%d" if kind.type == "date" else "")
    if not isinstance(text, str) or not text or {"b", "B", "p"} & {*text}:
        return False
    width = len(_FULL_WIDTH.strftime(text))
    return counts.longest == width and counts.text_bytes == width * counts.filled


def _joined(store: CellStore, columns: Sequence[ColumnFinding]) -> dict[str, object]:
    """Make one attribute of columns: a text where that can be told apart again, else a digest."""
    headers = [one.header for one in columns]
    longest = sum(one.counts.longest for one in columns) + len(columns)
    if longest <= MAX_SORT_KEY_BYTES and not any({"{", "}"} & {*header} for header in headers):
        for separator in _SEPARATORS:
            if not any(store.holds(one.counts.place, separator) for one in columns[:-1]):
                return {"template": separator.join(f"{{{header}}}" for header in headers)}
    return {"digest": headers}


def _of_whole_rows(store: CellStore, told: Sequence[Candidate]) -> KeyChoice:
    same = store.repeated(())
    unsure = ["No column, nor two or three together, tell every row apart."]
    near = [one for one in told if len(one.columns) == 1 and one.duplicates + one.blank <= store.rows // 20]
    near.sort(key=lambda one: not is_key(one.told))
    for one in near[:1]:
        lost = one.duplicates + one.blank
        unsure.append(
            f'partition_key = "{one.told}" instead would cost {lost:,} rows: {one.blank:,} without a key, '
            f"{one.duplicates:,} with that of another one."
        )
    if same:
        rows = "1 row is" if same == 1 else f"{same:,} rows are"
        why = f"{rows} the same as another one in every column: only numbers tell them apart"
        return _numbered(store, told, why, [*unsure, _MOVES])
    name = unused("row_digest", store.headers)
    unsure.append("A row of which one cell changes is another item in the next run; the old one stays.")
    why = "a digest of all columns: nothing less tells every row apart"
    return KeyChoice(name, why, computed={name: {"digest": "*"}}, candidates=told, unsure=unsure)


_MOVES = "A row's number is another one as soon as a row is put before it: then items of the last run are written over."


def _numbered(store: CellStore, told: Sequence[Candidate], why: str, unsure: Sequence[str]) -> KeyChoice:
    name = unused("row_number", store.headers)
    return KeyChoice(name, why, computed={name: {"row_number": True}}, candidates=told, unsure=unsure)


def _doubts(found: Candidate, counted: Sequence[Candidate]) -> list[str]:
    doubts = []
    if any(map(is_by_chance, found.columns)):
        doubts.append(f"{found.told} may tell the rows apart by chance: it holds measures or long texts.")
    others = [
        one.told for one in counted if one.is_key and one is not found and not any(map(is_by_chance, one.columns))
    ]
    if others and not any(is_key(one.header) for one in found.columns):
        doubts.append(f"{found.told} was taken for the key; as good by numbers: {', '.join(others[:3])}.")
    for one in counted:
        if len(one.columns) == 1 and one.blank and not one.duplicates and is_key(one.columns[0].header):
            doubts.append(
                f'partition_key = "{one.told}" instead would cost {one.blank:,} rows, in which it is blank; '
                "no other two rows have the same one."
            )
    return doubts


def _is_when(column: ColumnFinding) -> bool:
    moment = column.kind is not None and column.kind.type in ("date", "timestamp")
    return moment or is_period(column.header)


def unused(name: str, headers: Sequence[str]) -> str:
    """Give a name that no header has."""
    number = 1
    made = name
    while made in headers:
        number += 1
        made = f"{name}_{number}"
    return made
