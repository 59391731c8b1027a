"""Judges a source's header against the data set file and the last successful run. Pure.

What the data set file expects by name is never held against a run for the last one's sake, or a data set file that was
corrected after a refusal would be refused for ever.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import eq

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.policies import OnChange
from csvdynamo_airflow.documents.schema_change import Reference, SchemaChange
from csvdynamo_airflow.schema.column_sketch import ColumnSketch

Sketches = Mapping[str, ColumnSketch]
Renames = Mapping[str, str]
"""Old name to new name."""


@dataclass(frozen=True)
class LastColumns:
    """The columns of the last successful run.

    Attributes:
        header: Their names, in order.
        sketches: What their values looked like.
        renames: Columns that an earlier run had under another name: the old one to the one in ``header``.
    """

    header: tuple[str, ...]
    sketches: Sketches
    renames: Renames


@dataclass(frozen=True)
class SchemaVerdict:
    """What became of the columns.

    Attributes:
        changes: Each change, with what is to be done about it.
        renames: Columns that have another name than before, now or since an earlier run.
    """

    changes: tuple[SchemaChange, ...]
    renames: Renames


def judge_header(
    header: Sequence[str], dataset: Dataset, last: LastColumns | None, sketches: Sketches
) -> SchemaVerdict:
    """List how a header differs from what the data set file expects and from the last successful run's.

    Args:
        header: The source's header.
        dataset: The data set.
        last: The last successful run, None if there was none.
        sketches: What the values of the header's columns look like.
    """
    found = _find_renames(header, last, sketches) if last else {}
    renames = _all_renames(header, last, found) if last else {}
    changes = _against_dataset_file(header, dataset, renames)
    if last:
        changes += _against_last_run(header, dataset, last, found)
    return SchemaVerdict(tuple(changes), renames)


def _against_dataset_file(header: Sequence[str], dataset: Dataset, renames: Renames) -> list[SchemaChange]:
    policy, against = dataset.policies.schema, Reference.DATASET_FILE
    expected = _expected(dataset)
    needed = {*dataset.rules.needed}
    renamed = {
        old: renames[old] for old in expected if old in renames and old not in needed and renames[old] not in expected
    }
    gone = _without(expected, {*header, *renamed})
    changes = [SchemaChange.renamed(old, new, against, policy.renamed) for old, new in renamed.items()]
    if lost := [name for name in gone if name in needed]:
        changes.append(SchemaChange.missing(lost, against, OnChange.FAIL))
    if missing := [name for name in gone if name not in needed]:
        changes.append(SchemaChange.missing(missing, against, policy.missing))
    # Without a header in the data set file, any column may stand beside those that have rules.
    if policy.header and (new := _without(header, {*expected, *renamed.values()})):
        changes.append(SchemaChange.new(new, against, policy.new))
    if moved := _moved(policy.header, header):
        changes.append(SchemaChange.reordered(moved, against, policy.reordered))
    return changes


def _against_last_run(
    header: Sequence[str], dataset: Dataset, last: LastColumns, renamed: Renames
) -> list[SchemaChange]:
    policy, against = dataset.policies.schema, Reference.LAST_RUN
    expected = _expected(dataset)
    missing = _without(last.header, {*header, *renamed})
    new = _without(header, {*last.header, *renamed.values()})
    # A data set file that lists its header says which columns it has given up, too.
    given_up = _without(missing, expected) if policy.header else []
    still_new = _without(new, expected)
    changes = [
        SchemaChange.renamed(old, name, against, OnChange.ACCEPT if name in expected else policy.renamed)
        for old, name in renamed.items()
    ]
    changes += [
        make(columns, against, action)
        for make, columns, action in (
            (SchemaChange.missing, _without(missing, given_up), policy.missing),
            (SchemaChange.missing, given_up, OnChange.ACCEPT),
            (SchemaChange.new, still_new, policy.new),
            (SchemaChange.new, _without(new, still_new), OnChange.ACCEPT),
        )
        if columns
    ]
    if moved := _moved(last.header, header):
        as_expected = policy.header and not _moved(policy.header, header)
        changes.append(SchemaChange.reordered(moved, against, OnChange.ACCEPT if as_expected else policy.reordered))
    return changes


def _expected(dataset: Dataset) -> list[str]:
    """List the columns that the data set file names, those of its header first."""
    header = dataset.policies.schema.header
    return [*header, *_without([column.header for column in dataset.columns], header)]


def _find_renames(header: Sequence[str], last: LastColumns, sketches: Sketches) -> dict[str, str]:
    """Pair columns that are gone with new ones at the same place whose values are alike, the likest first."""
    gone, new = _without(last.header, header), _without(header, last.header)
    before, now = _places(last.header, header), _places(header, last.header)
    pairs = sorted(
        (-likeness, last.header.index(old), header.index(name), old, name)
        for old in gone
        for name in new
        if old in last.sketches and name in sketches and any(map(eq, before[old], now[name]))
        if (likeness := last.sketches[old].likeness(sketches[name])) > 0
    )
    renamed: dict[str, str] = {}
    for *_, old, name in pairs:
        if old not in renamed and name not in renamed.values():
            renamed[old] = name
    return dict(sorted(renamed.items(), key=lambda pair: last.header.index(pair[0])))


_Place = tuple[int, str, str]


def _places(header: Sequence[str], other: Sequence[str]) -> dict[str, _Place]:
    """Say where each column stands: its position, and the columns before and after it that both headers have."""
    common = set(header) & set(other)
    before: dict[str, str] = {}
    neighbour = "start"
    for name in header:
        before[name] = neighbour
        neighbour = f"after {name}" if name in common else neighbour
    places: dict[str, _Place] = {}
    neighbour = "end"
    for position in range(len(header) - 1, -1, -1):
        name = header[position]
        places[name] = (position, before[name], neighbour)
        neighbour = f"before {name}" if name in common else neighbour
    return places


def _all_renames(header: Sequence[str], last: LastColumns, found: Renames) -> dict[str, str]:
    """Join what this run found with what earlier runs found, as long as the old name has not come back."""
    earlier = {old: found.get(name, name) for old, name in last.renames.items()}
    present = set(header)
    return {old: name for old, name in {**earlier, **found}.items() if old not in present and name in present}


def _moved(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """List the columns that changed their order: as few as explain it."""
    position = {name: index for index, name in enumerate(before)}
    common = [name for name in now if name in position]
    stayed = _longest_rise([position[name] for name in common])
    return [name for name in common if position[name] not in stayed]


def _longest_rise(numbers: Sequence[int]) -> set[int]:
    """Return a longest rising subsequence of numbers that all differ."""
    tails: list[int] = []
    previous: dict[int, int | None] = {}
    for number in numbers:
        length = bisect_left(tails, number)
        previous[number] = tails[length - 1] if length else None
        tails[length : length + 1] = [number]
    rise: set[int] = set()
    number_before = tails[-1] if tails else None
    while number_before is not None:
        rise.add(number_before)
        number_before = previous[number_before]
    return rise


def _without(names: Sequence[str], others: Collection[str]) -> list[str]:
    unwanted = set(others)
    return [name for name in names if name not in unwanted]
