import { Alert, Heading, Stack, Table, Text } from "@chakra-ui/react";
import { useQueries } from "@tanstack/react-query";

import { getJson, runAddress, type RunPage } from "../api";
import { dataSetPlace, runPlace, Within } from "../components/Away";
import { Loaded } from "../components/Loaded";
import { bytes, count, duration } from "../format";
import { nameOf, nameOfDag } from "../runs";

type Figure = [string, (page: RunPage) => number | null, (number: number) => string];

const FIGURES: Figure[] = [
  ["Rows of the source", (page) => page.line.ledger.source_rows, count],
  ["Written", (page) => page.line.ledger.written, count],
  ["Unchanged", (page) => page.line.ledger.unchanged ?? 0, count],
  ["Items deleted", (page) => page.line.deleted, count],
  ["Items left alone", (page) => page.line.left_alone, count],
  ["Rejected before upload", (page) => page.line.ledger.rejected_before_upload, count],
  ["Rejected", (page) => page.line.ledger.rejected, count],
  ["Failed", (page) => page.line.ledger.failed, count],
  ["Never started", (page) => page.line.ledger.unstarted, count],
  ["Unaccounted for", (page) => page.line.ledger.unaccounted, count],
  ["Size of the source", (page) => page.line.source_bytes, bytes],
  ["Write units", (page) => page.line.write_units, count],
  ["Time of the tasks", (page) => page.line.seconds, duration],
];

/** Two runs side by side, the earlier one first. */
export function Compare({ dagId, one, other }: { dagId: string; one: string; other: string }) {
  const [first, second] = useQueries({
    queries: [one, other].map((runId) => ({
      queryKey: ["compared", dagId, runId],
      queryFn: () => getJson<RunPage>(runAddress(dagId, runId)),
    })),
  });
  return (
    <Stack p={{ base: 2, md: 4 }} gap={4}>
      <Text>
        <Within to={dataSetPlace(dagId)}>All runs of {nameOfDag(dagId)}</Within>
      </Text>
      <Heading as="h1" size="lg">
        Two runs side by side
      </Heading>
      {first && second && (
        <Loaded query={first}>
          {(left) => (
            <Loaded query={second}>
              {(right) => <Sides dagId={dagId} pages={left.line.at <= right.line.at ? [left, right] : [right, left]} />}
            </Loaded>
          )}
        </Loaded>
      )}
    </Stack>
  );
}

function Sides({ dagId, pages: [before, after] }: { dagId: string; pages: [RunPage, RunPage] }) {
  const codes = [...new Set([before, after].flatMap((page) => Object.keys(page.report.rejects_by_code)))].sort();
  const figures: Figure[] = [
    ...FIGURES,
    ...codes.map((code): Figure => [`Rejects ${code}`, (page) => page.report.rejects_by_code[code] ?? 0, count]),
  ];
  return (
    <Stack gap={4}>
      {after.report.schema_changes.length > 0 && (
        <Alert.Root status="info">
          <Alert.Indicator />
          <Alert.Content>
            <Alert.Title>The header of the later run is another one.</Alert.Title>
            {after.report.schema_changes.map((change) => (
              <Text key={change.message}>{change.message}</Text>
            ))}
          </Alert.Content>
        </Alert.Root>
      )}
      <Table.ScrollArea borderWidth="1px" borderRadius="md" maxW="56rem">
        <Table.Root size="sm">
          <Table.Header>
            <Table.Row>
              <Table.ColumnHeader />
              {[before, after].map(({ line }) => (
                <Table.ColumnHeader key={line.run_id} textAlign="end">
                  <Within to={runPlace(dagId, line.run_id)}>{nameOf(line)}</Within>
                </Table.ColumnHeader>
              ))}
              <Table.ColumnHeader textAlign="end">Difference</Table.ColumnHeader>
            </Table.Row>
          </Table.Header>
          <Table.Body>
            {figures.map(([name, read, told]) => (
              <Row key={name} name={name} numbers={[read(before), read(after)]} told={told} />
            ))}
          </Table.Body>
        </Table.Root>
      </Table.ScrollArea>
    </Stack>
  );
}

function Row({ name, numbers: [one, other], told }: { name: string; numbers: [number | null, number | null]; told: (n: number) => string }) {
  const apart = one === null || other === null ? null : other - one;
  const sign = apart ? (apart > 0 ? "+" : "−") : "";
  return (
    <Table.Row>
      <Table.Cell>{name}</Table.Cell>
      {[one, other].map((number, place) => (
        <Table.Cell key={place === 0 ? "one" : "other"} textAlign="end" fontVariantNumeric="tabular-nums">
          {number === null ? "unknown" : told(number)}
        </Table.Cell>
      ))}
      <Table.Cell textAlign="end" fontVariantNumeric="tabular-nums" fontWeight={apart ? "bold" : "normal"}>
        {apart === null ? "" : apart === 0 ? "same" : `${sign}${told(Math.abs(apart))}`}
      </Table.Cell>
    </Table.Row>
  );
}
