/**
 * The page of a plan: `<plansync-plan>`, and nothing else.
 *
 * In: the plan's id from the path, the person's token from the fragment. Out: the element with both. The token is kept for
 * this tab, so that a reload works, and leaves the address bar, where shoulders and screenshots would see it.
 */

const plan = decoded(location.pathname.split('/')[2] ?? '');
const element = document.querySelector('plansync-plan');

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

function show(): void {
  const token = takeToken();
  if (!element) return;
  element.setAttribute('plan', plan);
  if (token) element.setAttribute('token', token);
}

element?.addEventListener('plansync-title', (event) => {
  document.title = (event as CustomEvent<string>).detail || 'Plan';
});
addEventListener('hashchange', show);
show();
export {};
