import { Box, chakra, Stack, Text } from "@chakra-ui/react";

import type { Report } from "../api";
import { deletions } from "../changes";
import { bands, HEIGHT, LABEL, stops, verified } from "../flow";
import { count, percent } from "../format";
import { Bars } from "./Bars";

const Svg = chakra("svg");
const Path = chakra("path");
const Label = chakra("text");
const [LEFT, RIGHT, WIDE] = [150, 420, 760];

/** The way of the rows, as bands whose widths are the ledger, or as bars where there is no room for them. */
export const RowFlow = ({ report }: { report: Report }) => (
  <>
    <Box display={{ base: "none", md: "block" }}>
      <Bands report={report} />
    </Box>
    <Stack display={{ base: "flex", md: "none" }} gap={2}>
      <Text>{count(report.ledger.source_rows)} rows of the source</Text>
      <Bars rows={stops(report).map(({ name, rows, palette }) => [name, rows, palette])} palette="gray" told={count} />
    </Stack>
    {[deletions(report.changes, report.dry_run), verified(report)].filter(Boolean).map((told) => (
      <Text key={told} mt={2}>
        {told}
      </Text>
    ))}
  </>
);

/** What it shows it also says, for who does not see it. */
function Bands({ report }: { report: Report }) {
  const { ledger } = report;
  const found = bands(report);
  const told = stops(report).map((stop) => `${count(stop.rows)} ${stop.name}`);
  const tall = Math.max(HEIGHT, ...found.map((band) => band.to + Math.max(band.width, LABEL))) + 12;
  const middle = (found.at(-1)?.from ?? 0) + (found.at(-1)?.width ?? 0);
  return (
    <Svg viewBox={`0 0 ${WIDE} ${tall}`} maxW={`${WIDE}px`} w="full" display="block" role="img" fill="fg">
      <title>{`${count(ledger.source_rows)} rows of the source: ${told.join(", ") || "none"}`}</title>
      <Label x={LEFT - 12} y={Math.max(24, middle / 2)} textAnchor="end" fontSize="15" fontWeight="bold">
        {count(ledger.source_rows)}
      </Label>
      <Label x={LEFT - 12} y={Math.max(24, middle / 2) + 18} textAnchor="end" fontSize="13" fill="fg.muted">
        rows of the source
      </Label>
      {found.map((band) => {
        const [top, low] = [band.from + 6, band.to + 6];
        const half = (LEFT + RIGHT) / 2;
        const edge = `M${LEFT},${top} C${half},${top} ${half},${low} ${RIGHT},${low}`;
        const back = `L${RIGHT},${low + band.width} C${half},${low + band.width} ${half},${top + band.width} ${LEFT},${top + band.width} Z`;
        return (
          <g key={band.name}>
            <Path d={`${edge} ${back}`} fill={`${band.palette}.solid`} opacity={0.75} />
            <Label x={RIGHT + 12} y={low + Math.max(10, band.width / 2)} fontSize="14" fontWeight="medium">
              {`${count(band.rows)} ${band.name}`}
            </Label>
            <Label x={RIGHT + 12} y={low + Math.max(10, band.width / 2) + 16} fontSize="12" fill="fg.muted">
              {percent(band.rows, ledger.source_rows)}
            </Label>
          </g>
        );
      })}
    </Svg>
  );
}
