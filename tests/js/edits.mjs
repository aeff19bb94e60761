/**
 * Random edits as people make them on a plan: statuses, dates, typing in notes, new steps, owners,
 * cleared fields, several people on the same field.
 *
 * In: a seed and a client. Out: operations for `StockClient.apply`, chosen from what the client's
 * document holds at that moment. The same seed on the same document gives the same operations.
 */

import * as Y from 'yjs';

const STATUSES = ['pending', 'in_progress', 'blocked', 'complete'];
const SNIPPETS = ['call Tuesday ', 'waiting on legal. ', '✅ ', '🎉', '👩‍💻 ', 'Zürich ', '資料 ', 'مرحبا ', '\n', 'a', 'e\u0301'];
/** The items that several people fight over. */
const CONTESTED = 2;

/** A small seeded generator (mulberry32). @param {number} seed */
export function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (/** @type {number} */ n) => Math.floor(next() * n),
    /** @template T @param {readonly T[]} from @returns {T} */
    pick: (from) => from[Math.floor(next() * from.length)],
  };
}

/**
 * The next operation, or null when the document has nothing to edit yet.
 * @param {import('./client.mjs').StockClient} client
 * @param {ReturnType<typeof chance>} dice
 * @param {string} fresh an id for a new entity, not used before
 */
export function randomEdit(client, dice, fresh) {
  const items = entities(client, ['milestones', 'tasks']);
  if (items.length === 0) return null;
  const item = dice.pick(items);
  const roll = dice.below(100);
  if (roll < 25) return { do: 'set', path: item.path, key: 'status', value: dice.pick(STATUSES) };
  if (roll < 40) return { do: 'set', path: item.path, key: 'due', value: day(dice) };
  if (roll < 50) {
    const contested = items[dice.below(Math.min(CONTESTED, items.length))];
    return { do: 'set', path: contested.path, key: 'title', value: `Renamed by ${client.name}, ${dice.below(1000)}` };
  }
  if (roll < 75) return typing(items, dice) ?? { do: 'set', path: item.path, key: 'due', value: day(dice) };
  if (roll < 83) return newStep(client, dice, fresh);
  if (roll < 92) {
    const people = [...client.doc.getMap('people').keys()].sort();
    if (people.length > 0) return { do: 'set', path: item.path, key: `owners/${dice.pick(people)}`, value: true };
  }
  // Only what a person can clear: scalars, never the text objects that others may be typing in.
  const clearable = [...item.map.keys()].filter((key) => key === 'due' || key === 'start' || key.startsWith('owners/')).sort();
  return clearable.length > 0
    ? { do: 'remove-key', path: item.path, key: dice.pick(clearable) }
    : { do: 'set', path: item.path, key: 'start', value: day(dice) };
}

/** @param {import('./client.mjs').StockClient} client @param {string[]} collections */
function entities(client, collections) {
  return collections.flatMap((collection) => {
    const root = client.doc.getMap(collection);
    return [...root.keys()].sort().flatMap((id) => {
      const map = root.get(id);
      return map instanceof Y.Map && map.get('removed') !== true ? [{ path: [collection, id], map }] : [];
    });
  });
}

/** @param {ReturnType<typeof entities>} items @param {ReturnType<typeof chance>} dice */
function typing(items, dice) {
  const texts = items.filter(({ map }) => map.get('notes') instanceof Y.Text);
  if (texts.length === 0) return null;
  const { path: [collection, entity], map } = dice.pick(texts);
  // An editor deletes and inserts between whole characters, never inside a surrogate pair.
  const stops = [0];
  for (const character of map.get('notes').toString()) stops.push(stops[stops.length - 1] + character.length);
  const from = dice.below(stops.length);
  const to = dice.below(3) === 0 ? Math.min(from + 1 + dice.below(4), stops.length - 1) : from;
  return { do: 'type', collection, entity, field: 'notes', index: stops[from], delete: stops[to] - stops[from], insert: dice.pick(SNIPPETS) };
}

/** @param {import('./client.mjs').StockClient} client @param {ReturnType<typeof chance>} dice @param {string} fresh */
function newStep(client, dice, fresh) {
  const milestones = [...client.doc.getMap('milestones').keys()].sort();
  return {
    do: 'create', collection: 'tasks', entity: fresh,
    fields: {
      ...(milestones.length > 0 ? { milestone: dice.pick(milestones) } : {}),
      title: `Step ${fresh}`, kind: 'task', party: dice.pick(['buyer', 'seller', 'joint']), rank: `b${dice.below(10)}`,
      status: 'pending', due: day(dice),
    },
    texts: { notes: dice.pick(SNIPPETS) },
  };
}

/** @param {ReturnType<typeof chance>} dice */
function day(dice) {
  return new Date(Date.UTC(2026, 1, 1) + dice.below(180) * 86_400_000).toISOString().slice(0, 10);
}
