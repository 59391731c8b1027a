import { HStack, SimpleGrid, Stack, Table, Text } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";

import { fileAddress, getJson, type RejectExample, type Report, runAddress } from "../api";
import { Away } from "../components/Away";
import { Bars } from "../components/Bars";
import { Panel } from "../components/Panel";
import { count } from "../format";

type Asked = { dagId: string; runId: string; report: Report; files: string[] };

/** The rejects of a run by code and by column, a few of each, and all of them to download. */
export function Rejects({ dagId, runId, report, files }: Asked) {
  const examples = useQuery({
    queryKey: ["examples", dagId, runId],
    queryFn: () => getJson<RejectExample[]>(`${runAddress(dagId, runId)}/examples`),
    retry: false,
  });
  const columns = (report.rejects_by_column ?? [])
    .filter((one) => one.column)
    .map((one): [string, number] => [`${one.column}, ${one.code}`, one.rows]);
  return (
    <Panel title="Rejects" id="rejects" wide>
      <Stack gap={4}>
        <SimpleGrid columns={{ base: 1, lg: 2 }} gap={6}>
          <Bars rows={Object.entries(report.rejects_by_code)} palette="orange" told={count} />
          {columns.length > 0 && <Bars rows={columns.slice(0, 12)} palette="orange" told={count} />}
        </SimpleGrid>
        <HStack gap={4}>
          {files
            .filter((name) => name === "rejects.csv" || name === "unfinished.jsonl")
            .map((name) => (
              <Away key={name} href={fileAddress(dagId, runId, name)} download>
                {`Download ${name}`}
              </Away>
            ))}
        </HStack>
        {examples.data && <Examples examples={examples.data} />}
        {examples.isError && <Text color="fg.muted">Examples are not shown: {examples.error.message}</Text>}
      </Stack>
    </Panel>
  );
}

function Examples({ examples }: { examples: RejectExample[] }) {
  return (
    <Table.ScrollArea maxH="24rem" tabIndex={0} role="region" aria-label="Examples of rejects">
      <Table.Root size="sm" stickyHeader>
        <Table.Header>
          <Table.Row>
            {["Row", "Code", "Column", "What is wrong", "The cell"].map((name) => (
              <Table.ColumnHeader key={name}>{name}</Table.ColumnHeader>
            ))}
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {examples.map((one) => (
            <Table.Row key={`${one.code}${one.row}${one.message}`}>
              <Table.Cell>{one.row === null ? "" : count(one.row)}</Table.Cell>
              <Table.Cell>{one.code}</Table.Cell>
              <Table.Cell overflowWrap="anywhere">{one.column}</Table.Cell>
              <Table.Cell overflowWrap="anywhere" whiteSpace="normal" minW="16rem">
                {one.message}
              </Table.Cell>
              <Table.Cell overflowWrap="anywhere" whiteSpace="normal">
                {one.column === null ? "" : one.item[one.column]}
              </Table.Cell>
            </Table.Row>
          ))}
        </Table.Body>
      </Table.Root>
    </Table.ScrollArea>
  );
}
