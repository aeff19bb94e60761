/** Ranks, against what every language answers. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compareText, isRank, rankBetween, ranksBetween } from '../../src/index.js';

interface Golden {
  between: { a: string | null; b: string | null; rank: string | null }[];
  nBetween: { a: string | null; b: string | null; n: number; ranks: string[] }[];
}
const golden = JSON.parse(
  readFileSync(new URL('../../../../protocol/golden/ranks.json', import.meta.url), 'utf8'),
) as Golden;

test('ranks are those of the golden file', () => {
  expect(golden.between.length).toBeGreaterThan(300);
  for (const { a, b, rank } of golden.between) {
    let answer: string | null = null;
    try {
      answer = rankBetween(a, b);
    } catch {
      // Then there is none.
    }
    expect(answer, `${a} ${b}`).toBe(rank);
  }
  for (const { a, b, n, ranks } of golden.nBetween) expect(ranksBetween(a, b, n)).toEqual(ranks);
});

test('a rank between two stands between them, whatever came before', () => {
  const ranks: string[] = [];
  let seed = 7;
  for (let n = 0; n < 2_000; n += 1) {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    const at = seed % (ranks.length + 1);
    const rank = rankBetween(ranks[at - 1] ?? null, ranks[at] ?? null);
    expect(isRank(rank)).toBe(true);
    ranks.splice(at, 0, rank);
  }
  expect([...ranks].sort(compareText)).toEqual(ranks);
  expect(new Set(ranks).size).toBe(ranks.length);
});

test('strings are compared as the server compares their bytes', () => {
  const texts = ['Z', 'a', 'a0', 'é', '\uffee', '😀', '😀a', 'z', ''];
  const bytes = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect([...texts].sort(compareText)).toEqual(bytes);
});
