// Draws an outline into the page and says which rows are new.
//
// In: outlines, people and connection states. Out: the DOM, by `textContent` only, so a hostile title
// stays text. It keeps every row by key with the JSON it was drawn from: an equal row is left alone
// (focus, folding and selection survive), a changed one is drawn anew and lights up.

const LIT_MS = 4_000;
const FACES_MOST = 6;

/** @typedef {ReturnType<typeof import('./outline.js').outlineOf>} Outline */

/** @param {Document} page */
export function createView(page) {
  const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (page.getElementById(id));
  const main = part('plan');
  /** @type {Map<string, {node: HTMLElement, drawn: string}>} */ const kept = new Map();
  const seen = new Set();
  let drawnOnce = false;
  let quiet = true;

  /** A row drawn from `data`; lit up when it is new or differs. @param {string} key @param {unknown} data @param {() => HTMLElement} build */
  function row(key, data, build) {
    seen.add(key);
    const drawn = JSON.stringify(data);
    const known = kept.get(key);
    if (known?.drawn === drawn) return known.node;
    const node = build();
    kept.set(key, { node, drawn });
    if (drawnOnce && !quiet) light(node);
    return node;
  }

  /** An element that stays while its content changes. @param {string} key @param {() => HTMLElement} build */
  function stay(key, build) {
    seen.add(key);
    const node = kept.get(key)?.node ?? build();
    kept.set(key, { node, drawn: '' });
    return node;
  }

  /** @param {Outline} plan @param {boolean} unlit */
  function showPlan(plan, unlit) {
    quiet = unlit;
    seen.clear();
    page.title = `${plan.title} · ${plan.word}`;
    part('word').textContent = plan.word;
    part('title').textContent = plan.title;
    part('deal').textContent = plan.deal.join(' · ');
    part('deal').hidden = plan.deal.length === 0;
    const version = part('version');
    version.replaceChildren(...(plan.version.text
      ? ['Version of ', el('time', { datetime: plan.version.instant }, plan.version.text)] : []));
    arrange(main, [
      row('thirty', plan.thirty, () => thirty(plan.thirty)),
      purpose(plan),
      section('milestones', 'Plan', plan.phases.map(phase), 'No milestones yet. They appear here as soon as someone adds one.', foldAll(plan)),
      section('success', 'Success criteria', plan.criteria.map(criteria), ''),
      section('risks', 'Risks', plan.risks.length
        ? [list('risk-list', 'risks', plan.risks.map((r) => row(`risk:${r.id}`, r, () => risk(r))))] : [], ''),
    ]);
    for (const mark of part('foot').querySelectorAll('.chip')) {
      mark.toggleAttribute('hidden', !plan.sides.some((side) => mark.classList.contains(side.kind)));
    }
    part('foot').hidden = false;
    for (const key of kept.keys()) if (!seen.has(key)) kept.delete(key);
    drawnOnce = true;
  }

  /** Value proposition, objectives and sponsors, where the plan has them. @param {Outline} plan */
  function purpose(plan) {
    const { proposition, objectives, sponsors } = plan;
    if (!proposition && !objectives.length && !sponsors.length) return null;
    return row('purpose', { proposition, objectives, sponsors }, () => el('section', { class: 'purpose', 'aria-label': 'Why' },
      proposition && el('p', { class: 'lead' }, proposition),
      objectives.length > 0 && el('ul', { class: 'objectives' },
        ...objectives.map((o) => el('li', {}, o.text, o.due && el('span', { class: 'quiet' }, ` by ${o.due.text}`)))),
      sponsors.length > 0 && el('p', { class: 'sponsors' }, 'Executive sponsors ', ...sponsors.map(chip))));
  }

  /** @param {string} key @param {string} title @param {HTMLElement[]} content @param {string} empty @param {HTMLElement | null} [tool] */
  function section(key, title, content, empty, tool = null) {
    if (content.length === 0 && !empty) return null;
    const node = stay(`section:${key}`, () => el('section', { class: key, 'aria-labelledby': `${key}-heading` },
      el('div', { class: 'bar' }, el('h2', { id: `${key}-heading` }, title), tool), el('div', { class: 'body' })));
    arrange(/** @type {HTMLElement} */ (node.lastElementChild), content.length ? content : [stay(`${key}:empty`, () => el('p', { class: 'notice' }, empty))]);
    return node;
  }

  /** @param {Outline} plan */
  function foldAll(plan) {
    if (!plan.phases.some((p) => p.milestones.some((m) => m.steps.length))) return null;
    return stay('fold', () => {
      const button = el('button', { type: 'button', class: 'plain', 'aria-pressed': 'false' }, 'Show all steps');
      button.addEventListener('click', () => {
        const open = button.getAttribute('aria-pressed') !== 'true';
        button.setAttribute('aria-pressed', String(open));
        button.textContent = open ? 'Hide all steps' : 'Show all steps';
        for (const fold of main.querySelectorAll('details')) fold.open = open;
      });
      return button;
    });
  }

  /** @param {Outline['phases'][number]} p */
  function phase(p) {
    const node = stay(`phase:${p.id}`, () => el('section', { class: 'phase' }));
    arrange(node, [
      row(`phase-head:${p.id}`, [p.name, p.count, p.exit], () => el('div', { class: 'phase-head' },
        el('h3', {}, p.name), el('p', { class: 'quiet' }, [p.count, p.exit && `done when ${p.exit}`].filter(Boolean).join(' · ')))),
      p.milestones.length ? list(`ms-list:${p.id}`, 'cards', p.milestones.map(milestone)) : null,
      p.steps.length ? list(`steps:${p.id}`, 'steps loose', p.steps.map(step)) : null,
    ]);
    return node;
  }

  /** @param {Outline['phases'][number]['milestones'][number]} m */
  function milestone(m) {
    const node = stay(`ms:${m.id}`, () => el('li', { class: 'card' }));
    arrange(node, [row(`head:${m.id}`, m.head, () => milestoneHead(m.head)), m.steps.length ? fold(m) : null]);
    return node;
  }

  /** The steps of a milestone, folded. @param {Outline['phases'][number]['milestones'][number]} m */
  function fold(m) {
    const node = /** @type {HTMLDetailsElement} */ (stay(`fold:${m.id}`, () =>
      el('details', { open: m.open }, el('summary', {}, el('span', {})))));
    const label = /** @type {HTMLElement} */ (node.firstElementChild?.firstElementChild);
    const before = new Map(m.steps.map((s) => [s.id, kept.get(`step:${s.id}`)?.node]));
    const steps = m.steps.map(step);
    const changed = m.steps.some((s, i) => before.get(s.id) !== steps[i]);
    if (label.textContent !== m.stepsWord) label.textContent = m.stepsWord;
    // A closed fold hides its lit rows, so the line that opens it lights up for them.
    if (changed && drawnOnce && !quiet && !node.open) light(label);
    arrange(node, [/** @type {HTMLElement} */ (node.firstElementChild), list(`steps:${m.id}`, 'steps', steps)]);
    return node;
  }

  /** @param {any} s */
  function step(s) {
    return row(`step:${s.id}`, s, () => stepRow(s));
  }

  /** @param {Outline['criteria'][number]} c */
  function criteria(c) {
    const node = stay(`criteria:${c.id}`, () => el('div', { class: 'criteria' }));
    arrange(node, [
      row(`criteria-head:${c.id}`, [c.kind, c.name], () => el('h3', { class: c.kind }, shape(c.kind), c.name)),
      list(`criteria-list:${c.id}`, 'criteria-rows', c.rows.map((r) => row(`criterion:${r.id}`, r, () => criterion(r)))),
    ]);
    return node;
  }

  /** A list that stays. @param {string} key @param {string} name @param {HTMLElement[]} rows */
  function list(key, name, rows) {
    const node = stay(key, () => el('ul', { class: name, role: 'list' }));
    arrange(node, rows);
    return node;
  }

  /** @param {'connecting' | 'live' | 'offline' | 'over'} kind @param {string} text */
  function showState(kind, text) {
    const state = part('state');
    state.className = `state ${kind}`;
    // A live region speaks only when its words differ.
    if (state.textContent !== text) state.textContent = text;
  }

  /** One face per person, oneself last. @param {import('./live.js').Presence[]} present @param {{person: string, client: number}} me @param {Map<string, string>} kinds */
  function showPeople(present, me, kinds) {
    const people = new Map();
    for (const p of present) {
      const self = p.client === me.client || (p.person !== undefined && p.person === me.person);
      const name = p.name ?? p.person;
      if (name !== undefined) people.set(p.person ?? `client ${p.client}`, { name, party: p.party, self });
    }
    const faces = [...people.values()].sort((a, b) => Number(a.self) - Number(b.self));
    const more = faces.length > FACES_MOST ? faces.splice(FACES_MOST - 1) : [];
    const node = part('people');
    node.hidden = faces.length === 0;
    node.replaceChildren(...faces.map((f) => {
      const kind = kinds.get(f.party) ?? f.party ?? '';
      const whole = [f.name, f.party && `(${f.party})`, f.self && 'you'].filter(Boolean).join(' ');
      return el('li', { class: `face ${['buyer', 'seller', 'partner'].includes(kind) ? kind : 'other'}`, title: whole },
        el('span', { 'aria-hidden': 'true' }, initials(f.name)), unseen(whole));
    }), ...(more.length ? [el('li', { class: 'face more', title: more.map((f) => f.name).join(', ') }, `+${more.length}`, unseen(' more'))] : []));
  }

  /** Takes the plan away and says why. @param {string} title @param {string} text */
  function showEnd(title, text) {
    kept.clear();
    drawnOnce = false;
    page.title = title;
    part('word').textContent = 'plansync';
    part('title').textContent = title;
    part('deal').hidden = true;
    part('version').replaceChildren();
    part('people').hidden = true;
    part('people').replaceChildren();
    part('foot').hidden = true;
    showState('over', 'Not connected');
    main.replaceChildren(el('p', { class: 'lead' }, text), el('p', {}, el('a', { href: '/' }, 'Open another link')));
  }

  return { showPlan, showPeople, showState, showEnd };
}

