/** Typed edits: what they write, what they refuse, and what a reader sees. */

import { beforeEach, describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { makeEdit, type Edit } from '../../src/edit.js';
import { PlanError } from '../../src/error.js';
import { View, textAt } from '../../src/read.js';

let doc: Y.Doc;
let view: View;
let told: string[][];
beforeEach(() => {
  doc = new Y.Doc();
  told = [];
  view = new View(doc, true, (touched) => told.push([...touched.entities].sort()));
});

const edit = <R>(make: (tx: Edit) => R, reason?: string) =>
  makeEdit(doc, true, 'test', make, reason === undefined ? {} : { reason });

function refusal(make: (tx: Edit) => unknown): PlanError {
  const before = Y.encodeStateVector(doc);
  try {
    edit(make);
  } catch (error) {
    expect(Y.encodeStateVector(doc)).toEqual(before);
    return error as PlanError;
  }
  throw new Error('it was taken');
}

const raw = (collection: string, id: string) => (doc.getMap(collection).get(id) as Y.Map<unknown>).toJSON();

describe('writing', () => {
  test('an entity is created with its texts, its rank and flat keys, in one transaction', () => {
    let updates = 0;
    doc.on('update', () => (updates += 1));
    const id = edit((tx) =>
      tx.tasks.add({ title: 'Call', owners: ['b-2', 'b-1'], blocked: { reason: 'No date' }, notes: 'Ask Ann' }),
    );
    expect(updates).toBe(1);
    expect(raw('tasks', id)).toEqual({
      resources: '',
      notes: 'Ask Ann',
      title: 'Call',
      'owners/b-2': true,
      'owners/b-1': true,
      'blocked.reason': 'No date',
      rank: 'a0',
    });
    expect((doc.getMap('tasks').get(id) as Y.Map<unknown>).get('notes')).toBeInstanceOf(Y.Text);
    expect(view.collections.tasks.get(id)).toEqual({
      id,
      rank: 'a0',
      title: 'Call',
      owners: ['b-1', 'b-2'],
      blocked: { reason: 'No date' },
      notes: 'Ask Ann',
    });
  });

  test('a value that stands there already is not written again', () => {
    edit((tx) => tx.tasks.add({ id: 't', title: 'Call', owners: ['a'], notes: 'x' }));
    const before = Y.encodeStateVector(doc);
    edit((tx) => tx.tasks.set('t', { title: 'Call', owners: ['a'], notes: 'x' }));
    expect(Y.encodeStateVector(doc)).toEqual(before);
  });

  test('a set given as an array is replaced, as an object added to and taken from', () => {
    edit((tx) => tx.tasks.add({ id: 't', owners: ['a', 'b'] }));
    edit((tx) => tx.tasks.set('t', { owners: ['b', 'c'] }));
    expect(view.collections.tasks.get('t')?.owners).toEqual(['b', 'c']);
    edit((tx) => tx.tasks.set('t', { owners: { d: true, b: null } }));
    expect(view.collections.tasks.get('t')?.owners).toEqual(['c', 'd']);
    edit((tx) => tx.tasks.set('t', { owners: null }));
    expect(view.collections.tasks.get('t')?.owners).toBeUndefined();
  });

  test('null takes a field, a group and the content of a text away; the text itself stays', () => {
    edit((tx) => tx.tasks.add({ id: 't', due: '2026-03-01', blocked: { reason: 'r', needs: 'n' }, notes: 'x' }));
    const text = textAt(doc, 'tasks/t/notes');
    edit((tx) => tx.tasks.set('t', { due: null, blocked: null, notes: null }));
    expect(view.collections.tasks.get('t')).toEqual({ id: 't', rank: 'a0' });
    expect(textAt(doc, 'tasks/t/notes')).toBe(text);
  });

  test('a concurrent edit of another part of a text survives', () => {
    edit((tx) => tx.tasks.add({ id: 't', notes: 'The pilot starts.' }));
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc));
    makeEdit(other, true, null, (tx) => tx.tasks.set('t', { notes: 'The pilot starts on Monday.' }));
    edit((tx) => tx.tasks.set('t', { notes: 'The first pilot starts.' }));
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other));
    expect(view.collections.tasks.get('t')?.notes).toBe('The first pilot starts on Monday.');
  });

  test('the reason stands on the items whose date or status changes, unless they have one', () => {
    edit((tx) => {
      tx.tasks.add({ id: 'a' });
      tx.tasks.add({ id: 'b' });
      tx.tasks.add({ id: 'c' });
    });
    edit((tx) => {
      tx.tasks.set('a', { due: '2026-03-01' });
      tx.tasks.set('b', { title: 'B' });
      tx.tasks.set('c', { status: 'blocked', reason: 'own' });
    }, 'Access pending');
    expect(view.collections.tasks.all().map((task) => task.reason)).toEqual(['Access pending', undefined, 'own']);
  });

  test('a removed entity is left out unless asked for, and comes back as it was', () => {
    edit((tx) => tx.risks.add({ id: 'r', title: 'Budget', probability: 'low' }));
    edit((tx) => tx.risks.remove('r'));
    expect(view.collections.risks.size).toBe(0);
    expect(view.collections.risks.get('r')).toBeUndefined();
    expect(view.collections.risks.all({ removed: true })).toHaveLength(1);
    expect(view.toJSON().risks).toEqual([]);
    edit((tx) => tx.risks.restore('r'));
    expect(view.collections.risks.get('r')).toEqual({ id: 'r', rank: 'a0', title: 'Budget', probability: 'low' });
  });

  test("a dependency's id is made of its ends", () => {
    expect(edit((tx) => tx.dependencies.add({ from: 'ms-1', to: 'ms-2' }))).toBe('ms-1>ms-2');
    expect(view.collections.dependencies.get('ms-1>ms-2')).toEqual({ id: 'ms-1>ms-2', from: 'ms-1', to: 'ms-2' });
    expect(refusal((tx) => tx.dependencies.set('ms-1>ms-2', { to: 'ms-3' })).path).toBe('dependencies/ms-1>ms-2/to');
    expect(refusal((tx) => tx.dependencies.add({ from: 'a', to: 'a' })).kind).toBe('malformed');
  });

  test('what a newer client may write is kept and shown', () => {
    edit((tx) => tx.tasks.add({ id: 't', status: 'parked', mood: { of: 'team' } } as never));
    expect(view.collections.tasks.get('t')).toMatchObject({ status: 'parked', mood: { of: 'team' } });
    expect(raw('tasks', 't')).toMatchObject({ 'mood.of': 'team' });
  });

  test('ids that are made are ids, and differ', () => {
    const ids = edit((tx) => Array.from({ length: 500 }, () => tx.tasks.add({ title: 'x' })));
    expect(new Set(ids).size).toBe(500);
    expect(view.collections.tasks.all().map((task) => task.id)).toEqual(ids);
  });
});

