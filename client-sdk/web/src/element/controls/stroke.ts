/**
 * What one stroke has done to a text, and where a caret comes to be after what others did.
 *
 * In: two texts and a caret; a difference as Yjs tells it. Out: one splice; an offset. What is always true: applied to the
 * old text the splice gives the new one, and it never cuts a character in two.
 */

/** What a text event tells: keep, put in, take out. */
export type Delta = readonly { retain?: number; insert?: unknown; delete?: number }[];

/** What to take out where, and what to put there. */
export interface Stroke {
  readonly at: number;
  readonly delete: number;
  readonly insert: string;
}

/** The one difference between two texts that ends at the caret: what a stroke, a paste or a deletion has done. */
export function strokeOf(old: string, next: string, caret: number): Stroke {
  const room = Math.min(old.length, next.length - caret);
  let tail = 0;
  while (tail < room && old[old.length - 1 - tail] === next[next.length - 1 - tail]) tail += 1;
  const shorter = Math.min(old.length, next.length) - tail;
  let head = 0;
  while (head < shorter && old[head] === next[head]) head += 1;
  if (head > 0 && isHigh(old[head - 1])) head -= 1;
  if (tail > 0 && isLow(old[old.length - tail])) tail -= 1;
  return { at: head, delete: old.length - tail - head, insert: next.slice(head, next.length - tail) };
}

/** Where an offset comes to be after a difference; `isEnd`: behind what is put in exactly there. */
export function through(delta: Delta, offset: number, isEnd = false): number {
  let [at, moved] = [0, offset];
  for (const { retain, insert, delete: gone } of delta) {
    if (retain) at += retain;
    else if (typeof insert === 'string') {
      if (at < moved || (isEnd && at === moved)) moved += insert.length;
      at += insert.length;
    } else if (gone) moved -= Math.max(0, Math.min(gone, moved - at));
  }
  return moved;
}

function isHigh(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\ud800' && unit <= '\udbff';
}

function isLow(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\udc00' && unit <= '\udfff';
}
