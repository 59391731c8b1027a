"""The error CSV of one run, corrected by hand, as the source of the next one; a header that changed meanwhile."""

import csv
import io
import json
from pathlib import Path
from typing import Any

HEADER = ["VIN (1-10)", "Model Year", "DOL Vehicle ID"]


def test_the_corrected_error_csv_of_a_run_is_migrated_by_the_next_one(dags: Any, tmp_path: Path) -> None:
    source = tmp_path / "vehicles.csv"
    source.write_text(
        "VIN (1-10),Model Year,DOL Vehicle ID\n"
        + "".join(f"=V{number},2020,80{number:02}\n" for number in range(90))
        + f"=W1,soon,8090\n=W2,2020\n=W3,2020,8092,\n=W4,2020,8000\n=W5{'€' * 130_000},2020,8094\n"
        + "".join(f"=V{number},2020,81{number:02}\n" for number in range(10)),
        encoding="utf-8",
    )
    first = dags.run(str(source))
    assert first.status == 0, first.output[-2000:]
    [location] = [place for place in first.report["error_files"] if place.endswith("/rejects.csv")]
    bucket, key = location.removeprefix("s3://").split("/", 1)
    content = dags.deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8-sig")

    header, *rows = csv.reader(io.StringIO(content, newline=""))
    assert header[:7] == [*HEADER, "_row", "_code", "_column", "_message"]
    assert {(row[3], row[4]) for row in rows} == {
        ("91", "BAD_TYPE"),
        ("92", "BAD_WIDTH"),
        ("93", "BAD_WIDTH"),
        ("1", "DUPLICATE_KEY"),
        ("95", "TOO_LARGE"),
    }
    mended = {
        "91": ("8090", "2019"),
        "92": ("8091", "2020"),
        "93": ("8092", "2020"),
        "1": ("8093", "2020"),
        "95": ("8094", "2020"),
    }
    for row in rows:
        row[2], row[1] = mended[row[3]]
        row[0] = row[0].rstrip("€")
    corrected = tmp_path / "corrected.csv"
    with corrected.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])

    second = dags.run(str(corrected), replay=first.report["run_id"])

    assert second.status == 0, second.output[-2000:]
    assert second.report["ledger"]["written"] == second.report["ledger"]["source_rows"] == 5
    table = dags.table()
    assert {table[f"A_{key}"]["vin_(1-10)"]["S"] for key in ("8090", "8091", "8092", "8093", "8094")} == {
        "=W1",
        "=W2",
        "=W3",
        "=V0",
        "=W5",
    }
    assert table["A_8000"]["vin_(1-10)"] == {"S": "=W4"}
    against_first = [change for change in second.report["schema_changes"] if change["against"] != "data set file"]
    assert against_first == []
    assert second.report["replays"]["run"] == first.report["run_id"]
    assert _since(dags, second) == {"source": 105, "in_table_then": 100, "in_table_since": 105}
    assert dags.report_of(first.report["run_id"]) == first.report

    # Uncorrected they are refused as before, and the row that lost its key to another loses it to the one in the table;
    # the one that had a cell too many has lost that in the CSV, and is in the table already as it is.
    third = dags.run(dags.dataset.source.url, replay=first.report["run_id"])

    assert third.status == 0, third.output[-2000:]
    ledger = third.report["ledger"]
    assert (ledger["source_rows"], ledger["rejected_before_upload"], ledger["written"]) == (5, 4, 1)
    assert third.report["rejects_by_code"]["DUPLICATE_KEY"] == 1
    assert (dags.table(), _since(dags, third)) == (table, _since(dags, second))


def _since(dags: Any, run: Any) -> dict[str, int]:
    """What is told, beside its report, of the rows of the run that another one replayed."""
    bucket, key = run.report["replays"]["since"].removeprefix("s3://").split("/", 1)
    rows: dict[str, int] = json.loads(dags.deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())[
        "rows"
    ]
    return rows


def test_a_column_that_the_last_successful_run_had_is_missed(dags: Any, vehicles: Any, tmp_path: Path) -> None:
    assert dags.run(vehicles(["7001"])).status == 0
    shorter = tmp_path / "shorter.csv"
    shorter.write_text("VIN (1-10),DOL Vehicle ID\nV1,7001\n", encoding="utf-8")

    run = dags.run(str(shorter))

    assert run.status == 0, run.output[-2000:]
    assert {
        (change["kind"], tuple(change["columns"]), change["action"]) for change in run.report["schema_changes"]
    } >= {("missing", ("Model Year",), "warn")}
