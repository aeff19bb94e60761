/**
 * What the parts of the element read and do: one plan, what the server works out of it, and what its reader has seen.
 *
 * In: a {@link Plan}. Out: values, and a call whenever one of them is another. What is always true: nothing here waits for
 * the network before it shows or writes; what the server works out (figures, schedule, summary) may be older than the
 * document, and `staleFigures` says so. What cannot be done becomes a notice in words.
 */

import { PlanError, words } from '../error.js';
import type { PlanAnswer } from '../http.js';
import type { Change, Refused, Status } from '../machine.js';
import type { Edit, EditOptions } from '../edit.js';
import type { Plan } from '../plan.js';
import type { Present } from '../presence.js';
import type { Comment, Party, Person, Proposal } from '../schema.js';
import type { Cursor } from './controls/carets.js';
import { Rights } from './rights.js';
import { Seen } from './call/seen.js';
import { dayIn, dayWords, quoted, sideOf, type Side } from './words.js';

/** A burst of edits is asked about once. */
const OWN_PAUSE_MS = 300;
/** A hundred readers do not all ask at the same moment. */
const OTHERS_PAUSE_MS = 1_000;
/** What could not be asked is asked again. */
const AGAIN_MS = 3_000;
/** How long what somebody else has changed is lit up. */
const FLASH_MS = 1_600;
/** How long a notice stays; one with something to do stays longer. */
const NOTICE_MS = 8_000;
const NOTICE_ACTION_MS = 30_000;
/** Collections whose rows have the ids of people, and begin with their first field. */
const PERSONS: ReadonlySet<string> = new Set(['stakeholders', 'views']);
/** Where the last edit is looked for when there was none since the last visit: the newest entries. */
const LOOK_BACK_ENTRIES = 100;
/** More changes than this are not marked one by one. */
const MARKED_CHANGES_MAX = 5_000;

/** A stretch of text of the summary. */
export interface Span {
  readonly mark: string;
  readonly text: string;
}

/** A line of the summary. */
export interface Line {
  /** Absent on a line that has no change behind it. */
  readonly symbol?: string;
  readonly subject?: string;
  readonly spans: readonly Span[];
}

/** A step that a party owes next. */
export interface Step {
  readonly subject: string;
  readonly title?: string;
  readonly owners?: readonly string[];
  readonly due?: string;
  readonly overdue?: number;
  readonly isJoint?: boolean;
  readonly isBlocked?: boolean;
}

/** What of the summary is drawn (`docs/summary.md`). */
export interface Summary {
  readonly title?: string;
  readonly planWord?: string;
  readonly account?: string;
  /** After which entry it counts. */
  readonly since: number;
  readonly headline: string;
  readonly noChanges?: string;
  readonly standing: {
    readonly status: string;
    readonly statusWords: string;
    readonly complete: number;
    readonly counted: number;
    readonly percent?: number;
    readonly percentBefore?: number;
    readonly milestonesComplete: number;
    readonly milestones: number;
    readonly nextMilestone?: { id: string; title?: string; due?: string; overdue?: number };
    readonly target?: { kind?: string; date?: string; projected?: string; slip?: number; keepGap?: string };
    readonly owes?: readonly { party: string; label: string; isReader: boolean; step?: Step }[];
  };
  readonly legend?: readonly { symbol: string; word: string; count: number }[];
  readonly completed?: { lines: readonly Line[]; more: number };
  readonly changed?: readonly { heading: string; lines: readonly Line[]; more: number }[];
  readonly moves?: {
    cause?: readonly Span[];
    rows?: readonly { id: string; title?: string; due?: string; must?: string; keepGap?: string }[];
    more?: number;
    must?: number;
  };
  readonly atRisk?: readonly Line[];
  readonly waiting?: readonly Line[];
  readonly nextReview?: unknown;
}

/** What whoever opens a plan has asked the server already, with `since=last-visit`. */
export interface FirstAnswers {
  /** Absent where it would have been long. */
  readonly answer?: PlanAnswer | undefined;
  readonly summary: Summary;
}

