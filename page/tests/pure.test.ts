import { describe, expect, it } from "vitest";

import type { Progress } from "../src/airflow";
import type { Ledger, Report, RowChanges, RunPage } from "../src/api";
import { answered, numbers } from "../src/asked";
import { changed, deletions } from "../src/changes";
import { bands, stops, verified } from "../src/flow";
import { bytes, clock, count, distance, dollars, duration, percent, quantity } from "../src/format";
import { next } from "../src/next";
import { compared } from "../src/plan";
import { pace } from "../src/rate";
import { replayed } from "../src/replays";
import { throttling } from "../src/throttling";

const LEDGER: Ledger = {
  source_rows: 5000,
  rejected_before_upload: 2,
  written: 4992,
  rejected: 6,
  failed: 0,
  unstarted: 0,
  unaccounted: 0,
};

describe("the way of the rows", () => {
  const rows = (ledger: Partial<Ledger> = {}, rejects_by_code = {}) => ({ ledger: { ...LEDGER, ...ledger }, rejects_by_code });

  it("has a band for each outcome that there is, as wide as its part", () => {
    const found = bands(rows());

    expect(found.map((band) => [band.name, band.rows])).toEqual([
      ["written", 4992],
      ["rejected before upload", 2],
      ["rejected", 6],
    ]);
    expect(found[0]!.width).toBeGreaterThan(90);
  });

  it("has a band of the rows that were unchanged", () => {
    expect(stops(rows({ written: 92, unchanged: 4900 }))[1]).toMatchObject({ name: "unchanged", rows: 4900 });
  });

  it("tells rows that were left alone from those that are wrong", () => {
    expect(stops(rows({}, { LEFT_ALONE: 4, BAD_TYPE: 2 })).map((stop) => [stop.name, stop.rows])).toEqual([
      ["written", 4992],
      ["rejected before upload", 2],
      ["rejected", 2],
      ["left alone", 4],
    ]);
  });

  it("shows a single row among a billion", () => {
    const [, thin] = bands(rows({ written: 999_999_999, rejected: 1, rejected_before_upload: 0 }));

    expect(thin!.width).toBeGreaterThanOrEqual(2);
  });

  it("begins each band where the one before ends, and lets none overlap", () => {
    const found = bands(rows({ failed: 70, unstarted: 9 }));

    for (const [place, band] of found.entries()) {
      const before = found[place - 1];
      if (before) {
        expect(band.from).toBeCloseTo(before.from + before.width);
        expect(band.to).toBeGreaterThan(before.to + before.width);
      }
    }
  });

  it("tells of rows that are too many as of those that are missing", () => {
    expect(stops(rows({ unaccounted: -3 })).at(-1)).toMatchObject({ name: "unaccounted for", rows: 3 });
  });

  it("has no band where there is no row", () => {
    expect(bands(rows({ source_rows: 0, written: 0, rejected: 0, rejected_before_upload: 0 }))).toEqual([]);
  });

  const found = { mode: "sample", keys_checked: 1000, missing: 0, changed: 0, unfinished: 0, stale: 0, foreign: 0, expired: 0 };

  it.each([
    [{ mode: "none", keys_checked: 0 }, "The table was not read back."],
    [{}, "A sample of the table was read back: 1,000 keys, all as they should be."],
    [{ mode: "full" }, "All of the table was read back: 1,000 keys, all as they should be."],
    [
      { mode: "changed", undeleted: 2 },
      "What was written or deleted was read back, and a sample of the rest: 1,000 keys, 2 not deleted.",
    ],
    [
      { mode: "full", missing: 2, changed: 4, stale: 1 },
      "All of the table was read back: 1,000 keys, 2 missing, 4 other than their rows, 1 of rejected rows.",
    ],
    [
      { mode: "full", foreign: 60_000, expired: 3, unfinished: 5 },
      "All of the table was read back: 1,000 keys, all as they should be. Items beside these: 60,000 of no row of the source, " +
        "3 gone, as their time to live has ended, 5 of rows that are unfinished.",
    ],
  ])("says how much of the table was read back, and what of it is wrong: %o", (differs, told) => {
    expect(verified({ ledger: LEDGER, verification: { ...found, ...differs } })).toBe(told);
  });

  it("says of a run that wrote and deleted nothing that a sample was read", () => {
    const nothing = { ledger: { ...LEDGER, written: 0 }, verification: { ...found, mode: "changed" } };
    const deleted = { new: 0, changed: 0, unchanged: 7, vanished: 2, why_all: "", deleted: 2 };

    expect(verified(nothing)).toMatch(/^A sample of the table/);
    expect(verified({ ...nothing, changes: deleted })).toMatch(/^What was written or deleted/);
  });
});

