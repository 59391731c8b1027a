/** What the routes of csvdynamo answer, and how they are asked: as Airflow's user, by the cookie of its UI. */

export type Ledger = {
  source_rows: number;
  rejected_before_upload: number;
  written: number;
  /** Absent where there are none. */
  unchanged?: number;
  rejected: number;
  failed: number;
  unstarted: number;
  unaccounted: number;
};

export type CostLine = { service: string; what: string; quantity: number | null; usd: number | null; note: string };
export type Cost = { region: string | null; usd: number | null; lines: CostLine[] };

/** What a run was to do (docs/report.schema.json). */
export type Plan = {
  rejects: Record<string, number>;
  written: number;
  /** With those of the deletions. */
  write_units: number;
  /** Items to be deleted, and the write units of that, at most. Absent where there are none. */
  deletions?: number;
  delete_units?: number;
  largest_item: number;
  sizes: { up_to: number; items: number }[];
  batches: number;
  map_run_seconds: number;
  bound: string;
  floor_seconds: number;
  seconds: number;
  warmth: { write_units: number; map_run_seconds: number; usd: number | null } | null;
  cost: Cost;
  fuller?: { rows_per_batch: number; batches: number; usd: number | null } | null;
  larger: {
    times: number;
    rows: number;
    write_units: number;
    files: number;
    map_run_seconds: number;
    floor_seconds?: number;
    bound: string;
    usd: number | null;
  }[];
};

export type RunLine = {
  run_id: string;
  report: string;
  /** Seconds since the epoch. */
  at: number;
  accounted: boolean;
  dry_run: boolean;
  problem: string;
  ledger: Ledger;
  source_bytes: number | null;
  source_modified: string | null;
  schema_changes: number;
  write_units: number | null;
  seconds: number;
  files: string[];
  /** "" of a run that migrated a source. */
  kind: "" | "rollback" | "replay";
  /** Items of keys that vanished; and items, under the keys of rows or of deletions, that were left as they were. */
  deleted: number;
  left_alone: number;
};

export type DataSetRow = {
  dag_id: string;
  dataset: string;
  file_name: string;
  table: string;
  runs: RunLine[];
  problem: string;
};

/** At a moment in seconds since the epoch. */
export type ConcurrencyChange = { at: number; before: number; after: number; why: string };
export type Throughput = { began: number; seconds: number; rows: number[] };
export type ColumnRejects = { code: string; column: string | null; rows: number };
export type SchemaChange = { kind: string; columns: string[]; against: string; action: string; message: string };

/** What a gate asks a person, and what that person answered. */
export type Question = { gate: string; sentence: string; numbers: Record<string, number> };
/** At a moment in seconds since the epoch; by nobody where none answered in time. */
export type Answer = { approved: boolean; by: string; at: number };

/** What of the file was to be written, of a data set that writes only what changed. */
export type RowChanges = {
  new: number;
  changed: number;
  unchanged: number;
  vanished: number;
  why_all: string;
  vanished_keys?: string | null;
  /** Items of keys that vanished: how many were to be deleted, and what became of them. Absent where there are none. */
  to_delete?: number;
  deleted?: number;
  left_alone?: number;
  /** Records whose keys nobody can tell. */
  unknown_keys?: number;
  same_source?: string;
  examples?: { kind: string; key: string; row: number | null }[];
  /** The run that was taken back, of a rollback, and the execution of the green one before it. */
  rollback?: { run: string; execution: string; to: string; lost?: number } | null;
};

/** The keys of report.json that the page shows; those that an earlier version did not write may be absent. */
export type Report = {
  dataset: string;
  dry_run?: boolean;
  problems: string[];
  execution_arn: string | null;
  execution_status: string | null;
  execution_redrives: number | null;
  map_run_arn?: string | null;
  source: { url: string | null; bytes: number | null; sha256: string | null; last_modified: string | null };
  ledger: Ledger;
  witnesses: Record<string, string>;
  rejects_by_code: Record<string, number>;
  rejects_by_column?: ColumnRejects[];
  batches?: Record<string, number>;
  throughput?: Throughput | null;
  write_units?: number | null;
  throttled?: Record<string, number> | null;
  waited_seconds?: number | null;
  concurrency_changes?: ConcurrencyChange[];
  cost?: Cost | null;
  plan?: Plan | null;
  failures_by_error: Record<string, number>;
  verification: {
    mode: string;
    keys_checked: number;
    missing: number;
    changed: number;
    unfinished: number;
    stale: number;
    foreign: number;
    expired: number;
    /** Items that are there though the run says it deleted them; absent where there are none. */
    undeleted?: number;
  };
  schema_changes: SchemaChange[];
  changes?: RowChanges | null;
  /** The run whose rows were replayed; absent where they are the source's own. */
  replays?: { run: string; report: string; since: string } | null;
  source_warnings: string[];
  questions?: Question[];
  approval?: Answer | null;
  seconds: Record<string, number>;
};

export type RunPage = {
  line: RunLine;
  sentence: string;
  table: string;
  report: Report;
  advice: { title: string; do: string }[];
  throttling_advice: { title: string; do: string }[];
  links: { execution: string | null; map_run: string | null; table: string | null };
  files: string[];
  /** Its rows, or those of the run that it replayed, then and since; absent or null where nothing was replayed. */
  since?: SinceRows | null;
};

export type SinceRows = { run: string; source_rows: number; then: number; since: number; replays: string[] };

export type RejectExample = {
  row: number | null;
  stage: string;
  code: string;
  column: string | null;
  message: string;
  item: Record<string, string>;
  cut: boolean;
};

/** What a route answered instead of what was asked for. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The address of something that Airflow's API server serves, wherever that is mounted. */
export const address = (path: string): string => new URL(path, document.baseURI).href;

export const runAddress = (dagId: string, runId: string): string =>
  `csvdynamo/api/dags/${encodeURIComponent(dagId)}/runs/${encodeURIComponent(runId)}`;

export const fileAddress = (dagId: string, runId: string, name: string): string =>
  address(`${runAddress(dagId, runId)}/files/${encodeURIComponent(name)}`);

export async function getJson<T>(path: string): Promise<T> {
  const answer = await fetch(address(path), { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    const told: unknown = await answer.json().catch(() => null);
    const detail = told && typeof told === "object" && "detail" in told ? String(told.detail) : answer.statusText;
    throw new ApiError(answer.status, detail);
  }
  return (await answer.json()) as T;
}

/** What a run reported; null as long as it has not. */
export async function runPage(dagId: string, runId: string): Promise<RunPage | null> {
  try {
    return await getJson<RunPage>(runAddress(dagId, runId));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}
