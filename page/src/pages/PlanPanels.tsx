import { Stack, Text } from "@chakra-ui/react";

import type { Plan } from "../api";
import { Bars } from "../components/Bars";
import { CostLines } from "../components/CostLines";
import { Facts } from "../components/Facts";
import { Lines } from "../components/Lines";
import { Panel } from "../components/Panel";
import { count, dollars, duration } from "../format";

/** What a dry run says that a run would do. */
export function PlanPanels({ plan }: { plan: Plan }) {
  const rejects = Object.entries(plan.rejects).map(([code, rows]) => `${count(rows)} ${code}`);
  return (
    <>
      <Panel title="What a run would do">
        <Facts
          rows={[
            ["Items", `${count(plan.written)}, the largest of ${count(plan.largest_item)} bytes`],
            ...(plan.deletions ? [deleting(plan)] : []),
            ["Write units", count(plan.write_units)],
            ["Rejects of the function", rejects.join(", ") || "none"],
            ["Map Run", `${count(plan.batches)} batches, about ${duration(plan.map_run_seconds)}`],
            ["Bound by", plan.bound],
            ["In all", `about ${duration(plan.seconds)}, without the download`],
            ["Warm throughput", warmth(plan)],
            ["Cost", dollars(plan.cost.usd)],
            ...(plan.fuller ? [fuller(plan.fuller)] : []),
          ]}
        />
      </Panel>
      <Panel title="Items by size">
        <Bars
          rows={plan.sizes.map((step): [string, number] => [`up to ${count(step.up_to)} bytes`, step.items])}
          palette="blue"
          told={count}
        />
      </Panel>
      <Panel title="Larger files of the kind" wide>
        <Lines
          label="Larger files of the kind"
          head={["Times", "Rows", "Write units", "Files", "Map Run", "Table alone", "US dollars", "Bound by"]}
          numbers={[0, 1, 2, 3, 4, 5, 6]}
          rows={plan.larger.map((one) => [
            count(one.times),
            count(one.rows),
            count(one.write_units),
            count(one.files),
            duration(one.map_run_seconds),
            one.floor_seconds === undefined ? "" : duration(one.floor_seconds),
            dollars(one.usd),
            one.bound,
          ])}
        />
      </Panel>
      <Panel title={`Cost of a run: ${dollars(plan.cost.usd)}`} wide>
        <Stack gap={2}>
          <CostLines cost={plan.cost} />
          <Text fontSize="sm" color="fg.muted">
            Where the table has no items under the keys of the file.
          </Text>
        </Stack>
      </Panel>
    </>
  );
}

const deleting = (plan: Plan): [string, string] => [
  "Items to be deleted",
  `${count(plan.deletions ?? 0)}, at most ${count(plan.delete_units ?? 0)} write units`,
];

const fuller = (told: NonNullable<Plan["fuller"]>): [string, string] => [
  "With fuller batches",
  `limits.rows_per_batch = ${count(told.rows_per_batch)}: ${count(told.batches)} batches, ${dollars(told.usd)}`,
];

const warmth = ({ warmth: warm }: Plan): string =>
  warm
    ? `table.warm_write_units = ${count(warm.write_units)}: about ${duration(warm.map_run_seconds)}; price, paid once: ${dollars(warm.usd)}`
    : "nothing to ask for";
