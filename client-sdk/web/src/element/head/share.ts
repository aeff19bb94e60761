/**
 * Who is on the plan, and who else may come: members, their access, and invites.
 *
 * In: the server's lists (`docs/http.md`). Out: requests to it. What is always true: only what the reader may do is
 * offered; access is taken away after one question; an invite's link is shown once, here, and is kept nowhere.
 */

import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { chip } from '../controls/chips.js';
import { Dialog } from '../controls/dialog.js';
import { define } from '../piece.js';
import { agoWords, apart, counted, wordOf } from '../words.js';

/** What somebody may do, from most to least, in words. */
const ACCESS: Readonly<Record<string, string>> = {
  owner: 'everything, for this side',
  editor: 'edits the plan, invites, starts calls',
  contributor: 'updates what they own',
  commenter: 'comments and flags blockers',
  viewer: 'reads',
};
const LEVELS = Object.keys(ACCESS);
const DAY_MS = 86_400_000;

interface Member {
  readonly person: string;
  readonly party: string;
  readonly access: string;
  readonly name?: string;
  readonly email?: string;
  readonly online: boolean;
  readonly lastSeenAt?: string;
  readonly revokedAt?: string;
}

interface Invite {
  readonly id: string;
  readonly inviter?: string;
  readonly party: string;
  readonly access: string;
  readonly email?: string;
  readonly expiresAt: string;
  readonly maxUses: number;
  readonly uses: number;
  readonly passcode: boolean;
  readonly state: string;
}

class Share extends Dialog {
  static look = css`
    .members {
      display: grid;
    }
    .members > li {
      display: grid;
      grid-template-columns: minmax(0, 1fr) auto auto;
      gap: 0.25rem 0.75rem;
      align-items: center;
      padding: 0.5rem 0;
      border-top: 1px solid var(--line);
    }
    .members > li:first-child {
      border-top: 0;
    }
    .members .who {
      display: flex;
      flex-wrap: wrap;
      gap: 0.125rem 0.5rem;
      align-items: center;
    }
    .members select {
      width: auto;
      min-width: 8.5rem;
    }
    .members .asks {
      grid-column: 1 / -1;
      padding: 0.625rem 0.875rem;
      border-radius: 0.5rem;
      background: var(--late-bg);
      color: var(--late);
    }
    .members .asks button {
      color: var(--ink);
    }
    .members .gone {
      color: var(--mute);
    }
    .members .gone .chip {
      text-decoration: line-through;
    }
    .online {
      color: var(--ok);
      font-size: 0.8rem;
      white-space: nowrap;
    }
    .invite-form {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(11rem, 100%), 1fr));
      gap: 0.75rem 1rem;
      align-items: end;
      padding: 1rem 1.125rem;
      border-radius: 0.75rem;
      background: var(--bg);
    }
    .invite-form > .wholly {
      grid-column: 1 / -1;
    }
    .made {
      display: grid;
      gap: 0.5rem;
      padding: 1rem 1.125rem;
      border: 1px solid var(--hot-line);
      border-radius: 0.75rem;
      background: var(--hot);
    }
    .made .row {
      flex-wrap: nowrap;
    }
    .made button {
      flex: none;
    }
    .made input {
      font-family: ui-monospace, monospace;
      font-size: 0.8667rem;
    }
    @media (max-width: 40rem) {
      .members > li {
        grid-template-columns: minmax(0, 1fr) auto;
      }
      .members .who {
        grid-column: 1 / -1;
      }
    }
  `;

  static override properties = {
    ...Dialog.properties,
    members: { state: true },
    invites: { state: true },
    asked: { state: true },
    made: { state: true },
    said: { state: true },
    isAsking: { state: true },
  };
  declare members: readonly Member[] | undefined;
  declare invites: readonly Invite[];
  /** Whose access is about to be taken away. */
  declare asked: string | undefined;
  /** The link of the invite that was just made. */
  declare made: string | undefined;
  declare said: string;
  declare isAsking: boolean;

  constructor() {
    super();
    this.invites = [];
    this.said = '';
    this.isAsking = false;
  }

