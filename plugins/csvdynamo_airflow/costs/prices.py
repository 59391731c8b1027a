"""The prices of AWS services, from a dated file: what no public document says has none, and is told as unknown."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as declared

from csvdynamo_airflow.errors import MigrationError

PRICES_FILE = Path(__file__).with_name("prices.toml")


class PricesError(MigrationError):
    """A file of prices is none; the message names the file and the price."""


class Charge(StrEnum):
    """What a service charges for, by its name in a file of prices."""

    WRITE_UNIT = "dynamodb_write_unit"
    READ_UNIT = "dynamodb_read_unit"
    INFREQUENT_WRITE_UNIT = "dynamodb_infrequent_write_unit"
    INFREQUENT_READ_UNIT = "dynamodb_infrequent_read_unit"
    WARM_WRITE_UNIT = "dynamodb_warm_write_unit"
    FUNCTION_REQUEST = "lambda_request"
    FUNCTION_GB_SECOND = "lambda_gb_second"
    TRANSITION = "states_transition"
    EXPRESS_REQUEST = "states_express_request"
    EXPRESS_GB_SECOND = "states_express_gb_second"
    FIREHOSE_GB = "firehose_gb"
    FIREHOSE_PARTITIONED_GB = "firehose_partitioned_gb"
    FIREHOSE_JQ_HOUR = "firehose_jq_hour"
    S3_PUT = "s3_put_request"
    S3_GET = "s3_get_request"
    KMS_REQUEST = "kms_request"
    LOGS_GB = "logs_gb"
    SNS_PUBLISH = "sns_publish"


@declared(frozen=True, config=ConfigDict(extra="forbid"))
class Price:
    """One price.

    Attributes:
        per: For how much of the unit it is.
        source: The document that says it, or the one that should.
        date: When that was written: a year and a month, or "undated".
        usd: US dollars; None where no public document says.
    """

    per: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    source: Annotated[str, Field(min_length=1)]
    date: Annotated[str, Field(pattern=r"^(undated|20\d\d-(0[1-9]|1[0-2])(-\d\d)?)$")]
    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None

    def of(self, quantity: float) -> float | None:
        """Return what a quantity costs; None where that is unknown."""
        return None if self.usd is None else quantity * self.usd / self.per


Region = Mapping[Charge, Price]

_FILE: TypeAdapter[dict[str, dict[Charge, Price]]] = TypeAdapter(dict[str, dict[Charge, Price]])


@dataclass(frozen=True)
class Prices:
    """Prices by Region and charge. Of a Region that the file does not have, all are unknown."""

    regions: Mapping[str, Region]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            PricesError: It cannot be read, or a price in it is unknown, incomplete or wrong.
        """
        try:
            return cls(_FILE.validate_python(tomllib.loads(path.read_text(encoding="utf-8"))))
        except OSError as error:
            raise PricesError(f"{path} cannot be read: {error.strerror}.") from error
        except ValidationError as error:
            raise PricesError(f"{path}: {_told(error)}") from None
        except (ValueError, RecursionError) as error:  # tomllib's own error, and one of another encoding
            raise PricesError(f"{path} is no TOML file of prices: {error}.") from error

    def over(self, other: "Prices") -> "Prices":
        """Put these in the place of others of the same Region and charge."""
        names = {*self.regions, *other.regions}
        return Prices({name: {**other.of(name), **self.of(name)} for name in names})

    def of(self, region: str | None) -> Region:
        """Give the prices of a Region."""
        return self.regions.get(region or "", {})


@cache
def known_prices() -> Prices:
    """Read the file that comes with csvdynamo."""
    return Prices.read(PRICES_FILE)


def _told(error: ValidationError) -> str:
    first: Any = error.errors(include_url=False)[0]
    place = [str(part) for part in first["loc"] if part != "[key]"]
    if "[key]" in first["loc"]:
        return f"{'.'.join(place)} is no charge. There are: {', '.join(Charge)}."
    return f"{'.'.join(place) or 'the file'}: {first['msg']}."
