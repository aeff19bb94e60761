/** The head of the plan: what it is, of when, who is here, whether what was written is safe, and what can be done. */

import { css, html, nothing, type TemplateResult } from 'lit';
import type { Present } from '../../presence.js';
import { headOf } from './glance.js';
import { Piece, define } from '../piece.js';
import { agoWords, apart, counted, initials } from '../words.js';

/** Faces beyond this many are counted. */
const FACES_MAX = 6;

/** Whether everything is safe, in words. */
export interface Safety {
  readonly kind: 'saved' | 'saving' | 'kept' | 'offline' | 'connecting' | 'over';
  readonly text: string;
}

class Head extends Piece {
  static look = css`
    .face {
      border-radius: 50%;
      border: 2px solid var(--bg);
      background: var(--other);
      color: var(--bg);
      font-size: 0.6875rem;
      font-weight: 650;
    }
    .face.buyer {
      background: var(--buyer);
    }
    .face.seller {
      background: var(--seller);
      border-radius: 0.625rem;
    }
    .face.partner {
      background: var(--partner);
      border-radius: 0.25rem;
    }
    .face.more {
      background: var(--other-bg);
      color: var(--ink);
    }
    .safety.saved {
      color: var(--ok);
    }
    .safety.offline,
    .safety.over {
      color: var(--late);
      font-weight: 600;
    }
  `;

  /** The buttons on the right. */
  declare actions: TemplateResult | undefined;
  static override properties = { ...Piece.properties, actions: { attribute: false } };

  /** It says how many edits wait. */
  protected override heard(): void {
    this.requestUpdate();
  }

  override render(): TemplateResult {
    const { desk } = this;
    const { meta } = desk.plan;
    const safety = safetyOf(desk);
    return headOf({
      kind: this.#field('planWord', 'Name of such plans', meta.planWord ?? 'Mutual Action Plan'),
      title: this.#field('title', 'Title of the plan', meta.title, 'A plan without a title'),
      deal: [
        this.#field('account', 'Account', meta.account),
        this.#field('opportunity', 'Opportunity', meta.opportunity),
      ],
      updatedAt: desk.answer?.updatedAt,
      edits: html`${this.#edits()}${this.#quiet()}`,
      here: html`${this.#faces()}
        <span class="safety ${safety.kind}" role="status" part="safety">${safety.text}</span>
        ${this.#steps()} ${this.actions ?? nothing}`,
      locale: desk.locale,
    });
  }

  #field(name: string, label: string, value: string | undefined, blank?: string): TemplateResult | typeof nothing {
    const { desk } = this;
    const may = desk.rights.meta(name);
    if (!may && !value) return blank ? html`${blank}` : nothing;
    return html`<plansync-field
      .desk=${desk}
      of="meta"
      name=${name}
      label=${label}
      .value=${value}
      blank=${blank ?? `Add the ${label.toLowerCase()}`}
      ?may=${may}
    ></plansync-field>`;
  }

  /** Undo and redo of one's own. */
  #steps(): TemplateResult | typeof nothing {
    const { desk } = this;
    if (!desk.rights.talk) return nothing;
    return html`<span class="steps"
      ><button
        class="quiet icon"
        aria-label="Undo my last edit"
        title="Undo (Ctrl+Z)"
        ?disabled=${!desk.plan.canUndo}
        @click=${() => desk.step('undo')}
      >
        ↶</button
      ><button
        class="quiet icon"
        aria-label="Redo"
        title="Redo (Ctrl+Shift+Z)"
        ?disabled=${!desk.plan.canRedo}
        @click=${() => desk.step('redo')}
      >
        ↷
      </button></span
    >`;
  }

  /** Who edited last, of each party. */
  #edits(): string {
    const { desk } = this;
    const nowMs = desk.plan.serverNow();
    const last = [...desk.lastEdits.entries()]
      .map(([party, edit]) => ({ party, ...edit }))
      .sort((a, b) => Date.parse(b.time) - Date.parse(a.time))
      .slice(0, 2)
      .map((edit) => {
        const ago = agoWords(edit.time, nowMs, desk.locale);
        return `by ${apart(desk.personName(edit.actor))} (${apart(desk.partyName(edit.party))}) ${ago}`;
      });
    return last.length ? ` · last edited ${last.join(', ')}` : '';
  }

  /** That nothing has moved for a while: a plan that nobody touches is none. */
  #quiet(): TemplateResult | typeof nothing {
    const { days = 0, level = 'fresh' } = this.desk.answer?.figures.staleness ?? {};
    if (level === 'fresh') return nothing;
    return html` · <span class=${level === 'stale' ? 'late' : ''}>nothing has moved for ${days} days</span>`;
  }

  #faces(): TemplateResult | typeof nothing {
    const people = new Map<string, Present>();
    for (const each of this.desk.plan.presence.people) people.set(each.person ?? String(each.clientId), each);
    if (people.size === 0) return nothing;
    const shown = [...people.values()].slice(0, FACES_MAX);
    const rest = people.size - shown.length;
    return html`<ul class="faces" aria-label="${counted(people.size, 'person is', 'people are')} here" part="faces">
      ${shown.map((each) => {
        const name = each.name ?? this.desk.personName(each.person) ?? 'Somebody';
        const side = this.desk.side(each.party);
        const isMe = each.person !== undefined && each.person === this.desk.plan.me?.person;
        const words = `${apart(name)}, ${apart(this.desk.partyName(each.party))}${isMe ? ' (you)' : ''}`;
        return html`<li class="face ${side}" title=${words}>
          <span aria-hidden="true">${initials(name)}</span><span class="unseen">${words}</span>
        </li>`;
      })}
      ${rest > 0 ? html`<li class="face more" title="${rest} more">+${rest}</li>` : nothing}
    </ul>`;
  }
}

/** What the state line says: "Saved" means on the server's disk. */
export function safetyOf(desk: Piece['desk']): Safety {
  const { plan } = desk;
  const { state } = plan.status;
  const { pending } = plan;
  const edits = counted(pending, 'edit');
  if (state === 'refused' || state === 'closed') return { kind: 'over', text: 'Not connected' };
  if (state === 'live') {
    return pending === 0 ? { kind: 'saved', text: '✓ Saved' } : { kind: 'saving', text: `Saving ${edits}…` };
  }
  if (state === 'offline') {
    if (pending === 0) return { kind: 'offline', text: 'Offline' };
    const isKept = plan.stored >= pending;
    return { kind: 'offline', text: isKept ? `Offline · ${edits} kept here` : `Offline · ${edits} not kept yet` };
  }
  return { kind: 'connecting', text: pending > 0 ? `Connecting · ${edits} to send` : 'Connecting…' };
}

define('plansync-head', Head);
export const headLook = Head.look;