  override show(): void {
    super.show();
    this.made = this.asked = undefined;
    this.said = '';
    void this.#load();
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.isOpen) return nothing;
    const open = this.invites.filter((each) => each.state === 'open' || each.state === 'locked');
    return this.sheet(
      'Share',
      html`<p class="mute">
          You invite people of <bdi>${this.desk.partyName(this.desk.party)}</bdi>. The other side invites its own.
        </p>
        ${this.made ? this.#link(this.made) : this.#form()}
        <p class="ok small" role="status">${this.said}</p>
        ${
          open.length
            ? html`<section>
                <h3>Open invites</h3>
                <ul class="members">
                  ${repeat(
                    open,
                    (each) => each.id,
                    (each) => this.#invite(each),
                  )}
                </ul>
              </section>`
            : nothing
        }
        <section>
          <h3>People with access</h3>
          ${
            this.members
              ? html`<ul class="members" part="members">
                  ${repeat(
                    this.members,
                    (each) => each.person,
                    (each) => this.#member(each),
                  )}
                </ul>`
              : html`<div class="bones" aria-label="Asking who is here"><i></i><i></i></div>`
          }
        </section>`,
    );
  }

  // --- Members ---------------------------------------------------------------------------------------------------

  /** The levels that the reader may give. */
  get #levels(): readonly string[] {
    return this.desk.plan.me?.access === 'owner' ? LEVELS : LEVELS.slice(1);
  }

  #mayChange(member: Member): boolean {
    const { me } = this.desk.plan;
    return (
      member.party === this.desk.party &&
      member.person !== me?.person &&
      !member.revokedAt &&
      this.#levels.includes(member.access)
    );
  }

  #member(member: Member): TemplateResult {
    const { desk } = this;
    const name = member.name ?? desk.personName(member.person);
    const isMe = member.person === desk.plan.me?.person;
    const seen = agoWords(member.lastSeenAt, desk.plan.serverNow(), desk.locale);
    return html`<li class=${member.revokedAt ? 'gone' : ''} data-person=${member.person}>
      <span class="who">
        ${chip(desk.side(member.party), name, { title: desk.partyName(member.party) })}
        ${isMe ? html`<span class="tag">you</span>` : nothing}
        ${
          member.online
            ? html`<span class="online">● here now</span>`
            : seen
              ? html`<span class="tag">seen ${seen}</span>`
              : nothing
        }
        ${member.email ? html`<span class="tag">${member.email}</span>` : nothing}
      </span>
      ${
        member.revokedAt
          ? html`<span class="small"
              >access taken away ${agoWords(member.revokedAt, desk.plan.serverNow(), desk.locale)}</span
            >`
          : this.#mayChange(member)
            ? html`<select
                  aria-label="What ${name} may do"
                  .value=${member.access}
                  @change=${(event: Event) => void this.#change(member, (event.target as HTMLSelectElement).value)}
                >
                  ${this.#levels.map(
                    (level) =>
                      html`<option value=${level} ?selected=${level === member.access}>${wordOf(level)}</option>`,
                  )}
                </select>
                <button class="quiet" @click=${() => (this.asked = member.person)}>Revoke</button>`
            : html`<span class="mute small">${wordOf(member.access)}</span>`
      }
      ${
        this.asked === member.person
          ? html`<p class="asks row" role="alert">
              <span>Take away the access of ${name}? Their links stop working at once. What they wrote stays.</span>
              <span class="row push">
                <button @click=${() => (this.asked = undefined)}>Keep it</button>
                <button @click=${() => void this.#revoke(member)}>Take it away</button>
              </span>
            </p>`
          : nothing
      }
    </li>`;
  }

  async #change(member: Member, access: string): Promise<void> {
    const isHigher = LEVELS.indexOf(access) < LEVELS.indexOf(member.access);
    const name = member.name ?? this.desk.personName(member.person);
    const isDone = await this.attempt(() =>
      this.#send('PATCH', `members/${encodeURIComponent(member.person)}`, { access }),
    );
    this.said = isDone
      ? `${name} is ${access} now.${isHigher ? ' A link that they have gives at most what it was made for: invite them again for more.' : ''}`
      : '';
    await this.#load();
  }

  async #revoke(member: Member): Promise<void> {
    const isDone = await this.attempt(() => this.#send('DELETE', `members/${encodeURIComponent(member.person)}`));
    this.said = isDone ? `${apart(member.name ?? this.desk.personName(member.person))} has no access any more.` : '';
    this.asked = undefined;
    await this.#load();
  }

  // --- Invites ---------------------------------------------------------------------------------------------------

  #form(): TemplateResult {
    return html`<form class="invite-form" @submit=${this.#make}>
      <h3 class="wholly">Invite somebody</h3>
      <label class="field"
        >They may
        <select name="access">
          ${this.#levels.map(
            (level) =>
              html`<option value=${level} ?selected=${level === 'contributor'}>
                ${wordOf(level)}: ${ACCESS[level]}
              </option>`,
          )}
        </select>
      </label>
      <label class="field"
        >Valid for
        <select name="days">
          ${[1, 7, 14, 30, 90].map(
            (days) => html`<option value=${days} ?selected=${days === 14}>${counted(days, 'day')}</option>`,
          )}
        </select>
      </label>
      <label class="field"
        >How many people
        <input name="maxUses" type="number" min="1" max="200" value="1" required />
      </label>
      <label class="field"
        >Only for this mail address (optional)
        <input name="email" type="email" autocomplete="off" maxlength="200" />
      </label>
      <label class="field"
        >Passcode (optional)
        <input name="passcode" autocomplete="off" minlength="4" maxlength="100" />
      </label>
      <button class="pri" ?disabled=${this.isAsking}>Create the link</button>
    </form>`;
  }

  #link(url: string): TemplateResult {
    return html`<div class="made">
      <label for="invite-link"><b>Send this link.</b> It is shown only now.</label>
      <p class="row">
        <input
          id="invite-link"
          readonly
          .value=${url}
          @focus=${(event: Event) => (event.target as HTMLInputElement).select()}
        />
        <button class="pri" @click=${() => void this.#copy(url)}>Copy</button>
      </p>
      <p class="row"><button class="quiet" @click=${() => (this.made = undefined)}>Invite somebody else</button></p>
    </div>`;
  }

  #invite(invite: Invite): TemplateResult {
    const { desk } = this;
    const facts = [
      invite.email,
      `${invite.uses} of ${invite.maxUses} used`,
      `until ${desk.day(invite.expiresAt.slice(0, 10))}`,
      invite.passcode && 'with a passcode',
      invite.state === 'locked' && 'locked after wrong passcodes',
    ].filter(Boolean);
    return html`<li data-invite=${invite.id}>
      <span class="who">${wordOf(invite.access)} <span class="tag">${facts.join(' · ')}</span></span>
      <span></span>
      <button class="quiet" @click=${() => void this.#withdraw(invite)}>Withdraw</button>
    </li>`;
  }

  #make = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const given = Object.fromEntries(new FormData(form)) as Record<string, string>;
    const { email, passcode } = given;
    this.isAsking = true;
    await this.attempt(async () => {
      const { url } = await this.#send<{ url: string }>('POST', 'invites', {
        party: this.desk.party,
        access: given['access'],
        expiresAt: new Date(this.desk.plan.serverNow() + Number(given['days']) * DAY_MS).toISOString(),
        maxUses: email ? 1 : Number(given['maxUses']),
        ...(email ? { email } : {}),
        ...(passcode ? { passcode } : {}),
      });
      this.made = url;
      this.said = '';
      await this.#load();
    });
    this.isAsking = false;
    await this.updateComplete;
    this.querySelector<HTMLInputElement>('#invite-link')?.focus();
  };

  async #copy(url: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(url);
      this.said = 'Copied.';
    } catch {
      this.querySelector<HTMLInputElement>('#invite-link')?.focus();
      this.said = 'This browser does not let the page copy: the link is selected, press Ctrl or ⌘ and C.';
    }
  }

  async #withdraw(invite: Invite): Promise<void> {
    const isDone = await this.attempt(() => this.#send('DELETE', `invites/${encodeURIComponent(invite.id)}`));
    this.said = isDone ? 'The invite is withdrawn. Whoever came by it stays.' : '';
    await this.#load();
  }

  // --- The server ------------------------------------------------------------------------------------------------

  #send<T = void>(method: string, path: string, body?: unknown): Promise<T> {
    const { plan } = this.desk;
    return plan.http.json(method, `v1/plans/${encodeURIComponent(plan.id)}/${path}`, {}, body);
  }

  async #load(): Promise<void> {
    const { wrong } = this;
    const isDone = await this.attempt(async () => {
      const [{ members }, { invites }] = await Promise.all([
        this.#send<{ members: Member[] }>('GET', 'members'),
        this.#send<{ invites: Invite[] }>('GET', 'invites'),
      ]);
      const own = this.desk.party;
      const order = (each: Member) => [each.revokedAt ? 1 : 0, each.party === own ? 0 : 1, each.party].join();
      this.members = [...members].sort(
        (a, b) => order(a).localeCompare(order(b)) || (a.name ?? a.person).localeCompare(b.name ?? b.person),
      );
      this.invites = invites;
    });
    // What went wrong before is still to be read.
    if (isDone) this.wrong = wrong;
  }
}

define('plansync-share', Share);
export const shareLook = Share.look;
