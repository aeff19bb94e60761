/** Edits that a server does not have, as typed edits. */

import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { offerOf } from '../../src/afresh.js';
import { makeEdit, type Edit } from '../../src/edit.js';

function story(...edits: [boolean, (tx: Edit) => unknown][]): { state: Uint8Array[]; unsent: Uint8Array[] } {
  const doc = new Y.Doc();
  const parts = { state: [] as Uint8Array[], unsent: [] as Uint8Array[] };
  for (const [isSent, edit] of edits) {
    const listen = (update: Uint8Array) => parts[isSent ? 'state' : 'unsent'].push(update);
    doc.on('update', listen);
    makeEdit(doc, true, null, edit);
    doc.off('update', listen);
  }
  return parts;
}

test('fields, texts, additions and removals are told apart', () => {
  const { state, unsent } = story(
    [
      true,
      (tx) => {
        tx.tasks.add({ id: 'a', title: 'A', notes: 'old', owners: ['x', 'y'] });
        tx.tasks.add({ id: 'gone' });
        tx.risks.add({ id: 'back' });
        tx.risks.remove('back');
      },
    ],
    [false, (tx) => tx.tasks.set('a', { title: 'B', notes: 'old and new', owners: ['y', 'z'], due: '2026-03-01' })],
    [false, (tx) => tx.tasks.set('a', { due: null })],
    [false, (tx) => tx.tasks.add({ id: 'b', title: 'New', notes: 'its own' })],
    [
      false,
      (tx) => {
        tx.tasks.remove('gone');
        tx.risks.restore('back');
        tx.meta.set({ target: { date: '2026-05-01' } });
      },
    ],
  );
  const offer = offerOf(state, unsent);
  expect(offer?.edit).toEqual({
    set: {
      tasks: {
        a: { title: 'B', 'owners/x': null, 'owners/z': true },
        b: { title: 'New', notes: 'its own', rank: 'a2' },
      },
      meta: { 'target.date': '2026-05-01' },
    },
    remove: { tasks: ['gone'] },
    restore: { risks: ['back'] },
  });
  expect(offer?.texts).toEqual([{ collection: 'tasks', id: 'a', field: 'notes', before: 'old', after: 'old and new' }]);
  expect([...(offer?.added ?? [])]).toEqual(['tasks/b']);
});

test('edits that change nothing are no offer', () => {
  const { state, unsent } = story(
    [true, (tx) => tx.tasks.add({ id: 'a', title: 'A' })],
    [false, (tx) => tx.tasks.set('a', { title: 'B' })],
    [false, (tx) => tx.tasks.set('a', { title: 'A' })],
  );
  expect(offerOf(state, unsent)).toBeUndefined();
  expect(offerOf(state, [])).toBeUndefined();
});