describe("numbers as people read them", () => {
  it.each([
    [0, 10, "0 %"],
    [1, 10, "10 %"],
    [1, 3, "33.3 %"],
    [8, 5000, "0.16 %"],
    [1, 1_000_000, "< 0.01 %"],
    [999_999, 1_000_000, "> 99.99 %"],
    [7, 7, "100 %"],
    [1, 0, "0 %"],
  ])("%d of %d is %s", (part, whole, told) => expect(percent(part, whole)).toBe(told));

  it.each([
    [0, "0 bytes"],
    [999, "999 bytes"],
    [1000, "1 kB"],
    [37_500_000, "37.5 MB"],
    [2e12, "2 TB"],
  ])("%d bytes are %s", (number, told) => expect(bytes(number)).toBe(told));

  it.each([
    [0.25, "0.3 s"],
    [59, "59 s"],
    [61, "1 min"],
    [7300, "2 h 2 min"],
  ])("%d seconds are %s", (seconds, told) => expect(duration(seconds)).toBe(told));

  it.each([
    [0, "0:00"],
    [61.4, "1:01"],
    [7325, "2:02:05"],
  ])("%d seconds on an axis are %s", (seconds, told) => expect(clock(seconds)).toBe(told));

  it("tells how far a moment is", () => {
    expect(distance(0, 90_000)).toBe("2 min ago");
    expect(distance(4 * 86_400_000, 0)).toBe("in 4 d");
    expect(count(1234567)).toBe("1,234,567");
  });
});

const told = (settled: number, at?: number): Progress => ({
  total: 100,
  settled,
  succeeded: settled,
  failed: 0,
  timed_out: 0,
  aborted: 0,
  running: 0,
  pending: 100 - settled,
  percent: settled,
  ...(at === undefined ? {} : { at, began: 1000 }),
});

describe("what a person is asked", () => {
  const asked = {
    questions: [{ gate: "schema", sentence: "The header changed.", numbers: {} }],
    source_rows: 33,
    last_rows: 1200,
    rejected: 3,
    rejects_by_code: { BAD_WIDTH: 3 },
    prepared_rows: 30,
  };

  it("comes with the rows now and before, and the rejects by code", () => {
    expect(numbers(asked)).toEqual([
      ["rows of the source", "33"],
      ["rows last time", "1,200"],
      ["rejected", "3 (9.1 %)"],
      ["BAD_WIDTH", "3"],
      ["rows to be written", "30"],
    ]);
    const some = { ...asked, difference: { unchanged: 28, deletions: 7 } };
    expect(numbers(some).slice(-2)).toEqual([
      ["rows to be written", "2"],
      ["items to be deleted", "7"],
    ]);
    expect(numbers({ ...asked, last_rows: null }).map(([name]) => name)).not.toContain("rows last time");
  });

  it("says who answered, or that nobody did", () => {
    expect(answered({ approved: true, by: "bob", at: 0 })).toMatch(/^bob approved it, .+\.$/);
    expect(answered({ approved: false, by: "bob", at: 0 })).toMatch(/^bob rejected it, /);
    expect(answered({ approved: false, by: "", at: 0 })).toBe("Nobody answered in time.");
    expect(answered(null)).toBe("Nobody has answered.");
  });
});

describe("the pace of a Map Run", () => {
  it("is what came in between two looks, and on average since it began", () => {
    expect(pace(told(20, 1010), told(40, 1015))).toEqual({ now: 4, mean: 40 / 15, left: 15 });
  });

  it("is not known from one look without a time", () => {
    expect(pace(null, told(20))).toEqual({ now: null, mean: null, left: null });
  });

  it("has no average of the moment in which it was counted first", () => {
    expect(pace(null, { ...told(60, 1000.02) })).toEqual({ now: null, mean: null, left: null });
  });

  it("takes the average where nothing came of late", () => {
    expect(pace(told(40, 1010), told(40, 1020))).toEqual({ now: 0, mean: 2, left: 30 });
  });

  it("leaves nothing where all is done", () => {
    expect(pace(told(90, 1010), told(100, 1020)).left).toBe(0);
  });
});

describe("cost", () => {
  it("never tells a small amount as none, nor an unknown one as a number", () => {
    expect([0, 0.00001, 0.12345, 1234.5, null, undefined].map(dollars)).toEqual([
      "$0",
      "< $0.0001",
      "$0.1235",
      "$1,234.50",
      "unknown",
      "unknown",
    ]);
    expect([null, 3, 0.5, 0.00001, 1234.5].map(quantity)).toEqual(["unknown", "3", "0.5", "< 0.0001", "1,235"]);
  });
});

