/**
 * Whether a value fits its field: the same rules as the server's (`protocol/src/plan/check.rs`), before it is written.
 *
 * In: a field of the schema and a value. Out: nothing, or the words that say what would fit.
 */

import { isRank } from './rank.js';
import { COLLECTIONS, LIMITS, REMOVAL, type CollectionSchema, type Field, type Kind } from './schema.js';
import { byteLength } from './wire.js';

/** The collection of this name, `meta` too. */
export function collectionOf(name: string): CollectionSchema | undefined {
  return COLLECTIONS.find((collection) => collection.name === name);
}

const named = new Map<CollectionSchema, Map<string, Field>>();

/** The field of this name, whatever its kind. */
export function fieldNamed(collection: CollectionSchema, name: string): Field | undefined {
  let fields = named.get(collection);
  if (!fields) {
    fields = new Map(allFields(collection).map((field) => [field.name, field]));
    named.set(collection, fields);
  }
  return fields.get(name);
}

/** The field a flat key belongs to: `owners/b-cfo` to `owners`. Nothing for a key of a newer client. */
export function fieldOf(collection: CollectionSchema, flatKey: string): Field | undefined {
  const slash = flatKey.indexOf('/');
  const field = fieldNamed(collection, slash < 0 ? flatKey : flatKey.slice(0, slash));
  return field && hasMembers(field) === slash >= 0 ? field : undefined;
}

/** Every field in the order of the canonical JSON; those of a removal at the end. */
export function allFields(collection: CollectionSchema): readonly Field[] {
  return collection.ids === 'none' ? collection.fields : [...collection.fields, ...REMOVAL];
}

/** Whether it is a set or a map, whose flat keys are `name/member`. */
export function hasMembers(field: Field): boolean {
  return field.kind.type === 'set' || field.kind.type === 'map';
}

/** The names of the texts, which are created together with their entity. */
export function textsOf(collection: CollectionSchema): string[] {
  return collection.fields.filter((field) => field.kind.type === 'text').map((field) => field.name);
}

/** Whether its entities have an order of their own. */
export function isRanked(collection: CollectionSchema): boolean {
  return collection.fields.some((field) => field.kind.type === 'rank');
}

/** Whether known fields stand below this key: `target` has `target.date`. */
export function isGroup(collection: CollectionSchema, key: string): boolean {
  return collection.fields.some((field) => field.name.startsWith(`${key}.`));
}

/** Whether an unknown key would be read as something else than it is. */
export function isShadow(collection: CollectionSchema, key: string): boolean {
  const name = key.split('/', 1)[0] as string;
  return (key === 'id' && collection.ids !== 'none') || fieldNamed(collection, name) !== undefined;
}

/** What would fit instead of the value of a flat key that belongs to `field`; nothing if it fits. */
export function unfit(field: Field, flatKey: string, value: unknown): string | undefined {
  const { kind } = field;
  const member = flatKey.slice(flatKey.indexOf('/') + 1);
  switch (kind.type) {
    case 'set':
      return unfitMember(kind, member) ?? (value === true ? undefined : 'true, or absent');
    case 'map':
      if (!isFlatKey(member)) return 'an entry with a short name';
      switch (kind.entry.type) {
        case 'number':
          return unfitScalar({ type: 'number' }, value);
        case 'string':
          return unfitScalar({ type: 'string', charsMax: LIMITS.shortTextChars }, value);
        case 'enum':
          return unfitScalar({ type: 'enum', words: kind.entry.words }, value);
        default:
          return value === undefined ? 'a JSON value' : undefined;
      }
    default:
      return unfitScalar(kind, value);
  }
}

function unfitMember(kind: Kind & { type: 'set' }, name: string): string | undefined {
  switch (kind.member.type) {
    case 'id':
      return isReference(name) ? undefined : 'an id like ca-1';
    case 'enum':
      return isWord(kind.member.words, name) ? undefined : oneOf(kind.member.words);
    default:
      return isName(name) ? undefined : 'a short name without spaces';
  }
}