/** Something to tell the reader for a while. */
export interface Notice {
  readonly id: number;
  readonly kind: 'said' | 'refused' | 'failed';
  readonly text: string;
  /** What can be done about it. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Where items stand, to look up by id. */
export interface Standing {
  readonly of: PlanAnswer | undefined;
  /** Items without any slack. */
  readonly critical: ReadonlySet<string>;
  /** Items that cannot be done on their day. */
  readonly moves: ReadonlyMap<string, { readonly to: string; readonly days: number }>;
}

/** A network that wants a login answers in the server's name. */
const STRANGE = new PlanError(
  'protocol',
  'something else than the server answers; is this network asking for a login?',
);

const NOBODY: readonly Present[] = Object.freeze([]);
const NONE: readonly never[] = Object.freeze([]);

/** The collection and the id of `tasks/ca-1`. */
export function split(subject: string): readonly ['tasks', string] {
  const at = subject.indexOf('/');
  return [subject.slice(0, at) as 'tasks', subject.slice(at + 1)];
}

/** The entity of the place `tasks/ca-1/due`; `meta` of `meta/target.date`. */
export function subjectOf(place: string): string {
  const [collection, id] = place.split('/', 2);
  return collection === 'meta' ? 'meta' : `${collection}/${id}`;
}

/** Rows by what they have in common, in their order. */
export function grouped<T>(all: readonly T[], key: (each: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const each of all) {
    const group = groups.get(key(each));
    if (group) group.push(each);
    else groups.set(key(each), [each]);
  }
  return groups;
}

/** The desk at which a plan is read and edited. */
export class Desk {
  /** Where the plan stands, as the server works it out; nothing before the first answer. */
  answer: PlanAnswer | undefined;
  /** What changed since the reader's last visit, as the server tells it. */
  summary: Summary | undefined;
  /** The marks of what changed since. */
  seen = new Seen();
  /** Since which entry marks count; 0 on a first visit. */
  since = 0;
  /** What was last said to the reader. */
  notices: readonly Notice[] = [];
  /** What the reader is offered to change. */
  readonly rights = new Rights(this);
  /** Whether the document has been read, from this device or from the server. */
  ready = false;
  /** Whether the figures are those of an older plan, because the server cannot be asked. */
  staleFigures = false;
  /** Entities that somebody else has just changed, with when. */
  readonly flashes = new Map<string, number>();
  /** The entity whose details are open: `tasks/ca-1`. */
  opened: string | undefined;
  /** What was last told to whoever hears the page. */
  told = '';
  /** Why an edit of a place was put back: by `tasks/ca-1/due`. */
  readonly refusals = new Map<string, string>();
  /** Another number whenever somebody moves, an edit is put back, or a person is called otherwise. */
  places = 0;
  /** Another number whenever anything is told but that more or fewer edits wait to be sent. */
  news = 0;
  /** The last edit of each party. */
  readonly lastEdits = new Map<string, { readonly actor: string; readonly time: string }>();

  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #where = '';
  #asking = false;
  #caughtUp = false;
  #again = false;
  #noticed = 0;
  #places: readonly unknown[] = [];
  #day = { at: 0, tz: undefined as string | undefined, is: '' };
  #there: { readonly of: readonly Present[]; readonly by: Map<string, Present[]> } | undefined;
  #standing: Standing | undefined;
  #asked: { readonly of: readonly Proposal[]; readonly by: Map<string, Proposal[]> } | undefined;
  #talk: { readonly of: readonly Comment[]; readonly by: Map<string, Comment[]> } | undefined;
  #begun = false;
  #closed = false;
  #first: FirstAnswers | undefined;
  /** Opens the own party's document; set by whoever opened the plan. */
  openPrivate: (() => Plan) | undefined;
  #own: Desk | undefined;

