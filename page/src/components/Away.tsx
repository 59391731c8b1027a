import { Link } from "@chakra-ui/react";
import type { ReactNode } from "react";
import { Link as RouterLink } from "react-router-dom";

/** A link within Airflow's UI. */
export const Within = ({ to, children }: { to: string; children: ReactNode }) => (
  <Link asChild colorPalette="blue" variant="underline">
    <RouterLink to={to}>{children}</RouterLink>
  </Link>
);

/** A link to another site, or to a file. */
export const Away = ({ href, children, download }: { href: string; children: ReactNode; download?: boolean }) => (
  <Link
    href={href}
    colorPalette="blue"
    variant="underline"
    {...(download ? { download: "" } : { target: "_blank", rel: "noreferrer" })}
  >
    {children}
  </Link>
);

export const dataSetPlace = (dagId: string): string => `/plugin/migrations/${encodeURIComponent(dagId)}`;

export const runPlace = (dagId: string, runId: string): string =>
  `/dags/${encodeURIComponent(dagId)}/runs/${encodeURIComponent(runId)}/plugin/migration`;

export const comparePlace = (dagId: string, one: string, other: string): string =>
  `${dataSetPlace(dagId)}/compare?one=${encodeURIComponent(one)}&other=${encodeURIComponent(other)}`;