/** @param {Outline['thirty']} t */
function thirty(t) {
  return el('section', { class: 'thirty', 'aria-labelledby': 'headline' },
    el('h2', { id: 'headline' }, t.headline),
    t.bar.length > 0 && el('div', { class: 'track', role: 'img', 'aria-label': t.barText }, ...t.bar.map((state) => el('i', { class: state }))),
    el('dl', {},
      ...t.facts.map((f) => el('div', {}, el('dt', {}, f.label),
        el('dd', {}, el('b', {}, f.strong), f.note && el('span', { class: f.late ? 'late' : 'quiet' }, f.note)),
        f.small && el('dd', { class: 'small' }, f.small))),
      ...t.owes.map((o) => el('div', { class: `owes ${o.kind}` }, el('dt', {}, shape(o.kind), o.label),
        el('dd', { class: 'what' }, o.title),
        (o.owner || o.due) && el('dd', { class: 'small' }, [o.owner, o.due?.text].filter(Boolean).join(', '), ' ',
          o.due?.note && el('span', { class: o.due.late ? 'late' : '' }, o.due.note))))));
}

/** @param {Outline['phases'][number]['milestones'][number]['head']} m */
function milestoneHead(m) {
  return el('div', { class: `line ${known(m.status)}` },
    el('i', { class: 'dot' }),
    el('h4', {}, m.title),
    owners(m.owners),
    due(m.due),
    el('p', { class: 'status' }, m.word),
    m.lines.length > 0 && el('div', { class: 'lines' }, ...m.lines.map(line)));
}

