import { Alert, Spinner } from "@chakra-ui/react";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";

/** What was asked for, once it is there; until then that it is awaited, and what went wrong. */
export function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError)
    return (
      <Alert.Root status="error">
        <Alert.Indicator />
        <Alert.Content>
          <Alert.Title>This cannot be shown.</Alert.Title>
          <Alert.Description>{query.error.message}</Alert.Description>
        </Alert.Content>
      </Alert.Root>
    );
  return <Spinner aria-label="Loading" />;
}
