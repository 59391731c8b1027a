/** What a person decides by, and what was decided. Pure. */

import type { Asked } from "./airflow";
import type { Answer } from "./api";
import { count, moment, percent } from "./format";

/** The numbers of a file that a person is asked about, each with its name. */
export function numbers(asked: Asked): [string, string][] {
  const before: [string, string][] = asked.last_rows === null ? [] : [["rows last time", count(asked.last_rows)]];
  const codes = Object.entries(asked.rejects_by_code).map(([code, rows]): [string, string] => [code, count(rows)]);
  const deletions = asked.difference?.deletions ?? 0;
  return [
    ["rows of the source", count(asked.source_rows)],
    ...before,
    ["rejected", `${count(asked.rejected)} (${percent(asked.rejected, asked.source_rows)})`],
    ...codes,
    ["rows to be written", count(asked.prepared_rows - (asked.difference?.unchanged ?? 0))],
    ...(deletions ? [["items to be deleted", count(deletions)] satisfies [string, string]] : []),
  ];
}

/** Who answered what, and when. */
export function answered(answer: Answer | null | undefined): string {
  if (!answer) return "Nobody has answered.";
  if (!answer.by) return "Nobody answered in time.";
  return `${answer.by} ${answer.approved ? "approved" : "rejected"} it, ${moment(answer.at * 1000)}.`;
}
