import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from csvdynamo.datasets import dataset
from csvdynamo.datasets.dataset import DagSettings, Dataset, Gates, Limits
from csvdynamo.datasets.dataset_file import dataset_paths, load_dataset, load_datasets
from csvdynamo.datasets.hosts import HostRule
from csvdynamo.datasets.policies import OnChange
from csvdynamo.errors import DatasetError
from csvdynamo.rules.columns import ColumnType, EmptyPolicy
from csvdynamo.rules.transforms import Lowercase, Prefix, Replace, Transform, WholeValue, can_produce
from tests.hostile.texts import HOSTILE, hold_shown

MakeDataset = Callable[[str], Dataset]
WORKED_EXAMPLE = Path(__file__).parents[3] / "datasets" / "ev_population.toml"


def load_text(folder: Path, text: str | bytes) -> Dataset:
    path = folder / "cars.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_dataset(path)


def test_the_worked_example_keeps_the_names_that_its_users_know() -> None:
    dataset = load_dataset(WORKED_EXAMPLE)

    assert dataset.name == "ev_population"
    assert dataset.stack_name == "csvdynamo-ev-population"
    assert (dataset.table.name, dataset.table.partition_key) == ("tb_ev_vehicle_data", "dol_vehicle_id")
    assert dataset.rules.declared(dataset.table.partition_key) == dataset.rules.column("DOL Vehicle ID")
    assert dataset.rules.attribute_name("Electric Vehicle Type") == "electric_vehicle_type"
    assert dataset.rules.column("DOL Vehicle ID").transform == (Prefix("A_"),)
    assert dataset.rules.column("Model Year").type is ColumnType.NUMBER
    assert dataset.rules.column("Postal Code").type is ColumnType.TEXT


def test_everything_that_is_left_out_has_its_documented_default(make_dataset: MakeDataset) -> None:
    dataset = make_dataset("")

    assert dataset.gates == Gates(
        max_reject_percent=5.0, tolerated_failure_percent=0.0, min_rows_percent=90.0, last_record=OnChange.WARN
    )
    assert (dataset.limits.rows_per_batch, dataset.limits.max_concurrency) == (250, 8)
    assert dataset.limits.max_input_bytes_per_batch == 204_800
    assert dataset.dag == DagSettings(schedule="@monthly", timezone="UTC", owner="airflow", tags=())
    assert dataset.columns == ()
    assert dataset.rules.declared(dataset.table.partition_key) is None


