/**
 * Makes `src/schema.ts` and `docs/schema.md` from `protocol/golden/schema.json`, which a Rust test holds equal to the
 * table of the schema.
 *
 * `node scripts/schema.mjs` writes them; with `--check` it only says whether they are up to date (exit 1 if not).
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const GOLDEN = new URL('../../../protocol/golden/schema.json', import.meta.url);
const TYPES = new URL('../src/schema.ts', import.meta.url);
const REFERENCE = new URL('../../../docs/schema.md', import.meta.url);

const schema = JSON.parse(readFileSync(GOLDEN, 'utf8'));

const NAMES = {
  people: 'Person',
  parties: 'Party',
  criteria: 'Criterion',
  calendar: 'CalendarWindow',
  cadence: 'Cadence',
};
const typeName = (collection) =>
  collection.name === 'meta'
    ? 'Meta'
    : (NAMES[collection.name] ?? collection.singular[0].toUpperCase() + collection.singular.slice(1));

const words = (list) => `${list.map((word) => JSON.stringify(word)).join(' | ')} | (string & {})`;

/** The type of one value, as read. */
function valueType(kind) {
  switch (kind.type) {
    case 'bool':
      return 'boolean';
    case 'number':
    case 'integer':
      return 'number';
    case 'any':
      return 'string | number | boolean';
    case 'enum':
      return words(kind.words);
    case 'set':
      return kind.member.type === 'enum' ? `readonly (${words(kind.member.words)})[]` : 'readonly string[]';
    case 'map':
      return `Readonly<Record<string, ${entryType(kind.entry)}>>`;
    default:
      return 'string';
  }
}

function entryType(entry) {
  return { number: 'number', string: 'string', json: 'unknown' }[entry.type] ?? words(entry.words);
}

/** The type of one value, as written. `null` takes it away. */
function editType(kind) {
  if (kind.type === 'set') return `${valueType(kind)} | Readonly<Record<string, true | null>> | null`;
  if (kind.type === 'map') return `Readonly<Record<string, ${entryType(kind.entry)} | null>> | null`;
  return `${valueType(kind)} | null`;
}

/** What a field means and holds, in sentences. */
function describe(field) {
  const { kind } = field;
  const says = {
    string: `At most ${kind.charsMax} characters.`,
    integer: kind.max < 2 ** 53 - 1 ? `A whole number from ${kind.min} to ${kind.max}.` : 'A whole number.',
    date: 'A day, `2026-02-17`.',
    instant: 'A UTC instant, `2026-02-17T18:21:07.113Z`.',
    time: 'A time of day, `10:00`.',
    timeZone: 'An IANA time zone, `America/Los_Angeles`.',
    rank: 'Where it stands among its kind; `move` sets it.',
    id: `An id of ${kind.of?.join(' or ')}.`,
    text: 'A long text that several people may type in at once.',
    set: kind.member?.type === 'id' ? `Ids of ${kind.member.of.join(' or ')}, sorted.` : 'Sorted.',
  }[kind.type];
  return [
    field.about,
    says,
    field.default && `Absent means \`${field.default}\`.`,
    field.required && 'A complete plan has it.',
    field.stamped && 'Stamped by the server.',
  ].filter(Boolean);
}

function comment(field) {
  const parts = describe(field);
  return parts.length ? `/** ${parts.join(' ')} */\n` : '';
}

/** Flat names to a tree: `target.date` to `{target: {date}}`. */
function tree(fields) {
  const root = new Map();
  for (const field of fields) {
    const [first, ...rest] = field.name.split('.');
    if (rest.length === 0) root.set(first, field);
    else {
      if (!root.has(first)) root.set(first, []);
      root.get(first).push({ ...field, name: rest.join('.') });
    }
  }
  return root;
}

function members(fields, type, modifier, nullable) {
  return [...tree(fields)]
    .map(([name, field]) =>
      Array.isArray(field)
        ? `${modifier}${name}?: { ${members(field, type, modifier, nullable)} }${nullable ? ' | null' : ''};`
        : `${comment(field)}${modifier}${name}?: ${type(field.kind)};`,
    )
    .join('\n');
}

