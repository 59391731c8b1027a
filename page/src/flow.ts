/** The way of the rows as bands whose widths are the ledger: from the source to what became of them. Pure. */

import type { Ledger, Report } from "./api";
import { count } from "./format";

export type Stop = {
  name: string;
  rows: number;
  /** Chakra's palette. */
  palette: string;
};

export type Band = Stop & {
  /** Where it leaves the source and where it arrives, from the top; and how wide it is. */
  from: number;
  to: number;
  width: number;
};

/** `left_alone` is a part of `rejected`: the rows of the code LEFT_ALONE. */
const OUTCOMES: readonly [keyof Ledger | "left_alone", string, string][] = [
  ["written", "written", "green"],
  ["unchanged", "unchanged", "teal"],
  ["rejected_before_upload", "rejected before upload", "orange"],
  ["rejected", "rejected", "orange"],
  ["left_alone", "left alone", "gray"],
  ["failed", "failed", "red"],
  ["unstarted", "never started", "gray"],
  ["unaccounted", "unaccounted for", "red"],
];

export const HEIGHT = 180;
const GAP = 40;
export const LABEL = 34;
const THINNEST = 2;

export type Rows = Pick<Report, "ledger" | "rejects_by_code">;

/** What became of the rows, those that there are. */
export function stops({ ledger, rejects_by_code: codes }: Rows): Stop[] {
  const left_alone = Math.min(codes.LEFT_ALONE ?? 0, ledger.rejected);
  const parts = { ...ledger, left_alone, rejected: ledger.rejected - left_alone };
  return OUTCOMES.map(([key, name, palette]) => ({ name, palette, rows: Math.abs(parts[key] ?? 0) })).filter((stop) => stop.rows);
}

/** The bands of a ledger, one below the other; none is so thin that it is not seen. */
export function bands(report: Rows): Band[] {
  const found = stops(report);
  const rows = found.reduce((sum, stop) => sum + stop.rows, 0);
  const room = HEIGHT - GAP * Math.max(0, found.length - 1);
  let from = 0;
  let to = 0;
  return found.map((stop) => {
    const width = Math.max(THINNEST, (room * stop.rows) / rows);
    const band = { ...stop, from, to, width };
    from += width;
    to += width + GAP;
    return band;
  });
}

const READ: Record<string, string> = {
  full: "All of the table was read back",
  changed: "What was written or deleted was read back, and a sample of the rest",
  sample: "A sample of the table was read back",
};

/** What the check of the table says, in a sentence: how much was read, what is wrong, and what is of no row of the file. */
export function verified({ verification: found, ledger, changes }: Pick<Report, "verification" | "ledger" | "changes">): string {
  if (found.mode === "none" || !found.keys_checked) return "The table was not read back.";
  const nothing = !ledger.written && !changes?.deleted;
  const mode = found.mode === "changed" && nothing ? "sample" : found.mode;
  const wrong: [number, string][] = [
    [found.missing, "missing"],
    [found.changed, "other than their rows"],
    [found.stale, "of rejected rows"],
    [found.undeleted ?? 0, "not deleted"],
  ];
  const beside: [number, string][] = [
    [found.foreign, "of no row of the source"],
    [found.expired, "gone, as their time to live has ended"],
    [found.unfinished, "of rows that are unfinished"],
  ];
  const told = (parts: [number, string][]) =>
    parts.filter(([items]) => items).map(([items, words]) => `${count(items)} ${words}`).join(", ");
  const others = told(beside);
  return (
    `${READ[mode] ?? "The table was read back"}: ${count(found.keys_checked)} keys, ` +
    `${told(wrong) || "all as they should be"}.${others && ` Items beside these: ${others}.`}`
  );
}
