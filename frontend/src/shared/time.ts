// Moments and durations. The server's clock rules; the browser's is only compared with it.

const locale = (): string => (document.documentElement.lang.startsWith("zh") ? "zh-CN" : "en-GB");
const zone = "Asia/Shanghai";

let offset = 0;

/** Remember how far the browser's clock is from the server's `now` (ISO 8601). */
export function setServerTime(now: string): void {
  offset = Date.parse(now) - Date.now();
}

/** The server's present, in milliseconds since 1970. */
export function serverNow(): number {
  return Date.now() + offset;
}

/** `m:ss`, or `h:mm:ss` from one hour. Negative counts as zero. */
export function duration(seconds: number): string {
  const total = Math.max(Math.floor(seconds), 0);
  const two = (n: number): string => String(n).padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = two(total % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

/** Seconds from `moment` (ISO 8601) until now. */
export function secondsSince(moment: string): number {
  return (serverNow() - Date.parse(moment)) / 1000;
}

/** Seconds from now until `moment`, rounded up, never negative. */
export function secondsUntil(moment: string): number {
  return Math.max(Math.ceil((Date.parse(moment) - serverNow()) / 1000), 0);
}

export function clockTime(moment: string | number): string {
  return new Intl.DateTimeFormat(locale(), {
    timeZone: zone,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(new Date(moment));
}

/** Day and minute, without the year when it is this year's. */
export function shortMoment(moment: string): string {
  const at = new Date(moment);
  const year = (date: Date): string =>
    new Intl.DateTimeFormat("en", { timeZone: zone, year: "numeric" }).format(date);
  const sameYear = year(at) === year(new Date(serverNow()));
  return new Intl.DateTimeFormat(locale(), {
    timeZone: zone,
    ...(sameYear ? {} : { year: "numeric" }),
    month: locale() === "zh-CN" ? "numeric" : "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(at);
}

/** The minute of a moment, with the day when it is not today. */
export function nearMoment(moment: string): string {
  const day = (at: number): string =>
    new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(at));
  if (day(Date.parse(moment)) !== day(serverNow())) return shortMoment(moment);
  return clockTime(moment).slice(0, 5);
}

/** `97.3%`, or a dash when there is nothing to divide. */
export function percent(rate: number | null): string {
  return rate === null ? "–" : `${(Math.floor(rate * 1000) / 10).toFixed(1)}%`;
}