function types(collection) {
  const name = typeName(collection);
  const single = collection.ids === 'none';
  const all = single ? collection.fields : [...collection.fields, ...schema.removal];
  const written = collection.fields.filter((field) => !field.stamped);
  const heading = single ? collection.about : `One of \`${collection.name}\`. ${collection.about}`;
  const read = `/** ${heading} */\nexport interface ${name} {\n${single ? '' : '/** Unique within its collection. */\nreadonly id: string;\n'}${members(all, valueType, 'readonly ', false)}\n}`;
  if (collection.serverWritten) return read;
  return `${read}\n\n/** What may be set of ${single ? 'it' : `one of \`${collection.name}\``}; \`null\` takes a field away. */\nexport interface ${name}Edit {\n${members(written, editType, '', true)}\n}`;
}

/** A field of the table as a call. */
function fieldCall({ name, class: cls, kind, ...more }) {
  const flags = [
    more.required && 'required',
    more.stamped && 'stamped',
    more.default !== undefined && `or(${JSON.stringify(more.default)})`,
  ].filter(Boolean);
  const last =
    flags.length > 1
      ? `, { ${flags.map((flag) => `...${flag}`).join(', ')} }`
      : flags.map((flag) => `, ${flag}`).join('');
  return `field(${JSON.stringify(name)}, ${JSON.stringify(cls)}, ${kindCall(kind)}${last})`;
}

function kindCall(kind) {
  switch (kind.type) {
    case 'string':
      return kind.charsMax === undefined ? `{ type: 'string' }` : `string(${kind.charsMax})`;
    case 'integer':
      return `integer(${kind.min}, ${kind.max})`;
    case 'enum':
      return `words(${JSON.stringify(kind.words.join(' '))})`;
    case 'id':
      return `id(${JSON.stringify(kind.of.join(' '))})`;
    case 'set':
      return `set(${kind.member.type === 'name' ? `{ type: 'name' }` : kindCall(kind.member)})`;
    case 'map':
      return `map(${kind.entry.type === 'enum' ? kindCall(kind.entry) : `{ type: '${kind.entry.type}' }`})`;
    default:
      return JSON.stringify(kind.type);
  }
}

function collectionCall(c) {
  const head = [c.name, c.singular, c.ids, c.entitiesMax, c.documents, [c.serverWritten, c.alwaysWritten], c.class];
  return `collection(${head.map((each) => JSON.stringify(each)).join(', ')}, [${c.fields.map(fieldCall).join(', ')}])`;
}

const many = schema.collections.filter((collection) => collection.ids !== 'none');
const ticks = (list) => list.map((name) => `\`${name}\``).join(', ');

