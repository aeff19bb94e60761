/**
 * The schedule of a plan, worked out here: when each item will be done, what has to move, what drives the target, and
 * what else moves when one item does.
 *
 * In: a plan's canonical JSON and the day it is. Out: the same values as the server's (`protocol/src/plan/schedule`);
 * `protocol/golden/schedule.json` holds both to it. What is always true: nothing is written and nothing is asked, so a
 * preview follows the hand; every open item has a finish, also where items wait for each other in a circle.
 */

import { LAST_DAY, FIRST_DAY, dayIn, dayNumber, dayOf } from './day.js';
import type { Schedule } from './http.js';
import { compareText } from './rank.js';
import type { Milestone, PlanJson, Task } from './schema.js';

/** An item with a new day. */
export interface Moved {
  readonly id: string;
  /** The day it is due. */
  readonly from: string;
  /** The day it would be. */
  readonly to: string;
  /** The days between both; negative for an earlier day. */
  readonly days: number;
}

/** What follows from moving the due day of one item. */
export interface Shift {
  /** The item that moves. It stands in neither list. */
  readonly moved: string;
  /** Items whose hard dependencies push them past their due day, and further than before, by day. */
  readonly must: readonly Moved[];
  /** Open items behind it over hard and soft dependencies, if today's gaps are kept, by day. */
  readonly keepGap: readonly Moved[];
}

/** The schedule of a plan on a day. */
export function schedule(plan: PlanJson, asOf: string): Schedule {
  const graph = new Graph(plan);
  const order = new Order(graph);
  const finishes = finishesOf(graph, order, new WorkDays(plan, graph.parties), dayNumber(asOf) ?? 0);
  const { nodes } = graph;
  const id = (at: number) => nodes[at]!.id;
  const finish: [string, string][] = [];
  const slip: [string, number][] = [];
  nodes.forEach((node, at) => {
    const day = finishes[at];
    if (day === undefined) return;
    finish.push([node.id, dayOf(day)]);
    if (node.due !== undefined && day > node.due && !node.isComplete) slip.push([node.id, day - node.due]);
  });

  const slack: [string, number][] = [];
  const critical = new Set<string>();
  let drivingPath: string[] = [];
  let targetSlip = 0;
  const date = dayNumber(plan.meta?.target?.date);
  const target = date === undefined ? undefined : targetItem(graph, date);
  if (date !== undefined && target !== undefined) {
    const day = finishes[target];
    targetSlip = day === undefined ? 0 : Math.max(0, day - date);
    const path = drivingPathTo(graph, target);
    for (const at of path) if (!nodes[at]!.isComplete) critical.add(id(at));
    drivingPath = path.map(id);
    latestOf(graph, order, target, date).forEach((latest, at) => {
      const done = finishes[at];
      if (latest === undefined || done === undefined) return;
      slack.push([id(at), latest - done]);
      if (latest - done <= 0) critical.add(id(at));
    });
  }
  return {
    finish: Object.fromEntries(finish),
    slip: Object.fromEntries(slip),
    ...(target === undefined ? {} : { targetItem: id(target) }),
    targetSlip,
    drivingPath,
    slack: Object.fromEntries(slack),
    critical: [...critical].sort(compareText),
    cycle: order.circle().map(id),
  };
}

/**
 * What follows from moving the due day of an item by some days, later or (negative) earlier. An item without due day, and
 * one that the plan does not hold, moves nothing.
 */
export function shift(plan: PlanJson, asOf: string, item: string, days: number): Shift {
  const graph = new Graph(plan);
  const moved = graph.find(item);
  const node = moved === undefined ? undefined : graph.nodes[moved];
  if (moved === undefined || node?.due === undefined) return { moved: item, must: [], keepGap: [] };
  const order = new Order(graph);
  const work = new WorkDays(plan, graph.parties);
  const today = dayNumber(asOf) ?? 0;
  const before = finishesOf(graph, order, work, today);
  const keepGap = behind(graph, moved, days);
  node.due = Math.min(Math.max(node.due + days, FIRST_DAY), LAST_DAY);
  const after = finishesOf(graph, order, work, today);

  const must: Moved[] = [];
  graph.nodes.forEach(({ id, due, isComplete }, at) => {
    const [was, is] = [before[at], after[at]];
    if (at === moved || isComplete || due === undefined || was === undefined || is === undefined) return;
    if (is > was && is > due) must.push(movedTo(id, due, is));
  });
  return { moved: item, must: must.sort(byDay), keepGap };
}