def test_every_key_is_read(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(
        """
        [columns."Car ID"]
        transform = ["trim", "uppercase", { prefix = "C_" }]
        pattern = "C_[0-9]+"
        max_length = 20
        [columns.Price]
        type = "number"
        rename = "price_usd"
        min = 0
        max = 1e6
        empty = "null"
        [columns.State]
        required = true
        allowed = ["WA", "OR"]
        [columns.Note]
        drop = true
        [gates]
        max_reject_percent = 0.5
        tolerated_failure_percent = 100
        min_rows_percent = 0
        last_record = "fail"
        all_rules = true
        [limits]
        rows_per_batch = 1000
        max_input_bytes_per_batch = 262144
        max_concurrency = 2
        min_concurrency = 1
        write_units_per_second = 3500
        [dag]
        schedule = "0 6 * * 1-5"
        timezone = "America/Los_Angeles"
        owner = "data"
        tags = ["cars", "public"]
        """
    )

    key, price, state = (dataset.rules.column(header) for header in ("Car ID", "Price", "State"))
    assert key.pattern is not None
    assert (key.pattern.pattern, key.max_length) == ("C_[0-9]+", 20)
    assert (price.minimum, price.maximum, price.empty) == (Decimal(0), Decimal(10**6), EmptyPolicy.NULL)
    assert dataset.rules.attribute_name("Price") == "price_usd"
    assert state.required
    assert state.allowed == frozenset({"WA", "OR"})
    assert dataset.rules.column("Note").drop
    assert dataset.gates == Gates(0.5, 100.0, 0.0, OnChange.FAIL, all_rules=True)
    assert dataset.limits == Limits(1000, 262_144, 2, 1, 3500)
    assert (dataset.dag.schedule, dataset.dag.timezone) == ("0 6 * * 1-5", "America/Los_Angeles")
    assert dataset.dag.tags == ("cars", "public")


def load_source(folder: Path, minimal_text: str, keys: str) -> Dataset:
    return load_text(folder, minimal_text.replace("[source]\n", f"[source]\n{keys}\n"))


def test_whom_a_run_may_ask_and_how_much_it_may_fetch_is_read(tmp_path: Path, minimal_text: str) -> None:
    source = load_source(
        tmp_path,
        minimal_text,
        'hosts = ["files.example.org", "*.cdn.example.net:8443"]\n'
        "max_bytes = 1\nmax_unpacked_bytes = 2\nmax_seconds = 60",
    ).source

    assert source.allowed_hosts[1:] == (
        HostRule("files.example.org"),
        HostRule("cdn.example.net", 8443, below=True),
    )
    assert source.allowed_hosts[0] == HostRule.from_url(source.url)
    assert (source.max_bytes, source.max_unpacked_bytes, source.max_seconds) == (1, 2, 60)


def test_by_default_a_run_may_ask_the_urls_own_host_alone_for_ten_gigabytes_in_six_hours(
    tmp_path: Path, minimal_text: str
) -> None:
    source = load_text(tmp_path, minimal_text).source

    assert source.allowed_hosts == (HostRule.from_url(source.url),)
    assert (source.max_bytes, source.max_seconds) == (10_000_000_000, 21_600)
    assert source.max_unpacked_bytes == 20_000_000_000


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ('hosts = "example.org"', "source.hosts: must be an array"),
        ("hosts = [1]", "source.hosts: must be an array of texts"),
        ('hosts = ["https://example.org/"]', "source.hosts: must be hosts, such as data.example.com"),
        ('hosts = ["*"]', "source.hosts: must be hosts"),
        ('hosts = ["*.org"]', "source.hosts: must be hosts"),
        ('hosts = ["127.1"]', "source.hosts: must be hosts"),
        ("max_bytes = 0", "source.max_bytes: must be a whole number from 1"),
        ("max_unpacked_bytes = 0", "source.max_unpacked_bytes: must be a whole number from 1"),
        ("max_seconds = 1e3", "source.max_seconds: must be a whole number from 1"),
    ],
)
def test_a_wrong_host_or_limit_is_refused(tmp_path: Path, minimal_text: str, keys: str, told: str) -> None:
    with pytest.raises(DatasetError, match=re.escape(told)):
        load_source(tmp_path, minimal_text, keys)


@pytest.mark.parametrize("user", ["jo:hunter2@", "hunter2@", "jo:hunter2 @@"])
def test_a_url_with_a_password_is_refused_and_not_repeated(tmp_path: Path, minimal_text: str, user: str) -> None:
    with pytest.raises(DatasetError, match=r"source\.url: must have no user and password: make an Airflow") as caught:
        load_text(tmp_path, minimal_text.replace("https://", f"https://{user}"))

    assert "hunter2" not in str(caught.value)


def test_the_connection_of_a_source_is_read_and_by_default_there_is_none(tmp_path: Path, minimal_text: str) -> None:
    assert load_text(tmp_path, minimal_text).source.connection is None

    named = load_text(tmp_path, minimal_text.replace("[source]", '[source]\nconnection = "cars.example"', 1))

    assert named.source.connection == "cars.example"


@pytest.mark.parametrize(
    "url", ["https://127.1/a.csv", "https://a\\\\@b/a.csv", "https://münchen.example/a.csv", "https://*.a.b/"]
)
def test_a_url_whose_host_has_no_one_reading_is_refused(tmp_path: Path, minimal_text: str, url: str) -> None:
    with pytest.raises(DatasetError, match=r"source\.url: must be an http"):
        load_text(tmp_path, re.sub('url *= *"[^"]*"', lambda _: f'url = "{url}"', minimal_text))


def test_without_time_zone_data_any_time_zone_is_read(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "_timezones", frozenset)

    assert make_dataset('[dag]\ntimezone = "Europe/Berlin"').dag.timezone == "Europe/Berlin"


