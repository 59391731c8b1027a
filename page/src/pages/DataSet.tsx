import { Button, Checkbox, Heading, Stack, Table, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { getJson, type RunLine } from "../api";
import { comparePlace, runPlace, Within } from "../components/Away";
import { Loaded } from "../components/Loaded";
import { rejects, Sparkline } from "../components/Sparkline";
import { Verdict } from "../components/Verdict";
import { bytes, count, distance, duration, moment, percent } from "../format";

const SHOWN = 50;

/** The runs of a data set, the newest first. */
export function DataSet({ dagId }: { dagId: string }) {
  const runs = useQuery({
    queryKey: ["runs", dagId],
    queryFn: () => getJson<RunLine[]>(`csvdynamo/api/dags/${encodeURIComponent(dagId)}/runs`),
    refetchInterval: 15_000,
  });
  return (
    <Stack p={4} gap={4}>
      <Text>
        <Within to="/plugin/migrations">Migrations</Within>
      </Text>
      <Heading as="h1" size="lg">
        {dagId.replace(/^csvdynamo_/, "")}
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
      <Stack direction="row" gap={6} align="center" wrap="wrap">
        <Text>Rejected, the last {Math.min(lines.length, 50)} runs:</Text>
        <Sparkline runs={lines.slice(0, 50)} />
        {one && other && (
          <Within to={comparePlace(dagId, one, other)}>
            {chosen.length === 2 ? "Compare the two chosen runs" : "Compare the last two runs"}
          </Within>
        )}
      </Stack>
      <Table.ScrollArea>
        <Table.Root size="sm">
          <Table.Header>
            <Table.Row>
              {["Compare", "Run", "Reported", "Verdict", "Rows", "Written", "Rejected", "Failed", "Source", "Write units", "Took"].map(
                (name) => (
                  <Table.ColumnHeader key={name}>{name}</Table.ColumnHeader>
                ),
              )}
            </Table.Row>
          </Table.Header>
          <Table.Body>
            {lines.slice(0, shown).map((line) => (
              <Table.Row key={line.run_id}>
                <Table.Cell>
                  <Checkbox.Root
                    size="sm"
                    checked={chosen.includes(line.run_id)}
                    onCheckedChange={() => toggle(line.run_id)}
                  >
                    <Checkbox.HiddenInput aria-label={`Compare ${line.run_id}`} />
                    <Checkbox.Control />
                  </Checkbox.Root>
                </Table.Cell>
                <Table.Cell>
                  <Within to={runPlace(dagId, line.run_id)}>{line.run_id}</Within>
                </Table.Cell>
                <Table.Cell title={moment(line.at * 1000)}>{distance(line.at * 1000)}</Table.Cell>
                <Table.Cell>
                  <Verdict line={line} />
                </Table.Cell>
                <Table.Cell>{count(line.ledger.source_rows)}</Table.Cell>
                <Table.Cell>{count(line.ledger.written)}</Table.Cell>
                <Table.Cell>{percent(rejects(line), line.ledger.source_rows)}</Table.Cell>
                <Table.Cell>{count(line.ledger.failed + line.ledger.unstarted)}</Table.Cell>
                <Table.Cell>{line.source_bytes === null ? "" : bytes(line.source_bytes)}</Table.Cell>
                <Table.Cell>{line.write_units === null ? "unknown" : count(line.write_units)}</Table.Cell>
                <Table.Cell>{duration(line.seconds)}</Table.Cell>
              </Table.Row>
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
