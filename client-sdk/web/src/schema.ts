/**
 * The schema of a plan: a type for each collection, and the table that reading, writing and checking go by.
 *
 * Made by `scripts/schema.mjs` from `protocol/golden/schema.json`; do not edit by hand.
 */

/** The value of the member `schema` of a plan's canonical JSON. */
export const SCHEMA = 'plansync.plan/1';

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
  { readonly type: 'number' | 'string' | 'json' } | { readonly type: 'enum'; readonly words: readonly string[] };

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

/** One root of a document: entities by id, or (`meta`) the fields themselves. */
export interface CollectionSchema {
  /** The name of the root and of the member in the canonical JSON. */
  readonly name: EntityName;
  /** The word for one entity, part of the type of a change. */
  readonly singular: string;
  /** What an id looks like; `none` for `meta`. */
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
export type ChangeClass =
  | 'head'
  | 'target'
  | 'people'
  | 'criteria'
  | 'structure'
  | 'detail'
  | 'owner'
  | 'date'
  | 'status'
  | 'blocker'
  | 'commitment'
  | 'risk'
  | 'calendar'
  | 'talk'
  | 'private';

/** The name of a collection, or `meta`. */
export type EntityName =
  | 'meta'
  | 'parties'
  | 'people'
  | 'stakeholders'
  | 'objectives'
  | 'criteria'
  | 'phases'
  | 'milestones'
  | 'tasks'
  | 'dependencies'
  | 'risks'
  | 'cadence'
  | 'calendar'
  | 'comments'
  | 'touchpoints'
  | 'proposals'
  | 'views'
  | 'links';

/** The name of a collection of entities with ids. */
export type CollectionName = Exclude<EntityName, 'meta'>;

/** The plan itself: what it is about, for whom, and by when. */
export interface Meta {
  /** At most 300 characters. A complete plan has it. */
  readonly title?: string;
  /** What the parties call a plan. At most 100 characters. Absent means `Mutual Action Plan`. */
  readonly planWord?: string;
  /** The buying company. At most 300 characters. A complete plan has it. */
  readonly account?: string;
  /** The deal. At most 300 characters. A complete plan has it. */
  readonly opportunity?: string;
  readonly value?: {
    /** What the deal is worth. */
    readonly amount?: number;
    /** An ISO 4217 code: `EUR`. At most 100 characters. */
    readonly currency?: string;
    /** What the amount counts. */
    readonly basis?: 'acv' | 'tcv' | 'arr' | 'one_off' | 'other' | (string & {});
  };
  readonly target?: {
    /** What the plan is to reach. */
    readonly kind?: 'close' | 'go_live' | 'other' | (string & {});
    /** The day it is to be reached; moving it needs the other side's consent. A day, `2026-02-17`. A complete plan has it. */
    readonly date?: string;
  };
  /** The day the buyer begins to use what it buys. A day, `2026-02-17`. */
  readonly goLive?: string;
  /** One executive for each party. Ids of people, sorted. A complete plan has it. */
  readonly sponsors?: readonly string[];
  /** Why the buyer does this, in 20 to 30 words. A long text that several people may type in at once. A complete plan has it. */
  readonly valueProposition?: string;
  /** At most 100 characters. */
  readonly priority?: string;
  /** How far the deal is. */
  readonly stage?:
    'draft' | 'active' | 'on_hold' | 'won' | 'lost' | 'onboarding' | 'complete' | 'archived' | (string & {});
  /** Whose days the plan's days are. An IANA time zone, `America/Los_Angeles`. A complete plan has it. */
  readonly tz?: string;
  /** Days that count as work. Where there are none, dates may fall on any day, and advice is given on weekends. Sorted. */
  readonly workingDays?: readonly ('mo' | 'tu' | 'we' | 'th' | 'fr' | 'sa' | 'su' | (string & {}))[];
  /** What is proposed for later items when one slips: the least that must move, what its slack does not take up, everything by as much, or nothing. Absent means `propose`. */
  readonly shiftMode?: 'propose' | 'consume' | 'keep_gap' | 'off' | (string & {});
  /** Whether edits that concern the other side wait for its consent (`handshake`) or hold at once (`open`). Absent means `handshake`. */
  readonly trust?: 'handshake' | 'open' | (string & {});
}

/** What may be set of it; `null` takes a field away. */
export interface MetaEdit {
  /** At most 300 characters. A complete plan has it. */
  title?: string | null;
  /** What the parties call a plan. At most 100 characters. Absent means `Mutual Action Plan`. */
  planWord?: string | null;
  /** The buying company. At most 300 characters. A complete plan has it. */
  account?: string | null;
  /** The deal. At most 300 characters. A complete plan has it. */
  opportunity?: string | null;
  value?: {
    /** What the deal is worth. */
    amount?: number | null;
    /** An ISO 4217 code: `EUR`. At most 100 characters. */
    currency?: string | null;
    /** What the amount counts. */
    basis?: 'acv' | 'tcv' | 'arr' | 'one_off' | 'other' | (string & {}) | null;
  } | null;
  target?: {
    /** What the plan is to reach. */
    kind?: 'close' | 'go_live' | 'other' | (string & {}) | null;
    /** The day it is to be reached; moving it needs the other side's consent. A day, `2026-02-17`. A complete plan has it. */
    date?: string | null;
  } | null;
  /** The day the buyer begins to use what it buys. A day, `2026-02-17`. */
  goLive?: string | null;
  /** One executive for each party. Ids of people, sorted. A complete plan has it. */
  sponsors?: readonly string[] | Readonly<Record<string, true | null>> | null;
  /** Why the buyer does this, in 20 to 30 words. A long text that several people may type in at once. A complete plan has it. */
  valueProposition?: string | null;
  /** At most 100 characters. */
  priority?: string | null;
  /** How far the deal is. */
  stage?:
    'draft' | 'active' | 'on_hold' | 'won' | 'lost' | 'onboarding' | 'complete' | 'archived' | (string & {}) | null;
  /** Whose days the plan's days are. An IANA time zone, `America/Los_Angeles`. A complete plan has it. */
  tz?: string | null;
  /** Days that count as work. Where there are none, dates may fall on any day, and advice is given on weekends. Sorted. */
  workingDays?:
    | readonly ('mo' | 'tu' | 'we' | 'th' | 'fr' | 'sa' | 'su' | (string & {}))[]
    | Readonly<Record<string, true | null>>
    | null;
  /** What is proposed for later items when one slips: the least that must move, what its slack does not take up, everything by as much, or nothing. Absent means `propose`. */
  shiftMode?: 'propose' | 'consume' | 'keep_gap' | 'off' | (string & {}) | null;
  /** Whether edits that concern the other side wait for its consent (`handshake`) or hold at once (`open`). Absent means `handshake`. */
  trust?: 'handshake' | 'open' | (string & {}) | null;
}

/** One of `parties`. The companies that agree on the plan: one buyer, one seller, any number of partners. */
export interface Party {
  /** Unique within its collection. */
  readonly id: string;
  /** A complete plan has it. */
  readonly kind?: 'buyer' | 'seller' | 'partner' | (string & {});
  /** At most 300 characters. */
  readonly name?: string;
  /** Mail domains of the company. Sorted. */
  readonly domains?: readonly string[];
  /** 1 is January. A whole number from 1 to 12. */
  readonly fiscalYearStartMonth?: number;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `parties`; `null` takes a field away. */
export interface PartyEdit {
  /** A complete plan has it. */
  kind?: 'buyer' | 'seller' | 'partner' | (string & {}) | null;
  /** At most 300 characters. */
  name?: string | null;
  /** Mail domains of the company. Sorted. */
  domains?: readonly string[] | Readonly<Record<string, true | null>> | null;
  /** 1 is January. A whole number from 1 to 12. */
  fiscalYearStartMonth?: number | null;
}

/** One of `people`. Who takes part: persons, teams that stand for one, and roles that nobody has been named for yet. */
export interface Person {
  /** Unique within its collection. */
  readonly id: string;
  /** An id of parties. A complete plan has it. */
  readonly party?: string;
  /** At most 300 characters. */
  readonly name?: string;
  /** At most 300 characters. */
  readonly email?: string;
  /** What stands on their card. At most 300 characters. */
  readonly title?: string;
  /** What they are in this plan: `IT Manager`. At most 300 characters. A complete plan has it. */
  readonly role?: string;
  /** A team that stands for a person. */
  readonly team?: boolean;
  /** A role that nobody has been named for yet. */
  readonly placeholder?: boolean;
  /** Their id in another system. At most 300 characters. */
  readonly externalRef?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `people`; `null` takes a field away. */
export interface PersonEdit {
  /** An id of parties. A complete plan has it. */
  party?: string | null;
  /** At most 300 characters. */
  name?: string | null;
  /** At most 300 characters. */
  email?: string | null;
  /** What stands on their card. At most 300 characters. */
  title?: string | null;
  /** What they are in this plan: `IT Manager`. At most 300 characters. A complete plan has it. */
  role?: string | null;
  /** A team that stands for a person. */
  team?: boolean | null;
  /** A role that nobody has been named for yet. */
  placeholder?: boolean | null;
  /** Their id in another system. At most 300 characters. */
  externalRef?: string | null;
}

/** One of `stakeholders`. What a person decides and needs; its id is the person's. */
export interface Stakeholder {
  /** Unique within its collection. */
  readonly id: string;
  /** Their part in the decision. A complete plan has it. */
  readonly decisionRole?:
    | 'economic_buyer'
    | 'technical_evaluator'
    | 'executive_sponsor'
    | 'champion'
    | 'end_user'
    | 'legal'
    | 'procurement'
    | 'security'
    | 'influencer'
    | 'approver'
    | 'other'
    | (string & {});
  /** What they need to say yes. A long text that several people may type in at once. */
  readonly needs?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `stakeholders`; `null` takes a field away. */
export interface StakeholderEdit {
  /** Their part in the decision. A complete plan has it. */
  decisionRole?:
    | 'economic_buyer'
    | 'technical_evaluator'
    | 'executive_sponsor'
    | 'champion'
    | 'end_user'
    | 'legal'
    | 'procurement'
    | 'security'
    | 'influencer'
    | 'approver'
    | 'other'
    | (string & {})
    | null;
  /** What they need to say yes. A long text that several people may type in at once. */
  needs?: string | null;
}

/** One of `objectives`. What the buyer wants to reach. */
export interface Objective {
  /** Unique within its collection. */
  readonly id: string;
  /** Where it stands among its kind; `move` sets it. */
  readonly rank?: string;
  /** A long text that several people may type in at once. */
  readonly text?: string;
  /** Written as the buyer says it. */
  readonly inBuyersWords?: boolean;
  /** A day, `2026-02-17`. */
  readonly by?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `objectives`; `null` takes a field away. */
export interface ObjectiveEdit {
  /** Where it stands among its kind; `move` sets it. */
  rank?: string | null;
  /** A long text that several people may type in at once. */
  text?: string | null;
  /** Written as the buyer says it. */
  inBuyersWords?: boolean | null;
  /** A day, `2026-02-17`. */
  by?: string | null;
}

/** One of `criteria`. What success is measured by. */
export interface Criterion {
  /** Unique within its collection. */
  readonly id: string;
  /** Where it stands among its kind; `move` sets it. */
  readonly rank?: string;
  /** Who has to agree that it is met. A complete plan has it. */
  readonly party?: 'buyer' | 'seller' | 'joint' | (string & {});
  /** At most 300 characters. A complete plan has it. */
  readonly title?: string;
  /** What is counted. At most 300 characters. */
  readonly metric?: string;
  /** At most 100 characters. */
  readonly unit?: string;
  /** Which way is better. */
  readonly direction?: 'increase' | 'decrease' | 'reach' | (string & {});
  /** Where it stood before. */
  readonly baseline?: string | number | boolean;
  /** Where it is to stand. */
  readonly target?: string | number | boolean;
  /** The day it is to stand there. A day, `2026-02-17`. */
  readonly by?: string;
  /** With which it is checked. An id of milestones. */
  readonly milestone?: string;
  /** Both sides have agreed on it: later edits are marked `afterFreeze`. */
  readonly frozen?: boolean;
  /** When it was frozen. A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly frozenAt?: string;
  /** The latest value. */
  readonly measured?: string | number | boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly measuredAt?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `criteria`; `null` takes a field away. */
export interface CriterionEdit {
  /** Where it stands among its kind; `move` sets it. */
  rank?: string | null;
  /** Who has to agree that it is met. A complete plan has it. */
  party?: 'buyer' | 'seller' | 'joint' | (string & {}) | null;
  /** At most 300 characters. A complete plan has it. */
  title?: string | null;
  /** What is counted. At most 300 characters. */
  metric?: string | null;
  /** At most 100 characters. */
  unit?: string | null;
  /** Which way is better. */
  direction?: 'increase' | 'decrease' | 'reach' | (string & {}) | null;
  /** Where it stood before. */
  baseline?: string | number | boolean | null;
  /** Where it is to stand. */
  target?: string | number | boolean | null;
  /** The day it is to stand there. A day, `2026-02-17`. */
  by?: string | null;
  /** With which it is checked. An id of milestones. */
  milestone?: string | null;
  /** Both sides have agreed on it: later edits are marked `afterFreeze`. */
  frozen?: boolean | null;
  /** The latest value. */
  measured?: string | number | boolean | null;
}

/** One of `phases`. Stretches of the plan that milestones stand in. */
export interface Phase {
  /** Unique within its collection. */
  readonly id: string;
  /** Where it stands among its kind; `move` sets it. */
  readonly rank?: string;
  /** At most 300 characters. A complete plan has it. */
  readonly name?: string;
  /** At most 100 characters. */
  readonly kind?: string;
  /** What has to hold before the next one begins. A long text that several people may type in at once. */
  readonly exitCriteria?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `phases`; `null` takes a field away. */
export interface PhaseEdit {
  /** Where it stands among its kind; `move` sets it. */
  rank?: string | null;
  /** At most 300 characters. A complete plan has it. */
  name?: string | null;
  /** At most 100 characters. */
  kind?: string | null;
  /** What has to hold before the next one begins. A long text that several people may type in at once. */
  exitCriteria?: string | null;
}

/** One of `milestones`. Points of the plan that both sides have agreed on, each with something the buyer gets. */
export interface Milestone {
  /** Unique within its collection. */
  readonly id: string;
  /** An id of phases. */
  readonly phase?: string;
  /** Where it stands among its kind; `move` sets it. */
  readonly rank?: string;
  /** At most 300 characters. A complete plan has it. */
  readonly title?: string;
  /** What the buyer has in hand when it is reached. At most 2000 characters. */
  readonly buyerGets?: string;
  /** How everybody sees that it is reached. A long text that several people may type in at once. */
  readonly doneWhen?: string;
  /** At least one person of the buyer and one of the seller. Ids of people, sorted. A complete plan has it. */
  readonly owners?: readonly string[];
  /** Days of work of a person. */
  readonly effort?: Readonly<Record<string, number>>;
  /** A day, `2026-02-17`. */
  readonly start?: string;
  /** A day, `2026-02-17`. A complete plan has it. */
  readonly due?: string;
  /** How long it takes. A whole number from 0 to 36600. */
  readonly durationDays?: number;
  /** Absent means `pending`. */
  readonly status?: 'pending' | 'in_progress' | 'blocked' | 'complete' | 'cancelled' | (string & {});
  /** Why its date or status was last changed. At most 2000 characters. */
  readonly reason?: string;
  readonly blocked?: {
    /** What stands in the way. At most 2000 characters. */
    readonly reason?: string;
    /** What would take it out of the way. At most 2000 characters. */
    readonly needs?: string;
    /** A day, `2026-02-17`. */
    readonly since?: string;
    /** Who has said so. An id of people. */
    readonly by?: string;
  };
  /** Comes after the target: the buyer gets more out of it. */
  readonly optimization?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly completedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly completedBy?: string;
  /** A long text that several people may type in at once. */
  readonly notes?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `milestones`; `null` takes a field away. */
export interface MilestoneEdit {
  /** An id of phases. */
  phase?: string | null;
  /** Where it stands among its kind; `move` sets it. */
  rank?: string | null;
  /** At most 300 characters. A complete plan has it. */
  title?: string | null;
  /** What the buyer has in hand when it is reached. At most 2000 characters. */
  buyerGets?: string | null;
  /** How everybody sees that it is reached. A long text that several people may type in at once. */
  doneWhen?: string | null;
  /** At least one person of the buyer and one of the seller. Ids of people, sorted. A complete plan has it. */
  owners?: readonly string[] | Readonly<Record<string, true | null>> | null;
  /** Days of work of a person. */
  effort?: Readonly<Record<string, number | null>> | null;
  /** A day, `2026-02-17`. */
  start?: string | null;
  /** A day, `2026-02-17`. A complete plan has it. */
  due?: string | null;
  /** How long it takes. A whole number from 0 to 36600. */
  durationDays?: number | null;
  /** Absent means `pending`. */
  status?: 'pending' | 'in_progress' | 'blocked' | 'complete' | 'cancelled' | (string & {}) | null;
  /** Why its date or status was last changed. At most 2000 characters. */
  reason?: string | null;
  blocked?: {
    /** What stands in the way. At most 2000 characters. */
    reason?: string | null;
    /** What would take it out of the way. At most 2000 characters. */
    needs?: string | null;
    /** A day, `2026-02-17`. */
    since?: string | null;
    /** Who has said so. An id of people. */
    by?: string | null;
  } | null;
  /** Comes after the target: the buyer gets more out of it. */
  optimization?: boolean | null;
  /** A long text that several people may type in at once. */
  notes?: string | null;
}

/** One of `tasks`. What somebody has to do until a milestone is reached. */
export interface Task {
  /** Unique within its collection. */
  readonly id: string;
  /** An id of milestones. */
  readonly milestone?: string;
  /** The task that it is a step of. An id of tasks. */
  readonly parent?: string;
  /** Where it stands among its kind; `move` sets it. */
  readonly rank?: string;
  /** At most 300 characters. A complete plan has it. */
  readonly title?: string;
  /** Absent means `task`. */
  readonly kind?: 'task' | 'call' | 'meeting' | 'approval' | 'document' | 'checkpoint' | (string & {});
  /** Whose task it is: a party, or `joint`. An id of parties. A complete plan has it. */
  readonly party?: string;
  /** Ids of people, sorted. A complete plan has it. */
  readonly owners?: readonly string[];
  /** A day, `2026-02-17`. */
  readonly start?: string;
  /** A day, `2026-02-17`. A complete plan has it. */
  readonly due?: string;
  /** How long it takes. A whole number from 0 to 36600. */
  readonly durationDays?: number;
  /** Absent means `pending`. */
  readonly status?: 'pending' | 'in_progress' | 'blocked' | 'complete' | 'cancelled' | (string & {});
  /** Who has to act before it can go on. An id of parties. */
  readonly waitingOn?: string;
  readonly blocked?: {
    /** What stands in the way. At most 2000 characters. */
    readonly reason?: string;
    /** What would take it out of the way. At most 2000 characters. */
    readonly needs?: string;
    /** A day, `2026-02-17`. */
    readonly since?: string;
    /** Who has said so. An id of people. */
    readonly by?: string;
  };
  readonly commitment?: {
    /** Whether its date has been promised; a new date asks again. */
    readonly state?: 'proposed' | 'accepted' | 'declined' | 'countered' | (string & {});
    /** The date that is promised, or offered instead. A day, `2026-02-17`. */
    readonly due?: string;
    /** An id of people. Stamped by the server. */
    readonly by?: string;
    /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
    readonly at?: string;
  };
  /** Why its date or status was last changed. At most 2000 characters. */
  readonly reason?: string;
  /** Where one can see that it is done: an address. At most 2000 characters. */
  readonly evidence?: string;
  /** What helps to do it: links and documents. A long text that several people may type in at once. */
  readonly resources?: string;
  /** A long text that several people may type in at once. */
  readonly notes?: string;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly completedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly completedBy?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `tasks`; `null` takes a field away. */
export interface TaskEdit {
  /** An id of milestones. */
  milestone?: string | null;
  /** The task that it is a step of. An id of tasks. */
  parent?: string | null;
  /** Where it stands among its kind; `move` sets it. */
  rank?: string | null;
  /** At most 300 characters. A complete plan has it. */
  title?: string | null;
  /** Absent means `task`. */
  kind?: 'task' | 'call' | 'meeting' | 'approval' | 'document' | 'checkpoint' | (string & {}) | null;
  /** Whose task it is: a party, or `joint`. An id of parties. A complete plan has it. */
  party?: string | null;
  /** Ids of people, sorted. A complete plan has it. */
  owners?: readonly string[] | Readonly<Record<string, true | null>> | null;
  /** A day, `2026-02-17`. */
  start?: string | null;
  /** A day, `2026-02-17`. A complete plan has it. */
  due?: string | null;
  /** How long it takes. A whole number from 0 to 36600. */
  durationDays?: number | null;
  /** Absent means `pending`. */
  status?: 'pending' | 'in_progress' | 'blocked' | 'complete' | 'cancelled' | (string & {}) | null;
  /** Who has to act before it can go on. An id of parties. */
  waitingOn?: string | null;
  blocked?: {
    /** What stands in the way. At most 2000 characters. */
    reason?: string | null;
    /** What would take it out of the way. At most 2000 characters. */
    needs?: string | null;
    /** A day, `2026-02-17`. */
    since?: string | null;
    /** Who has said so. An id of people. */
    by?: string | null;
  } | null;
  commitment?: {
    /** Whether its date has been promised; a new date asks again. */
    state?: 'proposed' | 'accepted' | 'declined' | 'countered' | (string & {}) | null;
    /** The date that is promised, or offered instead. A day, `2026-02-17`. */
    due?: string | null;
  } | null;
  /** Why its date or status was last changed. At most 2000 characters. */
  reason?: string | null;
  /** Where one can see that it is done: an address. At most 2000 characters. */
  evidence?: string | null;
  /** What helps to do it: links and documents. A long text that several people may type in at once. */
  resources?: string | null;
  /** A long text that several people may type in at once. */
  notes?: string | null;
}

/** One of `dependencies`. What has to come before what; its id is `from>to`. Hard ones that would close a circle are refused. */
export interface Dependency {
  /** Unique within its collection. */
  readonly id: string;
  /** What comes first. An id of milestones or tasks. A complete plan has it. */
  readonly from?: string;
  /** What comes after it. An id of milestones or tasks. A complete plan has it. */
  readonly to?: string;
  /** Which end of the first holds which end of the second: finish to start, start to start, finish to finish, start to finish. Absent means `FS`. */
  readonly type?: 'FS' | 'SS' | 'FF' | 'SF' | (string & {});
  /** A soft one is shown and may drive the target, but moves nothing. Absent means `hard`. */
  readonly strength?: 'hard' | 'soft' | (string & {});
  /** Calendar days between them, at least. A whole number from 0 to 36600. Absent means `0`. */
  readonly minGapDays?: number;
  /** At most 2000 characters. */
  readonly note?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `dependencies`; `null` takes a field away. */
export interface DependencyEdit {
  /** What comes first. An id of milestones or tasks. A complete plan has it. */
  from?: string | null;
  /** What comes after it. An id of milestones or tasks. A complete plan has it. */
  to?: string | null;
  /** Which end of the first holds which end of the second: finish to start, start to start, finish to finish, start to finish. Absent means `FS`. */
  type?: 'FS' | 'SS' | 'FF' | 'SF' | (string & {}) | null;
  /** A soft one is shown and may drive the target, but moves nothing. Absent means `hard`. */
  strength?: 'hard' | 'soft' | (string & {}) | null;
  /** Calendar days between them, at least. A whole number from 0 to 36600. Absent means `0`. */
  minGapDays?: number | null;
  /** At most 2000 characters. */
  note?: string | null;
}

/** One of `risks`. What may go wrong or stands in the way, and what is done about it. */
export interface Risk {
  /** Unique within its collection. */
  readonly id: string;
  /** Where it stands among its kind; `move` sets it. */
  readonly rank?: string;
  /** At most 300 characters. A complete plan has it. */
  readonly title?: string;
  /** Absent means `risk`. */
  readonly kind?: 'risk' | 'blocker' | (string & {});
  /** A complete plan has it. */
  readonly probability?: 'low' | 'medium' | 'high' | (string & {});
  /** A complete plan has it. */
  readonly impact?: 'low' | 'medium' | 'high' | (string & {});
  /** What is done so that it does not happen. A long text that several people may type in at once. A complete plan has it. */
  readonly mitigation?: string;
  /** What is done when it happens. A long text that several people may type in at once. */
  readonly contingency?: string;
  /** An id of parties. */
  readonly party?: string;
  /** Ids of people, sorted. A complete plan has it. */
  readonly owners?: readonly string[];
  /** Milestones and tasks that it threatens. Ids of milestones or tasks, sorted. */
  readonly linked?: readonly string[];
  /** Absent means `open`. */
  readonly state?: 'open' | 'mitigating' | 'accepted' | 'closed' | 'happened' | (string & {});
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly raisedAt?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `risks`; `null` takes a field away. */
export interface RiskEdit {
  /** Where it stands among its kind; `move` sets it. */
  rank?: string | null;
  /** At most 300 characters. A complete plan has it. */
  title?: string | null;
  /** Absent means `risk`. */
  kind?: 'risk' | 'blocker' | (string & {}) | null;
  /** A complete plan has it. */
  probability?: 'low' | 'medium' | 'high' | (string & {}) | null;
  /** A complete plan has it. */
  impact?: 'low' | 'medium' | 'high' | (string & {}) | null;
  /** What is done so that it does not happen. A long text that several people may type in at once. A complete plan has it. */
  mitigation?: string | null;
  /** What is done when it happens. A long text that several people may type in at once. */
  contingency?: string | null;
  /** An id of parties. */
  party?: string | null;
  /** Ids of people, sorted. A complete plan has it. */
  owners?: readonly string[] | Readonly<Record<string, true | null>> | null;
  /** Milestones and tasks that it threatens. Ids of milestones or tasks, sorted. */
  linked?: readonly string[] | Readonly<Record<string, true | null>> | null;
  /** Absent means `open`. */
  state?: 'open' | 'mitigating' | 'accepted' | 'closed' | 'happened' | (string & {}) | null;
}

/** One of `cadence`. When the parties meet or tell each other how it goes. */
export interface Cadence {
  /** Unique within its collection. */
  readonly id: string;
  readonly kind?:
    'review_call' | 'milestone_checkin' | 'blocker_escalation' | 'executive_update' | 'other' | (string & {});
  /** At most 300 characters. A complete plan has it. */
  readonly title?: string;
  /** When it comes back, as of RFC 5545: `FREQ=WEEKLY;BYDAY=TU`. At most 300 characters. */
  readonly rrule?: string;
  /** A time of day, `10:00`. */
  readonly time?: string;
  /** An IANA time zone, `America/Los_Angeles`. */
  readonly tz?: string;
  /** How soon after what calls for it. A whole number from 0 to 36600. */
  readonly withinDays?: number;
  /** How soon after what calls for it. A whole number from 0 to 36600. */
  readonly withinHours?: number;
  /** Who takes part or is told. Ids of people, sorted. */
  readonly audience?: readonly string[];
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `cadence`; `null` takes a field away. */
export interface CadenceEdit {
  kind?:
    'review_call' | 'milestone_checkin' | 'blocker_escalation' | 'executive_update' | 'other' | (string & {}) | null;
  /** At most 300 characters. A complete plan has it. */
  title?: string | null;
  /** When it comes back, as of RFC 5545: `FREQ=WEEKLY;BYDAY=TU`. At most 300 characters. */
  rrule?: string | null;
  /** A time of day, `10:00`. */
  time?: string | null;
  /** An IANA time zone, `America/Los_Angeles`. */
  tz?: string | null;
  /** How soon after what calls for it. A whole number from 0 to 36600. */
  withinDays?: number | null;
  /** How soon after what calls for it. A whole number from 0 to 36600. */
  withinHours?: number | null;
  /** Who takes part or is told. Ids of people, sorted. */
  audience?: readonly string[] | Readonly<Record<string, true | null>> | null;
}

/** One of `calendar`. Days that a party cannot be reached, or that are decided elsewhere. */
export interface CalendarWindow {
  /** Unique within its collection. */
  readonly id: string;
  readonly kind?: 'blackout' | 'customer_event' | 'fiscal_boundary' | 'budget_window' | 'unavailable' | (string & {});
  /** An id of parties. A complete plan has it. */
  readonly party?: string;
  /** At most 300 characters. A complete plan has it. */
  readonly title?: string;
  /** A day, `2026-02-17`. A complete plan has it. */
  readonly from?: string;
  /** A day, `2026-02-17`. A complete plan has it. */
  readonly to?: string;
  /** Nothing can be due then; otherwise it is a warning. */
  readonly hard?: boolean;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `calendar`; `null` takes a field away. */
export interface CalendarWindowEdit {
  kind?: 'blackout' | 'customer_event' | 'fiscal_boundary' | 'budget_window' | 'unavailable' | (string & {}) | null;
  /** An id of parties. A complete plan has it. */
  party?: string | null;
  /** At most 300 characters. A complete plan has it. */
  title?: string | null;
  /** A day, `2026-02-17`. A complete plan has it. */
  from?: string | null;
  /** A day, `2026-02-17`. A complete plan has it. */
  to?: string | null;
  /** Nothing can be due then; otherwise it is a warning. */
  hard?: boolean | null;
}

/** One of `comments`. What people say about an item. */
export interface Comment {
  /** Unique within its collection. */
  readonly id: string;
  /** The id of what it is about. An id of milestones or tasks or risks or criteria or objectives or phases or dependencies or calendar or proposals. A complete plan has it. */
  readonly on?: string;
  /** A long text that several people may type in at once. A complete plan has it. */
  readonly text?: string;
  /** Ids of people, sorted. */
  readonly mentions?: readonly string[];
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly at?: string;
  /** An id of people. Stamped by the server. */
  readonly by?: string;
  /** Since when it is settled. A UTC instant, `2026-02-17T18:21:07.113Z`. */
  readonly resolvedAt?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `comments`; `null` takes a field away. */
export interface CommentEdit {
  /** The id of what it is about. An id of milestones or tasks or risks or criteria or objectives or phases or dependencies or calendar or proposals. A complete plan has it. */
  on?: string | null;
  /** A long text that several people may type in at once. A complete plan has it. */
  text?: string | null;
  /** Ids of people, sorted. */
  mentions?: readonly string[] | Readonly<Record<string, true | null>> | null;
  /** Since when it is settled. A UTC instant, `2026-02-17T18:21:07.113Z`. */
  resolvedAt?: string | null;
}

/** One of `touchpoints`. Calls and meetings, from which summaries count. */
export interface Touchpoint {
  /** Unique within its collection. */
  readonly id: string;
  readonly kind?: 'call' | 'meeting' | 'email' | 'async' | (string & {});
  /** At most 300 characters. */
  readonly title?: string;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly startedAt?: string;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly endedAt?: string;
  /** Ids of people, sorted. */
  readonly attendees?: readonly string[];
  /** The last entry of the log when it began. A whole number. Stamped by the server. */
  readonly baselineSeq?: number;
  /** The last entry of the log when it ended. A whole number. Stamped by the server. */
  readonly closedSeq?: number;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** One of `proposals`. Edits that wait for the consent of others. The server opens them from edits that need it; people may too. */
export interface Proposal {
  /** Unique within its collection. */
  readonly id: string;
  /** `entity/id/field` to `{old, new}`. */
  readonly items?: Readonly<Record<string, unknown>>;
  /** At most 2000 characters. */
  readonly reason?: string;
  /** An id of people. Stamped by the server. */
  readonly by?: string;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly at?: string;
  /** A party to its answer. */
  readonly answers?: Readonly<Record<string, 'pending' | 'accepted' | 'declined' | (string & {})>>;
  /** Absent means `open`. */
  readonly state?: 'open' | 'accepted' | 'declined' | 'withdrawn' | 'expired' | (string & {});
  /** Who has asked and who has accepted. Ids of people, sorted. Stamped by the server. */
  readonly agreedBy?: readonly string[];
  /** When the last answer came. A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly decidedAt?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `proposals`; `null` takes a field away. */
export interface ProposalEdit {
  /** `entity/id/field` to `{old, new}`. */
  items?: Readonly<Record<string, unknown | null>> | null;
  /** At most 2000 characters. */
  reason?: string | null;
  /** A party to its answer. */
  answers?: Readonly<Record<string, 'pending' | 'accepted' | 'declined' | (string & {}) | null>> | null;
  /** Absent means `open`. */
  state?: 'open' | 'accepted' | 'declined' | 'withdrawn' | 'expired' | (string & {}) | null;
}

/** One of `views`. How a party sees a person; its id is the person's. */
export interface View {
  /** Unique within its collection. */
  readonly id: string;
  /** Where they stand. */
  readonly stance?: 'champion' | 'supporter' | 'neutral' | 'sceptic' | 'opponent' | 'unknown' | (string & {});
  /** 5 is the most. A whole number from 1 to 5. */
  readonly influence?: number;
  /** A long text that several people may type in at once. */
  readonly note?: string;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `views`; `null` takes a field away. */
export interface ViewEdit {
  /** Where they stand. */
  stance?: 'champion' | 'supporter' | 'neutral' | 'sceptic' | 'opponent' | 'unknown' | (string & {}) | null;
  /** 5 is the most. A whole number from 1 to 5. */
  influence?: number | null;
  /** A long text that several people may type in at once. */
  note?: string | null;
}

/** One of `links`. What a plan is in another system of the party, such as its CRM. */
export interface Link {
  /** Unique within its collection. */
  readonly id: string;
  /** `salesforce`, `hubspot`. At most 100 characters. */
  readonly system?: string;
  /** The id there. At most 300 characters. */
  readonly objectId?: string;
  /** At most 2000 characters. */
  readonly url?: string;
  /** A field of the plan to the field there. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly removed?: boolean;
  /** A UTC instant, `2026-02-17T18:21:07.113Z`. Stamped by the server. */
  readonly removedAt?: string;
  /** An id of people. Stamped by the server. */
  readonly removedBy?: string;
}

/** What may be set of one of `links`; `null` takes a field away. */
export interface LinkEdit {
  /** `salesforce`, `hubspot`. At most 100 characters. */
  system?: string | null;
  /** The id there. At most 300 characters. */
  objectId?: string | null;
  /** At most 2000 characters. */
  url?: string | null;
  /** A field of the plan to the field there. */
  fields?: Readonly<Record<string, string | null>> | null;
}

/** Each collection's entity, as it is read. */
export interface Entities {
  parties: Party;
  people: Person;
  stakeholders: Stakeholder;
  objectives: Objective;
  criteria: Criterion;
  phases: Phase;
  milestones: Milestone;
  tasks: Task;
  dependencies: Dependency;
  risks: Risk;
  cadence: Cadence;
  calendar: CalendarWindow;
  comments: Comment;
  touchpoints: Touchpoint;
  proposals: Proposal;
  views: View;
  links: Link;
}

/** Each collection's fields, as they are written. `touchpoints`: only by the server. */
export interface EntityEdits {
  parties: PartyEdit;
  people: PersonEdit;
  stakeholders: StakeholderEdit;
  objectives: ObjectiveEdit;
  criteria: CriterionEdit;
  phases: PhaseEdit;
  milestones: MilestoneEdit;
  tasks: TaskEdit;
  dependencies: DependencyEdit;
  risks: RiskEdit;
  cadence: CadenceEdit;
  calendar: CalendarWindowEdit;
  comments: CommentEdit;
  proposals: ProposalEdit;
  views: ViewEdit;
  links: LinkEdit;
}

/** The canonical JSON of a plan. */
export interface PlanJson {
  readonly schema: string;
  readonly meta?: Meta;
  readonly parties?: readonly Party[];
  readonly people?: readonly Person[];
  readonly stakeholders?: readonly Stakeholder[];
  readonly objectives?: readonly Objective[];
  readonly criteria?: readonly Criterion[];
  readonly phases?: readonly Phase[];
  readonly milestones?: readonly Milestone[];
  readonly tasks?: readonly Task[];
  readonly dependencies?: readonly Dependency[];
  readonly risks?: readonly Risk[];
  readonly cadence?: readonly Cadence[];
  readonly calendar?: readonly CalendarWindow[];
  readonly comments?: readonly Comment[];
  readonly touchpoints?: readonly Touchpoint[];
  readonly proposals?: readonly Proposal[];
  readonly views?: readonly View[];
  readonly links?: readonly Link[];
}

/** Bounds of the plan, as the server holds them. */
export const LIMITS = {
  nameBytes: 128,
  edgeIdBytes: 257,
  flatKeyBytes: 771,
  shortTextChars: 2000,
  longTextChars: 20000,
  labelChars: 100,
  rankChars: 200,
  fields: 512,
  valueDepth: 16,
} as const;

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
export const REMOVAL: readonly Field[] = [
  field('removed', 'structure', 'bool'),
  field('removedAt', 'structure', 'instant', stamped),
  field('removedBy', 'structure', id('people'), stamped),
];

/** Every collection, in the order of the canonical JSON. */
export const COLLECTIONS: readonly CollectionSchema[] = [
  collection('meta', 'plan', 'none', 1, 'shared', [false, true], 'head', [
    field('title', 'head', string(300), required),
    field('planWord', 'head', string(100), or('Mutual Action Plan')),
    field('account', 'head', string(300), required),
    field('opportunity', 'head', string(300), required),
    field('value.amount', 'head', 'number'),
    field('value.currency', 'head', string(100)),
    field('value.basis', 'head', words('acv tcv arr one_off other')),
    field('target.kind', 'target', words('close go_live other')),
    field('target.date', 'target', 'date', required),
    field('goLive', 'head', 'date'),
    field('sponsors', 'head', set(id('people')), required),
    field('valueProposition', 'head', 'text', required),
    field('priority', 'head', string(100)),
    field('stage', 'head', words('draft active on_hold won lost onboarding complete archived')),
    field('tz', 'head', 'timeZone', required),
    field('workingDays', 'head', set(words('mo tu we th fr sa su'))),
    field('shiftMode', 'head', words('propose consume keep_gap off'), or('propose')),
    field('trust', 'head', words('handshake open'), or('handshake')),
  ]),
  collection('parties', 'party', 'party', 8, 'shared', [false, true], 'people', [
    field('kind', 'people', words('buyer seller partner'), required),
    field('name', 'people', string(300)),
    field('domains', 'people', set({ type: 'name' })),
    field('fiscalYearStartMonth', 'people', integer(1, 12)),
  ]),
  collection('people', 'person', 'name', 200, 'shared', [false, true], 'people', [
    field('party', 'people', id('parties'), required),
    field('name', 'people', string(300)),
    field('email', 'people', string(300)),
    field('title', 'people', string(300)),
    field('role', 'people', string(300), required),
    field('team', 'people', 'bool'),
    field('placeholder', 'people', 'bool'),
    field('externalRef', 'people', string(300)),
  ]),
  collection('stakeholders', 'stakeholder', 'name', 200, 'shared', [false, true], 'people', [
    field(
      'decisionRole',
      'people',
      words(
        'economic_buyer technical_evaluator executive_sponsor champion end_user legal procurement security influencer approver other',
      ),
      required,
    ),
    field('needs', 'people', 'text'),
  ]),
  collection('objectives', 'objective', 'name', 60, 'shared', [false, true], 'criteria', [
    field('rank', 'structure', 'rank'),
    field('text', 'criteria', 'text'),
    field('inBuyersWords', 'criteria', 'bool'),
    field('by', 'criteria', 'date'),
  ]),
  collection('criteria', 'criterion', 'name', 60, 'both', [false, true], 'criteria', [
    field('rank', 'structure', 'rank'),
    field('party', 'criteria', words('buyer seller joint'), required),
    field('title', 'criteria', string(300), required),
    field('metric', 'criteria', string(300)),
    field('unit', 'criteria', string(100)),
    field('direction', 'criteria', words('increase decrease reach')),
    field('baseline', 'criteria', 'any'),
    field('target', 'criteria', 'any'),
    field('by', 'criteria', 'date'),
    field('milestone', 'criteria', id('milestones')),
    field('frozen', 'criteria', 'bool'),
    field('frozenAt', 'criteria', 'instant', stamped),
    field('measured', 'criteria', 'any'),
    field('measuredAt', 'criteria', 'instant', stamped),
  ]),
  collection('phases', 'phase', 'name', 60, 'shared', [false, true], 'structure', [
    field('rank', 'structure', 'rank'),
    field('name', 'structure', string(300), required),
    field('kind', 'structure', string(100)),
    field('exitCriteria', 'detail', 'text'),
  ]),
  collection('milestones', 'milestone', 'name', 60, 'shared', [false, true], 'structure', [
    field('phase', 'structure', id('phases')),
    field('rank', 'structure', 'rank'),
    field('title', 'detail', string(300), required),
    field('buyerGets', 'detail', string(2000)),
    field('doneWhen', 'detail', 'text'),
    field('owners', 'owner', set(id('people')), required),
    field('effort', 'owner', map({ type: 'number' })),
    field('start', 'date', 'date'),
    field('due', 'date', 'date', required),
    field('durationDays', 'date', integer(0, 36600)),
    field('status', 'status', words('pending in_progress blocked complete cancelled'), or('pending')),
    field('reason', 'detail', string(2000)),
    field('blocked.reason', 'blocker', string(2000)),
    field('blocked.needs', 'blocker', string(2000)),
    field('blocked.since', 'blocker', 'date'),
    field('blocked.by', 'blocker', id('people')),
    field('optimization', 'detail', 'bool'),
    field('completedAt', 'status', 'instant', stamped),
    field('completedBy', 'status', id('people'), stamped),
    field('notes', 'detail', 'text'),
  ]),
  collection('tasks', 'task', 'name', 1000, 'both', [false, true], 'structure', [
    field('milestone', 'structure', id('milestones')),
    field('parent', 'structure', id('tasks')),
    field('rank', 'structure', 'rank'),
    field('title', 'detail', string(300), required),
    field('kind', 'detail', words('task call meeting approval document checkpoint'), or('task')),
    field('party', 'owner', id('parties'), required),
    field('owners', 'owner', set(id('people')), required),
    field('start', 'date', 'date'),
    field('due', 'date', 'date', required),
    field('durationDays', 'date', integer(0, 36600)),
    field('status', 'status', words('pending in_progress blocked complete cancelled'), or('pending')),
    field('waitingOn', 'status', id('parties')),
    field('blocked.reason', 'blocker', string(2000)),
    field('blocked.needs', 'blocker', string(2000)),
    field('blocked.since', 'blocker', 'date'),
    field('blocked.by', 'blocker', id('people')),
    field('commitment.state', 'commitment', words('proposed accepted declined countered')),
    field('commitment.due', 'commitment', 'date'),
    field('commitment.by', 'commitment', id('people'), stamped),
    field('commitment.at', 'commitment', 'instant', stamped),
    field('reason', 'detail', string(2000)),
    field('evidence', 'detail', string(2000)),
    field('resources', 'detail', 'text'),
    field('notes', 'detail', 'text'),
    field('completedAt', 'status', 'instant', stamped),
    field('completedBy', 'status', id('people'), stamped),
  ]),
  collection('dependencies', 'dependency', 'edge', 2000, 'shared', [false, true], 'structure', [
    field('from', 'structure', id('milestones tasks'), required),
    field('to', 'structure', id('milestones tasks'), required),
    field('type', 'structure', words('FS SS FF SF'), or('FS')),
    field('strength', 'structure', words('hard soft'), or('hard')),
    field('minGapDays', 'structure', integer(0, 36600), or('0')),
    field('note', 'detail', string(2000)),
  ]),
  collection('risks', 'risk', 'name', 200, 'both', [false, true], 'risk', [
    field('rank', 'structure', 'rank'),
    field('title', 'risk', string(300), required),
    field('kind', 'risk', words('risk blocker'), or('risk')),
    field('probability', 'risk', words('low medium high'), required),
    field('impact', 'risk', words('low medium high'), required),
    field('mitigation', 'risk', 'text', required),
    field('contingency', 'risk', 'text'),
    field('party', 'risk', id('parties')),
    field('owners', 'risk', set(id('people')), required),
    field('linked', 'risk', set(id('milestones tasks'))),
    field('state', 'risk', words('open mitigating accepted closed happened'), or('open')),
    field('raisedAt', 'risk', 'instant', stamped),
  ]),
  collection('cadence', 'cadence', 'name', 50, 'shared', [false, true], 'calendar', [
    field('kind', 'calendar', words('review_call milestone_checkin blocker_escalation executive_update other')),
    field('title', 'calendar', string(300), required),
    field('rrule', 'calendar', string(300)),
    field('time', 'calendar', 'time'),
    field('tz', 'calendar', 'timeZone'),
    field('withinDays', 'calendar', integer(0, 36600)),
    field('withinHours', 'calendar', integer(0, 36600)),
    field('audience', 'calendar', set(id('people'))),
  ]),
  collection('calendar', 'window', 'name', 500, 'shared', [false, true], 'calendar', [
    field('kind', 'calendar', words('blackout customer_event fiscal_boundary budget_window unavailable')),
    field('party', 'calendar', id('parties'), required),
    field('title', 'calendar', string(300), required),
    field('from', 'calendar', 'date', required),
    field('to', 'calendar', 'date', required),
    field('hard', 'calendar', 'bool'),
  ]),
  collection('comments', 'comment', 'name', 5000, 'both', [false, false], 'talk', [
    field(
      'on',
      'talk',
      id('milestones tasks risks criteria objectives phases dependencies calendar proposals'),
      required,
    ),
    field('text', 'talk', 'text', required),
    field('mentions', 'talk', set(id('people'))),
    field('at', 'talk', 'instant', stamped),
    field('by', 'talk', id('people'), stamped),
    field('resolvedAt', 'talk', 'instant'),
  ]),
  collection('touchpoints', 'touchpoint', 'name', 500, 'shared', [true, false], 'talk', [
    field('kind', 'talk', words('call meeting email async')),
    field('title', 'talk', string(300)),
    field('startedAt', 'talk', 'instant', stamped),
    field('endedAt', 'talk', 'instant', stamped),
    field('attendees', 'talk', set(id('people'))),
    field('baselineSeq', 'talk', integer(0, 9007199254740991), stamped),
    field('closedSeq', 'talk', integer(0, 9007199254740991), stamped),
  ]),
  collection('proposals', 'proposal', 'name', 1000, 'shared', [false, false], 'commitment', [
    field('items', 'commitment', map({ type: 'json' })),
    field('reason', 'commitment', string(2000)),
    field('by', 'commitment', id('people'), stamped),
    field('at', 'commitment', 'instant', stamped),
    field('answers', 'commitment', map(words('pending accepted declined'))),
    field('state', 'commitment', words('open accepted declined withdrawn expired'), or('open')),
    field('agreedBy', 'commitment', set(id('people')), stamped),
    field('decidedAt', 'commitment', 'instant', stamped),
  ]),
  collection('views', 'view', 'name', 200, 'private', [false, false], 'private', [
    field('stance', 'private', words('champion supporter neutral sceptic opponent unknown')),
    field('influence', 'private', integer(1, 5)),
    field('note', 'private', 'text'),
  ]),
  collection('links', 'link', 'name', 2000, 'private', [false, false], 'private', [
    field('system', 'private', string(100)),
    field('objectId', 'private', string(300)),
    field('url', 'private', string(2000)),
    field('fields', 'private', map({ type: 'string' })),
  ]),
];
