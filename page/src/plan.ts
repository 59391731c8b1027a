/** What a run was to do, beside what it did. */

import type { Report } from "./api";
import { count, dollars, duration } from "./format";

export type Compared = { name: string; planned: string; done: string; difference: string };

type Told = number | null | undefined;

const known = (number: Told): number is number => typeof number === "number";

const signed = (number: number, told: string): string => (number > 0 ? `+${told}` : told);

/** By how much more or less was done. */
function more(planned: number, done: Told): string {
  if (!known(done)) return "unknown";
  return done === planned ? "none" : signed(done - planned, count(done - planned));
}

function percentMore(planned: Told, done: Told): string {
  if (!planned || !known(done)) return "unknown";
  const percent = 100 * (done / planned - 1);
  return done === planned ? "none" : signed(percent, `${count(percent)} %`);
}

/** The plan of a run that migrated its rows, beside what happened; nothing where there was no plan. */
export function compared(report: Report): Compared[] {
  const { plan, ledger, throughput } = report;
  if (!plan || !report.execution_arn) return [];
  const counts: [string, number, Told][] = [
    ["Rows written", plan.written, ledger.written],
    ["Rows rejected by the function", sum(plan.rejects), ledger.rejected],
    ...(plan.deletions ? [["Items deleted", plan.deletions, report.changes?.deleted ?? 0] satisfies [string, number, Told]] : []),
    ["Write units", plan.write_units, report.write_units],
    ["Batches", plan.batches, sum(report.batches ?? {})],
  ];
  const took = throughput ? throughput.rows.length * throughput.seconds : null;
  const [planned, usd] = [plan.cost.usd, report.cost?.usd];
  return [
    ...counts.map(([name, planned, done]) => ({
      name,
      planned: count(planned),
      done: known(done) ? count(done) : "unknown",
      difference: more(planned, done),
    })),
    {
      name: "Map Run",
      planned: duration(plan.map_run_seconds),
      done: known(took) ? duration(took) : "unknown",
      difference: percentMore(plan.map_run_seconds, took),
    },
    { name: "Cost", planned: dollars(planned), done: dollars(usd), difference: percentMore(planned, usd) },
  ];
}

const sum = (numbers: Record<string, number>): number => Object.values(numbers).reduce((one, other) => one + other, 0);
