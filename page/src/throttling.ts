/** What a run's table throttled, and what was done about it. Pure. */

import type { ConcurrencyChange, Report } from "./api";
import { count, duration } from "./format";

/** A name and what is told of it, for each reason and each change; nothing of a run that had neither. */
export function throttling(report: Report): [string, string][] {
  const reasons = Object.entries(report.throttled ?? {});
  const changes = report.concurrency_changes ?? [];
  const turnedAway = reasons.map(([reason, items]): [string, string] => [reason, `${count(items)} items, sent again`]);
  if (reasons.length > 0 && typeof report.waited_seconds === "number")
    turnedAway.push(["The function waited", `${duration(report.waited_seconds)}, all batches together`]);
  return [...turnedAway, ...changes.map((one): [string, string] => [atOnce(one), one.why])];
}

/** How many batches run at once from a change on. */
export const atOnce = (change: ConcurrencyChange): string =>
  `${count(change.after)} batches at once, not ${count(change.before)}`;
