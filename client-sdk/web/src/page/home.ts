/**
 * The front page: one field for a plan's link, one for a workspace's key.
 *
 * In: what a person pasted. Out: a navigation to `/p/{id}#token=…` on this server, the plans of the workspace, or a sentence
 * saying what is wrong. Only the path and the fragment of a link are used, so a pasted link can never lead to another
 * site. The key stays in memory, or, if asked to, in this tab's session storage; it goes to this server alone.
 */

import { Refusal, Plans } from './plans.js';

const KEY = 'plansync.workspace';

/** The place on this server that a pasted link means, or null. */
function placeOf(pasted: string, origin: string): { local: string; host: string; here: boolean } | null {
  let url: URL;
  try {
    url = new URL(pasted.trim(), origin);
  } catch {
    return null;
  }
  if (!/^https?:$/.test(url.protocol) || !/^\/p\/[^/]+$/.test(url.pathname)) return null;
  return { local: url.pathname + url.hash, host: url.host, here: url.origin === origin };
}

const form = document.getElementById('open') as HTMLFormElement;
const field = document.getElementById('link') as HTMLInputElement;
const error = document.getElementById('open-error') as HTMLElement;

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const place = placeOf(field.value, location.origin);
  if (place?.here) {
    location.assign(place.local);
    return;
  }
  error.textContent = place
    ? `This link belongs to another server, ${place.host}. Open it in the address bar instead.`
    : 'This is not a link to a plan. It looks like ' + location.origin + '/p/…#token=…';
  field.setAttribute('aria-invalid', 'true');
  field.focus();
});

field.addEventListener('input', () => {
  error.textContent = '';
  field.removeAttribute('aria-invalid');
});

// --- The workspace ---------------------------------------------------------------------------------------------------

const enter = document.getElementById('enter') as HTMLFormElement;
const key = document.getElementById('key') as HTMLInputElement;
const keyError = document.getElementById('key-error') as HTMLElement;
const keep = document.getElementById('keep') as HTMLInputElement;
const place = document.getElementById('plans') as HTMLElement;

function kept(value?: string | null): string | null {
  try {
    if (value === null) sessionStorage.removeItem(KEY);
    else if (value !== undefined) sessionStorage.setItem(KEY, value);
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function showDoors(isShown: boolean): void {
  for (const id of ['doors', 'lead']) (document.getElementById(id) as HTMLElement).hidden = !isShown;
}

async function open(given: string): Promise<void> {
  const plans = new Plans(place, given, () => {
    kept(null);
    showDoors(true);
    key.focus();
  });
  try {
    await plans.begin();
    showDoors(false);
  } catch (thrown) {
    kept(null);
    keyError.textContent =
      thrown instanceof Refusal && (thrown.status === 401 || thrown.status === 403)
        ? 'This is not the key of a workspace of this server. It is in the file api-key of the server’s folder, or was shown when the workspace was made.'
        : thrown instanceof Error
          ? thrown.message
          : String(thrown);
    key.setAttribute('aria-invalid', 'true');
    key.focus();
  }
}

enter.addEventListener('submit', (event) => {
  event.preventDefault();
  const given = key.value.trim();
  if (!given) {
    keyError.textContent = 'Paste the key first.';
    key.focus();
    return;
  }
  key.value = '';
  if (keep.checked) kept(given);
  void open(given);
});
key.addEventListener('input', () => {
  keyError.textContent = '';
  key.removeAttribute('aria-invalid');
});

const before = kept();
if (before) void open(before);
