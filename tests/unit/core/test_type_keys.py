"""The keys of a column's type in a data set file: which go together, and what each may be."""

from collections.abc import Callable

import pytest

from csvdynamo.datasets import time_zones, type_values
from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.type_rules import TYPES_OF_KEY
from csvdynamo.errors import DatasetError
from csvdynamo.rules.columns import ColumnType, Negative, Store

MakeDataset = Callable[[str], Dataset]
DATE, TIMESTAMP = 'type = "date"\n', 'type = "timestamp"\n'
NUMBER = 'type = "number"\n'


def test_the_keys_of_a_type_are_read(make_dataset: MakeDataset) -> None:
    dataset = make_dataset(
        """
        [values]
        blank = ["NA", "N/A"]
        [columns.Price]
        type = "number"
        thousands = "."
        decimal = ","
        strip = "€ "
        negative = "parentheses"
        percent = true
        [columns.Seen]
        type = "timestamp"
        format = ["%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M"]
        store = "epoch"
        timezone = "Europe/Berlin"
        [columns.Built]
        type = "date"
        format = "%d/%m/%Y"
        blank = []
        [columns.Owners]
        type = "set"
        separator = " / "
        blank = ["-"]
        """
    )
    price, seen, built, owners = (dataset.rules.column(name) for name in ("Price", "Seen", "Built", "Owners"))

    assert (price.thousands, price.decimal, price.strip) == (".", ",", "€ ")
    assert (price.negative, price.percent) == (Negative.PARENTHESES, True)
    assert (seen.formats, seen.store) == (("%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M"), Store.EPOCH)
    assert seen.timezone == time_zones.compile_zone("Europe/Berlin")
    assert (built.formats, built.store, built.timezone) == (("%d/%m/%Y",), Store.ISO, None)
    assert owners.separator == " / "
    assert (price.blank, built.blank, owners.blank) == ({"NA", "N/A"}, frozenset(), {"-"})
    assert dataset.rules.column("Any other").blank == {"NA", "N/A"}


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ('thousands = ","', "thousands", 'belongs to type = "number", and this column is text'),
        ('type = "date"\npercent = true', "percent", 'belongs to type = "number", and this column is date'),
        ('format = "%Y"', "format", 'belongs to type = "date" or "timestamp", and this column is text'),
        ('type = "number"\nstore = "epoch"', "store", 'belongs to type = "date" or "timestamp"'),
        ('type = "json"\ntimezone = "UTC"', "timezone", 'belongs to type = "date" or "timestamp"'),
        ('separator = "|"', "separator", 'belongs to type = "list", "set" or "number_set", and this column is text'),
        ('type = "json"\npattern = "x"', "pattern", 'belongs to type = "text", and this column is json'),
        ('type = "date"\nmin = 1', "min", 'belongs to type = "number"'),
        ('type = "list"\nempty = "keep"', "empty", "keep stores an empty text, which is not a list"),
        ('type = "binary"\nempty = "keep"', "empty", "use omit or null"),
        ('empty = "keep"\nblank = ["NA"]', "blank", 'has no effect with empty = "keep"'),
        ("drop = true\nblank = ['NA']", "blank", "drop = true"),
        (NUMBER + 'thousands = "."', "thousands", 'is ".", as decimal is: give the other one, too'),
        (NUMBER + 'thousands = ","\ndecimal = ","', "thousands", 'is ",", as decimal is'),
        (NUMBER + 'thousands = ""', "thousands", "must be a text that is not empty"),
        *(
            (
                NUMBER + f"{key} = '{mark}'",
                key,
                "must be one character that is no letter, digit, sign, parenthesis or %",
            )
            for key in ("thousands", "decimal")
            for mark in ("..", "1", "e", "-", "+", "(", ")", "%", "é", "٣")
        ),
        (NUMBER + "strip = '$5'", "strip", "must be characters that are no digit, sign or parenthesis"),
        (NUMBER + "strip = '$-'", "strip", "must be characters that are no digit"),
        (NUMBER + "strip = '()'", "strip", "must be characters that are no digit"),
        (NUMBER + "strip = '$.'", "strip", 'has ".", which decimal needs'),
        (NUMBER + "strip = '$,'\nthousands = ','", "strip", 'has ",", which thousands needs'),
        (NUMBER + "strip = '%'\npercent = true", "strip", 'has "%", which percent needs'),
        (NUMBER + "negative = 'red'", "negative", 'must be one of sign, parentheses, found "red"'),
        (NUMBER + "percent = 1", "percent", "must be true or false, found 1"),
        (DATE + "format = ''", "format", "must have no white space at its ends"),
        (DATE + "format = ' %d/%m/%Y'", "format", "must have no white space at its ends"),
        (DATE + "format = []", "format", "must be a format, such as %d/%m/%Y, or an array of formats, found an array"),
        (DATE + "format = ['%d/%m/%Y', 1]", "format", "or an array of formats, found an array"),
        (DATE + "format = 1", "format", "or an array of formats, found 1"),
        (DATE + "format = ['%d/%m/%Y', '%d/%m/%Y']", "format", "has a format twice"),
        (DATE + "format = '%d/%m'", "format", '"%d/%m" must say the year (%Y or %y)'),
        (DATE + "format = '%d/%m/%Y %Q'", "format", '"%d/%m/%Y %Q" has %Q; allowed are %Y'),
        (DATE + "format = '%d/%m/%Y %H:%M %z'", "format", "has %z, and a date has no offset"),
        (TIMESTAMP + "format = '%d/%m/%Y'", "format", "has no %H or %I: a timestamp has a time"),
        (TIMESTAMP + "store = 'text'", "store", 'must be one of iso, epoch, found "text"'),
        (TIMESTAMP + "store = 'epoch'\nformat = '%d/%m/%Y %H:%M'", "store", "epoch is a moment: give the timezone"),
        (
            TIMESTAMP + "store = 'epoch'\nformat = ['%Y-%m-%d %H:%M%z', '%d/%m/%Y %H:%M']",
            "store",
            "give the timezone of texts without an offset",
        ),
        (TIMESTAMP + "format = '%Y-%m-%d %H:%M%z'\ntimezone = 'UTC'", "timezone", "where every format has %z: remove"),
        (DATE + "timezone = 'UTC'", "timezone", "has no effect on a date that is stored as text"),
        *(
            (TIMESTAMP + f"timezone = {name}", "timezone", "must be a time zone's IANA name")
            for name in ("'PDT'", "'europe/berlin'", "'../Europe/Berlin'", "'localtime'", "''", "'+02:00'", "2", "[]")
        ),
        ('type = "set"\nseparator = ""', "separator", "must be a text that is not empty"),
        ('type = "set"\nseparator = 1', "separator", "must be a text"),
        ("blank = 'NA'", "blank", 'must be an array, found "NA"'),
        (
            "blank = ['']",
            "blank",
            'must be texts that are not blank, without white space at their ends, found "" in it',
        ),
        ("blank = [' NA']", "blank", 'found " NA" in it'),
        ("blank = [1]", "blank", "found 1 in it"),
    ],
)
def test_a_key_that_is_wrong_or_has_no_effect_is_named(
    make_dataset: MakeDataset, keys: str, key: str, words: str
) -> None:
    with pytest.raises(DatasetError) as caught:
        make_dataset(f"[columns.A]\n{keys}")

    assert f"cars.toml: columns.A.{key}: " in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("words", ["'NA'", "[' ']", "[1]"])
