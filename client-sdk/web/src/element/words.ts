/**
 * Days, instants and the words of a plan, in the reader's language where it is about dates and numbers.
 *
 * In: values as they stand in a plan, a locale. Out: text. What is always true: a day is a day, in no time zone, and a
 * word that this version does not know is shown as it is.
 */

import { DAY_MS, dayNumber } from '../day.js';

export { dayIn, dayNumber, dayOf, daysBetween } from '../day.js';

/** Whose somebody or something is: decides colour and shape. */
export type Side = 'buyer' | 'seller' | 'partner' | 'joint' | 'other';

const agos = new Map<string, Intl.RelativeTimeFormat>();
const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale}|${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) formats.set(key, (found = new Intl.DateTimeFormat(locale, options)));
  return found;
}

/** `Feb 17`, with the year where it is not that of `today`. */
export function dayWords(day: string | undefined, today: string, locale: string): string {
  const number = dayNumber(day);
  if (day === undefined || number === undefined) return day ?? '';
  const sameYear = day.slice(0, 4) === today.slice(0, 4);
  const options: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric', timeZone: 'UTC' };
  return format(locale, sameYear ? options : { ...options, year: 'numeric' }).format(number * DAY_MS);
}

/** `Tuesday, February 17, 2026`. */
export function longDayWords(day: string | undefined, locale: string): string {
  const number = dayNumber(day);
  if (number === undefined) return day ?? '';
  return format(locale, { dateStyle: 'full', timeZone: 'UTC' }).format(number * DAY_MS);
}

/** `Tuesday` of 1: the week begins with 0, a Monday. */
export function weekdayWords(day: number, locale: string, weekday: 'long' | 'short' = 'long'): string {
  // 1970-01-05 was a Monday.
  return format(locale, { weekday, timeZone: 'UTC' }).format((4 + day) * DAY_MS);
}

/** `March` of 3. */
export function monthWords(month: number, locale: string): string {
  return format(locale, { month: 'long', timeZone: 'UTC' }).format(Date.UTC(1970, month - 1));
}

/** `12 minutes ago`, `yesterday`; the day itself after a month. */
export function agoWords(instant: string | undefined, nowMs: number, locale: string): string {
  const ms = Date.parse(instant ?? '');
  if (Number.isNaN(ms)) return '';
  const seconds = Math.round((ms - nowMs) / 1000);
  let words = agos.get(locale);
  if (!words) agos.set(locale, (words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })));
  const away = Math.abs(seconds);
  if (away < 45) return words.format(0, 'second');
  if (away < 45 * 60) return words.format(Math.round(seconds / 60), 'minute');
  if (away < 22 * 3600) return words.format(Math.round(seconds / 3600), 'hour');
  if (away < 30 * 86_400) return words.format(Math.round(seconds / 86_400), 'day');
  return format(locale, { dateStyle: 'medium' }).format(ms);
}

/** `Feb 17, 10:52 AM`. */
export function instantWords(instant: string | undefined, locale: string): string {
  const ms = Date.parse(instant ?? '');
  return Number.isNaN(ms) ? '' : format(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
}

/** `+5 d`, `−2 d`. */
export function shiftWords(days: number): string {
  return `${days < 0 ? '−' : '+'}${Math.abs(days)} d`;
}

/** `3 tasks`, `1 task`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** “A title” in a sentence: cut, and kept apart, so that no letter of it turns the words around it. */
export function quoted(text: string | undefined): string {
  const chars = [...(text ?? '')];
  return `“\u2068${chars.length > 80 ? `${chars.slice(0, 79).join('')}…` : chars.join('')}\u2069”`;
}

/** Letters that run from right to left, and signs that turn what follows. */
const TURNING = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc]/;

/** A text in a sentence, kept apart where it would turn the words around it. */
export function apart(text: string | undefined): string {
  return text && TURNING.test(text) ? `\u2068${text}\u2069` : (text ?? '');
}

/** `In progress` of `in_progress`. */
export function wordOf(value: string | undefined): string {
  if (!value) return '';
  const words = value.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A field in the middle of a sentence: `buyerGets` as “buyer gets”, `blocked.reason` as “blocker”. */
export function fieldWords(field: string): string {
  if (field.startsWith('blocked.')) return 'blocker';
  return field.replaceAll('.', ' ').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** The side of a party, by its kind; where that is not known, by its id. */
export function sideOf(party: string | undefined, kind: string | undefined): Side {
  if (party === 'joint') return party;
  const side = kind ?? party;
  return side === 'buyer' || side === 'seller' || side === 'partner' ? side : 'other';
}

/** `IT` of `IT Manager`; never half a character. */
export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}
