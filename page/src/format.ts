/** Numbers, sizes and times as people read them. */

const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

export const count = (number: number): string => WHOLE.format(number);

export const short = (number: number): string => SHORT.format(number);

/** A part of a whole; a small one is never told as none, nor a nearly whole one as all. */
export function percent(part: number, whole: number): string {
  if (!whole || !part) return "0 %";
  const exact = (100 * part) / whole;
  if (exact < 0.01) return "< 0.01 %";
  if (part < whole && exact > 99.99) return "> 99.99 %";
  return `${exact.toLocaleString("en-US", { maximumFractionDigits: exact < 1 ? 2 : 1 })} %`;
}

/** US dollars; a small amount is never told as none. */
export function dollars(usd: number | null | undefined): string {
  if (usd === null || usd === undefined) return "unknown";
  if (usd === 0) return "$0";
  if (usd < 0.0001) return "< $0.0001";
  const digits = usd < 10 ? 4 : 2;
  return `$${usd.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** How much there was of something that may be less than one. */
export function quantity(number: number | null): string {
  if (number === null) return "unknown";
  if (Number.isInteger(number) || number >= 100) return count(number);
  return number < 0.0001 ? "< 0.0001" : number.toLocaleString("en-US", { maximumFractionDigits: 4 });
}

export function bytes(number: number): string {
  const step = number < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(number) / 3));
  return `${(number / 1000 ** step).toLocaleString("en-US", { maximumFractionDigits: step ? 1 : 0 })} ${UNITS[step]}`;
}

export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toLocaleString("en-US", { maximumFractionDigits: seconds < 10 ? 1 : 0 })} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Seconds as a clock shows them, for axes: 1:30. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const told = `${hours ? String(minutes).padStart(2, "0") : minutes}:${String(whole % 60).padStart(2, "0")}`;
  return hours ? `${hours}:${told}` : told;
}

/** How long ago, or ahead, a moment is. */
export function distance(milliseconds: number, now: number = Date.now()): string {
  const apart = Math.abs(milliseconds - now) / 1000;
  const told = apart < 86_400 ? duration(Math.max(1, Math.round(apart))) : `${count(Math.round(apart / 86_400))} d`;
  return milliseconds <= now ? `${told} ago` : `in ${told}`;
}

export const moment = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace("T", " ").slice(0, 16) + " UTC";
