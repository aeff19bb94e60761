/** The generated table, the golden file and the package speak of the same. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COLLECTIONS, LIMITS, REMOVAL, SCHEMA, VERSION } from '../../src/index.js';

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

test('the table is the one of the golden file, word for word but for its comments', () => {
  const table = { schema: SCHEMA, limits: LIMITS, removal: REMOVAL, collections: COLLECTIONS };
  const said = JSON.stringify(read('../../../../protocol/golden/schema.json'));
  const golden: unknown = JSON.parse(said, (key, value: unknown) => (key === 'about' ? undefined : value));
  expect(table).toEqual(golden);
});

test('the version is that of the package', () => {
  expect((read('../../package.json') as { version: string }).version).toBe(VERSION);
});
