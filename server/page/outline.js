// What the page says about a plan, as plain data: every sentence, date and mark, ready to be drawn.
//
// In: the answer of `GET /v1/plans/{id}`, today, the reader's languages. Out: one outline, the same
// for the same input; parts that are equal as JSON need not be drawn again. Keeps nothing. A plan
// that lacks collections or fields, or holds values newer than this page, is shown as far as it goes.

import { count, dayNumber, dayText, distance, instantText } from './days.js';

const STATUS_WORDS = {
  pending: 'Pending', in_progress: 'In progress', blocked: 'Blocked', complete: 'Complete', cancelled: 'Cancelled',
};
const STAGE_WORDS = {
  draft: 'This plan is a draft.', on_hold: 'This plan is on hold.', won: 'Won.', lost: 'Closed as lost.',
  complete: 'This plan is complete.', archived: 'This plan is archived.',
};
const LEVEL = { low: 1, medium: 2, high: 3 };
const KINDS = ['buyer', 'seller', 'partner', 'other'];

/**
 * @typedef {{kind: string, side: string, name: string}} Chip
 * @typedef {{day: string, text: string, note: string, late: boolean}} Due
 */

/**
 * @param {any} answer
 * @param {string} asOf today in the plan's zone, `YYYY-MM-DD`
 * @param {readonly string[]} [locales]
 */
export function outlineOf(answer, asOf, locales) {
  const plan = answer.plan ?? {};
  const meta = plan.meta ?? {};
  const at = context(plan, asOf, locales);
  const phases = phasesOf(plan, at);
  return {
    word: words(meta.planWord) || 'Mutual Action Plan',
    title: words(meta.title) || 'Untitled plan',
    deal: dealOf(meta, plan, at),
    version: { instant: words(answer.updatedAt), text: instantText(answer.updatedAt, words(meta.tz), locales) },
    sponsors: list(meta.sponsors).map((id) => at.chip(id)),
    proposition: words(meta.valueProposition),
    thirty: thirtyOf(answer, at),
    objectives: list(plan.objectives).map((o) => ({ id: o.id, text: words(o.text), due: at.due(o.by, true) })),
    phases,
    criteria: criteriaOf(plan, at),
    risks: risksOf(plan, at),
    sides: at.sides,
  };
}

/** Whose side an id of a person or party is on, and how days read. @param {any} plan @param {string} asOf @param {readonly string[] | undefined} locales */
function context(plan, asOf, locales) {
  const people = new Map(list(plan.people).map((p) => [p.id, p]));
  const parties = new Map(list(plan.parties).map((p) => [p.id, p]));
  const now = dayNumber(asOf) ?? 0;

  /** @param {string} id */
  const kind = (id) => {
    if (id === 'joint') return 'joint';
    const known = parties.get(id)?.kind ?? id;
    return KINDS.includes(known) ? known : 'other';
  };
  /** @param {string} id */
  const side = (id) => {
    const party = parties.get(id);
    if (words(party?.name)) return words(party.name);
    return { buyer: 'Buyer', seller: 'Seller', partner: 'Partner', joint: 'Joint' }[kind(id)] ?? words(id);
  };
  /** @param {string} id @param {unknown} [days] @returns {Chip} */
  const chip = (id, days) => {
    const person = people.get(id);
    const party = words(person?.party);
    const name = words(person?.name) || words(person?.role) || words(id);
    const effort = typeof days === 'number' ? ` (${count(days, 'day')})` : '';
    return { kind: kind(party), side: side(party), name: name + effort };
  };
  /** @param {unknown} day @param {boolean} done @returns {Due | null} */
  const due = (day, done) => {
    if (words(day) === '') return null;
    const number = dayNumber(day);
    const away = number === null ? 0 : number - now;
    const late = number !== null && !done && away < 0;
    const near = number !== null && !done && away >= 0 && away <= 7;
    return {
      day: number === null ? '' : String(day),
      text: dayText(day, asOf, locales),
      note: late ? `overdue by ${count(-away, 'day')}` : near ? (away ? distance(away) : 'due today') : '',
      late,
    };
  };
  const sides = list(plan.parties).map((p) => ({ id: p.id, kind: kind(p.id), name: side(p.id) }));
  return { asOf, now, locales, people, kind, side, chip, due, sides };
}

/** @typedef {ReturnType<typeof context>} Context */

/** "Northwind × Acme · Lead routing · $150K ACV". @param {any} meta @param {any} plan @param {Context} at */
function dealOf(meta, plan, at) {
  const seller = list(plan.parties).find((p) => p.kind === 'seller');
  const names = [inner(meta.account), inner(seller?.name)].filter(Boolean).join(' × ');
  return [names, inner(meta.opportunity), money(meta.value, at.locales)].filter(Boolean);
}

