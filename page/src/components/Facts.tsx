import { Table } from "@chakra-ui/react";
import type { ReactNode } from "react";

/** Names, each with what there is to say of it. */
export const Facts = ({ rows }: { rows: [string, ReactNode][] }) => (
  <Table.Root size="sm">
    <Table.Body>
      {rows.map(([name, value]) => (
        <Table.Row key={name}>
          <Table.Cell as="th" fontWeight="normal" color="fg.muted" textAlign="start" whiteSpace="nowrap">
            {name}
          </Table.Cell>
          <Table.Cell overflowWrap="anywhere" wordBreak="break-word">
            {value}
          </Table.Cell>
        </Table.Row>
      ))}
    </Table.Body>
  </Table.Root>
);
