/** The reference of the element names what there is: every attribute, event, part and custom property, and no other. */

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../src/element/', import.meta.url));
const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(folder + name, 'utf8'))
  .join('\n');
const page = readFileSync(new URL('../../../../docs/element.md', import.meta.url), 'utf8');

/** The names in the first column of a section's tables. */
function named(section: string): string[] {
  const text = page.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = text.split('\n').flatMap((line) => (line.startsWith('| `') ? [line.split(' |')[0] ?? ''] : []));
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '')).sort();
}

const found = (pattern: RegExp) => [...new Set([...source.matchAll(pattern)].map(([, name]) => name ?? ''))].sort();

test('parts', () => {
  expect(named('Parts')).toEqual(found(/\bpart="([a-z-]+)"/g));
});

test('custom properties', () => {
  expect(named('Custom properties')).toEqual(found(/var\((--plansync-[a-z-]+)/g));
});

test('events', () => {
  expect(named('Events')).toEqual(found(/#tell\('(plansync-[a-z]+)'/g));
});

test('attributes and properties', () => {
  const element = readFileSync(`${folder}element.ts`, 'utf8');
  const declared = /static override properties = \{([\s\S]*?)\n {2}\};/.exec(element)?.[1] ?? '';
  const properties = [...declared.matchAll(/^ {4}(\w+):/gm)].map(([, name]) => name ?? '');
  expect(named('Attributes and properties')).toEqual([...properties, 'client', 'lang'].sort());
});
