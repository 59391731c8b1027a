import { Badge } from "@chakra-ui/react";

import type { RunLine } from "../api";

/** A run's verdict in a word. */
export function Verdict({ line }: { line: RunLine }) {
  const [palette, word] = !line.accounted
    ? ["red", "not accounted for"]
    : line.dry_run
      ? ["blue", "dry run"]
      : ["green", "accounted for"];
  return (
    <Badge colorPalette={palette} variant="subtle">
      {word}
    </Badge>
  );
}
