// The plan page: asks for the plan, draws it, and draws it again whenever the server says it changed.
//
// In: the plan's id from the path, the person's token from the fragment (kept for this tab, sent only
// as a header and in Hello). Out: the page. It keeps the last answer and its ETag. When the token is
// refused or the plan is gone, the plan leaves the screen; when only the network fails, it stays.

import { instantText, today } from './days.js';
import { openLive } from './live.js';
import { outlineOf } from './outline.js';
import { createView } from './view.js';

const REFETCH_GAP_MS = 200;
const REFETCH_AFTER_MS = 3_000;
const DAY_CHECK_MS = 60_000;
const ENDS = {
  401: ['This link no longer works', 'It has expired, or it was copied only in part. Ask the person who sent it for a new one.'],
  403: ['You do not have access to this plan', 'Your access may have ended, or this link belongs to another plan. Ask the person who runs the plan.'],
  404: ['There is no such plan', 'It may have been deleted, or the link is incomplete.'],
  none: ['This link is incomplete', 'A link to a plan ends in “#token=…”. Open it exactly as it was sent to you.'],
};

const id = idOf(location.pathname);
const view = createView(document);
const locales = navigator.languages;

let token = takeToken();
let etag = '';
/** @type {any} */ let answer = null;
/** @type {ReturnType<typeof openLive> | null} */ let live = null;
let drawnFor = '';
let fetching = false;
let again = false;
/** When the shown plan was last known to be the newest. */
let freshAt = '';
let isLive = false;
let wasLost = false;
let ended = false;
/** @type {import('./live.js').Presence[]} */ let people = [];
let me = { person: '', client: -1 };

/** @param {string} path */
function idOf(path) {
  try {
    return decodeURIComponent(path.split('/')[2] ?? '');
  } catch {
    return '';
  }
}

/** The token of the fragment, else the one this tab used before. */
function takeToken() {
  const key = `plansync.token.${id}`;
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  try {
    if (given) sessionStorage.setItem(key, given);
    return given ?? sessionStorage.getItem(key) ?? '';
  } catch {
    return given ?? '';
  }
}

/** Fetches the plan; while one request is under way, any number of calls become one more. */
async function refresh() {
  if (ended) return;
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  const status = await ask();
  setTimeout(() => {
    fetching = false;
    if (again) refresh();
    again = false;
  }, REFETCH_GAP_MS);
  if (ended) return;
  if (ENDS[status]) end(status);
  else if (status === 200 || status === 304) freshAt = new Date().toISOString();
  // While the socket is down its next attempt asks again; while it is up no one else would.
  else if (isLive) setTimeout(refresh, REFETCH_AFTER_MS);
  if (status === 200) draw();
}

/** Asks for the plan, keeps a new answer and says the status; 0 when the network failed. */
async function ask() {
  try {
    const response = await fetch(`/v1/plans/${encodeURIComponent(id)}`, {
      headers: { Authorization: `Bearer ${token}`, ...(etag ? { 'If-None-Match': etag } : {}) },
      cache: 'no-store', credentials: 'omit', referrerPolicy: 'no-referrer',
    });
    if (response.status === 200 && !ended) {
      answer = await response.json();
      etag = response.headers.get('ETag') ?? '';
    }
    return response.status;
  } catch {
    return 0;
  }
}

function draw() {
  if (!answer) return;
  const asOf = today(answer.plan?.meta?.tz);
  // A new day changes words on many rows; that is no one's edit and lights nothing up.
  const quiet = drawnFor !== asOf;
  drawnFor = asOf;
  view.showPlan(outlineOf(answer, asOf, locales), quiet);
  view.showPeople(people, me, kinds());
}

/** Leaves nothing of the plan on the screen. @param {number | 'none'} why */
function end(why) {
  ended = true;
  live?.close();
  live = null;
  answer = null;
  view.showEnd(...ENDS[why]);
}

async function start() {
  if (!token || !id) {
    end(id ? 'none' : 404);
    return;
  }
  // A refused token ends here, without a socket. A failed network goes on: the socket retries.
  await refresh();
  if (ended) return;
  const url = `${location.origin.replace(/^http/, 'ws')}/v1/sync/${encodeURIComponent(id)}`;
  live = openLive(url, token, {
    connecting() {
      // Later attempts say nothing: the line that says since when we are offline still holds.
      if (!wasLost) view.showState('connecting', 'Connecting');
    },
    live(welcome) {
      me = { person: String(welcome?.person ?? ''), client: live?.client ?? -1 };
      isLive = true;
      wasLost = false;
      view.showState('live', 'Live');
      refresh();
    },
    changed: refresh,
    present(now) {
      people = now;
      view.showPeople(people, me, kinds());
    },
    lost() {
      if (isLive) freshAt = new Date().toISOString();
      isLive = false;
      wasLost = true;
      view.showState('offline', answer
        ? `Offline, showing the plan as of ${instantText(freshAt, answer.plan?.meta?.tz, locales)}`
        : 'Offline, trying again');
      // A refused upgrade looks like a network error to a page; the request tells them apart.
      refresh();
    },
    ended(code) {
      if (ENDS[code - 4000]) end(/** @type {401} */ (code - 4000));
      else view.showState('offline', 'Not live any more. Reload the page to go on.');
    },
  });
}

/** Party id → kind, for the colour and shape of a face. */
function kinds() {
  return new Map((answer?.plan?.parties ?? []).map((/** @type {any} */ p) => [p.id, p.kind]));
}

addEventListener('hashchange', () => {
  const before = token;
  token = takeToken();
  if (token !== before) location.reload();
});
addEventListener('online', () => live?.hurry());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) live?.hurry();
});
setInterval(() => {
  if (answer && today(answer.plan?.meta?.tz) !== drawnFor) draw();
}, DAY_CHECK_MS);

start();