/** @param {any} s */
function stepRow(s) {
  const box = /** @type {HTMLInputElement} */ (el('input', { type: 'checkbox', disabled: true }));
  box.checked = s.done;
  return el('li', { class: `step depth-${s.depth} ${known(s.status)}` },
    el('label', {}, box, el('span', { class: 'what' }, s.title)),
    owners(s.owners),
    due(s.due),
    el('p', { class: 'status' }, s.word),
    s.lines.length > 0 && el('div', { class: 'lines' }, ...s.lines.map(line)));
}

/** @param {Outline['criteria'][number]['rows'][number]} c */
function criterion(c) {
  const figures = [c.from && c.to ? `${c.from} → ${c.to}` : c.to, c.unit].filter(Boolean).join(c.unit.startsWith('%') ? '' : ' ');
  const rest = [c.due && c.due.text !== c.to && `by ${c.due.text}`, c.measured && `now ${c.measured}`, c.frozen && 'agreed'].filter(Boolean).join(', ');
  return el('li', {}, el('p', {}, c.title),
    (figures || rest) && el('p', { class: 'figure' }, el('b', {}, figures), rest && el('span', { class: 'quiet' }, `${figures ? ' ' : ''}${rest}`)));
}

/** @param {Outline['risks'][number]} r */
function risk(r) {
  return el('li', { class: `risk ${r.closed ? 'closed' : ''}` },
    el('p', { class: 'what' }, el('b', {}, r.title), el('span', { class: 'quiet' }, r.state)),
    el('p', { class: `level ${r.grave ? 'grave' : ''}` }, el('b', {}, r.level), r.detail && el('span', { class: 'quiet' }, r.detail)),
    el('p', { class: 'mitigation' }, r.mitigation || 'No mitigation yet'),
    el('p', { class: 'owners' }, ...r.owners.map(chip)));
}

