import { chakra, Table } from "@chakra-ui/react";
import type { ComponentProps } from "react";

export type Column<T> = {
  name: string;
  /** A column of numbers: they stand one below the other. */
  numbers?: boolean;
  /** A column that a narrow screen does without. */
  wide?: boolean;
  /** How rows are sorted by it. */
  order?: (one: T, other: T) => number;
};

export type Order = { by: string; reversed: boolean };

const NARROW = { base: "none", md: "table-cell" };

/** The names of the columns; a click on one, Enter or Space sorts by it, and once more the other way round. */
export function ColumnHeaders<T>({ columns, order, onOrder }: { columns: Column<T>[]; order?: Order; onOrder?: (order: Order) => void }) {
  return (
    <Table.Header>
      <Table.Row>
        {columns.map((column) => {
          const sorted = order?.by === column.name;
          return (
            <Table.ColumnHeader
              key={column.name}
              textAlign={column.numbers ? "end" : "start"}
              whiteSpace="nowrap"
              display={column.wide ? NARROW : undefined}
              aria-sort={sorted ? (order.reversed ? "descending" : "ascending") : undefined}
            >
              {column.order && onOrder ? (
                <chakra.button
                  type="button"
                  cursor="pointer"
                  fontWeight="inherit"
                  onClick={() => onOrder({ by: column.name, reversed: sorted && !order.reversed })}
                >
                  {column.name}
                  <chakra.span aria-hidden color={sorted ? "fg" : "fg.subtle"}>
                    {sorted ? (order.reversed ? " ↓" : " ↑") : " ↕"}
                  </chakra.span>
                </chakra.button>
              ) : (
                column.name
              )}
            </Table.ColumnHeader>
          );
        })}
      </Table.Row>
    </Table.Header>
  );
}

/** The rows in the order that was asked for. */
export function sorted<T>(rows: T[], columns: Column<T>[], { by, reversed }: Order): T[] {
  const order = columns.find((column) => column.name === by)?.order;
  if (!order) return rows;
  return rows.toSorted((one, other) => (reversed ? order(other, one) : order(one, other)));
}

type Cell = ComponentProps<typeof Table.Cell> & { wide?: boolean };

/** A cell of a column that a narrow screen does without, if it is a wide one. */
export const Cell = ({ wide, ...rest }: Cell) => <Table.Cell display={wide ? NARROW : undefined} {...rest} />;

/** A cell of a column of numbers. */
export const NumberCell = (props: Cell) => (
  <Cell textAlign="end" fontVariantNumeric="tabular-nums" whiteSpace="nowrap" {...props} />
);
