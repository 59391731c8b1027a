"""Prices: each with its document and date; one that nobody says is unknown, and one of another Region is not taken."""

from pathlib import Path

import pytest

from csvdynamo_airflow.costs.prices import Charge, Prices, PricesError, known_prices

PRICE = '[us-east-1.sns_publish]\nusd = 2.0\nper = 1000\nsource = "a contract"\ndate = "2026-11-01"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "prices.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_charge_is_in_the_file_with_a_document_that_says_it_or_should() -> None:
    prices = known_prices().of("us-east-1")

    assert {*prices} == {*Charge}
    assert all(price.source.startswith("https://") for price in prices.values())
    assert {charge for charge, price in prices.items() if price.usd is None} == {
        Charge.INFREQUENT_READ_UNIT,
        Charge.INFREQUENT_WRITE_UNIT,
        Charge.WARM_WRITE_UNIT,
    }


def test_a_price_is_for_so_much_of_its_unit() -> None:
    price = known_prices().of("us-east-1")[Charge.WRITE_UNIT]

    assert price.of(2_000_000) == pytest.approx(1.25)
    assert known_prices().of("us-east-1")[Charge.WARM_WRITE_UNIT].of(1) is None


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-2", "", None])
def test_no_price_is_taken_from_another_region(region: str | None) -> None:
    assert known_prices().of(region) == {}


def test_ones_own_prices_take_the_place_of_those_known_and_no_others(tmp_path: Path) -> None:
    own = Prices.read(written(tmp_path, PRICE + PRICE.replace("us-east-1", "eu-west-1")))

    both = own.over(known_prices())

    assert both.of("us-east-1")[Charge.SNS_PUBLISH].of(1000) == 2.0
    assert both.of("us-east-1")[Charge.WRITE_UNIT] == known_prices().of("us-east-1")[Charge.WRITE_UNIT]
    assert {*both.of("eu-west-1")} == {Charge.SNS_PUBLISH}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (PRICE.replace("2.0", '"2"x'), "is no TOML file of prices"),
        (PRICE.replace("sns_publish", "sns"), "us-east-1.sns is no charge. There are: dynamodb_write_unit"),
        (
            PRICE.replace("usd = 2.0", "usd = -2"),
            "sns_publish.usd: Input should be greater than or equal to 0",
        ),
        (PRICE.replace("usd = 2.0", "usd = inf"), "us-east-1.sns_publish.usd: Input should be a finite number"),
        (PRICE.replace("per = 1000", "per = 0"), "us-east-1.sns_publish.per: Input should be greater than 0"),
        (PRICE.replace("2026-11-01", "yesterday"), "us-east-1.sns_publish.date: "),
        (PRICE.replace('source = "a contract"\n', ""), "us-east-1.sns_publish.source: Field required"),
        (PRICE.replace("usd", "eur"), "us-east-1.sns_publish.eur: Unexpected keyword argument"),
        ('us-east-1 = "cheap"', "us-east-1: Input should be a valid dictionary"),
    ],
)
def test_what_is_wrong_with_a_file_of_prices_is_told_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)

    with pytest.raises(PricesError) as refused:
        Prices.read(path)

    assert str(refused.value).startswith(str(path))
    assert told in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PricesError, match=r"nothing\.toml cannot be read: No such file"):
        Prices.read(tmp_path / "nothing.toml")