/** @param {import('./outline.js').Due | null} d */
function due(d) {
  if (!d) return el('p', { class: 'due quiet' }, 'No date');
  return el('p', { class: `due ${d.late ? 'is-late' : ''}` },
    d.day ? el('time', { datetime: d.day }, d.text) : el('span', {}, d.text),
    d.note && el('span', { class: d.late ? 'late' : 'quiet' }, d.note));
}

/** @param {import('./outline.js').Chip[]} chips */
function owners(chips) {
  return el('p', { class: 'owners' }, ...chips.map(chip), chips.length === 0 && el('span', { class: 'quiet' }, 'No owner yet'));
}

/** @param {{label: string, text: string}} l */
function line(l) {
  return el('p', {}, l.label && el('b', {}, `${l.label}: `), l.text);
}

/** @param {import('./outline.js').Chip} c */
function chip(c) {
  return el('span', { class: `chip ${c.kind}`, title: c.side }, shape(c.kind), c.side && unseen(`${c.side}: `), c.name);
}

/** A party's mark: its form tells the side where colour does not. @param {string} kind */
function shape(kind) {
  return el('i', { class: `shape ${kind}` });
}

/** Words for screen readers alone. @param {string} text */
function unseen(text) {
  return el('span', { class: 'unseen' }, text);
}

/** @param {string} status */
function known(status) {
  return ['in_progress', 'blocked', 'complete', 'cancelled'].includes(status) ? status : 'pending';
}

/** At most two letters. @param {string} name */
function initials(name) {
  const letters = name.trim().split(/[\s._-]+/).filter(Boolean).map((word) => [...word][0] ?? '');
  return (letters.length > 1 ? letters[0] + letters[letters.length - 1] : [...name.trim()].slice(0, 2).join('')).toUpperCase();
}

/** Lights a row up for a while; the style decides how, and stands still where motion is unwelcome. @param {HTMLElement} node */
function light(node) {
  node.classList.remove('lit');
  requestAnimationFrame(() => node.classList.add('lit'));
  setTimeout(() => node.classList.remove('lit'), LIT_MS);
}

/** Makes `children` the content of `parent` and moves nothing that stands right already. @param {HTMLElement} parent @param {(HTMLElement | null)[]} children */
function arrange(parent, children) {
  const wanted = children.filter((c) => c !== null);
  const keep = new Set(wanted);
  for (const node of [...parent.childNodes]) if (!keep.has(/** @type {HTMLElement} */ (node))) node.remove();
  wanted.forEach((node, i) => {
    if (parent.childNodes[i] !== node) parent.insertBefore(node, parent.childNodes[i] ?? null);
  });
}

/**
 * An element; children are nodes or text, false and '' are left out.
 * @param {string} tag @param {Record<string, string | boolean | undefined>} attributes @param {...(Node | string | false | null | undefined)} children
 * @returns {HTMLElement}
 */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '');
    else if (typeof value === 'string' && value !== '') node.setAttribute(name, value);
  }
  node.append(...children.filter((c) => c !== false && c !== null && c !== undefined && c !== ''));
  return node;
}
