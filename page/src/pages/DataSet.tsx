import { Button, Checkbox, Heading, HStack, Stack, Table, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { getJson, type RunLine } from "../api";
import { comparePlace, runPlace, Within } from "../components/Away";
import { Cell, type Column, ColumnHeaders, NumberCell } from "../components/Columns";
import { Loaded } from "../components/Loaded";
import { RejectedCell } from "../components/RejectedCell";
import { Sparkline } from "../components/Sparkline";
import { Verdict } from "../components/Verdict";
import { bytes, count, distance, duration } from "../format";
import { besideWritten, kindOf, nameOf, nameOfDag } from "../runs";

const SHOWN = 50;

const COLUMNS: Column<RunLine>[] = [
  { name: "Compare", wide: true },
  { name: "Run" },
  { name: "Rows", numbers: true },
  { name: "Written", numbers: true, wide: true },
  { name: "Rejected", numbers: true },
  { name: "Failed or not begun", numbers: true, wide: true },
  { name: "Source", numbers: true, wide: true },
  { name: "Write units", numbers: true, wide: true },
  { name: "Took", numbers: true, wide: true },
];

/** The runs of a data set, the newest first. */
export function DataSet({ dagId }: { dagId: string }) {
  const runs = useQuery({
    queryKey: ["runs", dagId],
    queryFn: () => getJson<RunLine[]>(`csvdynamo/api/dags/${encodeURIComponent(dagId)}/runs`),
    refetchInterval: 15_000,
  });
  return (
    <Stack p={{ base: 2, md: 4 }} gap={4}>
      <Text>
        <Within to="/plugin/migrations">Migrations</Within>
      </Text>
      <Heading as="h1" size="lg">
        {nameOfDag(dagId)}
      </Heading>
      <Loaded query={runs}>{(lines) => <Lines dagId={dagId} lines={lines} />}</Loaded>
    </Stack>
  );
}

function Lines({ dagId, lines }: { dagId: string; lines: RunLine[] }) {
  const [chosen, setChosen] = useState<string[]>([]);
  const [shown, setShown] = useState(SHOWN);
  if (lines.length === 0) return <Text>No run has reported yet.</Text>;
  const toggle = (id: string) => setChosen((ids) => (ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id].slice(-2)));
  const [one, other] = chosen.length === 2 ? chosen : lines.slice(0, 2).map((line) => line.run_id);
  return (
    <>
      <HStack gap={6} wrap="wrap">
        <Text>Rejected, {lines.length === 1 ? "in one run" : `in the last ${Math.min(lines.length, SHOWN)} runs`}:</Text>
        <Sparkline runs={lines.slice(0, SHOWN)} />
        {one && other && (
          <Within to={comparePlace(dagId, one, other)}>
            {chosen.length === 2 ? "Compare the two chosen runs" : "Compare the last two runs"}
          </Within>
        )}
      </HStack>
      <Table.ScrollArea borderWidth="1px" borderRadius="md">
        <Table.Root size="sm">
          <ColumnHeaders columns={COLUMNS} />
          <Table.Body>
            {lines.slice(0, shown).map((line) => (
              <Line
                key={line.run_id}
                dagId={dagId}
                line={line}
                chosen={chosen.includes(line.run_id)}
                onChoice={() => toggle(line.run_id)}
              />
            ))}
          </Table.Body>
        </Table.Root>
      </Table.ScrollArea>
      {shown < lines.length && (
        <Button variant="outline" alignSelf="start" onClick={() => setShown(shown + SHOWN * 2)}>
          {`Show more of ${count(lines.length)} runs`}
        </Button>
      )}
    </>
  );
}

type Told = { dagId: string; line: RunLine; chosen: boolean; onChoice: () => void };

function Line({ dagId, line, chosen, onChoice }: Told) {
  const kind = kindOf(line.run_id);
  return (
    <Table.Row>
      <Cell wide>
        <Checkbox.Root size="sm" checked={chosen} onCheckedChange={onChoice}>
          <Checkbox.HiddenInput aria-label={`Compare the run of ${nameOf(line)}`} />
          <Checkbox.Control borderColor="border.inverted" />
        </Checkbox.Root>
      </Cell>
      <Cell whiteSpace="nowrap" title={line.run_id}>
        <HStack gap={2} wrap={{ base: "wrap", md: "nowrap" }}>
          <Within to={runPlace(dagId, line.run_id)}>{nameOf(line)}</Within>
          <Verdict line={line} />
        </HStack>
        <Text fontSize="xs" color="fg.muted">
          {[distance(line.at * 1000), kind].filter(Boolean).join(", ")}
        </Text>
      </Cell>
      <NumberCell>{count(line.ledger.source_rows)}</NumberCell>
      <NumberCell wide>
        {count(line.ledger.written)}
        {besideWritten(line).map((told) => (
          <Text key={told} fontSize="xs" color="fg.muted">
            {told}
          </Text>
        ))}
      </NumberCell>
      <RejectedCell dagId={dagId} line={line} name={nameOf(line)} />
      <NumberCell wide>{count(line.ledger.failed + line.ledger.unstarted)}</NumberCell>
      <NumberCell wide>{line.source_bytes === null ? "" : bytes(line.source_bytes)}</NumberCell>
      <NumberCell wide>{line.write_units === null ? "unknown" : count(line.write_units)}</NumberCell>
      <NumberCell wide>{duration(line.seconds)}</NumberCell>
    </Table.Row>
  );
}
