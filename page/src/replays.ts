/** What is told of rows that were replayed. Pure. */

import type { RunPage } from "./api";
import { count } from "./format";

/** A sentence for each thing that there is to tell; none where nothing was replayed. */
export function replayed({ report, since, line }: RunPage): string[] {
  const told = report.replays ? [`The rows are those of the run ${report.replays.run}, whose report stays as it is.`] : [];
  if (!since) return told;
  const whose = since.run === line.run_id ? "this run" : "that run";
  const rows = `Of the ${count(since.source_rows)} rows of ${whose}, ${count(since.then)} were in the table when it ended, and ${count(since.since)} are since.`;
  const others = since.replays.filter((run) => run !== line.run_id);
  return [...told, rows, ...(others.length ? [`Replayed by ${others.join(", ")}.`] : [])];
}