const source = `/**
 * The schema of a plan: a type for each collection, and the table that reading, writing and checking go by.
 *
 * Made by \`scripts/schema.mjs\` from \`protocol/golden/schema.json\`; do not edit by hand.
 */

/** The value of the member \`schema\` of a plan's canonical JSON. */
export const SCHEMA = ${JSON.stringify(schema.schema)};

/** What a field may hold. */
export type Kind =
  | { readonly type: 'string'; readonly charsMax: number }
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
  | { readonly type: 'enum'; readonly words: readonly string[] }
  | { readonly type: 'id'; readonly of: readonly string[] }
  | { readonly type: 'set'; readonly member: Member }
  | { readonly type: 'map'; readonly entry: Entry }
  | { readonly type: 'bool' | 'number' | 'date' | 'instant' | 'time' | 'timeZone' | 'rank' | 'any' | 'text' };

/** What a member of a set is. */
export type Member =
  | { readonly type: 'id'; readonly of: readonly string[] }
  | { readonly type: 'enum'; readonly words: readonly string[] }
  | { readonly type: 'name' };

/** What an entry of a map holds. */
export type Entry =
  | { readonly type: 'number' | 'string' | 'json' }
  | { readonly type: 'enum'; readonly words: readonly string[] };

/** One field of an entity. */
export interface Field {
  /** The flat key; of a set or a map the part before the slash. */
  readonly name: string;
  /** What it may hold. */
  readonly kind: Kind;
  /** The class of its changes. */
  readonly class: ChangeClass;
  /** Whether a complete plan has it. */
  readonly required?: boolean;
  /** Whether only the server writes it. */
  readonly stamped?: boolean;
  /** The word that stands for an absent value; it is not stored. */
  readonly default?: string;
}

/** One root of a document: entities by id, or (\`meta\`) the fields themselves. */
export interface CollectionSchema {
  /** The name of the root and of the member in the canonical JSON. */
  readonly name: EntityName;
  /** The word for one entity, part of the type of a change. */
  readonly singular: string;
  /** What an id looks like; \`none\` for \`meta\`. */
  readonly ids: 'none' | 'name' | 'party' | 'edge';
  /** The most entities, removed ones too. */
  readonly entitiesMax: number;
  /** The documents it may stand in. */
  readonly documents: 'shared' | 'private' | 'both';
  /** Whether only the server writes it. */
  readonly serverWritten: boolean;
  /** Whether the canonical JSON of a shared document holds it even when it is empty. */
  readonly alwaysWritten: boolean;
  /** The class of a change that adds, removes or restores an entity. */
  readonly class: ChangeClass;
  /** Its fields, without those of a removal. */
  readonly fields: readonly Field[];
}

/** The class of a change. */
export type ChangeClass = ${[...new Set(schema.collections.flatMap((c) => [c.class, ...c.fields.map((f) => f.class)]))].map((word) => JSON.stringify(word)).join(' | ')};

/** The name of a collection, or \`meta\`. */
export type EntityName = ${schema.collections.map((c) => JSON.stringify(c.name)).join(' | ')};

/** The name of a collection of entities with ids. */
export type CollectionName = Exclude<EntityName, 'meta'>;

${schema.collections.map(types).join('\n\n')}

/** Each collection's entity, as it is read. */
export interface Entities {
${many.map((c) => `${c.name}: ${typeName(c)};`).join('\n')}
}

/** Each collection's fields, as they are written. ${ticks(schema.collections.filter((c) => c.serverWritten).map((c) => c.name))}: only by the server. */
export interface EntityEdits {
${many
  .filter((c) => !c.serverWritten)
  .map((c) => `${c.name}: ${typeName(c)}Edit;`)
  .join('\n')}
}

/** The canonical JSON of a plan. */
export interface PlanJson {
  readonly schema: string;
  readonly meta?: Meta;
${many.map((c) => `readonly ${c.name}?: readonly ${typeName(c)}[];`).join('\n')}
}

/** Bounds of the plan, as the server holds them. */
export const LIMITS = ${JSON.stringify(schema.limits)} as const;

// The table is written with these few words, because every page loads it.

type Simple = Exclude<Kind['type'], 'string' | 'integer' | 'enum' | 'id' | 'set' | 'map'>;
type More = Pick<Field, 'required' | 'stamped' | 'default'>;

const field = (name: string, cls: ChangeClass, kind: Kind | Simple, more?: More): Field => ({
  name,
  kind: typeof kind === 'string' ? { type: kind } : kind,
  class: cls,
  ...more,
});
const string = (charsMax: number): Kind => ({ type: 'string', charsMax });
const integer = (min: number, max: number): Kind => ({ type: 'integer', min, max });
const words = (list: string) => ({ type: 'enum' as const, words: list.split(' ') });
const id = (of: string) => ({ type: 'id' as const, of: of.split(' ') });
const set = (member: Member): Kind => ({ type: 'set', member });
const map = (entry: Entry): Kind => ({ type: 'map', entry });
const required = { required: true };
const stamped = { stamped: true };
const or = (word: string) => ({ default: word });
const collection = (
  name: EntityName,
  singular: string,
  ids: CollectionSchema['ids'],
  entitiesMax: number,
  documents: CollectionSchema['documents'],
  writing: [serverWritten: boolean, alwaysWritten: boolean],
  cls: ChangeClass,
  fields: readonly Field[],
): CollectionSchema => ({
  name,
  singular,
  ids,
  entitiesMax,
  documents,
  serverWritten: writing[0],
  alwaysWritten: writing[1],
  class: cls,
  fields,
});

/** The fields of a removal, which entities of every collection have. */
export const REMOVAL: readonly Field[] = [${schema.removal.map(fieldCall).join(', ')}];

/** Every collection, in the order of the canonical JSON. */
export const COLLECTIONS: readonly CollectionSchema[] = [${schema.collections.map(collectionCall).join(',')}];
`;

