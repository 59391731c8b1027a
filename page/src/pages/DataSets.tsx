import { EmptyState, Heading, HStack, Input, Stack, Table, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { dagFacts, type DagFacts, waiting } from "../airflow";
import { type DataSetRow, getJson } from "../api";
import { comparePlace, dataSetPlace, runPlace, Within } from "../components/Away";
import { Cell, type Column, ColumnHeaders, NumberCell, type Order, sorted } from "../components/Columns";
import { Loaded } from "../components/Loaded";
import { RejectedCell } from "../components/RejectedCell";
import { Sparkline } from "../components/Sparkline";
import { Verdict } from "../components/Verdict";
import { count, distance } from "../format";
import { before, difference, nameOf, rejectRate } from "../runs";

const REFRESH = 15_000;

const COLUMNS: Column<DataSetRow>[] = [
  { name: "Data set", order: (one, other) => one.dataset.localeCompare(other.dataset) },
  { name: "Last run", order: (one, other) => (other.runs[0]?.at ?? 0) - (one.runs[0]?.at ?? 0) },
  { name: "Rows", numbers: true, order: (one, other) => rowsOf(other) - rowsOf(one) },
  { name: "Rejected", numbers: true, order: (one, other) => rejectRate(other) - rejectRate(one) },
  { name: "Of the last runs", wide: true },
  { name: "Since the run before" },
  { name: "Source changed", wide: true },
  { name: "Next run", wide: true },
];

const rowsOf = ({ runs: [last] }: DataSetRow): number => last?.ledger.source_rows ?? -1;

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
  const [order, setOrder] = useState<Order>({ by: "Data set", reversed: false });
  return (
    <Stack p={{ base: 2, md: 4 }} gap={4}>
      <HStack justify="space-between" wrap="wrap" gap={3}>
        <Heading as="h1" size="lg">
          Migrations
        </Heading>
        <Input
          aria-label="Search data sets"
          placeholder="Search data sets and tables"
          maxW="20rem"
          value={sought}
          onChange={(event) => setSought(event.target.value)}
        />
      </HStack>
      <Loaded query={sets}>
        {(rows) =>
          rows.length === 0 ? (
            <Beginning />
          ) : (
            <Rows
              rows={sorted(rows.filter((row) => found(row, sought)), COLUMNS, order)}
              facts={facts.data ?? new Map()}
              asks={new Map((asks.data ?? []).map((one) => [one.dag_id, one.run_id]))}
              order={order}
              onOrder={setOrder}
            />
          )
        }
      </Loaded>
    </Stack>
  );
}

const found = (row: DataSetRow, sought: string): boolean =>
  `${row.dataset} ${row.table} ${row.file_name}`.toLowerCase().includes(sought.trim().toLowerCase());

type Shown = {
  rows: DataSetRow[];
  facts: Map<string, DagFacts>;
  asks: Map<string, string>;
  order: Order;
  onOrder: (order: Order) => void;
};

function Rows({ rows, facts, asks, order, onOrder }: Shown) {
  return (
    <Table.ScrollArea borderWidth="1px" borderRadius="md">
      <Table.Root size="sm" interactive>
        <ColumnHeaders columns={COLUMNS} order={order} onOrder={onOrder} />
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
  const earlier = before(row.runs);
  const modified = last?.source_modified ? Date.parse(last.source_modified) : Number.NaN;
  return (
    <Table.Row>
      <Cell fontWeight="medium">
        <Within to={dataSetPlace(row.dag_id)}>{row.dataset}</Within>
        <Text fontSize="xs" color="fg.muted" fontWeight="normal">
          {row.table}
        </Text>
        {asks && (
          <Text fontSize="sm" fontWeight="normal">
            <Within to={runPlace(row.dag_id, asks)}>asks a person</Within>
          </Text>
        )}
      </Cell>
      {last ? (
        <>
          <Cell whiteSpace="nowrap">
            <Verdict line={last} />
            <Text fontSize="xs" title={nameOf(last)}>
              <Within to={runPlace(row.dag_id, last.run_id)}>{distance(last.at * 1000)}</Within>
            </Text>
          </Cell>
          <NumberCell>{count(last.ledger.source_rows)}</NumberCell>
          <RejectedCell dagId={row.dag_id} line={last} name={row.dataset} />
          <Cell wide>
            <Sparkline runs={row.runs} />
          </Cell>
          <Cell whiteSpace="nowrap">
            {earlier && (
              <Within to={comparePlace(row.dag_id, earlier.run_id, last.run_id)}>{difference(last, earlier)}</Within>
            )}
          </Cell>
          <Cell wide whiteSpace="nowrap">
            {Number.isNaN(modified) ? "unknown" : distance(modified)}
          </Cell>
        </>
      ) : (
        <>
          <Table.Cell colSpan={4} color="fg.muted">
            {row.problem || "No run has reported yet."}
          </Table.Cell>
          <Cell wide />
          <Cell wide />
        </>
      )}
      <Cell wide whiteSpace="nowrap">
        {next(facts)}
      </Cell>
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
