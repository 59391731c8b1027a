/** What changed since the run before: rows, header, source. Pure. */

import type { Report } from "./api";
import { count } from "./format";

/** A sentence for each thing that changed; none where nothing is known to have changed. */
export function changed(report: Report): string[] {
  const header = report.schema_changes.map((change) => change.message);
  return [...rows(report), ...header, ...report.source_warnings];
}

function rows({ changes }: Report): string[] {
  if (!changes) return [];
  if (changes.why_all) return [`Every row is written: ${changes.why_all}.`];
  const told = [
    `New rows: ${count(changes.new)}; changed: ${count(changes.changed)}; unchanged, and not written again: ${count(changes.unchanged)}.`,
  ];
  if (changes.vanished) {
    const where = changes.vanished_keys ? ` (${changes.vanished_keys}).` : ".";
    told.push(`Keys that vanished from the source, and stay in the table: ${count(changes.vanished)}${where}`);
  }
  return told;
}