describe('refusing', () => {
  beforeEach(() => void edit((tx) => tx.tasks.add({ id: 't', title: 'Call' })));

  test.each<[string, Record<string, unknown>, string, string]>([
    ['a day that is none', { due: 'banana' }, 'tasks/t/due', 'a day like 2026-02-17'],
    ['a day the calendar lacks', { due: '2026-02-30' }, 'tasks/t/due', 'a day like 2026-02-17'],
    ['a long title', { title: 'x'.repeat(301) }, 'tasks/t/title', 'a string of at most 300 characters'],
    ['a sentence as a word', { status: 'not yet' }, 'tasks/t/status', 'one of pending'],
    ['half a day', { durationDays: 0.5 }, 'tasks/t/durationDays', 'a whole number from 0 to 36600'],
    ['an owner with a space', { owners: ['a b'] }, 'tasks/t/owners', 'an id like ca-1'],
    ['a set as a string', { owners: 'a' }, 'tasks/t/owners', 'an array'],
    ['a group as a string', { blocked: 'yes' }, 'tasks/t/blocked', 'an object'],
    ['a stamp', { completedAt: '2026-02-17T18:21:07Z' }, 'tasks/t/completedAt', 'the server stamps it'],
    ['a stamp below', { commitment: { by: 'me' } }, 'tasks/t/commitment.by', 'the server stamps it'],
    ['a removal by hand', { removed: true }, 'tasks/t/removed', 'use remove and restore'],
    ['a rank that is none', { rank: '0' }, 'tasks/t/rank', 'a rank like a0'],
    ['no number', { effort: 1, 'x/y': NaN }, 'tasks/t/x/y', 'a JSON value'],
  ])('%s', (_, fields, path, expected) => {
    const error = refusal((tx) => tx.tasks.set('t', fields as never));
    expect(error).toBeInstanceOf(PlanError);
    expect(error).toMatchObject({ kind: 'malformed', path });
    expect(error.malformed[0]?.expected).toContain(expected);
    expect(error.message).toContain('Nothing was written');
  });

  test('everything that is wrong with an entity is told at once', () => {
    const error = refusal((tx) => tx.tasks.set('t', { due: 'x', start: 'y', title: 'fine' }));
    expect(error.malformed.map((each) => each.path)).toEqual(['tasks/t/due', 'tasks/t/start']);
  });

  test('of an edit that is wrong in one place nothing is written', () => {
    refusal((tx) => {
      tx.tasks.set('t', { title: 'New' });
      tx.tasks.add({ title: 'Another' });
      tx.meta.set({ tz: 'Mars/Olympus' });
    });
    expect(view.collections.tasks.all().map((task) => task.title)).toEqual(['Call']);
  });

  test('who catches a refusal within the edit goes on without that call', () => {
    edit((tx) => {
      expect(() => tx.tasks.add({ id: 'bad', due: 'x' })).toThrow(PlanError);
      expect(() => tx.tasks.set('t', { title: 'New', due: 'x' })).toThrow(PlanError);
      tx.tasks.add({ id: 'good' });
    });
    expect(view.collections.tasks.all().map((task) => [task.id, task.title])).toEqual([
      ['t', 'Call'],
      ['good', undefined],
    ]);
  });

  test('an entity that is not there, one that is, and a collection of the other document', () => {
    expect(refusal((tx) => tx.tasks.set('nobody', {})).kind).toBe('not_found');
    expect(refusal((tx) => tx.tasks.remove('nobody')).kind).toBe('not_found');
    expect(refusal((tx) => tx.tasks.add({ id: 't' })).kind).toBe('conflict');
    expect(refusal((tx) => tx.views.add({ id: 'b-cfo' })).kind).toBe('malformed');
    expect(refusal((tx) => tx.tasks.add({ id: '__proto__' })).kind).toBe('malformed');
    expect(refusal((tx) => tx.milestones.add({ id: 'a/b' })).kind).toBe('malformed');
  });

  test('more than a plan can hold', () => {
    const add = (tx: Edit) => Array.from({ length: 61 }, (_, n) => tx.milestones.add({ id: `m${n}` }));
    expect(refusal(add)).toMatchObject({ kind: 'too_large', path: 'milestones' });
  });
});