/** @param {any} value @param {readonly string[] | undefined} locales */
function money(value, locales) {
  if (typeof value?.amount !== 'number') return '';
  const basis = { acv: ' ACV', tcv: ' TCV', arr: ' ARR', one_off: ' one-off' }[value.basis] ?? '';
  try {
    return new Intl.NumberFormat(locales, {
      style: 'currency', currency: value.currency, notation: 'compact', maximumFractionDigits: 1,
    }).format(value.amount) + basis;
  } catch {
    return `${value.amount} ${words(value.currency)}`.trim() + basis;
  }
}

/** The thirty-second box. @param {any} answer @param {Context} at */
function thirtyOf(answer, at) {
  const plan = answer.plan ?? {};
  const milestones = list(plan.milestones).filter((m) => m.status !== 'cancelled');
  const tasks = list(plan.tasks).filter((t) => t.status !== 'cancelled');
  const stepped = new Set(tasks.map((t) => t.milestone));
  const items = [...milestones, ...tasks];
  const open = items.filter((i) => i.status !== 'complete').sort(byDue);
  const counted = [...tasks, ...milestones.filter((m) => !stepped.has(m.id))];
  const own = { complete: counted.filter(isDone).length, counted: counted.length };
  const done = answer.figures?.completion ?? own;
  const percent = done.percent ?? (done.counted ? (100 * done.complete) / done.counted : 0);
  const passed = answer.figures?.milestones ?? { complete: milestones.filter(isDone).length, total: milestones.length };
  const next = milestones.filter((m) => !isDone(m)).sort(byDue)[0];
  const nextDue = next && at.due(next.due, false);
  const late = open.filter((i) => at.due(i.due, false)?.late);
  const goal = targetOf(plan.meta ?? {}, at);
  return {
    headline: headlineOf(plan.meta ?? {}, items, open, late, next, at),
    bar: milestones.map((m) => barState(m, at)),
    barText: `${passed.complete} of ${count(passed.total, 'milestone')} complete`,
    facts: [
      {
        label: 'Progress', strong: `${Math.round(percent)}%`, note: '',
        small: done.counted === 0 ? 'Nothing to count yet'
          : `${passed.complete} of ${count(passed.total, 'milestone')}, ${done.complete} of ${count(done.counted, 'item')}`,
      },
      ...(goal ? [goal] : []),
      next
        ? { label: 'Next milestone', strong: nextDue?.text || 'No date', note: nextDue?.note ?? '', late: nextDue?.late ?? false, small: words(next.title) }
        : { label: 'Next milestone', strong: milestones.length ? 'None left' : 'None yet', note: '', small: '' },
    ],
    owes: [...at.sides].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind))
      .filter((s) => ['buyer', 'seller'].includes(s.kind) || open.some((i) => owedBy(i, s.id, at)))
      .map((side) => owesOf(side, open, at)),
  };
}

/** @param {any} meta @param {Context} at */
function targetOf(meta, at) {
  const day = words(meta.target?.date) || words(meta.goLive);
  if (!day) return null;
  const label = { close: 'Target close', go_live: 'Target go-live' }[meta.target?.kind] ?? 'Target';
  const away = dayNumber(day);
  const live = words(meta.goLive);
  return {
    label, strong: dayText(day, at.asOf, at.locales),
    note: away === null ? '' : distance(away - at.now),
    small: live && live !== day ? `Go-live ${dayText(live, at.asOf, at.locales)}` : '',
  };
}

/** One sentence that is never greener than the worst open item. */
function headlineOf(/** @type {any} */ meta, /** @type {any[]} */ items, /** @type {any[]} */ open,
  /** @type {any[]} */ late, /** @type {any} */ next, /** @type {Context} */ at) {
  if (STAGE_WORDS[meta.stage] && meta.stage !== 'draft') return STAGE_WORDS[meta.stage];
  if (items.length === 0) return 'Nothing is on this plan yet.';
  if (open.length === 0) return 'Everything on this plan is complete.';
  const blocked = open.filter((i) => i.status === 'blocked');
  if (late.length > 0) {
    const days = at.now - (dayNumber(late[0].due) ?? at.now);
    const tail = blocked.length ? `, and ${count(blocked.length, 'is', 'are')} blocked` : '';
    if (late.length === 1) return `${inner(late[0].title)} is overdue by ${count(days, 'day')}${tail}.`;
    return `${late.length} items are overdue${tail}. Oldest: ${inner(late[0].title)}, by ${count(days, 'day')}.`;
  }
  if (blocked.length > 0) {
    const needs = words(blocked[0].blocked?.needs) || words(blocked[0].blocked?.reason) || words(blocked[0].reason);
    const what = inner(blocked[0].title);
    if (blocked.length > 1) return `${blocked.length} items are blocked, first ${what}.`;
    return needs ? `${what} is blocked: ${inner(needs)}` : `${what} is blocked.`;
  }
  const first = next ?? open[0];
  const due = at.due(first.due, false);
  const draft = meta.stage === 'draft' ? 'Still a draft. ' : '';
  return `${draft}Nothing is overdue. Next: ${inner(first.title)}${due ? `, ${due.text}` : ''}.`;
}