def test_the_words_of_all_columns_are_held_to_the_same(make_dataset: MakeDataset, words: str) -> None:
    with pytest.raises(DatasetError, match=r"cars\.toml: values\.blank: must be "):
        make_dataset(f"[values]\nblank = {words}")


@pytest.mark.parametrize(
    "keys",
    [
        TIMESTAMP + 'store = "epoch"',
        TIMESTAMP + 'store = "epoch"\nformat = "%Y-%m-%d %H:%M%z"',
        TIMESTAMP + 'timezone = "UTC"\nformat = ["%Y-%m-%d %H:%M%z", "%d/%m/%Y %H:%M"]',
        DATE + 'timezone = "Asia/Tokyo"\nstore = "epoch"',
        NUMBER + 'thousands = "."\ndecimal = ","',
        NUMBER + 'strip = "%"',
        NUMBER + 'strip = "EUR "',
        NUMBER + "empty = 'null'\nblank = ['-']",
        "empty = 'keep'\nblank = []",
    ],
)
def test_what_goes_together_is_taken(make_dataset: MakeDataset, keys: str) -> None:
    assert len(make_dataset(f"[columns.A]\n{keys}").columns) == 1


def test_every_type_that_has_keys_of_its_own_is_a_type() -> None:
    assert {kind for kinds in TYPES_OF_KEY.values() for kind in kinds} <= set(ColumnType)


def test_a_machine_without_time_zone_data_says_so(make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def compile_nothing(name: str) -> None:
        raise ValueError("is not known on this machine: install the package tzdata")

    monkeypatch.setattr(type_values, "timezones", frozenset)
    monkeypatch.setattr(type_values, "compile_zone", compile_nothing)

    with pytest.raises(DatasetError, match=r'timezone: "Europe/Berlin" is not known on this machine: install'):
        make_dataset('[columns.A]\ntype = "timestamp"\ntimezone = "Europe/Berlin"')
