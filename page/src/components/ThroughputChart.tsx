import { Chart, useChart } from "@chakra-ui/charts";
import { Text } from "@chakra-ui/react";
import { Area, AreaChart, CartesianGrid, Tooltip, XAxis, YAxis } from "recharts";

import type { Throughput } from "../api";
import { clock, count, duration, short } from "../format";

/** Rows a second over the time of a Map Run. */
export function ThroughputChart({ throughput }: { throughput: Throughput }) {
  const data = throughput.rows.map((rows, place) => ({
    after: place * throughput.seconds,
    rows: rows / throughput.seconds,
  }));
  const chart = useChart({ data, series: [{ name: "rows", label: "rows a second", color: "blue.solid" }] });
  const sum = throughput.rows.reduce((one, other) => one + other, 0);
  const spent = throughput.rows.length * throughput.seconds;
  const words = `${count(sum)} rows in ${duration(spent)}, ${count(sum / spent)} rows a second`;
  if (throughput.rows.length < 2) return <Text>{words}</Text>;
  return (
    <Chart.Root
      chart={chart}
      height="13rem"
      aspectRatio="auto"
      role="img"
      aria-label={words}
    >
      <AreaChart responsive data={chart.data} accessibilityLayer={false}>
        <CartesianGrid stroke={chart.color("border.muted")} vertical={false} />
        <XAxis dataKey="after" tickFormatter={clock} axisLine={false} tickLine={false} minTickGap={40} />
        <YAxis tickFormatter={short} axisLine={false} tickLine={false} width={48} />
        <Tooltip
          cursor={false}
          isAnimationActive={false}
          content={<Chart.Tooltip labelFormatter={(after) => `after ${clock(Number(after))}`} />}
        />
        <Area
          dataKey="rows"
          isAnimationActive={false}
          stroke={chart.color("blue.solid")}
          fill={chart.color("blue.solid")}
          fillOpacity={0.25}
        />
      </AreaChart>
    </Chart.Root>
  );
}
