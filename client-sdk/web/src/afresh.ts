/**
 * Edits that a server does not have, as typed edits: what is left of a copy that cannot be merged any more.
 *
 * In: what the server had, and the edits made since. Out: an {@link Offer} of fields, which can be made again in another
 * document. A text that others have changed meanwhile gets both changes.
 */

import * as Y from 'yjs';
import { fieldOf } from './check.js';
import { equal, type EditJson } from './edit.js';
import { readRow, type Row } from './read.js';
import { COLLECTIONS, type CollectionSchema } from './schema.js';
import { replaceText } from './text.js';

/** What is to be made again. */
export interface Offer {
  /** Fields, but for texts that existed before. */
  readonly edit: EditJson;
  /** Texts, as they were and as they were made. */
  readonly texts: readonly { collection: string; id: string; field: string; before: string; after: string }[];
  /** Entities that these edits have added: `tasks/ca-9`. */
  readonly added: ReadonlySet<string>;
}

/** The edits as an offer; nothing where they change nothing. */
export function offerOf(state: readonly Uint8Array[], unsent: readonly Uint8Array[]): Offer | undefined {
  const [before, after] = [load(state), load([...state, ...unsent])];
  const edit: EditJson = { set: {}, remove: {}, restore: {} };
  const texts: { collection: string; id: string; field: string; before: string; after: string }[] = [];
  const added = new Set<string>();
  for (const collection of COLLECTIONS.filter((each) => !each.serverWritten)) {
    const [old, now] = [rows(before, collection), rows(after, collection)];
    for (const [id, row] of now) {
      const known = old.get(id);
      const was: Row = known ?? new Map();
      if (!known && collection.ids !== 'none') added.add(`${collection.name}/${id}`);
      const fields = difference(collection, was, row);
      for (const [key, value] of Object.entries(fields)) {
        if (!known || fieldOf(collection, key)?.kind.type !== 'text') continue;
        texts.push({
          collection: collection.name,
          id,
          field: key,
          before: String(was.get(key) ?? ''),
          after: String(value ?? ''),
        });
        delete fields[key];
      }
      const isRemoved = row.get('removed') === true;
      if (isRemoved !== (was.get('removed') === true))
        (edit[isRemoved ? 'remove' : 'restore'][collection.name] ??= []).push(id);
      if (Object.keys(fields).length === 0 && known) continue;
      if (collection.ids === 'none') Object.assign((edit.set[collection.name] ??= {}), fields);
      else (edit.set[collection.name] ??= {})[id] = fields;
    }
  }
  before.destroy();
  after.destroy();
  const isEmpty =
    texts.length === 0 && [edit.set, edit.remove, edit.restore].every((part) => Object.keys(part).length === 0);
  return isEmpty ? undefined : { edit, texts, added };
}

/** A text with the changes of both sides since `before`. */
export function mergeText(before: string, theirs: string, ours: string): string {
  if (theirs === before) return ours;
  const base = new Y.Doc();
  base.clientID = 1;
  base.getText().insert(0, before);
  const start = Y.encodeStateAsUpdate(base);
  const side = (client: number, text: string) => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, start);
    doc.clientID = client;
    doc.transact(() => replaceText(doc.getText(), text));
    return doc;
  };
  const both = side(2, theirs);
  Y.applyUpdate(both, Y.encodeStateAsUpdate(side(3, ours)));
  return both.getText().toString();
}

function load(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc();
  doc.transact(() => updates.forEach((update) => Y.applyUpdate(doc, update)));
  return doc;
}

function rows(doc: Y.Doc, collection: CollectionSchema): Map<string, Row> {
  const root = doc.getMap<unknown>(collection.name);
  if (collection.ids === 'none') return new Map([['', readRow(collection, root)]]);
  const entities = [...root.entries()].filter((entry): entry is [string, Y.Map<unknown>] => entry[1] instanceof Y.Map);
  return new Map(entities.map(([id, map]) => [id, readRow(collection, map)]));
}

/** The flat fields that are different, without those that the server or a removal writes. */
function difference(collection: CollectionSchema, was: Row, row: Row): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of new Set([...was.keys(), ...row.keys()])) {
    if (key === 'removed' || fieldOf(collection, key)?.stamped) continue;
    if (!equal(was.get(key), row.get(key))) fields[key] = row.get(key) ?? null;
  }
  return fields;
}
