import { Alert, Stack, Text } from "@chakra-ui/react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { running, runState } from "../airflow";
import { ApiError, getJson, runAddress, type RunPage } from "../api";
import { Loaded } from "../components/Loaded";
import { AskedOf } from "./AskedOf";
import { Live } from "./Live";
import { RunReport } from "./RunReport";

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
    queryFn: () => getJson<RunPage>(runAddress(dagId, runId)),
    retry: false,
    refetchInterval: 15_000,
  });
  const goes = running(state.data);
  useEffect(() => {
    if (!goes) void client.invalidateQueries({ queryKey: ["run", dagId, runId] });
  }, [goes, client, dagId, runId]);
  const awaited = page.error instanceof ApiError && page.error.status === 404;
  return (
    <Stack p={{ base: 1, md: 3 }} gap={4}>
      {goes && <AskedOf dagId={dagId} runId={runId} />}
      {goes && <Live dagId={dagId} runId={runId} />}
      {goes && awaited ? (
        <Text color="fg.muted">What became of the rows is told here once the run has reported.</Text>
      ) : !goes && awaited ? (
        <Alert.Root status="info">
          <Alert.Indicator />
          <Alert.Title>This run left no report.</Alert.Title>
        </Alert.Root>
      ) : (
        <Loaded query={page}>{(told) => <RunReport dagId={dagId} runId={runId} page={told} />}</Loaded>
      )}
    </Stack>
  );
}
