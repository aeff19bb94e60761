/**
 * Days as whole numbers, so that sums of days are sums.
 *
 * In: days as a plan writes them, instants. Out: numbers and days. What is always true: a day is a day, in no time zone;
 * only an instant has to be told the zone in which it is one.
 */

/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;
/** 0000-01-01 and 9999-12-31: the days that a plan can write. */
export const FIRST_DAY = -719_528;
export const LAST_DAY = 2_932_896;

/** Days since 1970 of `2026-02-17`; nothing for what is no day. */
export function dayNumber(day: string | undefined): number | undefined {
  if (!day || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return;
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) ? undefined : ms / DAY_MS;
}

/** `2026-02-17` of days since 1970; the first or last day of the calendar for one beyond. */
export function dayOf(number: number): string {
  return new Date(Math.min(Math.max(number, FIRST_DAY), LAST_DAY) * DAY_MS).toISOString().slice(0, 10);
}

/** Days from one day to another; 0 where one of them is none. */
export function daysBetween(from: string | undefined, to: string | undefined): number {
  const [a, b] = [dayNumber(from), dayNumber(to)];
  return a === undefined || b === undefined ? 0 : b - a;
}

const zones = new Map<string, Intl.DateTimeFormat>();

/** The day of an instant in a time zone; in UTC where there is no such zone. */
export function dayIn(ms: number, timeZone: string | undefined): string {
  let found = zones.get(timeZone ?? 'UTC');
  if (!found) {
    const options = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    try {
      found = new Intl.DateTimeFormat('en-CA', { ...options, timeZone: timeZone ?? 'UTC' });
    } catch {
      found = new Intl.DateTimeFormat('en-CA', { ...options, timeZone: 'UTC' });
    }
    zones.set(timeZone ?? 'UTC', found);
  }
  return found.format(ms);
}
