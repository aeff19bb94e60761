/** Thirty seconds, live: how the plan stands, as the server last said, and where milestones are now. */

import { html, nothing, type TemplateResult } from 'lit';
import { figuresOf, thirtyOf, trackOf } from './glance.js';
import { Piece, define } from '../piece.js';

class Thirty extends Piece {
  override render(): TemplateResult {
    const { desk } = this;
    const { plan, summary, answer } = desk;
    return thirtyOf(
      summary?.headline ?? (plan.status.state === 'live' ? ' ' : this.#localWords()),
      trackOf(plan.milestones.all(), answer?.figures),
      summary && figuresOf(summary.standing, this.#target(), desk),
    );
  }

  /** The target, to move where the reader may: the others are asked. */
  #target(): TemplateResult {
    const { desk } = this;
    const { target, trust } = desk.plan.meta;
    const others = desk.plan.parties.all().filter((each) => each.kind !== 'partner' && each.id !== desk.party);
    const names = others.map((each) => desk.partyName(each.id)).join(' and ');
    return html`<plansync-field
      .desk=${desk}
      of="meta"
      name="target.date"
      kind="day"
      label="Target"
      .value=${target?.date}
      .shown=${target?.date ? desk.day(target.date) : undefined}
      blank="none yet"
      note=${trust === 'open' || !names ? nothing : `${names} will be asked to agree.`}
      ?may=${desk.rights.meta('target.date')}
    ></plansync-field>`;
  }

  /** Without a server the sentence is about what is known here. */
  #localWords(): string {
    const target = this.desk.plan.meta.target?.date;
    return target ? `Target ${this.desk.day(target)}` : 'No target date yet';
  }
}

define('plansync-thirty', Thirty);
