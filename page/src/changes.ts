/** What changed since the run before: rows, header, source. Pure. */

import type { Report, RowChanges } from "./api";
import { count } from "./format";

/** A sentence for each thing that changed; none where nothing is known to have changed. */
export function changed(report: Report): string[] {
  const header = report.schema_changes.map((change) => change.message);
  return [...rows(report), ...header, ...report.source_warnings];
}

function rows({ changes, dry_run }: Report): string[] {
  if (!changes) return [];
  if (changes.rollback) return takenBack(changes, dry_run);
  const written = changes.why_all
    ? `Every row is written: ${changes.why_all}.`
    : `New rows: ${count(changes.new)}; changed: ${count(changes.changed)}; unchanged, and not written again: ${count(changes.unchanged)}.`;
  const same = changes.same_source && `Nothing new: the source is the one that run ${changes.same_source} migrated.`;
  return [same || written, ...vanished(changes), ...examples(changes)];
}

/** Some of the keys that the file changes, a line for each kind. */
function examples({ examples: some = [] }: RowChanges): string[] {
  const kinds = [...new Set(some.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const keys = some.filter((one) => one.kind === kind);
    const named = keys.map(({ key, row }) => (row === null ? key : `${key} (row ${count(row)})`));
    return `${kind[0]!.toUpperCase()}${kind.slice(1)}, such as: ${named.join(", ")}.`;
  });
}

/** Of a rollback: what is put back, taken away and lost. */
function takenBack(changes: RowChanges, dryRun = false): string[] {
  const { run, to, lost = 0 } = changes.rollback!;
  const put = `Run ${run} is ${dryRun ? "to be " : ""}taken back, to what execution ${to} left.`;
  const rows = `Rows to be put back: ${count(changes.new + changes.changed)}; as they were: ${count(changes.unchanged)}.`;
  return [put, rows, ...(lost ? [`Items that nobody can put back: ${count(lost)}.`] : [])];
}

function vanished(changes: RowChanges): string[] {
  if (!changes.vanished) return [];
  const where = changes.vanished_keys ? ` (${changes.vanished_keys}).` : ".";
  const number = count(changes.vanished);
  if (changes.to_delete) return [`Keys that vanished from the source: ${number}${where}`];
  const kept = `Keys that vanished from the source, and stay in the table: ${number}${where}`;
  if (!changes.unknown_keys) return [kept];
  return [kept, `Records of the source whose keys nobody can tell: ${count(changes.unknown_keys)}. Any of those may be theirs.`];
}

/** What became of the items that were to be deleted, which are of no row of the source; "" where there were none. */
export function deletions(changes: RowChanges | null | undefined, dryRun = false): string {
  const { to_delete: wanted = 0, deleted = 0, left_alone: left = 0 } = changes ?? {};
  if (!wanted) return "";
  const [gone, keys] = changes?.rollback ? ["taken away", "had nothing before"] : ["deleted", "vanished"];
  if (dryRun) return `Beside these, ${count(wanted)} items of keys that ${keys} would be ${gone}.`;
  const parts: [number, string][] = [
    [deleted, gone],
    [left, "left alone, as somebody has changed them"],
    [wanted - deleted - left, `not ${gone}`],
  ];
  const told = parts.filter(([items]) => items).map(([items, words]) => `${count(items)} ${words}`);
  return `Beside these, ${count(wanted)} items of keys that ${keys}: ${told.join("; ")}.`;
}
