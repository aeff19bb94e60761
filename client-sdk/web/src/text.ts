/**
 * The smallest difference between a text as it is and as it shall be.
 *
 * What stays is not touched, so that an edit of somebody else in it survives. In: a `Y.Text` and a string. Always true:
 * afterwards the text says the string; no half of a character is ever written.
 */

import type { Text } from 'yjs';

/**
 * Characters of both sides between the common beginning and end that are compared one by one. Beyond, the middle is
 * replaced as a whole: such an edit is a new text, and the comparison takes the square of its length.
 */
const COMPARED_MAX = 1000;

/** One piece to be taken out and another to be put in its place, in UTF-16 units of the old text. */
export interface Splice {
  /** Where. */
  readonly at: number;
  /** Units to take out. */
  readonly delete: number;
  /** What to put there. */
  readonly insert: string;
}

/** Makes a text say `next`; whether it was different. Call it within a transaction. */
export function replaceText(text: Text, next: string): boolean {
  const old = text.toString();
  // Something that is no character (an image a newer client put there) makes the offsets differ.
  if (old.length !== text.length) {
    text.delete(0, text.length);
    text.insert(0, next);
    return true;
  }
  if (old === next) return false;
  // From the end, so that the offsets before stay true.
  for (const splice of splices(old, next).reverse()) {
    if (splice.delete > 0) text.delete(splice.at, splice.delete);
    if (splice.insert) text.insert(splice.at, splice.insert);
  }
  return true;
}

/** The splices that lead from one string to another, from the front, not overlapping. */
export function splices(old: string, next: string): Splice[] {
  const [a, b] = [[...old], [...next]];
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const from = a.slice(0, head).join('').length;
  const [oldMiddle, nextMiddle] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  if (oldMiddle.length > COMPARED_MAX || nextMiddle.length > COMPARED_MAX) {
    return [{ at: from, delete: oldMiddle.join('').length, insert: nextMiddle.join('') }];
  }
  return script(oldMiddle, nextMiddle, from);
}

/** The shortest script from `a` to `b` by Myers' greedy algorithm, as splices from offset `at` on. */
function script(a: readonly string[], b: readonly string[], at: number): Splice[] {
  // reach[k + zero] is how far in `a` one comes on diagonal k with d steps; trace keeps it as it was before each d.
  const zero = a.length + b.length + 1;
  const reach = new Int32Array(2 * zero + 1);
  const trace: Int32Array[] = [];
  for (let d = 0; ; d += 1) {
    trace.push(reach.slice(zero - d - 1, zero + d + 2));
    for (let k = -d; k <= d; k += 2) {
      let x = goesDown(reach, zero, k, d) ? get(reach, zero + k + 1) : get(reach, zero + k - 1) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1;
      reach[zero + k] = x;
      if (x >= a.length && x - k >= b.length) return toSplices(a, b, at, backtrack(trace, a.length, b.length));
    }
  }
}

/** The single steps of the script: at which places of `a` and `b`, and whether it takes out or puts in. */
function backtrack(trace: readonly Int32Array[], length: number, width: number): [number, number, boolean][] {
  const steps: [number, number, boolean][] = [];
  let [x, y] = [length, width];
  for (let d = trace.length - 1; d > 0; d -= 1) {
    const reach = trace[d] as Int32Array;
    const zero = d + 1;
    const down = goesDown(reach, zero, x - y, d);
    const before = down ? x - y + 1 : x - y - 1;
    x = get(reach, zero + before);
    y = x - before;
    steps.push([x, y, !down]);
  }
  return steps.reverse();
}

function goesDown(reach: Int32Array, zero: number, k: number, d: number): boolean {
  return k === -d || (k !== d && get(reach, zero + k - 1) < get(reach, zero + k + 1));
}

function get(reach: Int32Array, at: number): number {
  return reach[at] as number;
}

function toSplices(
  a: readonly string[],
  b: readonly string[],
  start: number,
  steps: [number, number, boolean][],
): Splice[] {
  const offsets = [start];
  for (const piece of a) offsets.push((offsets.at(-1) as number) + piece.length);
  const found: { at: number; delete: number; insert: string }[] = [];
  for (const [x, y, takes] of steps) {
    const at = offsets[x] as number;
    let last = found.at(-1);
    if (!last || last.at + last.delete !== at) {
      last = { at, delete: 0, insert: '' };
      found.push(last);
    }
    if (takes) last.delete += (a[x] as string).length;
    else last.insert += b[y] as string;
  }
  return found;
}
