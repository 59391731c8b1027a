import { HStack, Text } from "@chakra-ui/react";

import { fileAddress, type RunLine } from "../api";
import { count, percent } from "../format";
import { REJECTS_CSV, rejects } from "../runs";
import { Away } from "./Away";
import { NumberCell } from "./Columns";

/** How many rows of a run were rejected, and these as a file. */
export const RejectedCell = ({ dagId, line, name }: { dagId: string; line: RunLine; name: string }) => (
  <NumberCell>
    <HStack gap={2} justify="flex-end">
      {count(rejects(line))}
      <Text as="span" fontSize="xs" color="fg.muted">
        {percent(rejects(line), line.ledger.source_rows)}
      </Text>
    </HStack>
    {line.files.includes(REJECTS_CSV) && (
      <Text fontSize="xs">
        <Away href={fileAddress(dagId, line.run_id, REJECTS_CSV)} download told={`Download ${REJECTS_CSV} of ${name}`}>
          {REJECTS_CSV}
        </Away>
      </Text>
    )}
  </NumberCell>
);
