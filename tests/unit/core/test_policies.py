"""The parts of a data set file about duplicates, the schema, the table's check and the source's format."""

from dataclasses import replace
from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.policies import ForeignPolicy, OnChange, SchemaPolicy, Verification, VerifyMode
from csvdynamo.datasets.write_rules import UnknownKeys, Vanished, WriteMode
from csvdynamo.errors import DatasetError
from csvdynamo.rules.row_rules import DuplicatePolicy, RowRules

SMALLEST = """
[source]
url       = "https://example.com/cars.csv"
file_name = "cars.csv"
{source}
[table]
name          = "tb_cars"
partition_key = "Car ID"
"""


def load(tmp_path: Path, top: str = "", source: str = "", end: str = "") -> Dataset:
    path = tmp_path / "cars.toml"
    path.write_text(top + SMALLEST.format(source=source) + end, encoding="utf-8")
    return load_dataset(path)


def test_a_file_that_says_nothing_has_the_documented_policies(tmp_path: Path) -> None:
    dataset = load(tmp_path)

    assert dataset.policies.duplicates is DuplicatePolicy.LAST
    assert dataset.policies.verify == Verification(VerifyMode.AUTO, 1000, ForeignPolicy.REPORT)
    assert dataset.policies.schema == SchemaPolicy((), OnChange.WARN, OnChange.WARN, OnChange.WARN, OnChange.ACCEPT)
    assert (dataset.source.delimiter, dataset.source.encoding) == (None, None)


@pytest.mark.parametrize("mode", list(VerifyMode))
def test_verify_is_a_word_or_a_table(tmp_path: Path, mode: VerifyMode) -> None:
    word = load(tmp_path, top=f'verify = "{mode}"\n')
    table = load(tmp_path, end=f'[verify]\nmode = "{mode}"\n')

    assert word.policies.verify == table.policies.verify == Verification(mode)


LIMIT = 10_000_000


@pytest.mark.parametrize(
    ("rows", "items", "mode"),
    [
        (0, 0, VerifyMode.FULL),
        (LIMIT, LIMIT, VerifyMode.FULL),
        (LIMIT + 1, 0, VerifyMode.SAMPLE),
        (1, LIMIT + 1, VerifyMode.SAMPLE),
    ],
)
def test_by_default_the_whole_is_checked_unless_file_or_table_are_too_large(
    rows: int, items: int, mode: VerifyMode
) -> None:
    assert Verification().mode_for(rows, items) is mode


@pytest.mark.parametrize(
    ("written", "foreign", "mode"),
    [
        (0, ForeignPolicy.REPORT, VerifyMode.CHANGED),
        (4_000, ForeignPolicy.REPORT, VerifyMode.CHANGED),
        (4_001, ForeignPolicy.REPORT, VerifyMode.FULL),
        (None, ForeignPolicy.REPORT, VerifyMode.FULL),
        (0, ForeignPolicy.FAIL, VerifyMode.FULL),
    ],
)
def test_of_a_run_that_wrote_little_that_is_checked_and_a_sample_unless_foreign_items_are_to_be_found(
    written: int | None, foreign: ForeignPolicy, mode: VerifyMode
) -> None:
    verify = Verification(sample_size=1_000, foreign=foreign)

    assert verify.mode_for(20_000, 20_000, written) is mode


@pytest.mark.parametrize(
    ("verify", "rows", "only_changed", "draws"),
    [
        (Verification(), 3_999, True, False),
        (Verification(), 4_000, True, True),
        (Verification(), 4_000, False, False),
        (Verification(), LIMIT + 1, False, True),
        (Verification(VerifyMode.SAMPLE), 1, False, True),
        (Verification(VerifyMode.CHANGED), 1, True, True),
        (Verification(VerifyMode.FULL), LIMIT + 1, True, False),
    ],
)
def test_rows_are_drawn_where_a_check_may_look_at_some(
    verify: Verification, rows: int, only_changed: bool, draws: bool
) -> None:
    assert verify.may_draw(rows, only_changed=only_changed) is draws


@pytest.mark.parametrize("mode", [VerifyMode.NONE, VerifyMode.SAMPLE, VerifyMode.CHANGED, VerifyMode.FULL])
@pytest.mark.parametrize("count", [0, LIMIT + 1])
def test_a_mode_that_is_set_stays_whatever_the_size(mode: VerifyMode, count: int) -> None:
    assert Verification(mode).mode_for(count, count) is mode
    assert Verification(mode).mode_for(count, count, 0) is mode


def test_policies_are_read(tmp_path: Path) -> None:
    dataset = load(
        tmp_path,
        top='duplicates = "reject"\n',
        source='delimiter = "tab"\nencoding = "windows-1252"\n',
        end='[schema]\nheader = ["Car ID", "Make"]\nnew = "fail"\nreordered = "warn"\n'
        '[verify]\nsample_size = 5\nforeign = "fail"\n',
    )

    assert dataset.policies.duplicates is DuplicatePolicy.REJECT
    assert dataset.policies.verify == Verification(VerifyMode.AUTO, 5, ForeignPolicy.FAIL)
    assert dataset.policies.schema == SchemaPolicy(
        ("Car ID", "Make"), OnChange.FAIL, OnChange.WARN, OnChange.WARN, OnChange.WARN
    )
    assert (dataset.source.delimiter, dataset.source.encoding) == ("\t", "windows-1252")


