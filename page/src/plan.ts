/** What a run was to do, beside what it did. */

import type { Report } from "./api";
import { count, dollars, duration } from "./format";

export type Compared = { name: string; planned: string; done: string };

const counted = (number: number | null | undefined): string => (typeof number === "number" ? count(number) : "unknown");

/** The plan of a run that migrated its rows, beside what happened; nothing where there was no plan. */
export function compared(report: Report): Compared[] {
  const { plan, ledger, throughput } = report;
  if (!plan || !report.execution_arn) return [];
  const rejected = Object.values(plan.rejects).reduce((one, other) => one + other, 0);
  const batches = Object.values(report.batches ?? {}).reduce((one, other) => one + other, 0);
  const took = throughput ? duration(throughput.rows.length * throughput.seconds) : "unknown";
  return [
    { name: "Rows written", planned: count(plan.written), done: count(ledger.written) },
    { name: "Rows rejected by the function", planned: count(rejected), done: count(ledger.rejected) },
    { name: "Write units", planned: count(plan.write_units), done: counted(report.write_units) },
    { name: "Batches", planned: count(plan.batches), done: count(batches) },
    { name: "Map Run", planned: duration(plan.map_run_seconds), done: took },
    { name: "Cost", planned: dollars(plan.cost.usd), done: dollars(report.cost?.usd) },
  ];
}
