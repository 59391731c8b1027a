import { Box, ChakraProvider, defaultSystem, type SystemContext } from "@chakra-ui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useParams, useSearchParams } from "react-router-dom";

import { ApiError } from "./api";
import { Compare } from "./pages/Compare";
import { DataSet } from "./pages/DataSet";
import { DataSets } from "./pages/DataSets";
import { Run, RunPlace } from "./pages/Run";

declare global {
  /** Airflow's theme, so that light, dark and a deployment's own are the page's, too. */
  var ChakraUISystem: SystemContext | undefined;
}

const client = new QueryClient({
  defaultOptions: {
    // What there is not is not asked for again at once.
    queries: { retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status < 500) },
  },
});

/** Where Airflow puts the page: a tab of a DAG run, or a place of its own in the menu, with what follows it. */
function Place() {
  const { dagId, runId, "*": rest = "" } = useParams();
  const [search] = useSearchParams();
  if (dagId && runId) return <Run dagId={dagId} runId={runId} />;
  const [shown, view] = rest.split("/").map(decodeURIComponent);
  if (!shown) return <DataSets />;
  const [one, other, id] = ["one", "other", "id"].map((name) => search.get(name));
  if (view === "compare" && one && other) return <Compare dagId={shown} one={one} other={other} />;
  if (view === "run" && id) return <RunPlace dagId={shown} runId={id} />;
  return <DataSet dagId={shown} />;
}

/** The Migrations page: Airflow's UI shows what this gives. */
export default function Migrations() {
  return (
    <ChakraProvider value={globalThis.ChakraUISystem ?? defaultSystem}>
      <QueryClientProvider client={client}>
        {/* Told apart from what Airflow shows around it. */}
        <Box id="csvdynamo">
          <Place />
        </Box>
      </QueryClientProvider>
    </ChakraProvider>
  );
}
