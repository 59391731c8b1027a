/** What the lists say of runs. Pure. */

import type { DataSetRow, RunLine } from "./api";
import { count, moment } from "./format";

const KINDS: Record<string, string> = {
  manual: "by hand",
  scheduled: "scheduled",
  backfill: "backfill",
  asset_triggered: "by an asset",
};

export const REJECTS_CSV = "rejects.csv";

export const rejects = ({ ledger }: RunLine): number => ledger.rejected_before_upload + ledger.rejected;

/** What the data set of a DAG is called. */
export const nameOfDag = (dagId: string): string => dagId.replace(/^csvdynamo_/, "");

/** When a run reported, which is what people call it; its id is for programs. */
export const nameOf = (line: RunLine): string => moment(line.at * 1000);

/** Who began a run, as Airflow's id of it tells; "" where it does not. */
export const kindOf = (runId: string): string => KINDS[runId.split("__")[0] ?? ""] ?? "";

/** The run that the last one is held against: rows that are replayed are some of another run's, and no version of the source. */
export const before = ([, ...earlier]: RunLine[]): RunLine | undefined => earlier.find((line) => line.kind !== "replay");

/** What is different from the run before, in a few words. */
export function difference(last: RunLine, before: RunLine): string {
  if (last.kind === "replay") return `${count(last.ledger.source_rows)} rows replayed`;
  const rows = last.ledger.source_rows - before.ledger.source_rows;
  const told = rows ? `${rows > 0 ? "+" : "−"}${count(Math.abs(rows))} rows` : "as many rows";
  const deleted = last.deleted ? `, ${count(last.deleted)} deleted` : "";
  return `${told}${deleted}${last.schema_changes ? ", header changed" : ""}`;
}

/** What a run did beside writing rows, a few words each. */
export function besideWritten({ ledger, deleted, left_alone }: RunLine): string[] {
  const parts: [number | undefined, string][] = [
    [ledger.unchanged, "unchanged"],
    [deleted, "deleted"],
    [left_alone, "left alone"],
  ];
  return parts.flatMap(([number, words]) => (number ? [`${count(number)} ${words}`] : []));
}

export const rejectRate = ({ runs: [last] }: DataSetRow): number =>
  last?.ledger.source_rows ? rejects(last) / last.ledger.source_rows : -1;
