/** How fast a Map Run goes, from what its trigger told at two moments. Pure. */

import type { Progress } from "./airflow";

export type Pace = {
  /** Rows a second: of late, and since it began; null as long as nobody knows. */
  now: number | null;
  mean: number | null;
  /** Seconds that the rest takes at the pace of late. */
  left: number | null;
};

/** The least time of which a mean says something. */
const SECONDS = 4;

export function pace(before: Progress | null, last: Progress): Pace {
  const mean = since(last.settled, last.began, last.at, SECONDS);
  const now = before ? since(last.settled - before.settled, before.at, last.at) : null;
  const rate = now || mean;
  const rest = last.total - last.settled;
  return { now, mean, left: rate && rest > 0 ? rest / rate : rest > 0 ? null : 0 };
}

function since(rows: number, from: number | undefined, to: number | undefined, least = 0): number | null {
  return from === undefined || to === undefined || to - from <= least ? null : rows / (to - from);
}
