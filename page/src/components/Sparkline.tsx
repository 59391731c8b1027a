import { Chart, useChart } from "@chakra-ui/charts";
import { Bar, BarChart, YAxis } from "recharts";

import type { RunLine } from "../api";
import { percent } from "../format";
import { rejects } from "../runs";

/** The reject rate of a data set's last runs, the newest on the right. */
export function Sparkline({ runs }: { runs: RunLine[] }) {
  const data = runs
    .map((line) => ({ rate: line.ledger.source_rows ? (100 * rejects(line)) / line.ledger.source_rows : 0 }))
    .reverse();
  const chart = useChart({ data, series: [{ name: "rate", color: "orange.solid" }] });
  const [last] = runs;
  const told = last ? `Last reject rate ${percent(rejects(last), last.ledger.source_rows)}, of ${runs.length} runs` : "";
  return (
    <Chart.Root chart={chart} width="7rem" height="1.75rem" aspectRatio="auto" role="img" aria-label={told}>
      <BarChart responsive data={chart.data} accessibilityLayer={false} margin={{ top: 0, right: 0, bottom: 0, left: 0 }}>
        <YAxis hide domain={[0, (most: number) => Math.max(most, 0.01)]} />
        <Bar dataKey="rate" isAnimationActive={false} fill={chart.color("orange.solid")} minPointSize={1} maxBarSize={5} />
      </BarChart>
    </Chart.Root>
  );
}
