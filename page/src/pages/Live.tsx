import { Progress, SimpleGrid, Stack, Stat, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";

import { type Progress as Told, progress } from "../airflow";
import { Panel } from "../components/Panel";
import { count, duration } from "../format";
import { pace } from "../rate";
import { atOnce } from "../throttling";

const EVERY = 2500;

/** How far a Map Run is, and how fast it goes. */
export function Live({ dagId, runId }: { dagId: string; runId: string }) {
  const told = useQuery({
    queryKey: ["progress", dagId, runId],
    queryFn: () => progress(dagId, runId),
    refetchInterval: EVERY,
  });
  const seen = useRef<{ before: Told | null; last: Told | null }>({ before: null, last: null });
  const now = told.data ?? null;
  if (now && now.at !== seen.current.last?.at) seen.current = { before: seen.current.last, last: now };
  return (
    <Panel title="Now">
      {now ? (
        <Rows now={now} before={seen.current.before} />
      ) : (
        <Text color="fg.muted">The rows are not handed to Step Functions yet.</Text>
      )}
    </Panel>
  );
}

function Rows({ now, before }: { now: Told; before: Told | null }) {
  const found = pace(before, now);
  const rate = (one: number | null) => (one === null ? "…" : `${count(one)} rows/s`);
  const figures: [string, string][] = [
    ["done", `${count(now.settled)} of ${count(now.total)} rows`],
    ["now", rate(found.now)],
    ["on average", rate(found.mean)],
    ["left", found.left === null ? "…" : duration(found.left)],
  ];
  const change = now.changes?.at(-1);
  const batches = Object.entries(now.batches ?? {}).filter(([, number]) => number);
  return (
    <Stack gap={3}>
      <Progress.Root value={now.percent} aria-label="Rows done" colorPalette={now.failed ? "red" : "blue"}>
        <Progress.Track>
          <Progress.Range />
        </Progress.Track>
      </Progress.Root>
      <SimpleGrid columns={{ base: 2, md: 4 }} gap={3} aria-live="polite">
        {figures.map(([name, value]) => (
          <Stat.Root key={name} size="sm">
            <Stat.Label>{name}</Stat.Label>
            <Stat.ValueText>{value}</Stat.ValueText>
          </Stat.Root>
        ))}
      </SimpleGrid>
      {batches.length > 0 && (
        <Text fontSize="sm" color="fg.muted">
          Batches: {batches.map(([name, number]) => `${count(number)} ${name}`).join(", ")}
        </Text>
      )}
      {change && (
        <Text fontSize="sm" color="fg.muted">
          {atOnce(change)}: {change.why}
        </Text>
      )}
    </Stack>
  );
}