describe("a plan beside what happened", () => {
  const plan = {
    rejects: { BAD_TYPE: 2, TOO_LONG: 1 },
    written: 97,
    write_units: 97,
    batches: 1,
    map_run_seconds: 1.5,
    cost: { region: "us-east-1", usd: 0.01, lines: [] },
  };
  const report = {
    plan,
    ledger: { ...LEDGER, written: 96, rejected: 4 },
    execution_arn: "arn",
    batches: { SUCCEEDED: 1 },
    throughput: { began: 0, seconds: 2, rows: [50, 50] },
  } as unknown as Report;

  it("sets each number beside the other, and says what nobody counted", () => {
    expect(compared(report).map((one) => [one.planned, one.done, one.difference])).toEqual([
      ["97", "96", "-1"],
      ["3", "4", "+1"],
      ["97", "unknown", "unknown"],
      ["1", "1", "none"],
      ["1.5 s", "4 s", "+167 %"],
      ["$0.0100", "unknown", "unknown"],
    ]);
  });

  it("is not there of a run without a plan, nor of a dry run", () => {
    expect(compared({ ...report, plan: null })).toEqual([]);
    expect(compared({ ...report, execution_arn: null })).toEqual([]);
  });
});

describe("throttling", () => {
  const change = { at: 12, before: 8, after: 3, why: "the last 8 batches waited" };

  it("tells each reason, how long the function waited, and each change with its why", () => {
    const report = { throttled: { Hot: 2500 }, waited_seconds: 83, concurrency_changes: [change] } as unknown as Report;

    expect(throttling(report)).toEqual([
      ["Hot", "2,500 items, sent again"],
      ["The function waited", "1 min, all batches together"],
      ["3 batches at once, not 8", "the last 8 batches waited"],
    ]);
  });

  it("is not there of a run that was neither throttled nor changed, nor of an earlier version's", () => {
    expect(throttling({ throttled: {}, waited_seconds: 0, concurrency_changes: [] } as unknown as Report)).toEqual([]);
    expect(throttling({ throttled: null } as unknown as Report)).toEqual([]);
    expect(throttling({} as Report)).toEqual([]);
  });
});

describe("what changed", () => {
  const quiet = { schema_changes: [], source_warnings: [] };
  const told = (changes: object) => changed({ ...quiet, changes } as unknown as Report);

  it("tells of rows, then of the header and the source", () => {
    const report = { schema_changes: [{ message: "a column came" }], source_warnings: ["few rows"] };
    const changes = { new: 1, changed: 2, unchanged: 7000, vanished: 0, why_all: "" };

    expect(changed({ ...report, changes } as unknown as Report)).toEqual([
      "New rows: 1; changed: 2; unchanged, and not written again: 7,000.",
      "a column came",
      "few rows",
    ]);
    expect(changed(quiet as unknown as Report)).toEqual([]);
  });

  it("names some keys of each kind", () => {
    const examples = [
      { kind: "new", key: '"d"', row: 1200 },
      { kind: "new", key: '"e"', row: 1201 },
      { kind: "vanished", key: '"c"', row: null },
    ];
    const changes = { new: 2, changed: 0, unchanged: 8, vanished: 1, why_all: "", examples };
    expect(told(changes).slice(-2)).toEqual(['New, such as: "d" (row 1,200), "e" (row 1,201).', 'Vanished, such as: "c".']);
  });

  it("says which run migrated a source that is not read again", () => {
    const changes = { new: 0, changed: 0, unchanged: 7, vanished: 0, why_all: "", same_source: "monthly" };

    expect(told(changes)).toEqual(["Nothing new: the source is the one that run monthly migrated."]);
  });

  it("says where vanished keys are listed, and why every row is written", () => {
    const changes = { new: 0, changed: 0, unchanged: 7, vanished: 3, why_all: "" };

    expect(told(changes)[1]).toBe("Keys that vanished from the source, and stay in the table: 3.");
    expect(told({ ...changes, vanished_keys: "s3://b/v" })[1]).toBe(
      "Keys that vanished from the source, and stay in the table: 3 (s3://b/v).",
    );
    expect(told({ ...changes, vanished: 0, why_all: "the rules were changed" })).toEqual(["Every row is written: the rules were changed."]);
  });

  it.each([
    [{ deleted: 3 }, "Beside these, 3 items of keys that vanished: 3 deleted."],
    [
      { deleted: 1, left_alone: 1 },
      "Beside these, 3 items of keys that vanished: 1 deleted; 1 left alone, as somebody has changed them; 1 not deleted.",
    ],
  ])("says what became of items that were to be deleted: %o", (became, words) => {
    const changes = { new: 0, changed: 0, unchanged: 7, vanished: 4, vanished_keys: "s3://b/v", why_all: "", to_delete: 3, ...became };

    expect(told(changes).slice(1)).toEqual(["Keys that vanished from the source: 4 (s3://b/v)."]);
    expect(told({ ...changes, why_all: "the rules were changed" })).toHaveLength(2);
    expect(deletions(changes as unknown as RowChanges)).toBe(words);
  });

  it("says of a dry run what would be deleted, and of none that nothing is", () => {
    const changes = { new: 0, changed: 0, unchanged: 7, vanished: 3, why_all: "", to_delete: 3 };

    expect(deletions(changes, true)).toBe("Beside these, 3 items of keys that vanished would be deleted.");
    expect([deletions(null), deletions({ ...changes, to_delete: 0 })]).toEqual(["", ""]);
  });

  it("says of a rollback what is put back, taken away and lost", () => {
    const rollback = { run: "manual__1", execution: "cars-9", to: "cars-8", lost: 2 };
    const changes = { new: 1, changed: 3, unchanged: 6, vanished: 2, why_all: "", to_delete: 2, deleted: 2, rollback };

    expect(told(changes)).toEqual([
      "Run manual__1 is taken back, to what execution cars-8 left.",
      "Rows to be put back: 4; as they were: 6.",
      "Items that nobody can put back: 2.",
    ]);
    expect(deletions(changes)).toBe("Beside these, 2 items of keys that had nothing before: 2 taken away.");
    const dry = changed({ ...quiet, dry_run: true, changes } as unknown as Report);
    expect(dry[0]).toBe("Run manual__1 is to be taken back, to what execution cars-8 left.");
  });

  it("says why nothing is deleted beside records whose keys nobody can tell", () => {
    const changes = { new: 0, changed: 0, unchanged: 7, vanished: 3, why_all: "", unknown_keys: 2 };

    expect(told(changes).slice(1)).toEqual([
      "Keys that vanished from the source, and stay in the table: 3.",
      "Records of the source whose keys nobody can tell: 2. Any of those may be theirs.",
    ]);
  });
});