describe('order', () => {
  const ids = () => view.collections.tasks.all().map((task) => task.id);
  beforeEach(() => {
    edit((tx) => {
      tx.milestones.add({ id: 'm1' });
      tx.milestones.add({ id: 'm2' });
      for (const id of ['a', 'b', 'c', 'd']) tx.tasks.add({ id, milestone: id < 'c' ? 'm1' : 'm2' });
    });
  });

  test('before, after, first and last', () => {
    edit((tx) => tx.tasks.move('d', { before: 'b' }));
    expect(ids()).toEqual(['a', 'd', 'b', 'c']);
    expect(view.collections.tasks.get('d')?.milestone).toBe('m1');
    edit((tx) => tx.tasks.move('a', { after: 'c' }));
    expect(ids()).toEqual(['d', 'b', 'c', 'a']);
    expect(view.collections.tasks.get('a')?.milestone).toBe('m2');
    edit((tx) => tx.tasks.move('a', { first: true }));
    expect(ids()).toEqual(['a', 'd', 'b', 'c']);
    edit((tx) => tx.tasks.move('d', { last: true }));
    expect(ids()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('to another milestone, at its end', () => {
    edit((tx) => tx.tasks.move('d', { milestone: 'm1' }));
    expect(ids()).toEqual(['a', 'b', 'd', 'c']);
    expect(view.collections.tasks.get('d')?.milestone).toBe('m1');
    edit((tx) => tx.tasks.move('d', { milestone: null }));
    expect(view.collections.tasks.get('d')?.milestone).toBeUndefined();
  });

  test('only the moved one gets a rank, and two with the same rank make room', () => {
    const ranks = () => Object.fromEntries(view.collections.tasks.all().map((task) => [task.id, task.rank]));
    const before = ranks();
    edit((tx) => tx.tasks.move('a', { after: 'b' }));
    expect({ ...ranks(), a: 0 }).toEqual({ ...before, a: 0 });
    edit((tx) => ['a', 'b', 'c'].forEach((id) => tx.tasks.set(id, { rank: 'a5' })));
    edit((tx) => tx.tasks.move('d', { before: 'b' }));
    expect(ids()).toEqual(['a', 'd', 'b', 'c']);
  });

  test('a thousand moves into the same gap keep the order that was asked for', () => {
    let expected = ids();
    let seed = 5;
    const next = (n: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % n;
    for (let n = 0; n < 300; n += 1) {
      const moved = expected[next(4)] as string;
      const rest = expected.filter((id) => id !== moved);
      const at = next(3);
      const beside = rest[at] as string;
      const isBefore = next(2) === 0;
      edit((tx) => tx.tasks.move(moved, isBefore ? { before: beside } : { after: beside }));
      rest.splice(isBefore ? at : at + 1, 0, moved);
      expected = rest;
      expect(ids()).toEqual(expected);
    }
  });

  test('one without rank stands last, and others can be moved behind it', () => {
    doc.getMap('tasks').set('z', new Y.Map([['title', 'bare']]));
    expect(ids()).toEqual(['a', 'b', 'c', 'd', 'z']);
    edit((tx) => tx.tasks.move('a', { after: 'z' }));
    expect(ids()).toEqual(['b', 'c', 'd', 'z', 'a']);
  });

  test('what has no order cannot be moved', () => {
    edit((tx) => tx.people.add({ id: 'p' }));
    expect(refusal((tx) => tx.people.move('p', { first: true })).kind).toBe('malformed');
  });
});

describe('reading', () => {
  test('a value is the same object until something of it changes', () => {
    edit((tx) => ['a', 'b'].forEach((id) => tx.tasks.add({ id, title: id })));
    const { tasks } = view.collections;
    const [a, b, all, json] = [tasks.get('a'), tasks.get('b'), tasks.all(), view.toJSON()];
    expect(tasks.all()).toBe(all);
    edit((tx) => tx.meta.set({ title: 'Plan' }));
    expect(tasks.all()).toBe(all);
    expect(view.toJSON()).not.toBe(json);
    edit((tx) => tx.tasks.set('b', { title: 'B' }));
    expect(tasks.get('a')).toBe(a);
    expect(tasks.get('b')).not.toBe(b);
    expect(tasks.all()).not.toBe(all);
    expect(Object.isFrozen(tasks.get('b'))).toBe(true);
  });

  test('each transaction is told once, with what it touched', () => {
    edit((tx) => {
      tx.tasks.add({ id: 'a', notes: 'x' });
      tx.meta.set({ title: 'Plan', target: { date: '2026-05-01' } });
    });
    textAt(doc, 'tasks/a/notes')?.insert(1, 'y');
    edit((tx) => tx.tasks.set('a', { notes: 'xy' }));
    expect(told).toEqual([['meta', 'tasks/a'], ['tasks/a']]);
  });

  test('what does not fit is left out, and nothing makes it throw', () => {
    const tasks = doc.getMap('tasks');
    tasks.set('scalar', 5);
    tasks.set('a b', new Y.Map());
    const odd = new Y.Map<unknown>([
      ['due', 'banana'],
      ['title', 'x'.repeat(400)],
      ['owners', true],
      ['owners/x y', true],
      ['owners/ok', true],
      ['blocked', 1],
      ['notes', 'a scalar'],
      ['new.field', 1],
      ['new', 2],
      ['bytes', new Uint8Array(2)],
      ['list', [1, { a: 1 }]],
    ]);
    tasks.set('odd', odd);
    odd.set('inner', new Y.Map());
    expect(view.collections.tasks.all()).toEqual([
      {
        id: 'odd',
        title: 'x'.repeat(400),
        owners: ['ok'],
        notes: 'a scalar',
        new: 2,
        'new.field': 1,
        list: [1, { a: 1 }],
      },
    ]);
  });
});
