/** Undo takes back one's own, and deletes nothing. */

import { beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { makeEdit, type Edit } from '../../src/edit.js';
import { View } from '../../src/read.js';
import { PlanUndoManager } from '../../src/undo.js';

const OTHERS = { from: 'others' };
let doc: Y.Doc;
let view: View;
let undo: PlanUndoManager;
beforeEach(() => {
  doc = new Y.Doc();
  view = new View(doc, true, () => {});
  undo = new PlanUndoManager(doc, new Set([OTHERS]));
});
const edit = (make: (tx: Edit) => unknown, origin: unknown = 'own') => {
  makeEdit(doc, true, origin, make);
  undo.stopCapturing();
};
const tasks = () => view.collections.tasks.all().map(({ id, title }) => `${id}:${title ?? ''}`);

test('a field goes back and forth', () => {
  edit((tx) => tx.tasks.add({ id: 't', title: 'one' }), OTHERS);
  edit((tx) => tx.tasks.set('t', { title: 'two' }));
  undo.undo();
  expect(tasks()).toEqual(['t:one']);
  undo.redo();
  expect(tasks()).toEqual(['t:two']);
});

test('what others did stays', () => {
  edit((tx) => tx.tasks.add({ id: 't', title: 'one' }), OTHERS);
  expect(undo.canUndo()).toBe(false);
  edit((tx) => tx.tasks.set('t', { title: 'two', notes: 'mine' }));
  edit((tx) => tx.tasks.set('t', { title: 'theirs', due: '2026-03-01' }), OTHERS);
  undo.undo();
  expect(view.collections.tasks.get('t')).toMatchObject({ title: 'theirs', due: '2026-03-01' });
  expect(view.collections.tasks.get('t')?.notes).toBeUndefined();
});

test('an entity that was added is marked as removed, and comes back with what others wrote in it', () => {
  edit((tx) => tx.tasks.add({ id: 't', title: 'mine', notes: 'text' }));
  edit((tx) => tx.tasks.set('t', { due: '2026-03-01' }), OTHERS);
  undo.undo();
  expect(tasks()).toEqual([]);
  expect(view.collections.tasks.get('t', { removed: true })).toMatchObject({
    title: 'mine',
    notes: 'text',
    due: '2026-03-01',
  });
  undo.redo();
  expect(view.collections.tasks.get('t')).toMatchObject({ title: 'mine', notes: 'text', due: '2026-03-01' });
  undo.undo();
  expect(tasks()).toEqual([]);
  undo.redo();
  expect(tasks()).toEqual(['t:mine']);
});

test('a step that added and changed goes back as a whole, and one at a time', () => {
  edit((tx) => tx.tasks.add({ id: 'old', title: 'one' }), OTHERS);
  edit((tx) => tx.tasks.set('old', { title: 'first' }));
  edit((tx) => {
    tx.tasks.add({ id: 'new', title: 'added' });
    tx.tasks.set('old', { title: 'two' });
  });
  expect(tasks()).toEqual(['old:two', 'new:added']);
  undo.undo();
  expect(tasks()).toEqual(['old:first']);
  undo.undo();
  expect(tasks()).toEqual(['old:one']);
  undo.redo();
  undo.redo();
  expect(tasks()).toEqual(['old:two', 'new:added']);
  expect(undo.canRedo()).toBe(false);
});

test('two additions go back one after the other', () => {
  edit((tx) => tx.tasks.add({ id: 'a', title: '1' }));
  edit((tx) => tx.tasks.add({ id: 'b', title: '2' }));
  undo.undo();
  expect(tasks()).toEqual(['a:1']);
  undo.undo();
  expect(tasks()).toEqual([]);
  expect(undo.undo()).toBeNull();
  undo.redo();
  expect(tasks()).toEqual(['a:1']);
  edit((tx) => tx.tasks.set('a', { title: 'other' }));
  expect(undo.canRedo()).toBe(false);
});
