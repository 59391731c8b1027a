"""Generates the demo's source: invented vehicles under the real header, with faults whose place and code are known.

Usage: python -m commands.sample --rows 5000 --out build/sample/Electric_Vehicle_Population_Data.csv
"""

import argparse
import csv
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HEADER = (
    "VIN (1-10)",
    "County",
    "City",
    "State",
    "Postal Code",
    "Model Year",
    "Make",
    "Model",
    "Electric Vehicle Type",
    "Clean Alternative Fuel Vehicle (CAFV) Eligibility",
    "Electric Range",
    "Base MSRP",
    "Legislative District",
    "DOL Vehicle ID",
    "Vehicle Location",
    "Electric Utility",
    "2020 Census Tract",
)
KEY = "DOL Vehicle ID"
TESTED = "Electric Utility"
"""The column that holds the values that must arrive as they are: free text without rules."""

HARD_VALUES = (
    "Light, Power and Water",
    'The "Public" Utility',
    '"',
    'Pole 5"", line 7\'',
    "two\nlines",
    "carriage\r\nreturn",
    "lone\rreturn",
    "C:\\new\\table",
    "one trailing backslash\\",
    "two \\\\ in the middle",
    'backslash and quote \\" together',
    "backslash, comma \\, together",
    "München, Ὀδυσσεύς, 水力発電, ⚡🚗",
    "e\u0301 is not é",
    "line\u2028separator",
    " white space at both ends ",
    "tab\there",
    "=1+1",
)

LEAST_ROWS = 100
SAMPLE_DATASET = "ev_population"
"""The data set that the sample is of."""

_PLACES = (
    ("King", "Seattle", "98103"),
    ("King", "Bothell", "98011"),
    ("Kitsap", "Poulsbo", "98370"),
    ("Thurston", "Olympia", "98501"),
    ("Yakima", "Yakima", "98902"),
    ("Spokane", "Spokane", "99201"),
)
_MODELS = (("NORTHWIND", "ZEPHYR"), ("NORTHWIND", "BREEZE"), ("CASCADIA", "OTTER"), ("OLYMPIC", "MODEL 7"))
_UTILITIES = ("EXAMPLE POWER & LIGHT - (WA)", "EXAMPLE COOPERATIVE", "")


@dataclass(frozen=True)
class Fault:
    """A row that must be rejected: its number, 1 for the first after the header, and the reject's code."""

    row: int
    code: str


@dataclass(frozen=True)
class HardValue:
    """A value that must arrive as it is: its row, the row's key (a DOL Vehicle ID), its column and itself."""

    row: int
    key: str
    header: str
    value: str


@dataclass(frozen=True)
class Sample:
    """A generated source.

    Attributes:
        path: The CSV.
        rows: Records after the header, faulty ones included.
        faults: Every row that must be rejected, in the file's order.
        hard_values: Values that naive readers garble, in the file's order.
    """

    path: Path
    rows: int
    faults: tuple[Fault, ...]
    hard_values: tuple[HardValue, ...]

    @property
    def faults_path(self) -> Path:
        """The JSON file beside the CSV that lists faults and hard values."""
        return self.path.with_suffix(".faults.json")