function movedTo(id: string, from: number, to: number): Moved {
  return { id, from: dayOf(from), to: dayOf(to), days: to - from };
}

function byDay(one: Moved, other: Moved): number {
  return compareText(one.from, other.from) || compareText(one.id, other.id);
}

/** The open items that can be reached from one over open items, each moved by the same days. */
function behind(graph: Graph, from: number, days: number): Moved[] {
  const seen = new Set([from]);
  const queue = [from];
  const moved: Moved[] = [];
  for (const at of queue) {
    for (const edge of graph.out[at]!) {
      const node = graph.nodes[edge.to]!;
      // What is done stays where it is, and holds what is behind it.
      if (node.isComplete || seen.has(edge.to)) continue;
      seen.add(edge.to);
      queue.push(edge.to);
      if (node.due !== undefined) moved.push(movedTo(node.id, node.due, node.due + days));
    }
  }
  return moved.sort(byDay);
}

// --- From today on -----------------------------------------------------------------------------------------------

/**
 * The projected finish of every node. A complete item: the day it was done. An open one: its due day, today if that is
 * past or not stated, and what its hard predecessors leave it; if it has to move, the next day that its parties work on.
 */
function finishesOf(graph: Graph, order: Order, work: WorkDays, today: number): (number | undefined)[] {
  const finishes: (number | undefined)[] = graph.nodes.map(() => undefined);
  for (const at of order.nodes) {
    const node = graph.nodes[at]!;
    if (node.isComplete) {
      // What is complete on a day was done by then, whenever somebody said so.
      finishes[at] = node.isStamped && node.done !== undefined ? Math.min(node.done, today) : node.done;
      continue;
    }
    let earliest = today;
    for (const edge of graph.into[at]!) {
      const finish = finishes[edge.from];
      if (finish === undefined || !order.binds(edge) || graph.isMet(edge)) continue;
      earliest = Math.max(earliest, graph.bound(edge, finish));
    }
    finishes[at] = node.due !== undefined && earliest <= node.due ? node.due : work.onOrAfter(earliest, node.parties);
  }
  return finishes;
}

// --- Back from the target ----------------------------------------------------------------------------------------

/** The milestone due on the target date, else the last one due before it; of several the last in the plan's order. */
function targetItem(graph: Graph, target: number): number | undefined {
  let found: number | undefined;
  graph.nodes.forEach((node, at) => {
    if (!node.isMilestone || node.due === undefined || node.due > target) return;
    const best = found === undefined ? undefined : graph.nodes[found]!;
    if (!best || node.due > best.due! || (node.due === best.due && node.place > best.place)) found = at;
  });
  return found;
}

/** At each item the predecessor, hard or soft, whose due day and gap reach furthest; of equal ones the first by id. */
function drivingPathTo(graph: Graph, target: number): number[] {
  const path = [target];
  const onPath = new Set(path);
  for (let last = target; ;) {
    let furthest: { readonly bound: number; readonly from: number } | undefined;
    for (const edge of graph.into[last]!) {
      const due = graph.nodes[edge.from]!.due;
      if (onPath.has(edge.from) || due === undefined) continue;
      const bound = graph.bound(edge, due);
      if (!furthest || bound > furthest.bound || (bound === furthest.bound && edge.from < furthest.from))
        furthest = { bound, from: edge.from };
    }
    if (!furthest) return path.reverse();
    last = furthest.from;
    onPath.add(last);
    path.push(last);
  }
}