def test_the_schedule_none_means_by_hand_only(make_dataset: MakeDataset) -> None:
    assert make_dataset('[dag]\nschedule = "none"').dag.schedule is None


@pytest.mark.parametrize(
    "more",
    [
        "[limits]\nmax_concurrency = 1",
        "[limits]\nmin_concurrency = 8",
        "[limits]\nwrite_units_per_second = 1",
        "[limits]\nrows_per_batch = 10",
        "[gates]\ntolerated_failure_percent = 1",
        '[protection]\nencryption = "customer-managed"',
        "[protection]\nkeep_source_days = 30",
    ],
)
def test_what_else_the_stack_is_made_of_has_a_digest_of_its_own(make_dataset: MakeDataset, more: str) -> None:
    assert make_dataset(more).settings_digest != make_dataset("").settings_digest


@pytest.mark.parametrize(
    ("limits", "first", "least"),
    [
        (Limits(), 8, 8),
        (Limits(min_concurrency=8), 8, 8),
        (Limits(min_concurrency=2), 8, 2),
        (Limits(write_units_per_second=100), 1, 1),
        (Limits(write_units_per_second=100, min_concurrency=3), 3, 3),
    ],
)
def test_a_run_changes_how_many_batches_run_at_once_where_the_file_lets_it(
    limits: Limits, first: int, least: int
) -> None:
    assert (limits.first_concurrency, limits.least_concurrency) == (first, least)
    assert limits.adapts == (least < limits.max_concurrency)


