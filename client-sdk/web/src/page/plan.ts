/**
 * The page of a plan: `<plansync-plan>`, and until its script has come, what a reader wants to know first.
 *
 * In: the plan's id from the path, the person's token from the fragment. Out: the element with both; in its slot, as soon
 * as the server has answered, the head and the thirty seconds of the plan; the answers go on to the element, which asks no
 * more for them. What is always true: the token is kept for this tab, so that a reload works, and leaves the address bar,
 * where shoulders and screenshots would see it; whatever goes wrong is the element's to say, and nothing is drawn here.
 */

import { html, nothing, render, type TemplateResult } from 'lit';
import { dayIn } from '../day.js';
import type { FirstAnswers, Summary } from '../element/desk.js';
import type { PlansyncPlan } from '../element/element.js';
import { figuresOf, glanceLook, headOf, pitchOf, thirtyOf, trackOf, type Drawn } from '../element/head/glance.js';
import { look } from '../element/look.js';
import { dayWords, sideOf } from '../element/words.js';
import type { PlanAnswer } from '../http.js';
import { claimsOf } from '../socket.js';

/** A longer answer would hold up the script: 0.3 s on a slow line (1.6 Mbit/s). */
const ANSWER_BYTES_MAX = 64 * 1024;

const plan = decoded(location.pathname.split('/')[2] ?? '');
const element = document.querySelector('plansync-plan') as PlansyncPlan | null;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/** The token of the address, else the one this tab had before. */
function takeToken(): string | null {
  const key = `plansync.token.${plan}`;
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given) history.replaceState(history.state, '', location.pathname + location.search);
  try {
    if (given) sessionStorage.setItem(key, given);
    return given ?? sessionStorage.getItem(key);
  } catch {
    return given;
  }
}

/** Tells the element who opens which plan. */
function open(): string | null {
  const token = takeToken();
  element?.setAttribute('plan', plan);
  if (token) element?.setAttribute('token', token);
  return token;
}

// --- What the reader sees first ------------------------------------------------------------------------------------

async function ask<T>(token: string, query = ''): Promise<T | undefined> {
  const address = `/v1/plans/${encodeURIComponent(plan)}${query}`;
  const response = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
  const isShort = Number(response.headers.get('content-length')) <= ANSWER_BYTES_MAX;
  if (response.ok && isShort) return (await response.json()) as T;
  void response.body?.cancel();
  return undefined;
}

/** Draws with the shorter answer what it says, and with the longer one the rest. Whatever fails, the element says. */
async function showFirst(token: string): Promise<void> {
  const whole = ask<PlanAnswer>(token).catch(() => undefined);
  const summary = await ask<Summary>(token, '/summary?since=last-visit&format=json');
  const bones = element?.querySelector('[slot=opening]');
  if (!summary || !element || !bones) return;
  // On a first visit there is nothing before it to compare with.
  const { percentBefore, ...standing } = summary.standing;
  const shown = summary.since > 0 ? summary : { ...summary, standing };
  const first = document.createElement('div');
  first.slot = 'opening';
  const root = first.attachShadow({ mode: 'open' });
  root.adoptedStyleSheets = [look, glanceLook].map((each) => each.styleSheet!);
  render(draw({ answer: undefined, summary: shown }, token), root);
  bones.replaceWith(first);
  const answers = { answer: await whole, summary: shown };
  element.first = answers;
  render(draw(answers, token), root);
}

/** The head and the thirty seconds, of what the server has answered. */
function draw({ answer, summary }: FirstAnswers, token: string): TemplateResult {
  const { meta, parties = [], milestones = guess(summary), objectives = [] } = answer?.plan ?? {};
  const { account = summary.account, opportunity, valueProposition, sponsors, value } = meta ?? {};
  const { access = 'viewer', party } = claimsOf(token) ?? {};
  const locale = navigator.language;
  const today = dayIn(Date.now(), meta?.tz);
  const words = {
    day: (day: string | undefined) => dayWords(day, today, locale),
    side: (id: string | undefined) => sideOf(id, parties.find((each) => each.id === id)?.kind),
  };
  const leads = access === 'owner' || access === 'editor';
  const mayDeal = access === 'owner' && ['buyer', 'seller'].includes(words.side(party));
  const deal: readonly Drawn[] = [
    still(account, mayDeal && 'Add the account'),
    still(opportunity, mayDeal && 'Add the opportunity'),
  ];
  const isNew = answer && !valueProposition && objectives.length === 0;
  const target = summary.standing.target?.date;
  return html`<div class="page">
    ${headOf({
      kind: still(summary.planWord, 'Mutual Action Plan'),
      title: still(summary.title, 'A plan without a title'),
      deal,
      updatedAt: answer?.updatedAt,
      here: room(access),
      locale,
    })}
    ${
      leads || !isNew || sponsors?.length || value
        ? html`<details class="framing" inert>${pitchOf(valueProposition, isNew && leads)}</details>`
        : nothing
    }
    ${thirtyOf(
      summary.headline,
      trackOf(milestones, answer?.figures),
      figuresOf(summary.standing, still(target && words.day(target), 'none yet'), words),
    )}
  </div>`;
}

/** How many milestones there are, and are complete, is known before which. */
function guess({ standing }: Summary): readonly { id: string; status: string }[] {
  return Array.from({ length: standing.milestones }, (_, n) => ({
    id: '',
    status: n < standing.milestonesComplete ? 'complete' : 'pending',
  }));
}

/** A value as it stands where it may be edited later; `blank` is what stands where there is none. */
function still(value: string | undefined, blank: string | false): TemplateResult | typeof nothing {
  if (!value && !blank) return nothing;
  return html`<span class="still"><span class=${value ? 'value' : 'value blank'}>${value || blank}</span></span>`;
}

/** The room that who is here and the buttons of the head will take. */
function room(access: string): TemplateResult {
  const leads = access === 'owner' || access === 'editor';
  const buttons = leads ? ['Call', 'Summary', 'Share'] : ['Summary'];
  return html`<span class="room" inert
    ><span class="faces"><span class="face"></span></span> <span class="safety">✓ Saved</span>
    ${
      access === 'viewer'
        ? nothing
        : html`<span class="steps"><button class="quiet icon">↶</button><button class="quiet icon">↷</button></span>`
    }
    <span class="actions">${buttons.map((name) => html`<button>${name}</button>`)}<button class="icon">⋯</button></span>
  </span>`;
}

/** Of a plan that is here, or is not for this reader, nothing stays behind. */
function forget(): void {
  element?.querySelector('[slot=opening]')?.remove();
}

element?.addEventListener('plansync-title', (event) => {
  document.title = (event as CustomEvent<string>).detail || 'Plan';
  forget();
});
element?.addEventListener('plansync-status', (event) => {
  if (['refused', 'closed'].includes((event as CustomEvent<{ state: string }>).detail.state)) forget();
});
addEventListener('hashchange', open);
const token = open();
if (token) showFirst(token).catch(() => {});