/** @param {any} milestone @param {Context} at */
function barState(milestone, at) {
  if (isDone(milestone)) return 'done';
  if (milestone.status === 'blocked') return 'stuck';
  if (at.due(milestone.due, false)?.late) return 'late';
  return milestone.status === 'in_progress' ? 'now' : 'todo';
}

/** Whether a party has to act on an open item. @param {any} item @param {string} party @param {Context} at */
function owedBy(item, party, at) {
  if (item.party) return item.party === party || item.party === 'joint';
  return list(item.owners).some((id) => at.people.get(id)?.party === party);
}

/** @param {{id: string, kind: string, name: string}} side @param {any[]} open sorted by due @param {Context} at */
function owesOf(side, open, at) {
  const owed = open.filter((i) => owedBy(i, side.id, at));
  // A step is closer to a person's hands than the milestone it belongs to.
  const first = owed.find((i) => i.milestone !== undefined && i.due === owed[0].due) ?? owed[0];
  const owner = first && list(first.owners).find((id) => at.people.get(id)?.party === side.id);
  return {
    kind: side.kind, label: `${side.name} owes next`,
    title: first ? words(first.title) : 'Nothing open',
    owner: owner ? at.chip(owner).name : '',
    due: first ? at.due(first.due, false) : null,
  };
}

/** Phases with their milestones; what belongs to none comes last. @param {any} plan @param {Context} at */
function phasesOf(plan, at) {
  const milestones = list(plan.milestones);
  const phases = list(plan.phases);
  const known = new Set(phases.map((p) => p.id));
  const current = milestones.filter((m) => !isDone(m) && m.status !== 'cancelled').sort(byDue)[0]?.id;
  const loose = milestones.filter((m) => !known.has(m.phase));
  const groups = phases.map((p) => ({
    id: words(p.id), name: words(p.name), exit: words(p.exitCriteria),
    milestones: milestones.filter((m) => m.phase === p.id),
  }));
  if (loose.length > 0) groups.push({ id: '', name: phases.length ? 'Other milestones' : 'Milestones', exit: '', milestones: loose });
  const ids = new Set(milestones.map((m) => m.id));
  const stray = list(plan.tasks).filter((t) => !ids.has(t.milestone));
  return [
    ...groups.map((g) => {
      const counted = g.milestones.filter((m) => m.status !== 'cancelled');
      return {
        id: g.id, name: g.name, exit: g.exit, steps: /** @type {any[]} */ ([]),
        count: counted.length ? `${counted.filter(isDone).length} of ${counted.length} complete` : 'No milestones yet',
        milestones: g.milestones.map((m) => milestoneOf(m, plan, m.id === current, at)),
      };
    }),
    ...(stray.length ? [{ id: '?', name: 'Other steps', exit: '', count: '', milestones: [], steps: stepsOf(stray, at) }] : []),
  ];
}

/** @param {any} m @param {any} plan @param {boolean} current @param {Context} at */
function milestoneOf(m, plan, current, at) {
  const steps = stepsOf(list(plan.tasks).filter((t) => t.milestone === m.id), at);
  const done = steps.filter((s) => s.done).length;
  const late = steps.filter((s) => s.due?.late).length;
  const over = isDone(m) || m.status === 'cancelled';
  return {
    id: words(m.id),
    head: {
      status: words(m.status), word: STATUS_WORDS[m.status] ?? (words(m.status) || 'Pending'),
      title: words(m.title) || 'Untitled milestone',
      owners: list(m.owners).map((id) => at.chip(id, m.effort?.[id])),
      due: at.due(m.due, over),
      lines: [
        ...blockedLine(m),
        { label: '', text: words(m.notes) }, { label: 'Why', text: words(m.reason) },
        { label: 'Buyer gets', text: words(m.buyerGets) }, { label: 'Done when', text: words(m.doneWhen) },
      ].filter((line) => line.text),
    },
    steps,
    stepsWord: `${count(steps.length, 'step')}, ${done} done${late ? `, ${late} overdue` : ''}`,
    open: !over && (current || m.status === 'in_progress' || m.status === 'blocked'),
  };
}

/** @param {any} item */
function blockedLine(item) {
  if (item.status !== 'blocked' || !item.blocked) return [];
  const parts = [inner(item.blocked.reason), words(item.blocked.needs) && `needs ${inner(item.blocked.needs)}`];
  return [{ label: 'Blocked', text: parts.filter(Boolean).join('; ') }];
}

