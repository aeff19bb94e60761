// Days and instants in words: local days (`YYYY-MM-DD`) of the plan, in the reader's language.
//
// In: days and instants of the canonical plan, the plan's time zone, the reader's locale. Out:
// short texts. Pure but for `today`, which reads the clock. A value that is no day is shown as it
// stands, never damaged.

const DAY_MS = 86_400_000;

/**
 * The day number of `YYYY-MM-DD`, or null when it is no day.
 * @param {unknown} day
 */
export function dayNumber(day) {
  if (typeof day !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const ms = Date.parse(day + 'T00:00:00Z');
  return Number.isNaN(ms) ? null : Math.round(ms / DAY_MS);
}

/**
 * Today as `YYYY-MM-DD` in a time zone; UTC where the zone is unknown to this browser.
 * @param {string | undefined} zone
 */
export function today(zone) {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: knownZone(zone) ?? 'UTC', year: 'numeric', month: '2-digit', day: '2-digit',
  });
  const part = Object.fromEntries(format.formatToParts(new Date()).map((p) => [p.type, p.value]));
  return `${part.year}-${part.month}-${part.day}`;
}

/**
 * A day as "Feb 17", with the year when it is not this year's.
 * @param {unknown} day
 * @param {string} asOf today, `YYYY-MM-DD`
 * @param {readonly string[] | undefined} locales
 */
export function dayText(day, asOf, locales) {
  const number = dayNumber(day);
  if (number === null) return typeof day === 'string' ? day : '';
  const sameYear = String(day).slice(0, 4) === asOf.slice(0, 4);
  return new Intl.DateTimeFormat(locales, {
    timeZone: 'UTC', month: 'short', day: 'numeric', ...(sameYear ? {} : { year: 'numeric' }),
  }).format(number * DAY_MS);
}

/**
 * An instant as "Feb 17, 10:52", in the plan's zone; the zone is named where it is not the reader's.
 * @param {unknown} instant RFC 3339
 * @param {string | undefined} zone
 * @param {readonly string[] | undefined} locales
 */
export function instantText(instant, zone, locales) {
  const ms = typeof instant === 'string' ? Date.parse(instant) : NaN;
  if (Number.isNaN(ms)) return '';
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const shown = knownZone(zone) ?? own;
  const thisYear = new Date(ms).getFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(locales, {
    timeZone: shown, month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit',
    ...(thisYear ? {} : { year: 'numeric' }), ...(shown === own ? {} : { timeZoneName: 'short' }),
  }).format(ms);
}

/** @param {number} n @param {string} one @param {string} [many] */
export function count(n, one, many = one + 's') {
  return `${n} ${n === 1 ? one : many}`;
}

/** How far a day is: "today", "tomorrow", "in 12 days", "3 days ago". @param {number} days */
export function distance(days) {
  if (days === 0) return 'today';
  if (days === 1) return 'tomorrow';
  return days > 0 ? `in ${count(days, 'day')}` : `${count(-days, 'day')} ago`;
}

/** @param {string | undefined} zone */
function knownZone(zone) {
  if (!zone) return undefined;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return zone;
  } catch {
    return undefined;
  }
}