/** What a value looks like in the canonical JSON. */
function shape(kind) {
  switch (kind.type) {
    case 'bool':
      return '`true` or `false`';
    case 'enum':
      return kind.words.map((word) => `\`${word}\``).join(', ');
    case 'any':
      return 'a number, a text or a bool';
    case 'set':
      return kind.member.type === 'enum' ? `a list of ${shape(kind.member)}` : 'a list';
    case 'map':
      return kind.entry.type === 'enum' ? `an object of ${shape(kind.entry)}` : 'an object';
    case 'text':
      return 'text';
    case 'number':
    case 'integer':
      return 'a number';
    default:
      return 'a string';
  }
}

const ids = {
  none: 'There is one.',
  name: 'Ids: at most 128 bytes without white space, controls, `/`, `\\`, quotes, `<` and `>`.',
  party: 'Ids: letters, digits, `.`, `_`, `-`; part of the name of the private document.',
  edge: 'Ids: `from>to`.',
};
const places = {
  shared: 'In the shared document.',
  private: "In a party's private document.",
  both: "In the shared document, and in a party's private one.",
};

function section(collection) {
  const facts = [
    ids[collection.ids],
    collection.ids === 'none' ? '' : `At most ${collection.entitiesMax.toLocaleString('en-US')}, removed ones too.`,
    places[collection.documents],
    collection.serverWritten ? 'Written by the server alone.' : '',
    collection.ids === 'none' ? '' : `What comes or goes is a change of class \`${collection.class}\`.`,
  ];
  const rows = collection.fields.map((field) =>
    [
      `\`${field.name}\`${field.required ? '\\*' : ''}`,
      shape(field.kind),
      `\`${field.class}\``,
      describe({ ...field, required: false }).join(' '),
    ].join(' | '),
  );
  return `## ${collection.name}

${collection.about} ${facts.filter(Boolean).join(' ')}

| Field | Value | Class | Meaning |
| --- | --- | --- | --- |
${rows.map((row) => `| ${row} |`).join('\n')}
`;
}

const reference = `# The schema of a plan

Every collection and every field, made by \`client-sdk/web/scripts/schema.mjs\` from the table that the server reads, writes and checks by (\`protocol/src/plan/schema/table.rs\`, as JSON \`protocol/golden/schema.json\`).

The canonical JSON of a plan is \`{"schema": "${schema.schema}", "meta": {…}, "parties": […], …}\`: each collection a list sorted by rank and id, sets as sorted lists, names with a dot as objects (\`target.date\` is \`{"target": {"date": …}}\`), absent fields left out. \`*\` marks what a complete plan has. Words that a list does not name, and fields that no table names, are a newer client's and kept. The class is what changes are selected by (\`docs/changes.md\`) and what rights speak of (\`docs/rights.md\`).

Entities of every collection but \`meta\` have an \`id\`, and after a removal ${schema.removal.map(({ name }) => `\`${name}\``).join(', ')}.

${schema.collections.map(section).join('\n')}`;

const typesPath = fileURLToPath(TYPES);
const made = [
  [typesPath, await format(source, { ...(await resolveConfig(typesPath)), parser: 'typescript' })],
  [fileURLToPath(REFERENCE), reference],
];
for (const [path, text] of made) {
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} is not made from protocol/golden/schema.json: run \`npm run generate\``);
    process.exitCode = 1;
  }
}