/** Steps in plan order, each child after its parent. @param {any[]} tasks @param {Context} at */
function stepsOf(tasks, at) {
  const ids = new Set(tasks.map((t) => t.id));
  /** @type {any[]} */ const out = [];
  const seen = new Set();
  const walk = (/** @type {any} */ task, /** @type {number} */ depth) => {
    if (seen.has(task.id)) return;
    seen.add(task.id);
    const over = isDone(task) || task.status === 'cancelled';
    out.push({
      id: words(task.id), depth: Math.min(depth, 3), done: isDone(task), status: words(task.status),
      word: ['pending', 'complete', undefined].includes(task.status) ? '' : STATUS_WORDS[task.status] ?? words(task.status),
      title: words(task.title) || 'Untitled step',
      owners: list(task.owners).length || !words(task.party)
        ? list(task.owners).map((id) => at.chip(id))
        : [{ kind: at.kind(task.party), side: '', name: `${at.side(task.party)}, no owner yet` }],
      due: at.due(task.due, over),
      lines: [...blockedLine(task), { label: '', text: words(task.notes) }].filter((line) => line.text),
    });
    for (const child of tasks) if (child.parent === task.id) walk(child, depth + 1);
  };
  for (const task of tasks) if (!ids.has(task.parent)) walk(task, 0);
  // Parents in a ring have no first step; show them all the same.
  for (const task of tasks) walk(task, 0);
  return out;
}

/** @param {any} plan @param {Context} at */
function criteriaOf(plan, at) {
  const criteria = list(plan.criteria);
  const parties = [...new Set(criteria.map((c) => words(c.party)))];
  return parties.map((party) => ({
    id: party, kind: at.kind(party), name: at.side(party) || 'Anyone',
    rows: criteria.filter((c) => words(c.party) === party).map((c) => ({
      id: words(c.id), title: words(c.title) || words(c.metric) || 'Untitled criterion',
      from: amount(c.baseline), to: amount(c.target, at), unit: typeof c.target === 'number' && c.unit !== 'count' ? words(c.unit) : '',
      measured: amount(c.measured, at), due: at.due(c.by, true), frozen: Boolean(c.frozenAt),
    })),
  }));
}

/** @param {unknown} value @param {Context} [at] */
function amount(value, at) {
  if (typeof value === 'number') return new Intl.NumberFormat(at?.locales).format(value);
  return at && dayNumber(value) !== null ? dayText(value, at.asOf, at.locales) : words(value);
}

/** The gravest first; closed ones last. @param {any} plan @param {Context} at */
function risksOf(plan, at) {
  const score = (/** @type {any} */ r) => (LEVEL[r.probability] ?? 0) * (LEVEL[r.impact] ?? 0);
  const over = (/** @type {any} */ r) => r.state === 'closed';
  return [...list(plan.risks)]
    .sort((a, b) => Number(over(a)) - Number(over(b)) || score(b) - score(a))
    .map((r) => ({
      id: words(r.id), title: words(r.title) || 'Untitled risk', closed: over(r), grave: !over(r) && score(r) >= 6,
      level: r.kind === 'blocker' ? 'Blocker' : score(r) >= 6 ? 'High' : score(r) >= 3 ? 'Medium' : score(r) ? 'Low' : 'Not rated',
      detail: [words(r.probability) && `likelihood ${words(r.probability)}`, words(r.impact) && `impact ${words(r.impact)}`].filter(Boolean).join(', '),
      state: { open: 'Open', mitigating: 'Being handled', accepted: 'Accepted', closed: 'Closed', happened: 'Happened' }[r.state] ?? words(r.state),
      mitigation: words(r.mitigation),
      owners: list(r.owners).length
        ? list(r.owners).map((id) => at.chip(id))
        : words(r.party) ? [{ kind: at.kind(words(r.party)), side: '', name: r.party === 'joint' ? 'Both' : at.side(words(r.party)) }] : [],
    }));
}

/** @param {any} item */
function isDone(item) {
  return item.status === 'complete';
}

/** Earliest first, undated last. @param {any} a @param {any} b */
function byDue(a, b) {
  return (dayNumber(a.due) ?? Infinity) - (dayNumber(b.due) ?? Infinity) || 0;
}

/** A text as it stands; anything that is no text or number is nothing. @param {unknown} value */
function words(value) {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/**
 * A text inside a sentence of ours. One that runs from right to left, or holds marks that turn the
 * direction, is isolated, so that it cannot turn the words around it.
 * @param {unknown} value
 */
function inner(value) {
  const text = words(value);
  return /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc]/.test(text) ? `\u2068${text}\u2069` : text;
}

/** @param {unknown} value @returns {any[]} */
function list(value) {
  return Array.isArray(value) ? value : [];
}
