import { describe, expect, it } from "vitest";

import type { RunLine } from "../src/api";
import { sorted } from "../src/components/Columns";
import { before, besideWritten, difference, kindOf, nameOf, rejectRate, rejects } from "../src/runs";

const line = (rows: number, changes: Partial<RunLine> = {}): RunLine => ({
  run_id: "manual__2026-11-27T00:30:39.876167+00:00",
  report: "reports/cars/1/report.json",
  at: 1_700_000_000,
  accounted: true,
  dry_run: false,
  problem: "",
  ledger: {
    source_rows: rows,
    rejected_before_upload: 1,
    written: rows - 3,
    rejected: 2,
    failed: 0,
    unstarted: 0,
    unaccounted: 0,
  },
  source_bytes: null,
  source_modified: null,
  schema_changes: 0,
  write_units: null,
  seconds: 1,
  files: [],
  kind: "",
  deleted: 0,
  left_alone: 0,
  ...changes,
});

const row = (name: string, ...runs: RunLine[]) => ({ dag_id: name, dataset: name, file_name: "", table: "", runs, problem: "" });

describe("what the lists say of a run", () => {
  it("is when it reported and who began it, and no id", () => {
    expect(nameOf(line(10))).toBe("2023-11-14 22:13 UTC");
    expect(kindOf("manual__2026")).toBe("by hand");
    expect(kindOf("asset_triggered__2026")).toBe("by an asset");
    expect(kindOf("my own id")).toBe("");
  });

  it("is all that was rejected, before the upload or after it", () => {
    expect(rejects(line(10))).toBe(3);
    expect(rejectRate(row("cars", line(10)))).toBe(0.3);
    expect(rejectRate(row("cars"))).toBe(-1);
  });

  it.each([
    [12, 10, {}, "+2 rows"],
    [10, 1210, {}, "−1,200 rows"],
    [10, 10, {}, "as many rows"],
    [10, 10, { schema_changes: 1 }, "as many rows, header changed"],
    [12, 10, { deleted: 3 }, "+2 rows, 3 deleted"],
    [2, 10, { kind: "replay" as const }, "2 rows replayed"],
  ])("%d rows after %d are %s", (now, then, changes, told) => {
    expect(difference(line(now, changes), line(then))).toBe(told);
  });
});

describe("the run before", () => {
  it("is the newest earlier one of a whole source", () => {
    const [last, replay, whole] = [line(12), line(2, { kind: "replay" }), line(10)];

    expect(before([last, replay, whole])).toBe(whole);
    expect(before([replay, whole])).toBe(whole);
    expect(before([last])).toBeUndefined();
  });
});

describe("what a run did beside writing rows", () => {
  it("is told where there is any", () => {
    expect(besideWritten(line(10))).toEqual([]);
    const some = line(10, { deleted: 2, left_alone: 1 });
    expect(besideWritten({ ...some, ledger: { ...some.ledger, unchanged: 1200 } })).toEqual(["1,200 unchanged", "2 deleted", "1 left alone"]);
  });
});

describe("sorting", () => {
  const columns = [{ name: "Rows", order: (one: number, other: number) => other - one }, { name: "Other" }];

  it("is by a column, and the other way round", () => {
    expect(sorted([1, 3, 2], columns, { by: "Rows", reversed: false })).toEqual([3, 2, 1]);
    expect(sorted([1, 3, 2], columns, { by: "Rows", reversed: true })).toEqual([1, 2, 3]);
  });

  it("leaves rows as they are by a column that has no order", () => {
    expect(sorted([1, 3, 2], columns, { by: "Other", reversed: true })).toEqual([1, 3, 2]);
  });
});