function unfitScalar(kind: Kind, value: unknown): string | undefined {
  const text = typeof value === 'string' ? value : undefined;
  const fits = (is: boolean, expected: string) => (is ? undefined : expected);
  switch (kind.type) {
    case 'string':
      return fits(text !== undefined && isWithin(text, kind.charsMax), stringOf(kind.charsMax));
    case 'text':
      return fits(text !== undefined && isWithin(text, LIMITS.longTextChars), stringOf(LIMITS.longTextChars));
    case 'bool':
      return fits(typeof value === 'boolean', 'true or false');
    case 'number':
      return fits(isNumber(value), 'a number');
    case 'integer': {
      const within = Number.isInteger(value) && (value as number) >= kind.min && (value as number) <= kind.max;
      return fits(within, `a whole number from ${kind.min} to ${kind.max}`);
    }
    case 'date':
      return fits(text !== undefined && isDay(text), 'a day like 2026-02-17');
    case 'instant':
      return fits(text !== undefined && isInstant(text), 'a UTC instant like 2026-02-17T18:21:07Z');
    case 'time':
      return fits(text !== undefined && /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(text), 'a time like 10:00');
    case 'timeZone':
      return fits(text !== undefined && isTimeZone(text), 'a time zone like America/Los_Angeles');
    case 'rank':
      return fits(text !== undefined && isRank(text), 'a rank like a0 (fractional-indexing)');
    case 'enum':
      return fits(text !== undefined && isWord(kind.words, text), oneOf(kind.words));
    case 'id':
      return fits(text !== undefined && isReference(text), 'an id like ca-1');
    case 'any': {
      const is =
        text === undefined ? typeof value === 'boolean' || isNumber(value) : isWithin(text, LIMITS.shortTextChars);
      return fits(is, 'a number, a day or a short string');
    }
    default:
      return 'one key for each member';
  }
}

/** A number that every implementation stores without loss. */
function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= 2 ** 53;
}

/** What would fit instead of this id of an entity; nothing if it fits. */
export function unfitId(collection: CollectionSchema, id: string): string | undefined {
  switch (collection.ids) {
    case 'name':
      return isName(id) ? undefined : `an id: 1 to ${LIMITS.nameBytes} characters without spaces, slashes and quotes`;
    case 'party':
      return isName(id) && /^[A-Za-z0-9._-]+$/.test(id) ? undefined : 'an id like buyer';
    case 'edge':
      return isEdge(id) ? undefined : 'an id like ms-01>ms-02';
    default:
      return id === '' ? undefined : 'no id: meta has none';
  }
}

/** A real day of the calendar written as `YYYY-MM-DD`. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}

/** Whether a flat key, or the name of an entry, is one: short, and without control characters. */
export function isFlatKey(key: string): boolean {
  return (
    key !== '' &&
    key !== '__proto__' &&
    !/[\u0000-\u001f\u007f-\u009f]/.test(key) &&
    byteLength(key) <= LIMITS.flatKeyBytes
  );
}

/** Whether a name is one: of a person, a task. */
export function isName(name: string): boolean {
  return /^(?!\.)(?!__proto__$)[^\s/"'\\<>\p{Cc}]+$/u.test(name) && byteLength(name) <= LIMITS.nameBytes;
}

function isEdge(id: string): boolean {
  const at = id.indexOf('>');
  const [from, to] = [id.slice(0, at), id.slice(at + 1)];
  return at > 0 && isName(from) && isName(to) && from !== to;
}

function isReference(id: string): boolean {
  return isName(id) || isEdge(id);
}

/** One of the words, or a word that a newer client may have: never a sentence. */
function isWord(words: readonly string[], word: string): boolean {
  return words.includes(word) || (word.length <= LIMITS.labelChars && /^[A-Za-z][A-Za-z0-9_-]*$/.test(word));
}

function isInstant(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z$/.test(text) &&
    !Number.isNaN(Date.parse(text)) &&
    isDay(text.slice(0, 10))
  );
}

function isTimeZone(text: string): boolean {
  if (text.length > LIMITS.labelChars) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return !/^[+-]/.test(text);
  } catch {
    return false;
  }
}

function isWithin(text: string, charsMax: number): boolean {
  return text.length <= charsMax || [...text].length <= charsMax;
}

function stringOf(charsMax: number): string {
  return `a string of at most ${charsMax} characters`;
}

function oneOf(words: readonly string[]): string {
  return `one of ${words.join(', ')}`;
}
