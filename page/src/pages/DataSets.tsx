import { Box, EmptyState, Heading, Input, NativeSelect, Stack, Table, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { dagFacts, type DagFacts, waiting } from "../airflow";
import { type DataSetRow, getJson } from "../api";
import { dataSetPlace, runPlace, Within } from "../components/Away";
import { Loaded } from "../components/Loaded";
import { rejects, Sparkline } from "../components/Sparkline";
import { Verdict } from "../components/Verdict";
import { count, distance, moment, percent } from "../format";

const REFRESH = 15_000;

const ORDERS: Record<string, (one: DataSetRow, other: DataSetRow) => number> = {
  name: (one, other) => one.dataset.localeCompare(other.dataset),
  "last run": (one, other) => (other.runs[0]?.at ?? 0) - (one.runs[0]?.at ?? 0),
  rows: (one, other) => (other.runs[0]?.ledger.source_rows ?? 0) - (one.runs[0]?.ledger.source_rows ?? 0),
  "reject rate": (one, other) => rate(other) - rate(one),
  verdict: (one, other) => Number(one.runs[0]?.accounted ?? true) - Number(other.runs[0]?.accounted ?? true),
};

const rate = ({ runs: [last] }: DataSetRow): number =>
  last?.ledger.source_rows ? rejects(last) / last.ledger.source_rows : -1;

/** A row a data set: how its last run ended, and when the next one is. */
export function DataSets() {
  const sets = useQuery({
    queryKey: ["datasets"],
    queryFn: () => getJson<DataSetRow[]>("csvdynamo/api/datasets"),
    refetchInterval: REFRESH,
  });
  const facts = useQuery({ queryKey: ["dags"], queryFn: dagFacts, refetchInterval: REFRESH });
  const asks = useQuery({ queryKey: ["waiting"], queryFn: () => waiting(), refetchInterval: REFRESH });
  const [sought, setSought] = useState("");
  const [order, setOrder] = useState("name");
  return (
    <Stack p={4} gap={4}>
      <Heading as="h1" size="lg">
        Migrations
      </Heading>
      <Loaded query={sets}>
        {(rows) =>
          rows.length === 0 ? (
            <Beginning />
          ) : (
            <>
              <Stack direction={{ base: "column", md: "row" }} gap={3}>
                <Input
                  aria-label="Search data sets"
                  placeholder="Search data sets and tables"
                  maxW="24rem"
                  value={sought}
                  onChange={(event) => setSought(event.target.value)}
                />
                <NativeSelect.Root maxW="14rem">
                  <NativeSelect.Field
                    aria-label="Sort by"
                    value={order}
                    onChange={(event) => setOrder(event.target.value)}
                  >
                    {Object.keys(ORDERS).map((name) => (
                      <option key={name} value={name}>{`by ${name}`}</option>
                    ))}
                  </NativeSelect.Field>
                  <NativeSelect.Indicator />
                </NativeSelect.Root>
              </Stack>
              <Rows
                rows={rows.filter((row) => found(row, sought)).sort(ORDERS[order])}
                facts={facts.data ?? new Map()}
                asks={new Map((asks.data ?? []).map((one) => [one.dag_id, one.run_id]))}
              />
            </>
          )
        }
      </Loaded>
    </Stack>
  );
}

const found = (row: DataSetRow, sought: string): boolean =>
  `${row.dataset} ${row.table} ${row.file_name}`.toLowerCase().includes(sought.trim().toLowerCase());

type Rest = { facts: Map<string, DagFacts>; asks: Map<string, string> };

function Rows({ rows, facts, asks }: Rest & { rows: DataSetRow[] }) {
  return (
    <Table.ScrollArea>
      <Table.Root size="sm" interactive>
        <Table.Header>
          <Table.Row>
            {["Data set", "Last run", "Verdict", "Rows", "Rejected", "Source changed", "Next run", "Table"].map((name) => (
              <Table.ColumnHeader key={name}>{name}</Table.ColumnHeader>
            ))}
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {rows.map((row) => (
            <Row key={row.dag_id} row={row} facts={facts.get(row.dag_id)} asks={asks.get(row.dag_id)} />
          ))}
        </Table.Body>
      </Table.Root>
      {rows.length === 0 && <Text p={4}>No data set has that in its name.</Text>}
    </Table.ScrollArea>
  );
}

function Row({ row, facts, asks }: { row: DataSetRow; facts: DagFacts | undefined; asks: string | undefined }) {
  const [last] = row.runs;
  const modified = last?.source_modified ? Date.parse(last.source_modified) : Number.NaN;
  return (
    <Table.Row>
      <Table.Cell fontWeight="medium">
        <Within to={dataSetPlace(row.dag_id)}>{row.dataset}</Within>
        {asks && (
          <Text fontSize="sm" fontWeight="normal">
            <Within to={runPlace(row.dag_id, asks)}>asks a person</Within>
          </Text>
        )}
      </Table.Cell>
      {last ? (
        <>
          <Table.Cell title={moment(last.at * 1000)}>
            <Within to={runPlace(row.dag_id, last.run_id)}>{distance(last.at * 1000)}</Within>
          </Table.Cell>
          <Table.Cell>
            <Verdict line={last} />
          </Table.Cell>
          <Table.Cell fontVariantNumeric="tabular-nums">{count(last.ledger.source_rows)}</Table.Cell>
          <Table.Cell>
            <Box display="flex" alignItems="center" gap={2}>
              <Text minW="4rem" fontVariantNumeric="tabular-nums">
                {percent(rejects(last), last.ledger.source_rows)}
              </Text>
              <Sparkline runs={row.runs} />
            </Box>
          </Table.Cell>
          <Table.Cell>{Number.isNaN(modified) ? "unknown" : distance(modified)}</Table.Cell>
        </>
      ) : (
        <Table.Cell colSpan={5} color="fg.muted">
          {row.problem || "No run has reported yet."}
        </Table.Cell>
      )}
      <Table.Cell>{next(facts)}</Table.Cell>
      <Table.Cell>{row.table}</Table.Cell>
    </Table.Row>
  );
}

function next(facts: DagFacts | undefined): string {
  if (!facts) return "";
  if (facts.is_paused) return "paused";
  if (!facts.next_dagrun_run_after) return "on demand";
  const at = Date.parse(facts.next_dagrun_run_after);
  return at < Date.now() ? "due" : distance(at);
}

const Beginning = () => (
  <EmptyState.Root>
    <EmptyState.Content>
      <EmptyState.Title>No data set yet</EmptyState.Title>
      <EmptyState.Description>
        Write a data set file with “make describe SOURCE=your.csv NAME=cars”, put it into datasets/, and deploy its stack
        with “make deploy DATASET=cars”. Its DAG appears by itself.
      </EmptyState.Description>
    </EmptyState.Content>
  </EmptyState.Root>
);
