/** What the page asks of Airflow's own API: when a DAG runs next, how a run stands, how far its Map Run is. */

import { ApiError, getJson } from "./api";

export type DagFacts = { dag_id: string; is_paused: boolean; next_dagrun_run_after: string | null };

export type Progress = {
  total: number;
  settled: number;
  succeeded: number;
  failed: number;
  timed_out: number;
  aborted: number;
  running: number;
  pending: number;
  percent: number;
  /** Seconds since the epoch: when the rows were counted, and when they were counted first. */
  at?: number;
  began?: number;
  /** Batches by outcome. */
  batches?: Record<string, number>;
};

const run = (dagId: string, runId: string) =>
  `api/v2/dags/${encodeURIComponent(dagId)}/dagRuns/${encodeURIComponent(runId)}`;

export async function dagFacts(): Promise<Map<string, DagFacts>> {
  const { dags } = await getJson<{ dags: DagFacts[] }>("api/v2/dags?tags=csvdynamo&limit=500&exclude_stale=true");
  return new Map(dags.map((dag) => [dag.dag_id, dag]));
}

export const runState = async (dagId: string, runId: string): Promise<string> =>
  (await getJson<{ state: string }>(run(dagId, runId))).state;

/** The last progress that the waiting task's trigger told; null before it told any. */
export async function progress(dagId: string, runId: string): Promise<Progress | null> {
  try {
    const path = `${run(dagId, runId)}/taskInstances/wait/xcomEntries/progress?deserialize=false`;
    const { value } = await getJson<{ value: Progress | string }>(path);
    return typeof value === "string" ? (JSON.parse(value) as Progress) : value;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export const running = (state: string | undefined): boolean => state === "running" || state === "queued";