@pytest.mark.parametrize(
    "more",
    ["# a comment", "[gates]\nmax_reject_percent = 50", "[dag]\ntags = ['a']", "[columns.Make]\nrequired = true"],
)
def test_what_needs_no_deploy_or_is_a_rule_is_not_in_it(make_dataset: MakeDataset, more: str) -> None:
    assert make_dataset(more).settings_digest == make_dataset("").settings_digest


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        (
            "[gates]\nmax_rejects = 5",
            "gates.max_rejects",
            "allowed here: all_rules, approval_hours, gate, last_record, max_reject_percent, min_rows_percent, "
            "tolerated_failure_percent",
        ),
        ("[extra]\na = 1", "extra", "unknown key; allowed here: attributes, columns"),
        ("[gates]\nmax_reject_percent = 101", "gates.max_reject_percent", "from 0 to 100, found 101"),
        ("[gates]\nmax_reject_percent = true", "gates.max_reject_percent", "must be a number, found true"),
        ("[gates]\nmax_reject_percent = nan", "gates.max_reject_percent", "finite"),
        ("[limits]\nrows_per_batch = 0", "limits.rows_per_batch", "whole number from 1 to 1000, found 0"),
        ("[limits]\nrows_per_batch = 2.5", "limits.rows_per_batch", "found 2.5"),
        ("[limits]\nrows_per_batch = true", "limits.rows_per_batch", "found true"),
        ("[limits]\nmax_input_bytes_per_batch = 262145", "limits.max_input_bytes_per_batch", "262144"),
        ("[limits]\nmax_concurrency = 0", "limits.max_concurrency", "from 1 to"),
        ("[limits]\nmin_concurrency = 0", "limits.min_concurrency", "from 1 to"),
        ("[limits]\nmin_concurrency = 9", "limits.min_concurrency", "must be at most max_concurrency = 8"),
        ("[limits]\nwrite_units_per_second = 0", "limits.write_units_per_second", "from 1 to"),
        ("[dag]\nschedule = 'now and then'", "dag.schedule", "five cron fields"),
        *(
            (f"[dag]\ntimezone = '{name}'", "dag.timezone", "a time zone's IANA name, such as UTC or Europe/Berlin")
            for name in (
                "America",
                "PDT",
                "america/los_angeles",
                "../Europe/Berlin",
                "right/UTC",
                "+02:00",
                "localtime",
            )
        ),
        ("[dag]\ntimezone = ''", "dag.timezone", "not empty"),
        ("[dag]\ntimezone = 2", "dag.timezone", "a text"),
        ("[gates]\nmin_rows_percent = 100.1", "gates.min_rows_percent", "a percentage from 0 to 100"),
        ("[gates]\nmin_rows_percent = -1", "gates.min_rows_percent", "a percentage from 0 to 100"),
        ("[gates]\nlast_record = 'ignore'", "gates.last_record", "one of accept, warn, fail"),
        ("[dag]\ntags = 'cars'", "dag.tags", 'must be an array, found "cars"'),
        ('[dag]\ntags = ["a", "\\u001b"]', "dag.tags", 'must be texts that print, found "\\u001b" in it'),
        ('[dag]\nowner = "a\\nb"', "dag.owner", "must be a text that prints"),
        ("[dag]\ntags = [1]", "dag.tags", "array of texts, found 1 in it"),
        ("columns = 1", "attributes.columns", "unknown key"),
        (
            '[columns."A b"]\ntype = "money"',
            'columns."A b".type',
            "one of text, number, boolean, date, timestamp, list",
        ),
        ("[columns]\nA = 1", "columns.A", "must be a table, found 1"),
        ("[columns.A]\npattern = '['", "columns.A.pattern", "not a regular expression"),
        ("[columns.A]\npattern = 'a{99999999999999999999}'", "columns.A.pattern", "not a regular expression"),
        ("[columns.A]\ntype='number'\nmin = 2\nmax = 1", "columns.A.max", r"at least min (2), found 1"),
        ("[columns.A]\nmin = 2", "columns.A.min", 'belongs to type = "number"'),
        ("[columns.A]\ntype='number'\nmin = 1e999", "columns.A.min", "a number that DynamoDB can hold"),
        ("[columns.A]\ntype='boolean'\npattern = 'x'", "columns.A.pattern", 'belongs to type = "text"'),
        ("[columns.A]\nallowed = []", "columns.A.allowed", "at least one"),
        ("[columns.A]\nempty = 'drop'", "columns.A.empty", "one of omit, null, keep"),
        ("[columns.A]\ntype = 'number'\nempty = 'keep'", "columns.A.empty", "use omit or null"),
        ("[columns.A]\nrequired = true\nempty = 'null'", "columns.A.empty", "no effect with required"),
        ("[columns.A]\nrequired = 'yes'", "columns.A.required", "true or false"),
        ("[columns.A]\ndrop = true\ntype = 'number'", "columns.A.type", "drop = true"),
        ("[columns.A]\nrename = ''", "columns.A.rename", "not empty"),
        ("[columns.A]\nmax_length = 0", "columns.A.max_length", "whole number from 1"),
        ("[columns.A]\ntransform = ['reverse']", "columns.A.transform", 'found "reverse"'),
        ("[columns.A]\ntransform = [{ prefix = '' }]", "columns.A.transform", "a table of prefix"),
        ("[columns.A]\ntransform = [{ replace = '' , with = 'x' }]", "columns.A.transform", "replace, with"),
        ("[columns.A]\ntransform = [{ replace = 'x' }]", "columns.A.transform", "a table of replace"),
        ("[columns.A]\ntransform = [{ value = '', with = 'x' }]", "columns.A.transform", "a table of value, with"),
        ("[columns.A]\ntransform = [{ value = '-' }]", "columns.A.transform", "a table of value"),
        ("[columns.A]\ntransform = [{ value = 1, with = '' }]", "columns.A.transform", "a table of value, with"),
        ("[columns.A]\ntransform = 'trim'", "columns.A.transform", "must be an array"),
        ("[columns._row]\nrequired = true", "columns._row", "prepare adds"),
        ('[columns."_row:guard"]\nrequired = true', 'columns."_row:guard"', "prepare adds"),
        ('[columns."A b"]\n[columns."a B"]', 'columns."a B"', "becomes the attribute 'a_b', as does 'A b'"),
        ('[columns."A"]\nrename = "b"\n[columns.B]', "columns.B", "becomes the attribute 'b'"),
        ('[columns.""]', 'columns.""', "without a name"),
        (
            '[columns."Car ID"]\ntype = "boolean"',
            'columns."Car ID".type',
            "the partition key is one of text, number, binary, date",
        ),
        ('[columns."Car ID"]\nrequired = false', 'columns."Car ID".required', "always required"),
        ('[columns."Car ID"]\nempty = "omit"', 'columns."Car ID".empty', "never blank"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_allowed(
    tmp_path: Path, minimal_text: str, more: str, key: str, words: str
) -> None:
    with pytest.raises(DatasetError) as caught:
        load_text(tmp_path, minimal_text + more)

    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'cars.toml'}: {key}: ")
    assert words in message


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('url = "https://example.com/cars.csv"', "", "source.url"),
        ('"https://example.com/cars.csv"', '"https://example.com/cars.csv"\nconnection = "a b"', "source.connection"),
        ('"https://example.com/cars.csv"', '"ftp://example.com/cars.csv"', "source.url"),
        ('"https://example.com/cars.csv"', '"https://[bad/cars.csv"', "source.url"),
        ('"https://example.com/cars.csv"', '"https://example.com/a b"', "source.url"),
        ('file_name = "cars.csv"', 'file_name = "../cars.csv"', "source.file_name"),
        *(
            ('file_name = "cars.csv"', f'file_name = "cars.csv"\n{key} = {value}', f"source.{key}")
            for key, value in [
                *(("delimiter", value) for value in ('"|||"', '""', '"\\n"', "7", "true")),
                *(("encoding", value) for value in ('"klingon"', '"rot13"', '"base64"', '"utf-32"', '"idna"', "8")),
                ("guessed_encoding", '"maybe"'),
                *(("quote", value) for value in ("\"''\"", '"\\r"', "false")),
                *(("escape", value) for value in ('"\\""', '"ab"')),
                ("skip_initial_space", '"yes"'),
                ("line_end", '"nl"'),
                *(("comment", value) for value in ('"###"', '""')),
                *(("skip_lines", value) for value in ("-1", "10001", "1.0", "true")),
                ("header_at", '" "'),
                *(("header", value) for value in ('"last"', "1")),
                *(("header_lines", value) for value in ("0", "11")),
                *(("names", value) for value in ('"id"', '["id", ""]', "[1]")),
                ("nameless", '"keep"'),
                ("repeated", '"drop"'),
                ("short_rows", '"drop"'),
                ("stop_at", '""'),
                ("member", '""'),
            ]
        ),
        ('file_name = "cars.csv"', 'file_name = "cars.csv"\nheader = "none"', "source.names"),
        *(
            (
                'file_name = "cars.csv"',
                f'file_name = "cars.csv"\nheader = "none"\nnames = ["id"]\n{key} = {value}',
                f"source.{key}",
            )
            for key, value in [("header_at", '"id"'), ("header_lines", "2")]
        ),
        ('file_name = "cars.csv"', 'file_name = "cars.csv"\ndelimiter = "\\""', "source.delimiter"),
        ('file_name = "cars.csv"', 'file_name = ".."', "source.file_name"),
        ('name = "tb_cars"', 'name = "tb cars"', "table.name"),
        ('name = "tb_cars"', "name = 7", "table.name"),
        ('partition_key = "car_id"', "", "table.partition_key"),
        ('partition_key = "car_id"', 'partition_key = "Car ID"', "table.partition_key"),
    ],
)
def test_a_wrong_source_or_table_is_named(tmp_path: Path, minimal_text: str, old: str, new: str, key: str) -> None:
    assert old in minimal_text
    with pytest.raises(DatasetError, match=re.escape(f"cars.toml: {key}: ")):
        load_text(tmp_path, minimal_text.replace(old, new))


