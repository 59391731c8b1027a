import { Box, Heading } from "@chakra-ui/react";
import { type ReactNode, useId } from "react";

/** A part of a page with its title. */
export function Panel({ title, children, id }: { title: string; children: ReactNode; id?: string }) {
  const heading = useId();
  return (
    <Box as="section" id={id} aria-labelledby={heading} borderWidth="1px" borderRadius="md" p={4} minW={0}>
      <Heading as="h2" id={heading} size="sm" mb={3}>
        {title}
      </Heading>
      {children}
    </Box>
  );
}
