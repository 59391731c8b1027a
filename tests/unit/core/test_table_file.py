"""What `[table]` of a data set file says of the table, and what it cannot."""

from collections.abc import Callable
from pathlib import Path

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.dataset_file import load_dataset
from csvdynamo.datasets.table_rules import MOST_INDEXES, Billing, Stream, TableClass
from csvdynamo.errors import DatasetError
from tests.unit.core.conftest import MINIMAL

ARN = "arn:aws:kms:eu-west-1:123456789012:key/0a1b-2c"
Load = Callable[..., Dataset]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads the minimal file with more keys in its `[table]`, and more text after it."""

    def load_with(keys: str = "", more: str = "") -> Dataset:
        path = tmp_path / "cars.toml"
        path.write_text(MINIMAL.replace('"car_id"\n', f'"car_id"\n{keys}\n') + more, encoding="utf-8")
        return load_dataset(path)

    return load_with


UNTIL = '[columns.Until]\ntype = "number"\n'


def test_what_is_left_out_has_its_default(load: Load) -> None:
    table = load().table

    assert (table.managed, table.ttl, table.index, table.kms_key) == (True, None, {}, None)
    assert (table.stream, table.table_class, table.billing) == (Stream.NONE, TableClass.STANDARD, Billing.ON_DEMAND)
    assert table.settings() == {}


def test_every_key_is_read(load: Load) -> None:
    table = load(
        'ttl = "until"\nstream = "both"\nclass = "infrequent-access"\nbilling = "provisioned"\nread_units = 5\n'
        "write_units = 6\nwarm_read_units = 12000\nwarm_write_units = 4000",
        UNTIL + '[table.index.by_make]\npartition_key = "make"\nsort_key = "year"\nprojection = ["city", "model"]',
    ).table

    assert (table.ttl, table.stream, table.table_class) == ("until", Stream.BOTH, TableClass.INFREQUENT_ACCESS)
    assert (table.billing, table.read_units, table.write_units) == (Billing.PROVISIONED, 5, 6)
    assert (table.warm_read_units, table.warm_write_units) == (12_000, 4_000)
    [index] = table.index.values()
    assert (index.partition_key, index.sort_key, index.projection) == ("make", "year", ("city", "model"))
    on_demand = load("max_read_units = 7\nmax_write_units = 8").table
    assert (on_demand.max_read_units, on_demand.max_write_units) == (7, 8)
    theirs = load(f'managed = false\nttl = "until"\nkms_key = "{ARN}"', UNTIL).table
    assert (theirs.managed, theirs.ttl, theirs.kms_key) == (False, "until", ARN)


@pytest.mark.parametrize(
    "keys",
    [
        "managed = false",
        f'managed = false\nkms_key = "{ARN}"',
        'ttl = "until"',
        'stream = "new"',
        'class = "infrequent-access"',
        'billing = "provisioned"\nread_units = 1\nwrite_units = 1',
        'billing = "provisioned"\nread_units = 1\nwrite_units = 2',
        "max_read_units = 1",
        "max_write_units = 1",
        "warm_read_units = 12000",
        "warm_write_units = 12000",
    ],
)
def test_each_needs_a_deploy(load: Load, keys: str) -> None:
    changed, plain = load(keys, UNTIL), load("", UNTIL)

    assert changed.settings_digest != plain.settings_digest
    assert changed.rules.digest == plain.rules.digest


def test_a_file_that_says_none_of_it_needs_no_deploy(load: Load) -> None:
    said = load('managed = true\nstream = "none"\nclass = "standard"\nbilling = "on-demand"')

    assert said.settings_digest == load().settings_digest == "eecb44b0fd3122ff"


def index(name: str = "by_make", keys: str = 'partition_key = "make"') -> str:
    return f'[table.index."{name}"]\n{keys}\n'


@pytest.mark.parametrize(
    ("keys", "more", "told"),
    [
        ('stream = "all"', "", 'table.stream: must be one of none, keys, new, old, both, found "all"'),
        ('class = "ia"', "", "table.class: must be one of standard, infrequent-access"),
        ('billing = "free"', "", "table.billing: must be one of on-demand, provisioned"),
        ("read_units = 5", "", 'table.read_units: belongs to billing = "provisioned"'),
        ("write_units = 5", "", 'table.write_units: belongs to billing = "provisioned"'),
        (
            'billing = "provisioned"\nread_units = 1\nwrite_units = 1\nmax_write_units = 1',
            "",
            'table.max_write_units: belongs to billing = "on-demand"',
        ),
        ('billing = "provisioned"\nread_units = 1', "", 'table.write_units: is missing: billing = "provisioned" needs'),
        ('billing = "provisioned"\nwrite_units = 1', "", "table.read_units: is missing"),
        ("max_read_units = 0", "", "table.max_read_units: must be a whole number from 1"),
        ("warm_write_units = 3999", "", "table.warm_write_units: must be a whole number from 4000"),
        ("warm_read_units = 11999", "", "table.warm_read_units: must be a whole number from 12000"),
        (f'kms_key = "{ARN}"', "", "table.kms_key: belongs to managed = false"),
        ('managed = false\nkms_key = "alias/mine"', "", "table.kms_key: must be a KMS key's ARN, such as arn:aws:kms:"),
        ('managed = "no"', "", 'table.managed: must be true or false, found "no"'),
        ('managed = false\nstream = "new"', "", "table.stream: has no effect with managed = false"),
        ('managed = false\nclass = "standard"', "", "table.class: has no effect with managed = false"),
        ("managed = false\nwarm_read_units = 12000", "", "table.warm_read_units: has no effect with managed = false"),
        (
            "managed = false",
            index(keys='partition_key = "make"\nprojection = "all"'),
            "table.index: has no effect with managed = false: remove projection of the index by_make",
        ),
        ("", index(keys=""), "table.index.by_make.partition_key: is missing: give a text"),
        ("", index(keys="partition_key = 1"), "table.index.by_make.partition_key: must be a text that is not empty"),
        (
            "",
            index(keys='partition_key = "make"\nkey = "a"'),
            "table.index.by_make.key: unknown key; allowed here: partition_key, proj",
        ),
        ("", index("b"), 'table.index: an index has a name of 3 to 255 of A-Z a-z 0-9 _ . -, found "b"'),
        ("", index("by make"), "table.index: an index has a name of 3 to 255"),
        ("", "".join(index(f"by_make_{n}") for n in range(21)), "table.index: must have at most 20 indexes, found 21"),
        (
            "",
            index(keys='partition_key = "make"\nsort_key = "make"'),
            "table.index.by_make.sort_key: is the partition key: name another attribute, or none",
        ),
        (
            "",
            index(keys='partition_key = "make"\nprojection = "none"'),
            'table.index.by_make.projection: must be "all", "keys", or an array of attributes, found "none"',
        ),
        (
            "",
            index(keys='partition_key = "make"\nprojection = []'),
            "must name 1 to 20 attributes, each once",
        ),
        ("", index(keys='partition_key = "make"\nprojection = ["a", "a"]'), "must name 1 to 20 attributes, each once"),
        ("", index(keys='partition_key = "make"\nprojection = ["a", 1]'), "or an array of attributes, found an array"),
        (
            "",
            "".join(
                index(f"by_{n}", f'partition_key = "k"\nprojection = {[f"a{n}_{m}" for m in range(17)]}')
                for n in range(6)
            ),
            "table.index: must name at most 100 attributes in all projections together, found 102",
        ),
        (
            "",
            index(keys='partition_key = "make"\nprojection = ["city", "make"]'),
            "table.index.by_make.projection: names 'make', which is a key of the table or the index",
        ),
        (
            "",
            index(keys='partition_key = "make"\nprojection = ["car_id"]'),
            "names 'car_id', which is a key",
        ),
        (
            "",
            index(keys='partition_key = "Make"'),
            "table.index.by_make.partition_key: no declared column becomes the attribute 'Make', and",
        ),
        (
            "",
            index(keys='partition_key = "make"\nsort_key = "Year"'),
            "by_make.sort_key: no declared column",
        ),
        (
            "",
            index() + '[columns.Make]\ntype = "boolean"',
            "columns.Make.type: a key of the index by_make is text, number or binary, found boolean",
        ),
        (
            "",
            index() + '[columns.Make]\nempty = "null"',
            "columns.Make.empty: this column is a key of the index by_make, and DynamoDB refuses an item that has NULL "
            "there: use omit",
        ),
        (
            "",
            index(keys='partition_key = "year"\nsort_key = "make"') + '[columns.Make]\nempty = "keep"',
            "columns.Make.empty: this column is a key of the index by_make, and DynamoDB refuses an item that has a "
            "blank text there: use omit",
        ),
        (
            'ttl = "until"',
            "",
            "table.ttl: is a number of seconds since 1970: DynamoDB looks at no other, and no",
        ),
        ('ttl = "until"', "[columns.Until]\n", "DynamoDB looks at no other, and 'until' is text"),
        ('ttl = "until"', '[computed.until]\ntemplate = "{Until}"', "and 'until' is computed as a text"),
    ],
)
def test_what_cannot_be_is_told(load: Load, keys: str, more: str, told: str) -> None:
    with pytest.raises(DatasetError) as refusal:
        load(keys, more)

    assert told in str(refusal.value)


def test_as_many_indexes_as_dynamodb_has_are_taken(load: Load) -> None:
    assert len(load("", "".join(index(f"by_make_{n:02}") for n in range(MOST_INDEXES))).rules.indexes) == MOST_INDEXES


def test_an_index_of_somebody_elses_table_may_be_of_attributes_that_no_row_has(load: Load) -> None:
    keys = 'partition_key = "GSI1PK"\nsort_key = "GSI1SK"'

    assert load("managed = false", index(keys=keys)).rules.indexes[0].attributes == ("GSI1PK", "GSI1SK")
    with pytest.raises(DatasetError, match="no declared column becomes"):
        load("", index(keys=keys))


def test_a_row_number_may_be_a_time_to_live_for_who_wants_it(load: Load) -> None:
    assert load('ttl = "until"', "[computed.until]\nrow_number = true").table.ttl == "until"