def test_how_a_source_is_written_is_read(tmp_path: Path, minimal_text: str) -> None:
    keys = """
    delimiter = "tab"
    encoding = "Windows-1250"
    guessed_encoding = "fail"
    quote = "none"
    escape = "\\\\"
    skip_initial_space = true
    line_end = "crlf"
    comment = "//"
    skip_lines = 3
    header_at = "ID"
    header_lines = 2
    nameless = "number"
    repeated = "number"
    short_rows = "pad"
    stop_at = "Total"
    member = "*.csv"
    """

    source = load_text(tmp_path, minimal_text.replace("[table]", keys + "[table]", 1)).source

    assert (source.delimiter, source.encoding, source.guessed_encoding) == ("\t", "cp1250", OnChange.FAIL)
    assert (source.quote, source.escape, source.skip_initial_space) == (None, "\\", True)
    assert (source.line_end, source.comment, source.skip_lines) == ("\r\n", "//", 3)
    assert (source.header_at, source.header_lines, source.nameless) == ("ID", 2, "number")
    assert (source.repeated, source.short_rows, source.stop_at, source.member) == ("number", "pad", "Total", "*.csv")


@pytest.mark.parametrize(
    ("key", "value", "kept"),
    [
        ("delimiter", "found", None),
        ("delimiter", "white space", " \t"),
        ("delimiter", "||", "||"),
        ("encoding", "found", None),
        ("encoding", "UTF8", "utf-8"),
        ("encoding", "cp1252", "windows-1252"),
        ("encoding", "big5", "big5"),
        ("quote", "'", "'"),
        ("escape", "none", None),
        ("comment", "none", None),
        ("line_end", "found", None),
    ],
)
def test_a_word_of_a_dialect_stands_for_what_it_says(
    tmp_path: Path, minimal_text: str, key: str, value: str, kept: str | None
) -> None:
    text = minimal_text.replace("[table]", f"{key} = {json.dumps(value)}\n[table]", 1)

    assert getattr(load_text(tmp_path, text).source, key) == kept