/** The latest day each open item may finish without moving the target; nothing where the target does not wait for it. */
function latestOf(graph: Graph, order: Order, target: number, day: number): (number | undefined)[] {
  const latest: (number | undefined)[] = graph.nodes.map(() => undefined);
  for (const at of [...order.nodes].reverse()) {
    if (graph.nodes[at]!.isComplete) continue;
    let least = at === target ? day : undefined;
    for (const edge of graph.out[at]!) {
      const finish = latest[edge.to];
      if (finish === undefined || !order.binds(edge) || graph.isMet(edge)) continue;
      least = Math.min(least ?? Infinity, graph.latest(edge, finish));
    }
    latest[at] = least;
  }
  return latest;
}

// --- The items and what waits for what ---------------------------------------------------------------------------

interface Node {
  readonly id: string;
  readonly isMilestone: boolean;
  /** Its place in the order of the plan. */
  readonly place: number;
  due: number | undefined;
  /** The day a complete item was done on: as stamped, else the due day. */
  readonly done: number | undefined;
  readonly isStamped: boolean;
  readonly isComplete: boolean;
  /** Whether its start lies behind it. */
  readonly hasBegun: boolean;
  /** Days from its start to its due day. */
  readonly length: number;
  readonly parties: number;
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly kind: string;
  readonly hard: boolean;
  readonly gap: number;
}

/** Milestones and tasks by id, and the dependencies between them by id. Those on items that do not count bind nobody. */
class Graph {
  readonly nodes: readonly Node[];
  readonly edges: readonly Edge[];
  readonly into: readonly Edge[][];
  readonly out: readonly Edge[][];
  readonly parties: Parties;
  readonly #at = new Map<string, number>();

  constructor(plan: PlanJson) {
    this.parties = new Parties(plan);
    const nodes: Node[] = [];
    const counts = (item: Milestone | Task) => !item.removed && item.status !== 'cancelled';
    const add = (item: Milestone | Task, isMilestone: boolean) =>
      nodes.push(nodeOf(item, isMilestone, nodes.length, plan.meta?.tz, this.parties));
    const milestones = (plan.milestones ?? []).filter(counts);
    for (const item of milestones) add(item, true);
    // Of a milestone and a task with one id the milestone counts.
    const taken = new Set(milestones.map((item) => item.id));
    for (const item of (plan.tasks ?? []).filter(counts)) if (!taken.has(item.id)) add(item, false);
    this.nodes = nodes.sort((one, other) => compareText(one.id, other.id));
    nodes.forEach((node, at) => this.#at.set(node.id, at));

    this.into = nodes.map(() => []);
    this.out = nodes.map(() => []);
    const edges: Edge[] = [];
    const dependencies = (plan.dependencies ?? []).filter((each) => !each.removed);
    for (const each of [...dependencies].sort((one, other) => compareText(one.id, other.id))) {
      const cut = each.id.indexOf('>');
      const [from, to] = [this.find(each.id.slice(0, Math.max(cut, 0))), this.find(each.id.slice(cut + 1))];
      if (cut < 0 || from === undefined || to === undefined) continue;
      const hard = (each.strength ?? 'hard') === 'hard';
      const gap = Math.min(Math.max(Math.trunc(each.minGapDays ?? 0), 0), DAYS_MAX);
      const edge = { from, to, kind: each.type ?? 'FS', hard, gap };
      edges.push(edge);
      this.into[to]!.push(edge);
      this.out[from]!.push(edge);
    }
    this.edges = edges;
  }

  find(id: string): number | undefined {
    return this.#at.get(id);
  }

  /** Whether it holds nobody any more: it compares starts, and the later item has begun. */
  isMet(edge: Edge): boolean {
    return edge.kind === 'SS' && this.nodes[edge.to]!.hasBegun;
  }

  /** The earliest finish that a dependency leaves its later item, if the earlier one finishes on a day. */
  bound(edge: Edge, finish: number): number {
    const [from, to] = [this.nodes[edge.from]!, this.nodes[edge.to]!];
    // What has begun keeps its start when its finish moves.
    const planned = from.due !== undefined && from.hasBegun ? Math.min(from.due, finish) : finish;
    const start = planned - from.length;
    if (edge.kind === 'SS') return start + to.length + edge.gap;
    return (edge.kind === 'SF' ? start : finish) + edge.gap;
  }

  /** The latest finish that a dependency leaves its earlier item, if the later one has to finish on a day. */
  latest(edge: Edge, finish: number): number {
    const [from, to] = [this.nodes[edge.from]!, this.nodes[edge.to]!];
    if (edge.kind === 'SS') return finish - to.length + from.length - edge.gap;
    return (edge.kind === 'SF' ? finish + from.length : finish) - edge.gap;
  }
}

/** A hundred years: longer is no gap and no duration. */
const DAYS_MAX = 36_600;

function nodeOf(
  item: Milestone | Task,
  isMilestone: boolean,
  place: number,
  tz: string | undefined,
  parties: Parties,
): Node {
  const [start, due] = [dayNumber(item.start), dayNumber(item.due)];
  const isComplete = item.status === 'complete';
  const stampedMs = Date.parse(item.completedAt ?? '');
  const completed = Number.isNaN(stampedMs) ? undefined : dayNumber(dayIn(stampedMs, tz));
  const stated = start === undefined || due === undefined ? undefined : due - start;
  return {
    id: item.id,
    isMilestone,
    place,
    due,
    done: isComplete ? (completed ?? due) : undefined,
    isStamped: completed !== undefined,
    isComplete,
    hasBegun: isComplete || item.status === 'in_progress',
    length: Math.max(stated ?? Math.min(Math.max(Math.trunc(item.durationDays ?? 0), 0), DAYS_MAX), 0),
    parties: parties.ofItem(item, isMilestone),
  };
}

// --- Circles -----------------------------------------------------------------------------------------------------

/**
 * An order in which every item stands behind what it waits for. Items that wait for each other in a circle form a knot:
 * the dependencies inside it bind nobody, all others do.
 */
class Order {
  /** Every node, each behind those it waits for in other knots. */
  readonly nodes: readonly number[];
  /** By node. An item that is in no circle has a knot for itself. */
  readonly #knot: (number | undefined)[];

