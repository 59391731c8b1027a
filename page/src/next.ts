/** What a person may do next with a run that has ended. Pure. */

import type { RunPage } from "./api";
import { REJECTS_CSV } from "./runs";

const LEFT_ALONE = "LEFT_ALONE";

/** A sentence for each thing, none of it a must; what has to be done about a red run stands with its problems. */
export function next({ report, line, files }: RunPage): string[] {
  const { changes, rejects_by_code: codes } = report;
  if (line.dry_run) return [];
  const left = Object.keys(codes).some((code) => code === LEFT_ALONE);
  const wrong = Object.keys(codes).some((code) => code !== LEFT_ALONE);
  const back = changes && report.execution_arn && (line.ledger.written > 0 || line.deleted > 0);
  return [
    ...(wrong && files.includes(REJECTS_CSV)
      ? [
          `To take rejected rows back: correct ${REJECTS_CSV}, and trigger the DAG with it as “Source”, ` +
            `and “Replay” = ${line.run_id}.`,
        ]
      : []),
    ...(left
      ? [
          `Rows that are LEFT_ALONE are in ${REJECTS_CSV}: the table has other items under their keys. ` +
            "Leave it at that, or delete those items and migrate the rows again.",
        ]
      : []),
    ...(back
      ? [`To take this run back, as long as no other has written since: trigger the DAG with “Roll back” = ${line.run_id}.`]
      : []),
  ];
}
