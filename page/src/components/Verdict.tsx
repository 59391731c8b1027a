import { Badge, HStack } from "@chakra-ui/react";

import type { RunLine } from "../api";

/** A run's verdict in a word, and what kind of run it was where that is a particular one. */
export function Verdict({ line }: { line: RunLine }) {
  const [palette, word] = !line.accounted
    ? ["red", "not accounted for"]
    : line.dry_run
      ? ["blue", "dry run"]
      : ["green", "accounted for"];
  return (
    <HStack gap={1} wrap="wrap">
      <Badge colorPalette={palette} variant="subtle">
        {word}
      </Badge>
      {line.kind && <Badge variant="outline">{line.kind}</Badge>}
    </HStack>
  );
}