  /** A desk for this plan, in this language. */
  constructor(
    readonly plan: Plan,
    readonly locale: string,
    /** Of a private document the desk of the shared one, which knows the people and speaks to the reader. */
    readonly beside?: Desk,
  ) {
    void plan.ready.then(() => {
      this.ready ||= plan.meta.title !== undefined || plan.milestones.size > 0;
      this.#tell();
    });
    this.#stops.push(
      plan.on('status', (status) => this.#status(status)),
      plan.on('update', ({ entities, remote }) => {
        this.ready = true;
        if (remote && this.#begun) this.#flash(entities);
        this.#tell();
        if (!remote) this.#askAfter(OWN_PAUSE_MS);
      }),
      plan.on('change', (change) => this.#change(change)),
      plan.on('pending', () => this.#tell(false)),
      plan.on('presence', () => this.#moved()),
      plan.on('storage', () => this.#tell()),
      plan.on('refused', (refused) => this.#refused(refused)),
      plan.on('reset', () => this.#tell()),
    );
  }

  /** Takes what the server has answered before, so that it is shown at once and need not be asked again. */
  take(first: FirstAnswers): void {
    if (this.#begun) return;
    this.#first = first;
    this.answer = first.answer;
    this.summary = first.summary;
    this.#tell();
  }

  /** Calls back after every difference; once for several of one moment. */
  listen(told: () => void): () => void {
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  }

  /** Ends what runs here; the plan itself is closed by whoever opened it. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stops.forEach((stop) => stop());
    this.#listeners.clear();
    this.#own?.close();
    void this.#own?.plan.close();
  }

  /**
   * The desk of the own party's private document, opened when first asked for. Nothing of it is ever written into the
   * shared one.
   */
  get own(): Desk | undefined {
    if (this.#own || this.#closed || !this.openPrivate) return this.#own;
    this.#own = new Desk(this.openPrivate(), this.locale, this);
    this.#own.listen(() => this.#tell());
    return this.#own;
  }

  /** The document that names people and parties. */
  get #names(): Plan {
    return (this.beside ?? this).plan;
  }

  // --- Reading ---------------------------------------------------------------------------------------------------

  /** The day it is, in the plan's zone, by the server's clock. */
  get today(): string {
    const { tz } = this.#names.meta;
    const now = this.plan.serverNow();
    // Asked for by every row: a second old is new enough.
    if (Math.abs(now - this.#day.at) > 1_000 || tz !== this.#day.tz) this.#day = { at: now, tz, is: dayIn(now, tz) };
    return this.#day.is;
  }

  /** `Feb 17`, in the reader's language. */
  day(day: string | undefined): string {
    return dayWords(day, this.today, this.locale);
  }

  /** How a person is called here: by name, else by role. */
  personName(id: string | undefined): string {
    if (!id) return '';
    const person = this.#names.people.get(id, { removed: true });
    return person?.name ?? person?.role ?? id;
  }

  /** The side of a party. */
  side(party: string | undefined): Side {
    return sideOf(party, party ? this.#names.parties.get(party)?.kind : undefined);
  }

  /** How a party is called: by its name, else by its kind. */
  partyName(id: string | undefined): string {
    const party: Party | undefined = id ? this.#names.parties.get(id) : undefined;
    const name = party?.name ?? id ?? '';
    return name.charAt(0).toUpperCase() + name.slice(1);
  }

  /** The party of a person. */
  partyOf(person: string | undefined): string | undefined {
    return person ? this.#names.people.get(person, { removed: true })?.party : undefined;
  }

  /** The people of a party, or of all. */
  people(party?: string): readonly Person[] {
    return this.#names.people.all().filter((person) => party === undefined || person.party === party);
  }

  /** Where items stand, of the server's last answer: the same object until the next one. */
  get standing(): Standing {
    if (!this.#standing || this.#standing.of !== this.answer) {
      const { answer } = this;
      const schedule = answer?.schedule;
      this.#standing = {
        of: answer,
        critical: new Set(schedule?.critical),
        moves: new Map(
          Object.entries(schedule?.slip ?? {}).flatMap(([id, days]) =>
            days > 0 && schedule?.finish[id] ? [[id, { to: schedule.finish[id], days }]] : [],
          ),
        ),
      };
    }
    return this.#standing;
  }

  /** Proposals about an entity that wait for an answer: `tasks/ca-1`, `meta`. */
  proposalsOf(subject: string): readonly Proposal[] {
    const of = this.plan.collection('proposals').all();
    if (this.#asked?.of !== of) {
      const by = new Map<string, Proposal[]>();
      for (const each of this.proposals)
        for (const about of new Set(Object.keys(each.items ?? {}).map(subjectOf)))
          by.set(about, [...(by.get(about) ?? []), each]);
      this.#asked = { of, by };
    }
    return this.#asked.by.get(subject) ?? NONE;
  }

  /** All proposals that wait for an answer. */
  get proposals(): readonly Proposal[] {
    return this.plan
      .collection('proposals')
      .all()
      .filter((each) => (each.state ?? 'open') === 'open');
  }

  /** What was said on an item, the oldest first. */
  commentsOf(subject: string): readonly Comment[] {
    const of = this.plan.collection('comments').all();
    if (this.#talk?.of !== of) {
      const by = grouped(of, (each) => each.on ?? '');
      for (const each of by.values()) each.sort((a, b) => ((a.at ?? '~') < (b.at ?? '~') ? -1 : 1));
      this.#talk = { of, by };
    }
    if (this.#talk.by.size === 0) return NONE;
    return this.#talk.by.get(split(subject)[1]) ?? NONE;
  }

  /** The reader's party; nothing before the first connection. */
  get party(): string | undefined {
    return this.plan.me?.party;
  }

  // --- Doing -----------------------------------------------------------------------------------------------------

  /** Makes an edit; what does not fit becomes a notice. Whether it was made. */
  edit(make: (edit: Edit) => void, options?: EditOptions): boolean {
    try {
      this.plan.edit(make, options);
      return true;
    } catch (error) {
      this.say('failed', error instanceof PlanError ? error.message : `This could not be written: ${words(error)}`);
      return false;
    }
  }

  /** Sets one field of an entity (`tasks/ca-1`, `due`); `null` takes it away. Whether it was written. */
  set(of: string, field: string, value: unknown, reason?: string): boolean {
    this.refusals.delete(`${of}/${field}`);
    const fields = field
      .split('.')
      .reverse()
      .reduce<unknown>((below, name) => ({ [name]: below }), value) as Record<string, never>;
    return this.edit(
      (tx) => {
        const [collection, ...id] = of.split('/');
        if (collection === 'meta') tx.meta.set(fields);
        else if (
          PERSONS.has(collection!) &&
          !this.plan.collection(collection as 'views').has(id[0]!, { removed: true })
        )
          tx[collection as 'views'].add({ ...fields, id: id[0]! });
        else tx[collection as 'tasks'].set(id.join('/'), fields);
      },
      reason === undefined ? undefined : { reason },
    );
  }

  #place: string | null = null;

  /** Shows others where the reader is: `tasks/ca-1/due`. In a text, where in it too. */
  enter(place: string | null, cursor?: Cursor): void {
    this.#place = place;
    this.plan.presence.set({ at: place, ...(cursor ? { cursor } : {}) });
  }

  /** Shows others that the reader has left a place; whoever is at another one by now stays there. */
  leave(place: string): void {
    if (this.#place === place) this.enter(null);
  }

  /** Who else is at a place: the same array until somebody moves. */
  at(place: string): readonly Present[] {
    const { others } = this.plan.presence;
    if (this.#there?.of !== others) {
      const me = this.plan.me?.person;
      const by = grouped(
        others.filter((each) => typeof each.at === 'string' && (each.person ?? '') !== me),
        (each) => String(each.at),
      );
      this.#there = { of: others, by };
    }
    return this.#there.by.get(place) ?? NOBODY;
  }

  /** Opens the details of an entity; of none closes them. */
  show(subject: string | undefined): void {
    this.opened = subject;
    this.#tell();
  }

  /** Tells whoever hears the page. */
  announce(text: string): void {
    // The same words again are heard again only where something is different.
    this.told = this.told === text ? `${text}\u00a0` : text;
    this.#tell();
  }

  /** Removes entities in one edit, and says so with a way back. */
  remove(subjects: readonly string[], words: string): void {
    const each = (edit: Edit, make: 'remove' | 'restore') => {
      for (const subject of subjects) {
        const [collection, id] = split(subject);
        edit[collection][make](id);
      }
    };
    if (!this.edit((edit) => each(edit, 'remove'))) return;
    if (this.opened && subjects.includes(this.opened)) this.opened = undefined;
    this.say('said', words, { label: 'Undo', run: () => void this.edit((edit) => each(edit, 'restore')) });
  }

  /** Takes back the reader's last edit, or makes it again. */
  step(direction: 'undo' | 'redo'): void {
    const isDone = this.plan[direction]();
    this.announce(isDone ? (direction === 'undo' ? 'Taken back' : 'Made again') : `Nothing to ${direction}`);
  }

  /** Says something to the reader. */
  say(kind: Notice['kind'], text: string, action?: Notice['action']): void {
    if (this.beside) return this.beside.say(kind, text, action);
    this.#noticed += 1;
    const notice: Notice = { id: this.#noticed, kind, text, ...(action ? { action } : {}) };
    this.notices = [...this.notices.slice(-3), notice];
    this.#tell();
    if (kind === 'said') setTimeout(() => this.dismiss(notice.id), action ? NOTICE_ACTION_MS : NOTICE_MS);
  }

  /** Takes a notice away. */
  dismiss(id: number): void {
    if (!this.notices.some((notice) => notice.id === id)) return;
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.#tell();
  }

  /** The reader has seen everything up to here: marks go. */
  markSeen(): void {
    this.plan.markSeen();
    this.since = this.plan.seq;
    this.seen = new Seen();
    this.#tell();
    this.#askAfter(0);
  }

  /** Asks the server how things stand, soon. */
  refresh(): void {
    this.#askAfter(0);
  }

  // --- Inside ----------------------------------------------------------------------------------------------------

  #status(status: Status): void {
    if (status.state === 'live') {
      this.ready = true;
      // How a plan stands is asked for the shared document alone.
      if (!this.#begun && !this.beside) this.#begin();
      else this.#askAfter(0);
    } else this.staleFigures = this.answer !== undefined;
    this.#tell();
  }

  /** At the first connection: from where the reader counts. */
  #begin(): void {
    this.#begun = true;
    const { seq, lastVisitSeq } = this.plan;
    this.since = lastVisitSeq === 0 ? seq : lastVisitSeq;
    // From a first visit on there is something to count from.
    if (lastVisitSeq === 0) this.plan.markSeen();
    this.#askAfter(0);
  }

  /** What came before the reader did. */
  async #catchUp(): Promise<void> {
    let since: number | string = this.since;
    for (let taken = 0; taken < MARKED_CHANGES_MAX;) {
      const page = await this.plan.changes({ since, limit: 1000 });
      if (this.#closed) return;
      if (!Array.isArray(page?.changes)) throw STRANGE;
      for (const change of page.changes) {
        this.#edited(change);
        if (change.actor !== this.plan.me?.person) this.seen.take(change);
      }
      taken += page.changes.length;
      if (!page.next) break;
      since = page.next;
    }
    if (this.lastEdits.size === 0) await this.#lookBack();
    this.#caughtUp = true;
  }

  /** Who edited last, when nobody has since the reader was here. */
  async #lookBack(): Promise<void> {
    const { changes } = await this.plan.changes({ since: Math.max(0, this.plan.seq - LOOK_BACK_ENTRIES), limit: 1000 });
    changes.forEach((change) => this.#edited(change));
  }

  /** Who has come, gone or moved to another place. A caret that moves within its text is news to that text alone. */
  #moved(): void {
    const where = JSON.stringify(
      this.plan.presence.others.map(({ clientId, person, name, at }) => [clientId, person, name, at]),
    );
    if (where === this.#where) return;
    this.#where = where;
    this.#tell();
  }

  #change(change: Change): void {
    this.#edited(change);
    if (change.actor !== this.plan.me?.person) this.seen.take(change);
    this.#tell();
    this.#askAfter(change.actor === this.plan.me?.person ? OWN_PAUSE_MS : Math.random() * OTHERS_PAUSE_MS);
  }

  #edited(change: Change): void {
    const { actor, party, time } = change;
    if (!actor || !party || change.type.startsWith('plansync.derived') || change.type.startsWith('plansync.person.'))
      return;
    if ((this.lastEdits.get(party)?.time ?? '') <= time) this.lastEdits.set(party, { actor, time });
  }

  /** Lights up for a while, and no longer. */
  #flash(entities: Iterable<string>): void {
    const now = Date.now();
    for (const each of entities) this.flashes.set(each, now);
    setTimeout(() => {
      for (const [each, at] of this.flashes) if (Date.now() - at >= FLASH_MS) this.flashes.delete(each);
      this.#tell();
    }, FLASH_MS + 20);
  }

  #refused(refused: Refused): void {
    const spot = [refused.entity, refused.id, refused.field].filter(Boolean).join('/');
    if (refused.code !== 'needs_consent') this.refusals.set(spot, refused.why || refused.code);
    const place = this.title(`${refused.entity}/${refused.id}`) ?? `${refused.entity}/${refused.id}`;
    if (refused.code === 'needs_consent')
      this.say('said', `${quoted(place)}: ${refused.why || 'the others have been asked to agree'}`);
    else this.say('refused', `${quoted(place)} was put back: ${refused.why || refused.code}`);
  }

  /** What an entity is called: `tasks/ca-1`. */
  title(subject: string): string | undefined {
    const [collection, id] = subject.split('/', 2) as [string, string | undefined];
    if (collection === 'meta') return this.plan.meta.title ?? 'the plan';
    if (!id) return;
    try {
      const row = this.plan.collection(collection as 'tasks').get(id, { removed: true }) as
        { title?: string; name?: string; role?: string; text?: string } | undefined;
      return row?.title ?? row?.name ?? row?.role ?? row?.text;
    } catch {
      return;
    }
  }

  #askAfter(ms: number): void {
    if (this.#closed || !this.#begun) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask(), ms);
  }

  /** One question at a time; what happened meanwhile is asked about again. */
  async #ask(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    try {
      const first = this.#stillTrue();
      const [answer, summary] = await Promise.all([
        first?.answer ?? this.plan.http.get(),
        first?.summary ?? this.plan.summary({ since: this.since, format: 'json' }),
        this.#caughtUp || this.#catchUp(),
      ]);
      if (this.#closed) return;
      const { figures, schedule } = answer ?? {};
      if (!figures?.mustMove?.items || !figures.overdue?.items || !schedule?.slip || !summary?.['standing'])
        throw STRANGE;
      this.answer = answer;
      this.summary = summary as unknown as Summary;
      this.staleFigures = false;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#asking = false;
    }
    this.#tell();
    if (this.#again) {
      this.#again = false;
      this.#askAfter(OWN_PAUSE_MS);
    }
  }

  /** The first answers, once, if nothing has happened between them and the connection. */
  #stillTrue(): FirstAnswers | undefined {
    const first = this.#first;
    this.#first = undefined;
    const { seq, lastVisitSeq } = this.plan;
    return first?.answer?.seq === seq && first.summary.since === lastVisitSeq ? first : undefined;
  }

  /** Said once, and asked again; without a connection the banner says it, and the next connection asks. */
  #failed(error: unknown): void {
    if (this.#closed) return;
    const isNews = !this.staleFigures;
    this.staleFigures = true;
    if (this.plan.status.state !== 'live') return;
    this.#askAfter(AGAIN_MS);
    // A line that is gone is about to say so itself.
    if (error instanceof PlanError && error.kind === 'unreachable') return;
    if (isNews) this.say('failed', `The server could not say how the plan stands: ${words(error)}`);
  }

  /** At once, so that whoever waits for a part to be drawn after an edit waits for this too. */
  #tell(isNews = true): void {
    if (isNews) this.news += 1;
    const { presence, people, parties } = this.plan;
    const places = [presence.others, people.all({ removed: true }), parties.all(), this.refusals.size];
    if (places.some((each, n) => each !== this.#places[n])) {
      this.#places = places;
      this.places += 1;
    }
    for (const told of [...this.#listeners]) told();
  }
}
