import { Alert, Code, Heading, HStack, List, SimpleGrid, Stack, Text } from "@chakra-ui/react";

import { fileAddress, type Report, type RunPage } from "../api";
import { answered } from "../asked";
import { changed } from "../changes";
import { Away, dataSetPlace, Within } from "../components/Away";
import { Bars } from "../components/Bars";
import { CostLines } from "../components/CostLines";
import { Facts } from "../components/Facts";
import { Lines } from "../components/Lines";
import { Panel } from "../components/Panel";
import { RowFlow } from "../components/RowFlow";
import { ThroughputChart } from "../components/ThroughputChart";
import { bytes, count, dollars, duration } from "../format";
import { next } from "../next";
import { compared } from "../plan";
import { replayed } from "../replays";
import { throttling } from "../throttling";
import { Questions } from "./AskedOf";
import { PlanPanels } from "./PlanPanels";
import { Rejects } from "./Rejects";

/** What a run's report says. */
export function RunReport({ dagId, runId, page }: { dagId: string; runId: string; page: RunPage }) {
  const { report, line } = page;
  const done = compared(report);
  return (
    <Stack gap={4}>
      <Alert.Root status={line.accounted ? "success" : "error"}>
        <Alert.Indicator />
        <Alert.Content>
          <Heading as="h1" size="md">
            {page.sentence}
          </Heading>
          {report.problems.length > 0 && <Problems page={page} />}
        </Alert.Content>
      </Alert.Root>
      <Panel title="The way of the rows">
        <RowFlow report={report} />
      </Panel>
      {replayed(page).length > 0 && (
        <Panel title="Rows then, rows since">
          <Sentences told={replayed(page)} />
        </Panel>
      )}
      {next(page).length > 0 && (
        <Panel title="What can be done next">
          <Sentences told={next(page)} />
        </Panel>
      )}
      <SimpleGrid columns={{ base: 1, lg: 2 }} gap={4}>
        {Object.keys(report.rejects_by_code).length > 0 && (
          <Rejects dagId={dagId} runId={runId} report={report} files={page.files} />
        )}
        {report.throughput && (
          <Panel title="Rows a second">
            <ThroughputChart throughput={report.throughput} />
          </Panel>
        )}
        {(report.questions ?? []).length > 0 && (
          <Panel title="What a person was asked">
            <Text mb={2}>{answered(report.approval)}</Text>
            <Questions questions={report.questions ?? []} />
          </Panel>
        )}
        <Panel title="What changed">
          <Changes report={report} />
        </Panel>
        <Panel title="Seconds by step">
          <Bars rows={Object.entries(report.seconds)} palette="blue" told={duration} />
        </Panel>
        <Panel title="Batches">
          <Batches report={report} />
        </Panel>
        {throttling(report).length > 0 && (
          <Panel title="Throttling" wide>
            <Throttling page={page} />
          </Panel>
        )}
        {done.length > 0 && (
          <Panel title="Planned and done">
            <Lines
              label="Planned and done"
              head={["", "Planned", "Done", "Difference"]}
              numbers={[1, 2, 3]}
              rows={done.map((one) => [one.name, one.planned, one.done, one.difference])}
            />
          </Panel>
        )}
        {report.dry_run && report.plan && <PlanPanels plan={report.plan} />}
        {report.cost && report.execution_arn && (
          <Panel title={`Cost: ${dollars(report.cost.usd)}`} wide>
            <CostLines cost={report.cost} />
          </Panel>
        )}
        <Panel title="Where it is" wide>
          <Places page={page} />
        </Panel>
      </SimpleGrid>
      <HStack gap={4} wrap="wrap">
        <Within to={dataSetPlace(dagId)}>All runs of {report.dataset}</Within>
        <Away href={fileAddress(dagId, runId, "report.html")}>The report as a page to pass on</Away>
        <Away href={fileAddress(dagId, runId, "report.json")} download>
          report.json
        </Away>
      </HStack>
    </Stack>
  );
}

function Problems({ page }: { page: RunPage }) {
  return (
    <Stack gap={2} mt={2}>
      <List.Root gap={1}>
        {page.report.problems.map((problem) => (
          <List.Item key={problem} overflowWrap="anywhere">
            {problem}
          </List.Item>
        ))}
      </List.Root>
      <Advice entries={page.advice} />
    </Stack>
  );
}

function Advice({ entries }: { entries: RunPage["advice"] }) {
  return entries.map((entry) => (
    <Text key={entry.title}>
      <strong>What to do</strong> ({entry.title}): <Told markdown={entry.do} />
    </Text>
  ));
}

function Throttling({ page }: { page: RunPage }) {
  return (
    <Stack gap={2}>
      <Facts rows={throttling(page.report)} />
      <Advice entries={page.throttling_advice} />
    </Stack>
  );
}

/** A line of Markdown that has words in backticks, and nothing else that is marked up. */
const Told = ({ markdown }: { markdown: string }) =>
  markdown
    .split("`")
    .map((part, place) => (place % 2 ? <Code key={`${place}${part}`}>{part}</Code> : part));

function Changes({ report }: { report: Report }) {
  const told = changed(report);
  if (told.length === 0) return <Text color="fg.muted">The header is what it was, and nothing speaks against the source.</Text>;
  return <Sentences told={told} />;
}

const Sentences = ({ told }: { told: string[] }) => (
  <List.Root ps={4}>
    {told.map((one) => (
      <List.Item key={one} overflowWrap="anywhere">
        {one}
      </List.Item>
    ))}
  </List.Root>
);

function Batches({ report }: { report: Report }) {
  const rows: [string, string][] = [
    ["Write units", typeof report.write_units === "number" ? count(report.write_units) : report.execution_arn ? "unknown" : "none"],
    ...Object.entries(report.batches ?? {}).map(([state, number]): [string, string] => [
      `Batches ${state.toLowerCase()}`,
      count(number),
    ]),
    ...Object.entries(report.failures_by_error).map(([error, number]): [string, string] => [
      `Failed rows, ${error}`,
      count(number),
    ]),
    ["Redrives", count(report.execution_redrives ?? 0)],
  ];
  return <Facts rows={rows} />;
}

function Places({ page: { report, line, links, table } }: { page: RunPage }) {
  const { source } = report;
  return (
    <Facts
      rows={[
        ["Run", line.run_id],
        ["Source", source.url ?? "was not downloaded"],
        ["Size", source.bytes === null ? "unknown" : bytes(source.bytes)],
        ["Execution", links.execution ? <Away href={links.execution}>in the console</Away> : (report.execution_arn ?? "none")],
        ["Map Run", links.map_run ? <Away href={links.map_run}>in the console</Away> : (report.map_run_arn ?? "none")],
        ["Table", links.table ? <Away href={links.table}>{table}</Away> : table],
      ]}
    />
  );
}