  constructor(private readonly graph: Graph) {
    const count = graph.nodes.length;
    const knot: (number | undefined)[] = (this.#knot = new Array<undefined>(count).fill(undefined));
    const nodes: number[] = [];
    // Tarjan's algorithm with a stack of its own, since a chain may be as long as the plan.
    const seen: (number | undefined)[] = new Array<undefined>(count).fill(undefined);
    const low = new Array<number>(count).fill(0);
    const open: number[] = [];
    let clock = 0;
    let knots = 0;
    for (let root = 0; root < count; root += 1) {
      if (seen[root] !== undefined) continue;
      const walk: [node: number, next: number][] = [[root, 0]];
      while (walk.length) {
        const step = walk.at(-1)!;
        const [node, next] = step;
        if (next === 0) {
          seen[node] = low[node] = clock;
          clock += 1;
          open.push(node);
        }
        const edge = graph.out[node]![next];
        step[1] += 1;
        if (edge) {
          if (!edge.hard) continue;
          if (seen[edge.to] === undefined) walk.push([edge.to, 0]);
          else if (knot[edge.to] === undefined) low[node] = Math.min(low[node]!, seen[edge.to]!);
          continue;
        }
        walk.pop();
        if (low[node] === seen[node]) {
          for (let member = open.pop(); member !== undefined; member = open.pop()) {
            knot[member] = knots;
            nodes.push(member);
            if (member === node) break;
          }
          knots += 1;
        }
        const parent = walk.at(-1)?.[0];
        if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!);
      }
    }
    this.nodes = nodes.reverse();
  }

  /** Whether an edge binds: it is hard and in no circle. */
  binds(edge: Edge): boolean {
    return edge.hard && this.#knot[edge.from] !== this.#knot[edge.to];
  }