@pytest.mark.parametrize(
    ("top", "source", "end", "says"),
    [
        ('verify = "all"\n', "", "", "verify: must be one of auto, none, sample, changed, full"),
        ("verify = 1\n", "", "", "verify: must be a table"),
        ("", "", "[verify]\nkeys = 5\n", "verify.keys: unknown key"),
        ("", "", "[verify]\nsample_size = 0\n", "verify.sample_size: must be a whole number from 1"),
        ('duplicates = "newest"\n', "", "", "duplicates: must be one of first, last, reject"),
        ("", "", '[schema]\nnew = "stop"\n', "schema.new: must be one of accept, warn, fail"),
        ("", "", '[schema]\nheader = ["a", "a"]\n', "schema.header: names 'a' twice"),
        ("", 'delimiter = ":::"\n', "", "source.delimiter: must be"),
        ("", 'encoding = "ebcdic"\n', "", "source.encoding: must be found, or one of Python's text encodings"),
    ],
)
def test_a_wrong_policy_names_its_key(tmp_path: Path, top: str, source: str, end: str, says: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load(tmp_path, top, source, end)

    assert says in str(caught.value)


def test_a_run_writes_all_rows_or_those_that_changed_or_those_of_new_keys(tmp_path: Path) -> None:
    everything, changed, inserted = (load(tmp_path, end=f'[write]\nmode = "{one}"') for one in WriteMode)

    assert [one.write.only_changed for one in (everything, changed, inserted)] == [False, True, False]
    assert [one.write.inserts for one in (everything, changed, inserted)] == [False, False, True]
    assert everything.rules == changed.rules == replace(inserted.rules, inserts=False)
    assert inserted.rules.digest != changed.rules.digest
    assert RowRules.from_json(inserted.rules.to_json()) == inserted.rules
    with pytest.raises(DatasetError, match=r'write\.mode: must be one of all, changed, insert, found "some"'):
        load(tmp_path, end='[write]\nmode = "some"')


def test_keys_vanish_only_where_something_is_known_of_earlier_runs(tmp_path: Path) -> None:
    assert load(tmp_path, end='[write]\nmode = "changed"\nvanished = "report"').write.vanished is Vanished.REPORT
    with pytest.raises(DatasetError, match=r'write\.vanished: needs mode = "changed"'):
        load(tmp_path, end='[write]\nvanished = "report"')


@pytest.mark.parametrize("sort_key", ["", 'sort_key = "place"\n'])
def test_rows_that_are_told_by_their_numbers_have_no_difference(tmp_path: Path, sort_key: str) -> None:
    computed = "place" if sort_key else '"Car ID"'
    end = f'{sort_key}[write]\nmode = "changed"\n[computed.{computed}]\nrow_number = true\n'

    with pytest.raises(DatasetError, match=r"write\.mode: needs keys that rows keep, and a part of this one is"):
        load(tmp_path, end=end)
    assert not load(tmp_path, end=end.replace("changed", "all")).write.only_changed


def test_items_of_keys_that_vanished_are_deleted_where_a_data_set_wants_it(tmp_path: Path) -> None:
    write = load(tmp_path, end='[write]\nmode = "changed"\nvanished = "delete"').write

    assert (write.deletes, write.max_delete_percent, write.unknown_keys) == (True, 1.0, UnknownKeys.KEEP)
    assert not load(tmp_path, end='[write]\nmode = "changed"\nvanished = "report"').write.deletes
    with pytest.raises(DatasetError, match=r'write\.vanished: needs mode = "changed"'):
        load(tmp_path, end='[write]\nvanished = "delete"')
    for percent in ("-1", "100.1", "nan"):
        with pytest.raises(DatasetError, match=r"write\.max_delete_percent"):
            load(tmp_path, end=f'[write]\nmode = "changed"\nmax_delete_percent = {percent}')


def test_a_stack_whose_function_may_do_other_things_is_another_one(tmp_path: Path) -> None:
    everything, changed, inserted = (load(tmp_path, end=f'[write]\nmode = "{one}"') for one in WriteMode)

    assert everything.write.actions == ("BatchWriteItem",)
    assert inserted.write.actions == ("BatchGetItem", "PutItem")
    assert changed.write.actions == ("BatchWriteItem", "BatchGetItem", "PutItem", "DeleteItem")
    assert len({one.settings_digest for one in (everything, changed, inserted)}) == 3
    assert everything.settings_digest == load(tmp_path).settings_digest
    more = 'max_delete_percent = 5\nunknown_keys = "ignore"\nvanished = "delete"'
    assert load(tmp_path, end=f'[write]\nmode = "changed"\n{more}').settings_digest == changed.settings_digest
