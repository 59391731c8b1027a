/** What the page asks of Airflow's own API: when a DAG runs next, how a run stands, how far its Map Run is. */

import { ApiError, type ConcurrencyChange, getJson, type Question } from "./api";

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
  /** How many batches run at once was changed so. */
  changes?: ConcurrencyChange[];
};

const run = (dagId: string, runId: string) =>
  `api/v2/dags/${encodeURIComponent(dagId)}/dagRuns/${encodeURIComponent(runId)}`;

export async function dagFacts(): Promise<Map<string, DagFacts>> {
  const { dags } = await getJson<{ dags: DagFacts[] }>("api/v2/dags?tags=csvdynamo&limit=500&exclude_stale=true");
  return new Map(dags.map((dag) => [dag.dag_id, dag]));
}

export const runState = async (dagId: string, runId: string): Promise<string> =>
  (await getJson<{ state: string }>(run(dagId, runId))).state;

/** What the task prepare left of a file that a person is asked about. */
export type Asked = {
  questions: Question[];
  source_rows: number;
  last_rows: number | null;
  rejected: number;
  rejects_by_code: Record<string, number>;
  prepared_rows: number;
  /** Absent, or null, where every row is written. */
  difference?: { unchanged: number; deletions?: number } | null;
};

export type Waiting = { dag_id: string; run_id: string };

/** The last progress that the waiting task's trigger told; null before it told any. */
export const progress = (dagId: string, runId: string): Promise<Progress | null> =>
  left<Progress>(dagId, runId, "wait", "progress");

/** The runs that wait for a person's answer, as far as the user may see them: all, or one. */
export async function waiting(dagId = "~", runId = "~"): Promise<Waiting[]> {
  type Details = { hitl_details: { task_instance: { dag_id: string; dag_run_id: string } }[] };
  const path = `${run(dagId, runId)}/hitlDetails?task_id=approve&state=awaiting_input&limit=100`;
  const told = await unless([403, 404], getJson<Details>(path));
  return (told?.hitl_details ?? []).map(({ task_instance: task }) => ({ dag_id: task.dag_id, run_id: task.dag_run_id }));
}

/** What a person is asked about a run; null where nobody is, or the user may not see it. */
export async function asked(dagId: string, runId: string): Promise<Asked | null> {
  const [one] = await waiting(dagId, runId);
  return one ? left<Asked>(dagId, runId, "prepare", "return_value") : null;
}

/** Where Airflow's UI takes the answer. */
export const answerPlace = (dagId: string, runId: string): string =>
  `/dags/${encodeURIComponent(dagId)}/runs/${encodeURIComponent(runId)}/tasks/approve/required_actions`;

/** What a task left under a key; null where it left nothing, or the user may not see it. */
async function left<T>(dagId: string, runId: string, task: string, key: string): Promise<T | null> {
  const path = `${run(dagId, runId)}/taskInstances/${task}/xcomEntries/${key}?deserialize=false`;
  const told = await unless([403, 404], getJson<{ value: T | string }>(path));
  return typeof told?.value === "string" ? (JSON.parse(told.value) as T) : (told?.value ?? null);
}

async function unless<T>(statuses: number[], answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && statuses.includes(error.status)) return null;
    throw error;
  }
}

export const running = (state: string | undefined): boolean => state === "running" || state === "queued";