def test_a_section_that_must_be_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"cars\.toml: source: is missing"):
        load_text(tmp_path, "")


def test_a_key_that_no_header_becomes_is_fine_when_a_column_is_renamed_to_it(tmp_path: Path, minimal_text: str) -> None:
    text = minimal_text.replace('"car_id"', '"Car ID"') + '[columns."ID"]\nrename = "Car ID"\n'

    rules = load_text(tmp_path, text).rules

    assert rules.declared("Car ID") == rules.column("ID")


def test_a_dropped_column_is_not_the_key(make_dataset: MakeDataset) -> None:
    assert make_dataset('[columns."Car ID"]\ndrop = true').rules.declared("Car ID") is None


@pytest.mark.parametrize(
    "content", [b"[source", b"\xff\xfe", b"a = 1\na = 2", b"a = " + b"9" * 5000, b"x = " + b"[" * 5000]
)
def test_what_is_not_toml_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DatasetError, match=r"cars\.toml: is not "):
        load_text(tmp_path, content)


def test_a_byte_order_mark_is_no_hindrance(tmp_path: Path, minimal_text: str) -> None:
    assert load_text(tmp_path, b"\xef\xbb\xbf" + minimal_text.encode()).table.name == "tb_cars"


@pytest.mark.parametrize("name", ["Cars", "1cars", "my-cars", "c" * 32, "cars v2"])
def test_a_file_name_that_cannot_name_a_stack_is_refused(tmp_path: Path, minimal_text: str, name: str) -> None:
    path = tmp_path / f"{name}.toml"
    path.write_text(minimal_text)

    with pytest.raises(DatasetError, match="rename it"):
        load_dataset(path)


def test_a_folder_is_read_by_data_set_name(tmp_path: Path, minimal_text: str) -> None:
    for name in ("b_cars", "a_cars"):
        (tmp_path / f"{name}.toml").write_text(minimal_text)
    (tmp_path / "README.md").write_text("not a data set")

    assert list(load_datasets(tmp_path)) == ["a_cars", "b_cars"]
    assert [path.stem for path in dataset_paths(tmp_path)] == ["a_cars", "b_cars"]


