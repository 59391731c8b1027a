import { Box, Table } from "@chakra-ui/react";
import type { ReactNode } from "react";

type Told = { head: string[]; rows: ReactNode[][]; numbers: number[]; label: string };

/** Rows of cells below a head; the columns of numbers are set to the right. */
export function Lines({ head, rows, numbers, label }: Told) {
  const side = (place: number) => (numbers.includes(place) ? "end" : "start");
  return (
    <Box overflowX="auto" role="region" aria-label={label} tabIndex={0}>
      <Table.Root size="sm">
        <Table.Header>
          <Table.Row>
            {head.map((name, place) => (
              <Table.ColumnHeader key={name} textAlign={side(place)} whiteSpace="nowrap">
                {name}
              </Table.ColumnHeader>
            ))}
          </Table.Row>
        </Table.Header>
        <Table.Body>
          {rows.map((cells, row) => (
            <Table.Row key={row}>
              {cells.map((cell, place) => (
                <Table.Cell
                  key={head[place]}
                  textAlign={side(place)}
                  fontVariantNumeric={numbers.includes(place) ? "tabular-nums" : undefined}
                  whiteSpace={numbers.includes(place) ? "nowrap" : undefined}
                >
                  {cell}
                </Table.Cell>
              ))}
            </Table.Row>
          ))}
        </Table.Body>
      </Table.Root>
    </Box>
  );
}
