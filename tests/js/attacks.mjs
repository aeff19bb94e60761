/**
 * What a hostile or careless program does to a plan's document with stock Yjs, each as one transaction.
 *
 * In: a `Y.Doc`. None of it is out of reach for anybody who has a link; all of it is the server's to put right.
 */

import * as Y from 'yjs';

/** @type {Record<string, (doc: Y.Doc) => void>} */
export const ATTACKS = {
  'overwrite fields': (doc) => {
    for (const map of doc.getMap('milestones').values()) {
      map.set('title', 'taken over');
      map.set('due', '2030-01-01');
    }
  },
  'delete keys': (doc) => {
    for (const map of doc.getMap('tasks').values()) for (const key of [...map.keys()]) map.delete(key);
  },
  'delete entities': (doc) => {
    for (const id of [...doc.getMap('tasks').keys()]) doc.getMap('tasks').delete(id);
  },
  'delete every root': (doc) => {
    for (const name of [...doc.share.keys()]) {
      const root = doc.getMap(name);
      for (const key of [...root.keys()]) root.delete(key);
    }
  },
  'replace an entity': (doc) => {
    const [id] = doc.getMap('milestones').keys();
    doc.getMap('milestones').set(id, new Y.Map([['title', 'another one']]));
  },
  'an entity that is none': (doc) => {
    const [id] = doc.getMap('milestones').keys();
    doc.getMap('milestones').set(id, 'a string');
    doc.getMap('phases').set('array', new Y.Array());
  },
  'a scalar for a text, a text for a scalar': (doc) => {
    const [, map] = [...doc.getMap('tasks')][0];
    map.set('notes', 'not a text');
    map.set('title', new Y.Text('not a string'));
    map.set('due', new Y.Map([['year', 2030]]));
  },
  'formats and embeds': (doc) => {
    const [, map] = [...doc.getMap('tasks')][0];
    const notes = map.get('notes');
    notes.insert(0, 'bold', { bold: true });
    notes.insertEmbed(1, { image: 'x' });
  },
  'nested values': (doc) => {
    const [, map] = [...doc.getMap('tasks')][0];
    map.set('status', { complete: [true] });
    map.set('x-blob', new Uint8Array([1, 2, 3]));
  },
  'roots of its own': (doc) => {
    doc.getMap('secrets').set('a', 1);
    doc.getArray('list').push([1, 2, 3]);
    doc.getText('essay').insert(0, 'hello');
  },
  'what the server writes': (doc) => {
    const [, map] = [...doc.getMap('tasks')][0];
    map.set('completedAt', '2026-01-01T00:00:00Z');
    map.set('completedBy', 'somebody-else');
    doc.getMap('touchpoints').set('fake', new Y.Map([['title', 'A call that never was'], ['closedSeq', 1]]));
    doc.getMap('proposals').set('fake', new Y.Map([['state', 'accepted'], ['by', 'somebody-else']]));
  },
  'hidden in much that is harmless': (doc) => {
    const tasks = [...doc.getMap('tasks').values()];
    for (let n = 0; n < 200; n += 1) tasks[n % tasks.length].get('notes').insert(0, 'x');
    doc.getMap('meta').set('title', 'hidden');
    for (let n = 0; n < 200; n += 1) tasks[n % tasks.length].get('notes').insert(0, 'y');
  },
};