def write_sample(path: Path, rows: int = 5000, seed: int = 1) -> Sample:
    """Write the sample, and beside it the list of what is special in it. The same arguments give the same bytes.

    Args:
        path: The CSV to write; its folder is made.
        rows: Records after the header, at least 100.
        seed: Another seed gives other vehicles, and faults in other rows.

    Raises:
        ValueError: There are too few rows for the faults.
    """
    if rows < LEAST_ROWS:
        raise ValueError(f"rows is {rows}, but the sample's faults need at least {LEAST_ROWS} rows")
    draw = random.Random(seed)  # noqa: S311 - invented vehicles, no secrets
    vehicles = [_vehicle(draw, number) for number in range(1, rows + 1)]
    # Not the last one: a file that does not end with a row is told to be cut off.
    special = iter(draw.sample(range(1, rows), len(_FAULTS) + len(HARD_VALUES)))
    faults = []
    for (code, spoil), row in zip(_FAULTS, special, strict=False):
        vehicles[row - 1] = spoil(vehicles[row - 1])
        faults.append(Fault(row, code))
    hard_values = []
    for value, row in zip(HARD_VALUES, special, strict=True):
        vehicles[row - 1] = _with(vehicles[row - 1], TESTED, value)
        hard_values.append(HardValue(row, vehicles[row - 1][HEADER.index(KEY)], TESTED, value))
    sample = Sample(
        path,
        rows,
        tuple(sorted(faults, key=lambda fault: fault.row)),
        tuple(sorted(hard_values, key=lambda hard: hard.row)),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_csv(path, vehicles)
    document = {name: [asdict(entry) for entry in getattr(sample, name)] for name in ("faults", "hard_values")}
    sample.faults_path.write_text(json.dumps({"rows": rows, **document}, indent=2) + "\n", encoding="utf-8")
    return sample


def _vehicle(draw: random.Random, number: int) -> list[str]:
    county, city, postal_code = draw.choice(_PLACES)
    make, model = draw.choice(_MODELS)
    battery_only = draw.random() < 0.75
    return [
        "".join(draw.choices("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", k=10)),
        county,
        city,
        "WA",
        postal_code,
        str(draw.randint(2012, 2024)),
        make,
        model,
        "Battery Electric Vehicle (BEV)" if battery_only else "Plug-in Hybrid Electric Vehicle (PHEV)",
        "Clean Alternative Fuel Vehicle Eligible" if battery_only else "Not eligible due to low battery range",
        str(draw.randint(60, 320) if battery_only else draw.randint(10, 40)),
        "0",
        str(draw.randint(1, 49)),
        str(100_000_000 + 17 * number),
        f"POINT ({-draw.uniform(117, 123):.5f} {draw.uniform(46, 48.9):.5f})",
        draw.choice(_UTILITIES),
        f"530{draw.randint(0, 99_999_999):08d}",
    ]


def _with(vehicle: Sequence[str], header: str, value: str) -> list[str]:
    return [value if name == header else old for name, old in zip(HEADER, vehicle, strict=True)]


_FAULTS: tuple[tuple[str, Callable[[list[str]], list[str]]], ...] = (
    *[("MISSING_KEY", lambda vehicle: _with(vehicle, KEY, ""))] * 3,
    *[("MISSING_KEY", lambda vehicle: _with(vehicle, KEY, "  "))] * 2,
    ("BAD_WIDTH", lambda vehicle: vehicle[:9]),
    ("BAD_WIDTH", lambda vehicle: [*vehicle, "a field", "and, another"]),
    ("BAD_TYPE", lambda vehicle: _with(vehicle, "Model Year", "next year")),
)


def _write_csv(path: Path, vehicles: list[list[str]]) -> None:
    # A lone carriage return has to be quoted, which this line end makes Python's writer do.
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(HEADER)
        middle = len(vehicles) // 2
        writer.writerows(vehicles[:middle])
        file.write("\r\n")  # a blank line, which is no record
        writer.writerows(vehicles[middle:])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a sample as the command line says, and print where it is."""
    parser = argparse.ArgumentParser(prog="python -m commands.sample", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=5000, help="records after the header (default: %(default)s)")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("build/sample/Electric_Vehicle_Population_Data.csv"),
        help="the CSV to write (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=1, help="draws other vehicles and places (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.rows < LEAST_ROWS:
        parser.error(f"--rows must be at least {LEAST_ROWS}")
    sample = write_sample(options.out, options.rows, options.seed)
    print(f"{sample.path}: {sample.rows:,} rows, {len(sample.faults)} of them faulty ({sample.faults_path})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