describe("what can be done next", () => {
  const page = (report: object, line: object = {}, files = ["rejects.csv"]) =>
    ({
      report: { rejects_by_code: {}, execution_arn: "arn", ...report },
      line: { run_id: "manual__1", dry_run: false, deleted: 0, ledger: LEDGER, ...line },
      files,
    }) as unknown as RunPage;
  const begins = (told: RunPage) => next(told).map((one) => one.split(":")[0]);
  const rejects = "To take rejected rows back";
  const left = "Rows that are LEFT_ALONE are in rejects.csv";
  const back = "To take this run back, as long as no other has written since";

  it.each([
    [page({}), []],
    [page({ rejects_by_code: { BAD_TYPE: 1 } }), [rejects]],
    [page({ rejects_by_code: { BAD_TYPE: 1 } }, {}, []), []],
    [page({ rejects_by_code: { LEFT_ALONE: 1 } }), [left]],
    [page({ changes: { new: 1 } }), [back]],
    [page({ changes: { new: 0 } }, { ledger: { ...LEDGER, written: 0 } }), []],
    [page({ changes: { new: 0 } }, { deleted: 2, ledger: { ...LEDGER, written: 0 } }), [back]],
    [page({ rejects_by_code: { BAD_TYPE: 1 } }, { dry_run: true }), []],
  ])("follows from what the run left", (told, sentences) => {
    expect(begins(told)).toEqual(sentences);
  });

  it("names the run as the form wants it", () => {
    const told = next(page({ rejects_by_code: { BAD_TYPE: 1 }, changes: { new: 1 } }));

    expect(told.map((one) => one.split("with ").at(-1))).toEqual([
      "it as “Source”, and “Replay” = manual__1.",
      "“Roll back” = manual__1.",
    ]);
  });
});

describe("rows that were replayed", () => {
  const since = { run: "first", source_rows: 1200, then: 1000, since: 1150, replays: ["second"] };
  const page = (run_id: string, told: object) => ({ line: { run_id }, report: {}, ...told }) as unknown as RunPage;

  it("are told of the run that they are of, then and since", () => {
    expect(replayed(page("first", {}))).toEqual([]);
    expect(replayed(page("first", { since }))).toEqual([
      "Of the 1,200 rows of this run, 1,000 were in the table when it ended, and 1,150 are since.",
      "Replayed by second.",
    ]);
  });

  it("are told by the replay, with the run's name", () => {
    const report = { replays: { run: "first", report: "s3://b/r", since: "s3://b/s" } };

    expect(replayed(page("second", { report, since }))).toEqual([
      "The rows are those of the run first, whose report stays as it is.",
      "Of the 1,200 rows of that run, 1,000 were in the table when it ended, and 1,150 are since.",
    ]);
  });
});
