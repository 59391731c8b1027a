import { Alert, Heading, List, SimpleGrid, Stat } from "@chakra-ui/react";
import { useQuery } from "@tanstack/react-query";

import { answerPlace, asked } from "../airflow";
import type { Question } from "../api";
import { numbers } from "../asked";
import { Within } from "../components/Away";

const EVERY = 5000;

/** What a run waits for, if it waits for a person: the questions, the numbers, and where to answer. */
export function AskedOf({ dagId, runId }: { dagId: string; runId: string }) {
  const told = useQuery({
    queryKey: ["asked", dagId, runId],
    queryFn: () => asked(dagId, runId),
    refetchInterval: EVERY,
  });
  if (!told.data) return null;
  return (
    <Alert.Root status="warning">
      <Alert.Indicator />
      <Alert.Content gap={3}>
        <Heading as="h1" size="md">
          A person is asked whether this run goes on. No row of it is in the table.
        </Heading>
        <Questions questions={told.data.questions} />
        <SimpleGrid columns={{ base: 2, md: 4 }} gap={3}>
          {numbers(told.data).map(([name, value]) => (
            <Stat.Root key={name} size="sm">
              <Stat.Label color="inherit">{name}</Stat.Label>
              <Stat.ValueText>{value}</Stat.ValueText>
            </Stat.Root>
          ))}
        </SimpleGrid>
        <Within to={answerPlace(dagId, runId)}>Answer in Airflow</Within>
      </Alert.Content>
    </Alert.Root>
  );
}

export const Questions = ({ questions }: { questions: Question[] }) => (
  <List.Root ps={4}>
    {questions.map((one) => (
      <List.Item key={one.gate} overflowWrap="anywhere">
        {one.gate}: {one.sentence}
      </List.Item>
    ))}
  </List.Root>
);
