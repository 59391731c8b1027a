import { Stack, Text } from "@chakra-ui/react";

import type { Cost } from "../api";
import { dollars, quantity } from "../format";
import { Lines } from "./Lines";

/** What a run costs, a line each; what is unknown says so. */
export const CostLines = ({ cost }: { cost: Cost }) => (
  <Stack gap={2}>
    <Lines
      label="Cost by line"
      head={["Service", "For", "Quantity", "US dollars", "Price"]}
      numbers={[2, 3]}
      rows={cost.lines.map((line) => [
        line.service,
        line.what,
        quantity(line.quantity),
        dollars(line.usd),
        <Text key="note" as="span" color="fg.muted">
          {line.note}
        </Text>,
      ])}
    />
    <Text fontSize="sm" color="fg.muted">
      {cost.region ? `Prices of ${cost.region}.` : "The Region is not known."} The sum is without the lines that are
      unknown. No bill: free tiers and discounts are not taken off.
    </Text>
  </Stack>
);