  /** A shortest circle through the first item, by id, that is in one; empty when there is none. */
  circle(): number[] {
    const isTied = (edge: Edge) => edge.hard && !this.binds(edge);
    const tied = this.graph.edges.filter(isTied);
    if (tied.length === 0) return [];
    const first = Math.min(...tied.map((edge) => edge.from));
    const cameFrom = new Map<number, number>();
    const queue = [first];
    for (const node of queue) {
      for (const edge of this.graph.out[node]!.filter(isTied)) {
        if (edge.to === first) {
          const circle = [node];
          while (circle.at(-1) !== first) circle.push(cameFrom.get(circle.at(-1)!)!);
          return circle.reverse();
        }
        if (cameFrom.has(edge.to)) continue;
        cameFrom.set(edge.to, node);
        queue.push(edge.to);
      }
    }
    return [];
  }
}

// --- Parties and the days they work on ---------------------------------------------------------------------------

/** The parties of a plan as bits of a number. */
class Parties {
  readonly #list: (readonly [id: string, side: string])[];
  readonly #ofPerson = new Map<string, string>();

  constructor(plan: PlanJson) {
    this.#list = (plan.parties ?? [])
      .filter((party) => !party.removed)
      .map(({ id, kind }) => [id, kind === 'buyer' || kind === 'seller' ? kind : 'partner'] as const);
    // The buyer and the seller are there even in a plan that does not list them.
    for (const word of ['buyer', 'seller'])
      if (!this.#list.some(([id, side]) => id === word || side === word)) this.#list.push([word, word]);
    this.#list.length = Math.min(this.#list.length, 32);
    for (const person of plan.people ?? [])
      if (!person.removed && person.party) this.#ofPerson.set(person.id, person.party);
  }

  /** The parties that a word or an id stands for: `joint` for the buyer and the seller. */
  named(word: string): number {
    const byId = this.#set((id) => id === word);
    if (byId) return byId;
    if (word === 'joint') return this.#set((_, side) => side !== 'partner');
    return word === 'buyer' || word === 'seller' ? this.#set((_, side) => side === word) : 0;
  }

  /** The parties whose item it is: as a task says, else those of its owners. */
  ofItem(item: Milestone | Task, isMilestone: boolean): number {
    const word = isMilestone ? undefined : (item as Task).party;
    const stated = word === undefined ? 0 : this.named(word);
    if (stated) return stated;
    return (item.owners ?? []).reduce((set, owner) => {
      const party = this.#ofPerson.get(owner);
      return party === undefined ? set : set | this.named(party);
    }, 0);
  }

  #set(isIn: (id: string, side: string) => boolean): number {
    return this.#list.reduce((set, [id, side], at) => (isIn(id, side) ? set | (1 << at) : set), 0);
  }
}

const WEEK = ['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'];

/** The working days a plan states, and its hard blackouts and absences. Without a statement every day is one. */
class WorkDays {
  readonly #week: readonly boolean[];
  readonly #windows: readonly { readonly of: number; readonly from: number; readonly to: number }[];

  constructor(plan: PlanJson, parties: Parties) {
    const days: readonly string[] = plan.meta?.workingDays ?? [];
    const week = WEEK.map((day) => days.includes(day));
    this.#week = week.includes(true) ? week : WEEK.map(() => true);
    this.#windows = (plan.calendar ?? [])
      .filter(({ removed, hard, kind, party }) => !removed && hard === true && isClosed(kind) && party !== undefined)
      .map(({ party, from, to }) => ({
        of: parties.named(party ?? ''),
        from: dayNumber(from) ?? Infinity,
        to: dayNumber(to) ?? -Infinity,
      }))
      .filter(({ from, to }) => from <= to);
  }

  /** The first working day of these parties that is not before a day. */
  onOrAfter(day: number, parties: number): number {
    const own = this.#windows.filter(({ of }) => (of & parties) !== 0);
    while (day < LAST_DAY) {
      const window = own.find(({ from, to }) => from <= day && day <= to);
      if (!this.isWorkday(day)) day += 1;
      else if (window) day = window.to + 1;
      else break;
    }
    return day;
  }

  isWorkday(day: number): boolean {
    // 1970-01-01 was a Thursday.
    return this.#week[(((day + 3) % 7) + 7) % 7]!;
  }
}

/** Whether a window of the calendar keeps its party from working: the other kinds are events to know of. */
export function isClosed(kind: string | undefined): boolean {
  return kind === 'blackout' || kind === 'unavailable';
}
