/**
 * The front page's one field: takes a pasted plan link and opens it.
 *
 * In: what a person pasted. Out: a navigation to `/p/{id}#token=…` on this server, or a sentence saying what is wrong. Only
 * the path and the fragment of the link are used, so a pasted link can never lead to another site.
 */

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

export {};
