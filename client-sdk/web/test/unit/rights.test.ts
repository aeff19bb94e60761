/**
 * What a page offers is what the server allows: `element/rights.ts` beside the table of docs/rights.md, for every access,
 * each side, and items of every kind of owner.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Desk } from '../../src/element/desk.js';
import { Rights } from '../../src/element/rights.js';

type Access = 'owner' | 'editor' | 'contributor' | 'commenter' | 'viewer';
type Cell = 'yes' | 'own' | 'consent' | 'no';
const table = JSON.parse(
  readFileSync(new URL('../../../../protocol/golden/rights.json', import.meta.url), 'utf8'),
) as Record<string, Record<Access, Cell>>;

const ACCESSES: readonly Access[] = ['owner', 'editor', 'contributor', 'commenter', 'viewer'];
/** Parties, each with its kind: a partner has a name of its own. */
const SIDES = { buyer: 'buyer', seller: 'seller', impl: 'partner' } as const;
type PartyId = keyof typeof SIDES;
const PARTIES = Object.keys(SIDES) as PartyId[];
/** The reader is `me`; each party has somebody else, too. */
const somebody = (party: PartyId) => `somebody-${party}`;

interface Item {
  readonly party?: string;
  readonly owners?: readonly string[];
}

/** Items by what is to be told of them. */
function items(): Map<string, Item> {
  const all = new Map<string, Item>();
  for (const party of PARTIES) {
    all.set(`a task of ${party}`, { party });
    all.set(`a task of ${party}, owned by the reader`, { party, owners: ['me'] });
    all.set(`a milestone of somebody of ${party}`, { owners: [somebody(party)] });
  }
  all.set('a task of nobody', {});
  all.set('a task of both sides', { party: 'joint' });
  all.set('a task of both sides, owned by the reader', { party: 'joint', owners: ['me'] });
  all.set('a milestone of both sides', { owners: [somebody('buyer'), somebody('seller')] });
  all.set('a milestone of the reader', { owners: ['me'] });
  return all;
}

/** What the reader's desk says of them: who they are, whose people are. */
function rightsOf(access: Access, party: PartyId, trust: 'open' | 'handshake'): Rights {
  const partyOf = (person: string | undefined) =>
    person === 'me' ? party : PARTIES.find((each) => somebody(each) === person);
  const desk = {
    plan: { me: { person: 'me', party, access }, meta: { trust } },
    party,
    partyOf,
    side: (id: PartyId | undefined) => (id ? SIDES[id] : 'other'),
  };
  return new Rights(desk as unknown as Desk);
}

/** The one party an item is of. */
function whose(item: Item, reader: PartyId): PartyId | 'several' {
  if (item.party) return item.party === 'joint' ? 'several' : (item.party as PartyId);
  const parties = new Set((item.owners ?? []).map((id) => PARTIES.find((each) => somebody(each) === id) ?? reader));
  return parties.size === 1 ? [...parties][0]! : 'several';
}

/** The table, and the words beside its cells. */
class Told {
  constructor(
    readonly access: Access,
    readonly party: PartyId,
    readonly trust: 'open' | 'handshake',
  ) {}

  may(right: string, item?: Item): boolean {
    const cell = table[right]?.[this.access];
    if (!cell) throw new Error(`the table has no ${right}`);
    return cell === 'own' ? (item?.owners ?? []).includes('me') : cell !== 'no';
  }

  /** Of a partner an editor changes its own tasks and risks. */
  structure(item?: Item): boolean {
    const isGuest = SIDES[this.party] === 'partner' && this.access === 'editor';
    return this.may('structure') && (!isGuest || (item !== undefined && whose(item, this.party) === this.party));
  }

  /** Neither the own party's, alone or with others, nor nobody's. */
  isOthers({ party, owners = [] }: Item): boolean {
    if (party === 'joint') return SIDES[this.party] === 'partner';
    if (party) return party !== this.party;
    return owners.length > 0 && !owners.some((id) => id === 'me' || id === somebody(this.party));
  }

  progress(item: Item): boolean {
    return this.isOthers(item) ? this.may('othersStatus') : this.may('progress', item);
  }

  asksOthers(item: Item): boolean {
    return this.isOthers(item) && this.trust !== 'open';
  }

  commitment(item: Item): boolean {
    return whose(item, this.party) === this.party && this.may('commitment', item);
  }

  meta(field: string): boolean {
    if (field.startsWith('target')) return this.may('target');
    if (this.party === 'seller')
      return this.may(field === 'valueProposition' || field === 'priority' ? 'pitch' : 'head');
    return this.party === 'buyer' && /^(account|opportunity|sponsors)$/.test(field) && this.may('buyersHead');
  }
}

describe.each(PARTIES)('%s', (party) => {
  test.each(ACCESSES)('%s', (access) => {
    const offered: Record<string, boolean> = {};
    const allowed: Record<string, boolean> = {};
    const beside = (what: string, offer: boolean, allow: boolean) => {
      offered[what] = offer;
      allowed[what] = allow;
    };
    for (const trust of ['handshake', 'open'] as const) {
      const rights = rightsOf(access, party, trust);
      const told = new Told(access, party, trust);
      beside(`${trust}: structure`, rights.structure(), told.structure());
      beside(`${trust}: talk`, rights.talk, told.may('talk') && told.may('blocker'));
      beside(`${trust}: lead`, rights.lead, told.may('proposal'));
      beside(`${trust}: freeze`, rights.freeze, told.may('target'));
      for (const field of [
        'title',
        'goLive',
        'target.date',
        'account',
        'opportunity',
        'sponsors',
        'valueProposition',
        'priority',
      ])
        beside(`${trust}: meta ${field}`, rights.meta(field), told.meta(field));
      for (const each of PARTIES)
        beside(`${trust}: people of ${each}`, rights.people(each), each === party && told.may('people'));
      for (const [name, item] of items()) {
        // Of a partner's editor these are tasks and risks only; whether an item without a party is a risk nobody is told.
        if (!name.startsWith('a milestone') || party !== 'impl' || access !== 'editor')
          beside(`${trust}: structure, ${name}`, rights.structure(item as never), told.structure(item));
        beside(`${trust}: progress, ${name}`, rights.progress(item as never), told.progress(item));
        beside(`${trust}: commitment, ${name}`, rights.commitment(item as never), told.commitment(item));
        if (told.progress(item))
          beside(`${trust}: asks, ${name}`, rights.asksOthers(item as never), told.asksOthers(item));
      }
    }
    expect(offered).toEqual(allowed);
  });
});

test('every row of the table that a page offers something of is compared, and the others are known', () => {
  const compared =
    'structure progress blocker othersStatus target head buyersHead pitch people commitment talk proposal';
  // Asked for when it comes to it: `accepted` by what is written, `ownParty` where the party is shown.
  expect(Object.keys(table).sort()).toEqual([...compared.split(' '), 'accepted', 'ownParty'].sort());
});
