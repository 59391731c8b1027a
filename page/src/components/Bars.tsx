import { Box, Grid, Text } from "@chakra-ui/react";
import { Fragment } from "react";

type Row = [name: string, number: number, palette?: string];

/** Names with their numbers, and bars as long as these. */
export function Bars({ rows, palette, told }: { rows: Row[]; palette: string; told: (n: number) => string }) {
  const most = Math.max(...rows.map(([, number]) => number), 0);
  return (
    <Grid templateColumns="minmax(7rem, max-content) 1fr max-content" columnGap={3} rowGap={1} alignItems="center" alignContent="start">
      {rows.map(([name, number, own]) => (
        <Fragment key={name}>
          <Text fontSize="sm" overflowWrap="anywhere">
            {name}
          </Text>
          <Box bg="bg.muted" borderRadius="sm" aria-hidden>
            <Box
              bg={`${own ?? palette}.solid`}
              borderRadius="sm"
              h={2}
              w={most ? `${Math.max(0.5, (100 * number) / most)}%` : 0}
            />
          </Box>
          <Text fontSize="sm" textAlign="end" fontVariantNumeric="tabular-nums">
            {told(number)}
          </Text>
        </Fragment>
      ))}
    </Grid>
  );
}
