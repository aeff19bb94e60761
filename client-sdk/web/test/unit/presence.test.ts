/** Who is there, without a socket. */

import { expect, test } from 'vitest';
import { PresenceBook } from '../../src/presence.js';
import { Writer } from '../../src/wire.js';

const says = (id: number, clock: number, json: string) =>
  new Writer().varUint(1).varUint(id).varUint(clock).varString(json).done();

test('two see each other, and a silent one goes', () => {
  const [ann, ben] = [new PresenceBook(1), new PresenceBook(2)];
  ann.set({ at: 'tasks/ca-1' });
  expect(ben.received(ann.poll() as Uint8Array)).toBe(true);
  expect(ben.people).toEqual([{ clientId: 1, at: 'tasks/ca-1' }]);
  expect(ben.people).toBe(ben.people);
  expect(ann.poll()).toBeUndefined();
  expect([ben.beat(), ben.beat()]).toEqual([false, false]);
  ann.beat();
  const people = ben.people;
  expect(ben.received(ann.poll() as Uint8Array)).toBe(false);
  expect(ben.people).toBe(people);
  expect([ben.beat(), ben.beat(), ben.people.length]).toEqual([false, false, 1]);
  expect([ben.beat(), ben.people.length]).toEqual([true, 0]);
});

test('the end of a former connection is outbid', () => {
  const ann = new PresenceBook(1);
  expect(ann.poll()?.[2]).toBe(1);
  ann.received(says(1, 2, 'null'));
  expect(ann.poll()?.[2]).toBe(3);
  expect(ann.poll()).toBeUndefined();
});

test('bad JSON is left out, an older clock too, and bad bytes throw', () => {
  const ann = new PresenceBook(1);
  for (const json of ['{', '5', '[]', `{"x":"${'y'.repeat(5_000)}"}`])
    expect(ann.received(says(6, 1, json))).toBe(false);
  expect(ann.received(says(6, 5, '{"at":"a"}'))).toBe(true);
  expect(ann.received(says(6, 4, '{"at":"b"}'))).toBe(false);
  expect(ann.received(says(6, 5, 'null'))).toBe(true);
  expect(ann.people).toEqual([]);
  expect(() => ann.received(Uint8Array.of(255, 255))).toThrow();
});

test('a state names nobody else, and is bounded', () => {
  const ann = new PresenceBook(1);
  ann.received(says(6, 1, '{"clientId":1,"person":"ben"}'));
  expect(ann.people[0]).toMatchObject({ clientId: 6, person: 'ben' });
  expect(() => ann.set({ at: 'x'.repeat(5_000) })).toThrow('5');
  for (let id = 10; id < 2_000; id += 1) ann.received(says(id, 1, '{}'));
  expect(ann.people.length).toBe(1_024);
});

test('after a break, what we say stands above what the server said of our going', () => {
  const [ana, ben] = [new PresenceBook(1), new PresenceBook(2)];
  ana.set({ at: 'tasks/ca-1' });
  ben.received(ana.poll() as Uint8Array);
  ana.disconnected();
  // The server outbids the last clock by one.
  ben.received(says(1, 2, 'null'));
  expect(ben.people).toEqual([]);
  ben.received(ana.poll() as Uint8Array);
  expect(ben.people).toHaveLength(1);
});
