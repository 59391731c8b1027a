"""The data set of the hostile files: a column for every rule, and one data set file for each policy."""

from pathlib import Path

HEADER = (
    "ID",
    "Text",
    "Number",
    "Age",
    "Flag",
    "Zip",
    "State",
    "Kept",
    "Nulled",
    "Note",
    "Must",
    " Old  Name ",
    "Secret",
    "Swell",
    'Quoted "Name"',
)

SWELL = 100
"""How many characters a number sign in the column Swell becomes, so that a small row is a large item."""

POLICIES = ("last", "first", "reject")

_RULES = """
[source]
url       = "https://example.org/hostile.csv"
file_name = "hostile.csv"

[table]
name          = "tb_{name}"
partition_key = "id"

[attributes]
transform = ["trim", "lowercase", {{ replace = " ", with = "_" }}, {{ replace = '"', with = "" }}]

[columns."ID"]
transform = ["trim", "uppercase", {{ prefix = "K_" }}]

[columns."Number"]
type = "number"

[columns."Age"]
type = "number"
min  = 0
max  = 120

[columns."Flag"]
type  = "boolean"
empty = "null"

[columns."Zip"]
pattern = "[0-9]{{5}}"

[columns."State"]
transform = ["trim", "uppercase"]
allowed   = ["WA", "OR"]

[columns."Kept"]
empty = "keep"

[columns."Nulled"]
empty = "null"

[columns."Note"]
max_length = 10

[columns."Must"]
required = true

[columns." Old  Name "]
rename = "new_name"

[columns."Secret"]
drop = true

[columns."Swell"]
transform = [{{ replace = "#", with = "{swell}" }}]

[gates]
max_reject_percent = 60

[limits]
rows_per_batch = 20

[verify]
mode    = "full"
foreign = "fail"
"""


def write_datasets(folder: Path) -> None:
    """Write a data set file for each policy, named `hostile_<policy>`."""
    for policy in POLICIES:
        name = f"hostile_{policy}"
        text = f'duplicates = "{policy}"\n' + _RULES.format(name=name, swell="s" * SWELL)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


SMALL = """
[source]
url       = "https://example.org/small.csv"
file_name = "small.csv"

[table]
name          = "tb_small"
partition_key = "id"

[attributes]
transform = ["trim", "lowercase"]

[gates]
max_reject_percent = 100
"""


def write_small_dataset(folder: Path) -> Path:
    """Write the data set of the small files: a key `id`, and no rules."""
    path = folder / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path
