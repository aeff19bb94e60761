/**
 * A pointer that is down: what lies beneath it must not move away before it is up, or the click meets something else.
 *
 * A field that closes when it is left changes the place of all that stands below it; whoever leaves it by pressing a
 * button means that button.
 */

let isDown = false;
if (typeof window !== 'undefined') {
  const turn = (is: boolean) => () => void (isDown = is);
  window.addEventListener('pointerdown', turn(true), { capture: true, passive: true });
  for (const up of ['pointerup', 'pointercancel']) window.addEventListener(up, turn(false), { capture: true });
}

/** Does it now, or as soon as the pointer that is down is up and has clicked. */
export function afterPress(act: () => void): void {
  if (!isDown) return act();
  const up = new AbortController();
  const ended = () => {
    up.abort();
    // The click follows the release within the same task.
    setTimeout(act);
  };
  for (const name of ['pointerup', 'pointercancel'])
    window.addEventListener(name, ended, { capture: true, signal: up.signal });
}
