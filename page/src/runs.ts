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

/** What is different from the run before, in a few words. */
export function difference(last: RunLine, before: RunLine): string {
  const rows = last.ledger.source_rows - before.ledger.source_rows;
  const told = rows ? `${rows > 0 ? "+" : "−"}${count(Math.abs(rows))} rows` : "as many rows";
  return last.schema_changes ? `${told}, header changed` : told;
}

export const rejectRate = ({ runs: [last] }: DataSetRow): number =>
  last?.ledger.source_rows ? rejects(last) / last.ledger.source_rows : -1;
