/**
 * The page of an invite: takes the secret out of the address, asks who it is, and goes to the plan.
 *
 * In: the secret from the fragment, which no server saw. Out: one request once the visitor asks to come in; then the
 * plan's page. The secret leaves the address bar and the history at once; opening this page has no effect, so a mail
 * scanner that follows the link uses nothing up. The server's sentences are shown as text.
 */

/** What the server asks for besides, and the field that answers it. */
const WANTED: Readonly<Record<string, string>> = {
  email_needed: 'email',
  wrong_email: 'email',
  passcode_needed: 'passcode',
  wrong_passcode: 'passcode',
};
/** After these another try would end the same way. */
const OVER: Readonly<Record<string, readonly [string, string]>> = {
  no_invite: [
    'There is no such invite',
    'The link is incomplete or was made elsewhere. Open it exactly as it was sent to you, or ask for a new one.',
  ],
  invite_expired: ['This invite has expired', 'Ask the person who sent it for a new one.'],
  invite_used: [
    'This invite has been used',
    'If that was you, go on with the page you got then. Otherwise ask the person who sent it for a new one.',
  ],
  invite_revoked: ['This invite has been withdrawn', 'Ask the person who sent it.'],
  invite_locked: [
    'This invite is locked',
    'Too many wrong passcodes were tried. Ask the person who sent it for a new one.',
  ],
};

const form = byId('form') as HTMLFormElement;
const go = byId('go');
let secret = takeSecret();
let isAsking = false;

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no #${id}`);
  return found;
}

const field = (id: string) => byId(id) as HTMLInputElement;

function takeSecret(): string {
  const given = location.hash.slice(1);
  if (given) history.replaceState(null, '', location.pathname);
  return given;
}

function end(title: string, lead: string): void {
  form.hidden = true;
  byId('title').textContent = title;
  byId('lead').textContent = lead;
  document.title = title;
  byId('title').focus();
}

/** Says what is wrong, and goes to where it can be put right. */
function say(sentence: string, id?: string): void {
  byId('said').textContent = sentence;
  for (const input of form.querySelectorAll('input')) input.removeAttribute('aria-invalid');
  if (!id) return;
  const wrong = field(id);
  const place = document.getElementById(`${id}-field`);
  if (place?.hidden) place.hidden = false;
  else wrong.setAttribute('aria-invalid', 'true');
  wrong.required = true;
  wrong.focus();
}

async function ask(): Promise<{ status: number; body: { url: string; code?: string; detail?: string } }> {
  const { name, email, passcode } = Object.fromEntries(
    [...new FormData(form)].map(([key, value]) => [key, String(value)]),
  );
  const response = await fetch('/v1/join', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ secret, name, ...(email ? { email } : {}), ...(passcode ? { passcode } : {}) }),
    cache: 'no-store',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  });
  return { status: response.status, body: await response.json() };
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (isAsking) return;
  const empty = [...form.querySelectorAll('input')].find((input) => input.required && !input.value.trim());
  if (empty) {
    say(empty.id === 'name' ? 'Say your name first.' : 'This is needed too.', empty.id);
    return;
  }
  isAsking = true;
  go.setAttribute('aria-disabled', 'true');
  say('');
  try {
    const { status, body } = await ask();
    if (status === 200) {
      secret = '';
      // This page leaves the history: going back would show an invite that has been used.
      const { pathname, hash } = new URL(body.url);
      location.replace(pathname + hash);
      return;
    }
    const over = OVER[body.code ?? ''];
    if (over) end(over[0], over[1]);
    else say(sentence(body), WANTED[body.code ?? '']);
  } catch {
    say('The server could not be reached. Nothing is lost: try again in a moment.');
  }
  isAsking = false;
  go.removeAttribute('aria-disabled');
});

function sentence({ detail = 'it did not work: try again in a moment' }: { detail?: string }): string {
  return `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
}

addEventListener('hashchange', () => {
  if (location.hash.length > 1) location.reload();
});

if (secret) {
  form.hidden = false;
  field('name').focus();
} else {
  end(
    'This link is incomplete',
    'An invite ends in a long secret after “/join#”. Open it exactly as it was sent to you, or ask for a new one.',
  );
}

export {};
