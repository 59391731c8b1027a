import { Link } from "@chakra-ui/react";
import type { ReactNode } from "react";
import { Link as RouterLink } from "react-router-dom";

/** A link within Airflow's UI. */
export const Within = ({ to, children }: { to: string; children: ReactNode }) => (
  <Link asChild colorPalette="blue" variant="underline">
    <RouterLink to={to}>{children}</RouterLink>
  </Link>
);

type Away = { href: string; children: ReactNode; download?: boolean; told?: string };

/** A link to another site, or to a file; told is what it is called where its text does not say it alone. */
export const Away = ({ href, children, download, told }: Away) => (
  <Link
    href={href}
    aria-label={told}
    colorPalette="blue"
    variant="underline"
    {...(download ? { download: "" } : { target: "_blank", rel: "noreferrer" })}
  >
    {children}
  </Link>
);

export const dataSetPlace = (dagId: string): string => `/plugin/migrations/${encodeURIComponent(dagId)}`;

/** A run as a page of its own, for which a phone has room. */
export const runPlace = (dagId: string, runId: string): string => `${dataSetPlace(dagId)}/run?id=${encodeURIComponent(runId)}`;

/** The same as a tab of Airflow's page of the DAG run. */
export const dagRunPlace = (dagId: string, runId: string): string =>
  `/dags/${encodeURIComponent(dagId)}/runs/${encodeURIComponent(runId)}/plugin/migration`;

export const comparePlace = (dagId: string, one: string, other: string): string =>
  `${dataSetPlace(dagId)}/compare?one=${encodeURIComponent(one)}&other=${encodeURIComponent(other)}`;
