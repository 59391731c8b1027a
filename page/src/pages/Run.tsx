import { Alert, HStack, Stack, Text } from "@chakra-ui/react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { running, runState } from "../airflow";
import { runPage } from "../api";
import { dagRunPlace, dataSetPlace, Within } from "../components/Away";
import { Loaded } from "../components/Loaded";
import { nameOfDag } from "../runs";
import { AskedOf } from "./AskedOf";
import { Live } from "./Live";
import { RunReport } from "./RunReport";

/** A run as a place of its own. */
export const RunPlace = ({ dagId, runId }: { dagId: string; runId: string }) => (
  <>
    <HStack px={{ base: 1, md: 3 }} pt={{ base: 2, md: 4 }} pb={{ base: 2, md: 0 }} columnGap={4} wrap="wrap" justify="space-between">
      <Within to={dataSetPlace(dagId)}>All runs of {nameOfDag(dagId)}</Within>
      <Within to={dagRunPlace(dagId, runId)}>Its tasks and logs</Within>
    </HStack>
    <Run dagId={dagId} runId={runId} />
  </>
);

/** A run: while it goes on how far it is, and what its report says once there is one. */
export function Run({ dagId, runId }: { dagId: string; runId: string }) {
  const client = useQueryClient();
  const state = useQuery({
    queryKey: ["state", dagId, runId],
    queryFn: () => runState(dagId, runId),
    refetchInterval: ({ state: { data } }) => (running(data) ? 3000 : 15_000),
  });
  const page = useQuery({
    queryKey: ["run", dagId, runId],
    queryFn: () => runPage(dagId, runId),
    refetchInterval: 15_000,
  });
  const goes = running(state.data);
  useEffect(() => {
    if (!goes) void client.invalidateQueries({ queryKey: ["run", dagId, runId] });
  }, [goes, client, dagId, runId]);
  return (
    <Stack p={{ base: 1, md: 3 }} gap={4}>
      {goes && <AskedOf dagId={dagId} runId={runId} />}
      {goes && <Live dagId={dagId} runId={runId} />}
      <Loaded query={page}>
        {(told) =>
          told ? (
            <RunReport dagId={dagId} runId={runId} page={told} />
          ) : goes || page.isFetching || state.isPending ? (
            <Text color="fg.muted">What became of the rows is told here once the run has reported.</Text>
          ) : (
            <Alert.Root status="info">
              <Alert.Indicator />
              <Alert.Title>This run left no report.</Alert.Title>
            </Alert.Root>
          )
        }
      </Loaded>
    </Stack>
  );
}
