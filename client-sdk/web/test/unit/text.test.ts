/** Texts are changed by their smallest difference. */

import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { mergeText } from '../../src/afresh.js';
import { replaceText, splices } from '../../src/text.js';

test('only what is different is touched', () => {
  expect(splices('Sample sent', 'Sample was sent')).toEqual([{ at: 7, delete: 0, insert: 'was ' }]);
  expect(splices('abc', 'abc')).toEqual([{ at: 3, delete: 0, insert: '' }].filter(() => false));
  expect(splices('one two three', 'one 2 three')).toEqual([{ at: 4, delete: 3, insert: '2' }]);
  expect(splices('a😀b', 'a😁b')).toEqual([{ at: 1, delete: 2, insert: '😁' }]);
});

test('any text becomes any other, without half a character', () => {
  const alphabet = ['a', 'b', '😀', '😁', 'é', '\n', 'ab', ' '];
  let seed = 11;
  const next = (n: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % n;
  const make = () => Array.from({ length: next(40) }, () => alphabet[next(8)]).join('');
  for (let n = 0; n < 2_000; n += 1) {
    const [old, wanted] = [make(), make()];
    const doc = new Y.Doc();
    const text = doc.getText();
    text.insert(0, old);
    expect(doc.transact(() => replaceText(text, wanted))).toBe(old !== wanted);
    expect(text.toString()).toBe(wanted);
    for (const splice of splices(old, wanted)) {
      expect(/[\ud800-\udbff]$/.test(old.slice(0, splice.at))).toBe(false);
      expect(/[\ud800-\udbff]$/.test(splice.insert)).toBe(false);
    }
  }
});

test('the shortest script is found: as long as the classic distance says', () => {
  const distance = (a: string, b: string) => {
    const row = Array.from({ length: b.length + 1 }, (_, n) => n);
    for (let i = 1; i <= a.length; i += 1) {
      let diagonal = row[0] as number;
      row[0] = i;
      for (let j = 1; j <= b.length; j += 1) {
        const above = row[j] as number;
        row[j] = a[i - 1] === b[j - 1] ? diagonal : 1 + Math.min(above, row[j - 1] as number);
        diagonal = above;
      }
    }
    return row[b.length];
  };
  for (const [a, b] of [
    ['kitten', 'sitting'],
    ['abcabba', 'cbabac'],
    ['the pilot is late', 'a pilot was late'],
  ] as const) {
    const steps = splices(a, b).reduce((sum, splice) => sum + splice.delete + splice.insert.length, 0);
    expect(steps).toBe(distance(a, b));
  }
});

test('a long text is replaced in time', () => {
  const doc = new Y.Doc();
  const text = doc.getText();
  text.insert(0, 'x1'.repeat(10_000));
  const began = Date.now();
  replaceText(text, 'y2'.repeat(10_000));
  replaceText(text, `${'y2'.repeat(400)}${'z3'.repeat(450)}`);
  expect(text.length).toBe(1_700);
  expect(Date.now() - began).toBeLessThan(2_000);
});

test('what both sides did to a text is in it', () => {
  expect(mergeText('The pilot starts.', 'The pilot starts on Monday.', 'The first pilot starts.')).toBe(
    'The first pilot starts on Monday.',
  );
  expect(mergeText('a', 'a', 'b')).toBe('b');
});