def test_what_cannot_be_read_is_a_dataset_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        load_datasets(tmp_path / "absent")
    with pytest.raises(DatasetError, match="cannot be read"):
        load_dataset(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("transform", "key", "possible"),
    [
        ((Lowercase(), Replace(" ", "_")), "car_id", True),
        ((Lowercase(), Replace(" ", "_")), "Car_ID", False),
        ((Lowercase(), Replace(" ", "_")), "car id", False),
        ((Prefix("x_"),), "x_id", True),
        ((Prefix("x_"),), "id", False),
        ((Lowercase(), Replace("x", "A")), "A", True),
        ((Replace("ab", "a"),), "ab", True),
        ((Replace("a", "b"), Replace("b", "a")), "a", True),
        ((Replace("a", ""),), "car", False),
        ((), "Anything at all", True),
        ((WholeValue("No", "id"),), "id", True),
        ((WholeValue("No", "id"), Prefix("x_")), "x_id", True),
        ((WholeValue("id", "No"),), "id", False),
        ((WholeValue("id", "No"), WholeValue("nr", "id")), "id", True),
        ((Lowercase(), WholeValue("No", "id")), "No", False),
    ],
)
def test_the_transform_tells_which_keys_a_header_can_become(
    transform: tuple[Transform, ...], key: str, possible: bool
) -> None:
    assert can_produce(transform, key) is possible


_LEAVES = st.one_of(
    st.booleans().map(lambda value: str(value).lower()),
    st.integers().map(str),
    st.sampled_from(["nan", "-inf", "1e400", "0.5", "1979-05-27", "[]", "{}", "{ prefix = 'x' }", '["trim"]', "''"]),
    st.sampled_from(["'number'", "'text'", "'keep'", "'['", "'none'", "'a'", "'date'", "'timestamp'", "'set'"]),
    st.sampled_from(["','", "'.'", "'%Y-%m-%d'", "['%d/%m/%Y %H:%M', '%y%j']", "'epoch'", "'UTC'", "['NA']"]),
)
_KEYS = st.sampled_from(
    [
        *("type", "required", "transform", "min", "max", "pattern", "allowed", "max_length", "empty", "rename", "drop"),
        *("thousands", "decimal", "strip", "negative", "percent", "format", "store", "timezone", "separator", "blank"),
        "x",
    ]
)
_SECTIONS = st.sampled_from(["columns.A", 'columns."Car ID"', "columns", "gates", "limits", "dag", "attributes", "new"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(_SECTIONS, st.dictionaries(_KEYS, _LEAVES, max_size=4)), max_size=3))
def test_any_toml_either_loads_or_is_a_dataset_error(
    tmp_path: Path, minimal_text: str, sections: list[tuple[str, dict[str, str]]]
) -> None:
    text = minimal_text
    for section, values in sections:
        text += f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())

    try:
        dataset = load_text(tmp_path, text)
    except DatasetError as error:
        assert "cars.toml: " in str(error)  # noqa: PT017 - either outcome is right, and each has its own check
    else:
        assert dataset.table.partition_key == "car_id"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
@example(b"a = 1e99999999999999999999")
@example(b"a = 2020-13-45")
def test_any_bytes_either_load_or_are_a_dataset_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DatasetError):
        load_text(tmp_path, content)


_WORDS = json.dumps(HOSTILE.replace("\ud800", "").replace("\x7f", ""))


@pytest.mark.parametrize(
    "more",
    [
        f"[{_WORDS}]\nx = 1",
        f"[columns.{_WORDS}]\ntype = {_WORDS}",
        f"[columns.{_WORDS}]\nallowed = []",
        f"[columns.A]\nrename = {_WORDS}\n[columns.B]\nrename = {_WORDS}",
        f"[columns.A]\npattern = {json.dumps(HOSTILE[:8] + '(')}",
        f"[dag]\nowner = {_WORDS}",
        f"[dag]\nschedule = {_WORDS}",
        f"[dag]\ntimezone = {_WORDS}",
        f"[schema]\nheader = [{_WORDS}, {_WORDS}]",
        f"x = {HOSTILE[0]}",
    ],
)
def test_the_words_of_a_data_set_file_are_shown(tmp_path: Path, minimal_text: str, more: str) -> None:
    with pytest.raises(DatasetError) as caught:
        load_text(tmp_path, minimal_text + more)

    assert "\n" not in str(caught.value)
    hold_shown(str(caught.value))
