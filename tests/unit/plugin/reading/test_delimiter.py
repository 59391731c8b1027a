"""The delimiter is the one that gives the columns that the data set needs."""

from dataclasses import replace

import pytest

from csvdynamo.datasets.dataset import Dataset
from csvdynamo.datasets.source_rules import Source
from csvdynamo.datasets.table_rules import Table
from csvdynamo.rules.columns import Column
from csvdynamo.rules.computed import Computed, Template
from csvdynamo_airflow.reading.delimiter import DELIMITERS, find_delimiter

PAIRS = Dataset(
    name="pairs",
    source=Source("https://example.org/p.csv", "p.csv"),
    table=Table("tb_pairs", "id"),
    columns=(Column("id", required=True), Column("text")),
)


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_delimiter_is_found(delimiter: str, end: str) -> None:
    text = end.join(["", delimiter.join(["id", "text", "more"]), delimiter.join(["1", "a,b;c|d\te", "x"]), ""])

    assert find_delimiter(text, PAIRS) == delimiter


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_header_alone_is_enough(delimiter: str) -> None:
    assert find_delimiter(delimiter.join(["id", "text"]), PAIRS) == delimiter


def test_delimiters_within_quotes_are_text() -> None:
    assert find_delimiter('"a,b,c,d,e";id;text\n1;2;3\n', PAIRS) == ";"


def test_the_needed_column_outweighs_the_number_of_columns() -> None:
    assert find_delimiter("price,net,of,tax;id\n1;2\n", PAIRS) == ";"


def test_the_columns_of_which_a_key_is_made_are_needed() -> None:
    key = Computed("id", Template("{city}/{year}"))
    made = Dataset("pairs", PAIRS.source, PAIRS.table, computed=(key,))

    assert find_delimiter("price,net,of,tax;city;year\n1;2;3\n", made) == ";"


def test_rows_decide_between_delimiters_that_both_give_the_column() -> None:
    assert find_delimiter("id\tx;y\tid\n1;2\t3;4\tz\n" * 2, replace(PAIRS, columns=())) == "\t"


def test_a_single_column_is_read_with_commas() -> None:
    assert find_delimiter("id\n1;2\n3|4\n", PAIRS) == ","


def test_the_columns_of_a_corrected_error_file_are_known_by_their_source_names() -> None:
    dataset = replace(PAIRS, table=Table("tb_pairs", "=id"), columns=())

    assert find_delimiter("'=id;text;_row;_code;_column;_message\n", dataset) == ";"


def test_a_header_without_the_needed_columns_is_read_as_what_gives_most() -> None:
    assert find_delimiter("a;b,c;d\n1;2,3;4\n", PAIRS) == ";"


def test_a_last_row_that_the_sample_cuts_off_does_not_count() -> None:
    assert find_delimiter("id|text;x\n1|2;3\n4", PAIRS) == "|"


def test_a_text_without_records_is_left_to_the_reader() -> None:
    assert find_delimiter("\n\n", PAIRS) == ","


def test_a_delimiter_with_which_the_headers_quotes_are_wrong_is_none_whatever_columns_it_gives() -> None:
    assert find_delimiter('"name","price;net;of;tax"\n"1","2"\n', PAIRS) == ","


def test_a_header_whose_quote_is_never_closed_is_not_taken_for_one_column() -> None:
    assert find_delimiter('id,"text\n1,2\n', PAIRS) == ","
    assert find_delimiter('name,"text\n1,2\n', PAIRS) == ","


def test_where_no_delimiter_makes_the_headers_quotes_right_the_columns_decide() -> None:
    assert find_delimiter('"id" x;text\n1;2\n', PAIRS) == ";"
