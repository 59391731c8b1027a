import { Box, Heading } from "@chakra-ui/react";
import { type ReactNode, useId } from "react";

type Part = { title: string; children: ReactNode; id?: string; wide?: boolean };

/** A part of a page with its title; a wide one has a row for itself. */
export function Panel({ title, children, id, wide }: Part) {
  const heading = useId();
  return (
    <Box as="section" id={id} aria-labelledby={heading} borderWidth="1px" borderRadius="md" p={4} minW={0} gridColumn={wide ? "1 / -1" : "auto"}>
      <Heading as="h2" id={heading} size="sm" mb={3}>
        {title}
      </Heading>
      {children}
    </Box>
  );
}
