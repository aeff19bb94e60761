/** What a stroke does to a text, and where a caret goes. */

import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { strokeOf, through, type Delta } from '../../src/element/controls/stroke.js';

test('a stroke is found where the caret is, also among equal letters', () => {
  expect(strokeOf('aaa', 'aaaa', 2)).toEqual({ at: 1, delete: 0, insert: 'a' });
  expect(strokeOf('aaa', 'aaaa', 4)).toEqual({ at: 3, delete: 0, insert: 'a' });
  expect(strokeOf('aaa', 'aa', 1)).toEqual({ at: 1, delete: 1, insert: '' });
  expect(strokeOf('hello world', 'hello dear world', 11)).toEqual({ at: 6, delete: 0, insert: 'dear ' });
  expect(strokeOf('abc', 'abc', 1)).toEqual({ at: 1, delete: 0, insert: '' });
  expect(strokeOf('one two three', 'one 2 three', 5)).toEqual({ at: 4, delete: 3, insert: '2' });
});

test('a stroke never cuts a character in two', () => {
  // Both begin with the same half.
  expect(strokeOf('🚀', '🚁', 2)).toEqual({ at: 0, delete: 2, insert: '🚁' });
  // Both end with the same half.
  const [a, b] = ['\u{1F680}', '\u{1F280}'];
  expect(strokeOf(`${a}x`, `${b}x`, 2)).toEqual({ at: 0, delete: 2, insert: b });
});

test('whatever is typed, the splice makes the new text of the old one', () => {
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const letters = ['a', 'b', '🚀', '🚁', ' '];
  for (let n = 0; n < 1_000; n += 1) {
    const chars = Array.from({ length: random(8) }, () => letters[random(5)]!);
    const from = random(chars.length + 1);
    const put = Array.from({ length: random(3) }, () => letters[random(5)]!);
    const old = chars.join('');
    const head = [...chars.slice(0, from), ...put].join('');
    const next = head + chars.slice(from + random(3)).join('');
    const { at, delete: gone, insert } = strokeOf(old, next, head.length);
    expect(old.slice(0, at) + insert + old.slice(at + gone)).toBe(next);
    const text = new Y.Doc().getText('t');
    text.insert(0, old);
    if (gone) text.delete(at, gone);
    if (insert) text.insert(at, insert);
    expect(text.toString()).toBe(next);
  }
});

test('a caret stays between its letters', () => {
  const put: Delta = [{ retain: 3 }, { insert: 'xy' }];
  expect([2, 3, 4].map((offset) => through(put, offset))).toEqual([2, 3, 6]);
  expect(through(put, 3, true)).toBe(5);
  const cut: Delta = [{ retain: 2 }, { delete: 3 }];
  expect([1, 2, 3, 5, 7].map((offset) => through(cut, offset))).toEqual([1, 2, 2, 2, 4]);
  const both: Delta = [{ insert: 'A' }, { retain: 2 }, { delete: 1 }, { insert: 'B' }];
  expect([0, 2, 3, 5].map((offset) => through(both, offset))).toEqual([0, 3, 3, 6]);
});
