/** The local copy: in memory, in IndexedDB, in a file; whole, damaged, full and forbidden. */

import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { fileStore } from '../../src/file.js';
import {
  Ledger,
  indexedDbStore,
  memoryStore,
  merged,
  type Batch,
  type Copy,
  type LedgerEvents,
  type Store,
} from '../../src/store.js';

afterEach(() => void vi.useRealTimers());
const folder = mkdtempSync(join(tmpdir(), 'plansync-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

const batch = (parts: Partial<Batch>): Batch => ({ state: [], unsent: [], settled: [], facts: {}, ...parts });
const update = (key: string) => {
  const doc = new Y.Doc();
  doc.getMap('meta').set(key, 1);
  return Y.encodeStateAsUpdate(doc);
};
const content = (updates: readonly Uint8Array[]) => {
  const doc = new Y.Doc();
  updates.forEach((each) => Y.applyUpdate(doc, each));
  return doc.getMap('meta').toJSON();
};
const quiet: LedgerEvents = { stored: () => {}, storage: () => {} };
const telling = (told: unknown[]): LedgerEvents => ({
  ...quiet,
  storage: (error) => void told.push(error?.kind),
});

describe.each<[string, () => Store]>([
  ['memory', memoryStore],
  ['IndexedDB', () => indexedDbStore(new IDBFactory())],
  ['a file', () => fileStore(mkdtempSync(join(folder, 'x-')))],
])('%s', (kind, make) => {
  test('keeps what is written, and an edit until it is settled', async () => {
    const store = make();
    const copy = await store.open('a');
    await copy.write(batch({ state: [update('s')], unsent: [{ id: '1', update: update('u') }], facts: { epoch: 3 } }));
    await copy.write(
      batch({ unsent: [{ id: '2', update: update('v') }], settled: ['1', 'unknown'], facts: { cursor: '4.0' } }),
    );
    copy.close();
    const again = await store.open('a');
    const kept = await again.read();
    expect(kept.facts).toEqual({ epoch: 3, cursor: '4.0' });
    expect(content(kept.state)).toEqual({ s: 1, u: 1 });
    expect(kept.unsent.map(({ id }) => id)).toEqual(['2']);
    await again.compact();
    expect((await again.read()).state).toHaveLength(1);
    expect(content((await again.read()).state)).toEqual({ s: 1, u: 1 });
    again.close();
    const other = await store.open('b');
    expect((await other.read()).state).toEqual([]);
    other.close();
  });

  test('is empty after a fresh start', async () => {
    const store = make();
    const copy = await store.open('a');
    await copy.write(batch({ state: [update('s')], unsent: [{ id: '1', update: update('u') }], facts: { epoch: 3 } }));
    await copy.clear();
    expect(await copy.read()).toEqual({ state: [], unsent: [], facts: {} });
    await copy.write(batch({ state: [update('t')] }));
    expect(content((await copy.read()).state)).toEqual({ t: 1 });
    copy.close();
  });

  test.skipIf(kind === 'a file')('another tab of the former generation writes nothing into it', async () => {
    const store = make();
    const [one, two] = [await store.open('a'), await store.open('a')];
    await two.write(batch({ state: [update('old')] }));
    await one.clear();
    await one.write(batch({ state: [update('new')] }));
    await expect(two.write(batch({ state: [update('late')] }))).rejects.toThrow('afresh');
    await two.clear();
    expect(content((await one.read()).state)).toEqual({ new: 1 });
    one.close();
    two.close();
  });
});

describe('a file', () => {
  test('that a crash has torn is read up to there', async () => {
    const path = mkdtempSync(join(folder, 'x-'));
    const copy = await fileStore(path).open('a');
    await copy.write(batch({ unsent: [{ id: '1', update: update('u') }] }));
    copy.close();
    const file = join(path, readdirSync(path).find((name) => name.endsWith('.plansync')) as string);
    appendFileSync(file, '{"unsent":[["2","AAE');
    const again = await fileStore(path).open('a');
    await again.write(batch({ unsent: [{ id: '3', update: update('w') }] }));
    again.close();
    expect(readFileSync(file, 'utf8')).not.toContain('AAE"');
    const last = await fileStore(path).open('a');
    expect((await last.read()).unsent.map(({ id }) => id)).toEqual(['1', '3']);
    last.close();
  });

  test('belongs to one process at a time, and a dead one does not count', async () => {
    const path = mkdtempSync(join(folder, 'x-'));
    const copy = await fileStore(path).open('a');
    await expect(fileStore(path).open('a')).rejects.toThrow(`process ${process.pid}`);
    copy.close();
    const lock = join(path, `${(readdirSync(path)[0] as string).replace('.lock', '')}.lock`);
    writeFileSync(lock, '2147483646');
    (await fileStore(path).open('a')).close();
  });
});

describe('a ledger', () => {
  const open = async (store: Store, session: string, events = quiet) => {
    const ledger = new Ledger(session, events);
    return { ledger, ...(await ledger.open(store, 'a')) };
  };

  test('keeps edits until they are durable, also those of a session before', async () => {
    const store = indexedDbStore(new IDBFactory());
    const first = await open(store, 'one');
    first.ledger.received(update('s'));
    first.ledger.edited(update('u'), 1);
    first.ledger.edited(update('v'), 2);
    expect(first.ledger.stored).toBe(0);
    await first.ledger.settled();
    expect(first.ledger.stored).toBe(2);
    first.ledger.durable(1);
    await first.ledger.close();

    const second = await open(store, 'two');
    expect(content(second.state)).toEqual({ s: 1, u: 1 });
    expect(second.unsent.map((each) => content([each.update]))).toEqual([{ v: 1 }]);
    second.ledger.adopt(1);
    second.ledger.durable(1);
    await second.ledger.close();
    const third = await open(store, 'three');
    expect(third.unsent).toEqual([]);
    expect(content(third.state)).toEqual({ s: 1, u: 1, v: 1 });
    await third.ledger.close();
  });

  test('an edit that is durable before it is written is written as state', async () => {
    const store = memoryStore();
    const { ledger } = await open(store, 'one');
    ledger.edited(update('u'), 1);
    ledger.durable(1);
    await ledger.close();
    const again = await open(store, 'two');
    expect([content(again.state), again.unsent]).toEqual([{ u: 1 }, []]);
  });

  test('edits made before the copy is open are written too', async () => {
    const store = memoryStore();
    const ledger = new Ledger('one', quiet);
    ledger.edited(update('u'), 1);
    await ledger.open(store, 'a');
    await ledger.close();
    expect((await open(store, 'two')).unsent).toHaveLength(1);
  });

  test('many updates become few records', async () => {
    const store = indexedDbStore(new IDBFactory());
    const { ledger } = await open(store, 'one');
    const doc = new Y.Doc();
    doc.on('update', (each: Uint8Array) => ledger.received(each));
    for (let n = 0; n < 600; n += 1) {
      doc.getMap('meta').set('n', n);
      if (n % 20 === 0) await ledger.settled();
    }
    await ledger.close();
    const copy = await store.open('a');
    const kept = await copy.read();
    expect(kept.state.length).toBeLessThan(150);
    expect(content(kept.state)).toEqual({ n: 599 });
    copy.close();
  });

  test('a store that cannot be opened is told once; editing goes on in memory', async () => {
    const told: unknown[] = [];
    const broken: Store = { kind: 'broken', open: () => Promise.reject(new Error('SecurityError')) };
    const { ledger, state } = await open(broken, 'one', telling(told));
    expect(state).toEqual([]);
    ledger.edited(update('u'), 1);
    await ledger.settled();
    expect([ledger.stored, told, content(ledger.content.unsent)]).toEqual([0, ['storage'], { u: 1 }]);
    expect(ledger.error?.message).toContain('SecurityError');
    await ledger.close();
  });

  test('a full store is told, tried again, and told when it works', async () => {
    vi.useFakeTimers();
    const told: unknown[] = [];
    const store = memoryStore();
    let full = true;
    const filling: Store = {
      kind: 'filling',
      async open(name) {
        const copy = await store.open(name);
        const write = (each: Batch) => (full ? Promise.reject(new Error('QuotaExceededError')) : copy.write(each));
        return { ...copy, write } satisfies Copy;
      },
    };
    const { ledger } = await open(filling, 'one', telling(told));
    ledger.edited(update('u'), 1);
    await ledger.settled();
    ledger.edited(update('v'), 2);
    await ledger.settled();
    expect([ledger.stored, told]).toEqual([0, ['storage']]);
    full = false;
    await vi.advanceTimersByTimeAsync(15_000);
    await ledger.settled();
    expect([ledger.stored, told]).toEqual([2, ['storage', undefined]]);
    vi.useRealTimers();
    await ledger.close();
    expect((await open(store, 'two')).unsent).toHaveLength(2);
  });

  test('a damaged copy gives what can be read, and says so', async () => {
    const store = indexedDbStore(new IDBFactory());
    const copy = await store.open('a');
    await copy.write(
      batch({ state: [update('s'), Uint8Array.of(9, 9, 9)], unsent: [{ id: '1', update: update('u') }] }),
    );
    await copy.write(batch({ unsent: [{ id: '2', update: 'no bytes' as unknown as Uint8Array }] }));
    copy.close();
    const told: unknown[] = [];
    const { ledger, state, unsent } = await open(store, 'one', telling(told));
    expect([state, unsent.map(({ id }) => id), told]).toEqual([[], ['1'], ['storage']]);
    await ledger.close();
    const again = await open(store, 'two', telling(told));
    expect([again.state, again.unsent.map(({ id }) => id), told]).toEqual([[], ['1'], ['storage']]);
    await again.ledger.close();
  });

  test('merged updates keep what waits for something missing', () => {
    const doc = new Y.Doc();
    const all: Uint8Array[] = [];
    doc.on('update', (each: Uint8Array) => all.push(each));
    doc.getText('t').insert(0, 'a');
    doc.getText('t').insert(1, 'b');
    const late = merged([all[1] as Uint8Array]);
    const other = new Y.Doc();
    Y.applyUpdate(other, late);
    Y.applyUpdate(other, all[0] as Uint8Array);
    expect(other.getText('t').toString()).toBe('ab');
  });
});
