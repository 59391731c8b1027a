/** The way of the rows as bands whose widths are the ledger: from the source to what became of them. Pure. */

import type { Ledger, Report } from "./api";

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

const OUTCOMES: readonly [keyof Ledger, string, string][] = [
  ["written", "written", "green"],
  ["unchanged", "unchanged", "teal"],
  ["rejected_before_upload", "rejected before upload", "orange"],
  ["rejected", "rejected", "orange"],
  ["failed", "failed", "red"],
  ["unstarted", "never started", "gray"],
  ["unaccounted", "unaccounted for", "red"],
];

export const HEIGHT = 180;
const GAP = 40;
export const LABEL = 34;
const THINNEST = 2;

/** What became of the rows, those that there are. */
export const stops = (ledger: Ledger): Stop[] =>
  OUTCOMES.map(([key, name, palette]) => ({ name, palette, rows: Math.abs(ledger[key] ?? 0) })).filter((stop) => stop.rows);

/** The bands of a ledger, one below the other; none is so thin that it is not seen. */
export function bands(ledger: Ledger): Band[] {
  const found = stops(ledger);
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

/** What the check of the table says of the written rows, in a few words. Items of no row of the file are none of these. */
export function verified({ verification: found }: Pick<Report, "verification">): string {
  if (found.mode === "none" || !found.keys_checked) return "not checked";
  const wrong = found.missing + found.changed + found.stale + (found.undeleted ?? 0);
  const checked = `${found.keys_checked.toLocaleString("en-US")} keys read back`;
  return wrong ? `${checked}, ${wrong.toLocaleString("en-US")} wrong` : `${checked}, all as they should be`;
}
