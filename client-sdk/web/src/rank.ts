/**
 * Ranks: strings between any two of which there is another, in the format of npm `fractional-indexing`.
 *
 * A rank is a whole part, whose first letter tells its length (`a0`, `b00`, `Zz`), and a fraction. Plain comparison of
 * characters is their order. `protocol/golden/ranks.json` holds what the package itself answers, and the Rust side too.
 */

import { LIMITS } from './schema.js';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The least whole part: nothing can stand before it, so it is no rank itself. */
const LEAST = `A${'0'.repeat(26)}`;

/** Whether a string is a rank. */
export function isRank(text: string): boolean {
  return text.length <= LIMITS.rankChars && wholePart(text) !== undefined;
}

/** A rank between two others, or before, or after one; `a0` if there is none. Throws where there is no room. */
export function rankBetween(a: string | null, b: string | null): string {
  if (a !== null && b !== null && a > b) [a, b] = [b, a];
  const [low, high] = [a, b].map((rank) => {
    const whole = rank === null ? '' : wholePart(rank);
    if (whole === undefined) throw new Error(`${JSON.stringify(rank)} is no rank like a0`);
    return [whole, rank?.slice(whole.length) ?? ''] as const;
  }) as [readonly [string, string], readonly [string, string]];
  if (a === null) {
    if (b === null) return 'a0';
    if (high[0] === LEAST) return LEAST + midpoint('', high[1]);
    return high[1] === '' ? (step(high[0], false) ?? usedUp()) : high[0];
  }
  if (b === null) return step(low[0], true) ?? low[0] + midpoint(low[1], null);
  if (low[0] === high[0]) {
    if (low[1] === high[1]) throw new Error(`there is no rank between ${a} and itself`);
    return low[0] + midpoint(low[1], high[1]);
  }
  const next = step(low[0], true) ?? usedUp();
  return next < b ? next : low[0] + midpoint(low[1], null);
}

/** `n` ranks between two others, in order. Throws where there is no room. */
export function ranksBetween(a: string | null, b: string | null, n: number): string[] {
  if (n <= 0) return [];
  const ranks: string[] = [];
  if (b === null || a === null) {
    while (ranks.length < n) {
      if (b === null) ranks.push(rankBetween(ranks.at(-1) ?? a, null));
      else ranks.unshift(rankBetween(null, ranks[0] ?? b));
    }
    return ranks;
  }
  const middle = Math.floor(n / 2);
  const rank = rankBetween(a, b);
  return [...ranksBetween(a, rank, middle), rank, ...ranksBetween(rank, b, n - middle - 1)];
}

/** Compares by code points, as the bytes of UTF-8 compare; so do ids and ranks everywhere. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const one = a.charCodeAt(at);
    const other = b.charCodeAt(at);
    if (one !== other) return weight(one) - weight(other);
  }
  return a.length - b.length;
}

/** Surrogates stand for characters behind all others. */
function weight(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function usedUp(): never {
  throw new Error('the ranks are used up');
}

/** Letters A to Z head 27 to 2 characters of numbers below zero, a to z 2 to 27 of those from zero. */
function wholeLength(head: string): number {
  return head >= 'a' ? head.charCodeAt(0) - 95 : 92 - head.charCodeAt(0);
}

/** The whole part of a rank; nothing if it is no rank. */
function wholePart(rank: string): string | undefined {
  if (!/^[A-Za-z][0-9A-Za-z]*$/.test(rank)) return;
  const length = wholeLength(rank[0] as string);
  if (rank.length < length || rank === LEAST || (rank.length > length && rank.endsWith('0'))) return;
  return rank.slice(0, length);
}

/** The next or the previous whole part; nothing at the end of the letters. */
function step(whole: string, up: boolean): string | undefined {
  const [wraps, to] = up ? ['z', '0'] : ['0', 'z'];
  let kept = whole.length;
  while (kept > 1 && whole[kept - 1] === wraps) kept -= 1;
  if (kept > 1) {
    const digit = DIGITS[DIGITS.indexOf(whole[kept - 1] as string) + (up ? 1 : -1)] as string;
    return whole.slice(0, kept - 1) + digit + to.repeat(whole.length - kept);
  }
  // Behind the digits stand the letters of the heads, in their order.
  const head = DIGITS[DIGITS.indexOf(whole[0] as string) + (up ? 1 : -1)];
  return head !== undefined && head > '9' ? head + to.repeat(wholeLength(head) - 1) : undefined;
}

/** A fraction between two fractions `a < b`; an absent `b` is one. Neither ends in 0. */
function midpoint(a: string, b: string | null): string {
  if (b !== null) {
    // The common prefix, `a` filled up with zeros.
    let common = 0;
    while (common < b.length && (a[common] ?? '0') === b[common]) common += 1;
    if (common > 0) return b.slice(0, common) + midpoint(a.slice(common), b.slice(common));
  }
  const low = a === '' ? 0 : DIGITS.indexOf(a[0] as string);
  const high = b === null ? DIGITS.length : DIGITS.indexOf(b[0] as string);
  if (high > low + 1) return DIGITS[Math.round((low + high) / 2)] as string;
  if (b !== null && b.length > 1) return b[0] as string;
  return (DIGITS[low] as string) + midpoint(a.slice(1), null);
}
