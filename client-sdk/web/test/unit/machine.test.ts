/** The protocol of one plan without a socket: frames in, commands out, chance and time as given. */

import { beforeEach, describe, expect, test } from 'vitest';
import { Machine, errorOf, type Command, type MachineOptions, type Transmit } from '../../src/machine.js';
import { decode, encode, type Frame, type Welcome } from '../../src/wire.js';

const WELCOME: Welcome = {
  person: 'ann',
  party: 'buyer',
  access: 'editor',
  scope: 'shared',
  epoch: 1,
  seq: 7,
  lastVisitSeq: 3,
  limits: {},
  serverTime: '2026-02-17T18:21:07.113Z',
};
const update = (size = 4) => new Uint8Array(size).fill(9);

let machine: Machine;
let now: number;
let chance: number;
const make = (options: Partial<MachineOptions> = {}) => {
  machine = new Machine({ ownId: 5, client: 'test/1', ...options });
  now = 1_000_000;
  chance = 1;
};
beforeEach(() => make());

const receive = (frame: Exclude<Frame, { type: 'Unknown' }>) => machine.received(encode(frame), now, chance);
const end = (code: number, reason = '') => machine.ended(code, reason, now, chance);
const names = (commands: Command[]) =>
  commands.map((command) => (command.do === 'status' ? command.status.state : command.do));

/** Everything there is to send, as frames; an ask and a state by their names. */
function sent(): (Frame | 'ask' | 'state')[] {
  const all: (Frame | 'ask' | 'state')[] = [];
  for (let next: Transmit | undefined; (next = machine.pollTransmit());) {
    all.push(next.send === 'frame' ? decode(next.bytes) : next.send);
  }
  machine.sent();
  return all;
}

function open(): void {
  machine.tokenGiven('t.o.k');
  machine.opened(now);
  sent();
}

function goLive(welcome: Partial<Welcome> = {}): void {
  open();
  receive({ type: 'Welcome', json: { ...WELCOME, ...welcome } });
  receive({ type: 'SyncStep1', bytes: Uint8Array.of(0) });
  sent();
  receive({ type: 'SyncStep2', bytes: Uint8Array.of(0, 0) });
}

describe('a connection', () => {
  test('says hello, asks, answers, is live', () => {
    make({ cursor: '412.0' });
    expect(names(machine.start())).toEqual(['token']);
    expect(machine.tokenGiven('t.o.k')).toEqual([{ do: 'connect' }]);
    expect(machine.pollTransmit()).toBeUndefined();
    machine.opened(now);
    expect(sent()).toEqual([{ type: 'Hello', json: { client: 'test/1', token: 't.o.k', sinceSeq: '412.0' } }]);
    expect(names(receive({ type: 'Welcome', json: WELCOME }))).toEqual(['welcome', 'syncing']);
    expect(sent()).toMatchObject(['ask', { type: 'Awareness' }]);
    expect(names(receive({ type: 'SyncStep1', bytes: Uint8Array.of(0) }))).toEqual([]);
    expect(names(receive({ type: 'SyncStep2', bytes: Uint8Array.of(0, 0) }))).toEqual(['apply']);
    expect(machine.pollTransmit()).toEqual({ send: 'state', since: Uint8Array.of(0) });
    expect(names(machine.sent())).toEqual(['live']);
  });

  test('nothing counts before the Welcome, and nothing that a client sends', () => {
    open();
    expect(names(receive({ type: 'SyncStep1', bytes: update() }))).toEqual(['disconnect', 'offline', 'wait']);
    goLive();
    expect(names(receive({ type: 'Touch' }))).toEqual(['disconnect', 'offline', 'wait']);
    goLive();
    expect(names(receive({ type: 'Welcome', json: WELCOME }))).toEqual(['disconnect', 'offline', 'wait']);
  });

  test('bytes that are no frame end the connection, not the machine', () => {
    goLive();
    expect(machine.received(Uint8Array.of(0, 9), now, chance)).toMatchObject([
      { do: 'disconnect', code: 4400 },
      { do: 'status', status: { state: 'offline' } },
      { do: 'wait' },
    ]);
    machine.due();
    goLive();
    expect(machine.status.state).toBe('live');
  });

  test('types of a newer server are ignored', () => {
    goLive();
    expect(machine.received(Uint8Array.of(99, 1, 2), now, chance)).toEqual([]);
  });

  test('silence is asked about, and ends the connection when nothing comes', () => {
    goLive();
    machine.presence.set(null);
    sent();
    for (let n = 0; n < 3; n += 1) {
      expect(machine.beat(now, chance)).toEqual([]);
      expect(sent()).toEqual(['ask']);
    }
    expect(names(machine.beat(now, chance))).toEqual(['disconnect', 'offline', 'wait']);
  });

  test('a touch waits for a connection', () => {
    machine.touch();
    goLive();
    machine.touch();
    expect(sent()).toEqual([{ type: 'Touch' }]);
    expect(sent()).toEqual([]);
  });
});

describe('edits', () => {
  test('are pending until an Ack covers them', () => {
    goLive();
    machine.edited(update());
    machine.edited(update());
    expect(machine.pending).toBe(2);
    expect(sent()).toMatchObject([{ type: 'Update' }, { type: 'Update' }]);
    expect(receive({ type: 'Ack', count: 2, seq: 9 })).toEqual([{ do: 'durable', edits: 1 }]);
    expect(machine.pending).toBe(1);
    expect(receive({ type: 'Ack', count: 3, seq: 10 })).toEqual([{ do: 'durable', edits: 2 }]);
    expect(machine.pending).toBe(0);
    expect(machine.seq).toBe(10);
  });

  test('made before or without a connection go in one difference', () => {
    make({ unsent: 3 });
    machine.edited(update());
    open();
    receive({ type: 'Welcome', json: WELCOME });
    machine.edited(update());
    receive({ type: 'SyncStep1', bytes: Uint8Array.of(0) });
    machine.edited(update());
    expect(sent().filter((each) => each === 'state')).toHaveLength(1);
    expect(receive({ type: 'Ack', count: 1, seq: 9 })).toEqual([{ do: 'durable', edits: 6 }]);
  });

  test('that were not acknowledged are sent again after a break, as a difference', () => {
    goLive();
    receive({ type: 'Ack', count: 1, seq: 7 });
    machine.edited(update());
    sent();
    end(1006);
    expect(machine.pending).toBe(1);
    machine.due();
    goLive();
    expect(receive({ type: 'Ack', count: 1, seq: 8 })).toEqual([{ do: 'durable', edits: 1 }]);
  });

  test('too long for an Update, or too many, become a difference', () => {
    goLive();
    machine.edited(update(300 << 10));
    expect(sent()).toEqual(['state']);
    for (let n = 0; n < 300; n += 1) machine.edited(update());
    expect(sent().filter((each) => each === 'state')).toHaveLength(1);
    expect(machine.pending).toBe(301);
    receive({ type: 'Ack', count: 3, seq: 9 });
    expect(machine.pending).toBeLessThanOrEqual(300);
  });

  test('wait when nothing is acknowledged, and the outbox stays bounded', () => {
    goLive();
    for (let n = 0; n < 5_000; n += 1) {
      machine.edited(update());
      machine.pollTransmit();
    }
    expect(machine.pending).toBe(5_000);
    expect(machine.pollTransmit()).toBeUndefined();
    receive({ type: 'Ack', count: 1_024, seq: 9 });
    expect(machine.pollTransmit()).toMatchObject({ send: 'state' });
  });

  test('an Ack of what was never sent ends the connection', () => {
    goLive();
    expect(names(receive({ type: 'Ack', count: 2, seq: 9 }))).toEqual(['disconnect', 'offline', 'wait']);
  });

  test('the server may ask again: then everything goes in one difference', () => {
    goLive();
    machine.edited(update());
    receive({ type: 'SyncStep1', bytes: Uint8Array.of(0) });
    expect(sent()).toEqual(['state']);
  });
});

describe('changes', () => {
  const change = (id: string) => ({ id, type: 'plansync.task.changed', seq: 1, data: {} });
  const cursors = (...ids: string[]) =>
    ids
      .flatMap((id) => receive({ type: 'Change', json: change(id) }))
      .map((each) => each.do === 'change' && each.cursor);

  test('come each once, and a later connection goes on after the last', () => {
    goLive();
    expect(cursors('demo/8/0', 'demo/8/1', 'demo/8/1', 'demo/8/0', 'demo/9/0')).toEqual(['8.0', '8.1', '9.0']);
    end(1006);
    machine.due();
    machine.tokenGiven('t');
    machine.opened(now);
    expect(machine.pollTransmit()).toMatchObject({ send: 'frame' });
    end(1006);
    machine.due();
    machine.tokenGiven('t');
    machine.opened(now);
    expect(sent()).toMatchObject([{ json: { sinceSeq: '9.0' } }]);
  });

  test('that are none are left out', () => {
    goLive();
    for (const json of [null, 5, {}, { id: 'x' }, { id: 'a/b/c', type: 't', data: {} }, { id: 'p/1/0', type: 't' }]) {
      expect(receive({ type: 'Change', json })).toEqual([]);
    }
    expect(receive({ type: 'Refused', json: { code: 5 } })).toEqual([]);
    expect(names(receive({ type: 'Refused', json: { entity: 'tasks', code: 'not_allowed' } }))).toEqual(['refused']);
  });
});

describe('the end of a connection', () => {
  const pause = (commands: Command[]) => commands.find((command) => command.do === 'wait')?.ms;

  test('is followed by another attempt, with pauses that double up to their bound and start anew after calm', () => {
    const pauses = [];
    for (let n = 0; n < 9; n += 1) {
      open();
      pauses.push(pause(end(1006)));
      machine.due();
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    goLive();
    now += 59_999;
    expect(pause(end(1006))).toBe(30_000);
    machine.due();
    goLive();
    now += 60_000;
    chance = 0.5;
    expect(pause(end(1006))).toBe(250);
    expect(machine.status.reason).toMatchObject({ code: 'network', retryAt: now + 250 });
  });

  test('by a server that drains waits as long as it asks', () => {
    goLive();
    receive({ type: 'Notice', json: { code: 'draining', retryAfterMs: 4_000 } });
    chance = 0;
    expect(pause(end(1012))).toBe(4_000);
    expect(machine.status).toMatchObject({ state: 'offline', reason: { code: 1012 } });
  });

  test.each([
    [4400, 'closed'],
    [4403, 'not_allowed'],
    [4404, 'not_found'],
    [4408, 'closed'],
    [4413, 'too_large'],
    [4499, 'closed'],
  ])('by %d is final', (code, kind) => {
    goLive();
    expect(names(end(code, 'why'))).toEqual(['refused']);
    expect(machine.status.reason).toMatchObject({ code, final: true });
    expect(machine.status.reason?.message).toContain('the server says: why');
    expect(errorOf(machine.status)).toMatchObject({ kind, code });
    expect([machine.due(), machine.tokenGiven('t'), machine.stop(), end(1006)]).toEqual([[], [], [], []]);
  });

  test('by 4401 asks for another token once, and stops at the second', () => {
    goLive();
    expect(end(4401)).toMatchObject([{ do: 'status' }, { do: 'token', refresh: true }]);
    open();
    expect(names(end(4401))).toEqual(['refused']);
    expect(errorOf(machine.status).kind).toBe('unauthorized');
  });

  test('by 4401 asks again once a token was good', () => {
    goLive();
    end(4401);
    goLive();
    expect(end(4401)).toMatchObject([{ do: 'status' }, { do: 'token', refresh: true }]);
  });

  test('by 4409 begins afresh, and is final when that does not help', () => {
    goLive();
    machine.edited(update());
    expect(names(end(4409))).toEqual(['connecting', 'afresh']);
    machine.startAfresh(6);
    expect(machine.pending).toBe(0);
    machine.loaded({ unsent: 0 });
    expect(names(machine.start())).toContain('token');
    open();
    expect(names(end(4409))).toContain('afresh');
    machine.startAfresh(7);
    open();
    expect(names(end(4409))).toEqual(['refused']);
  });

  test('a plan of another epoch begins afresh', () => {
    make();
    machine.loaded({ epoch: 1, cursor: '99.0', unsent: 0 });
    open();
    expect(names(receive({ type: 'Welcome', json: { ...WELCOME, epoch: 2 } }))).toEqual([
      'disconnect',
      'connecting',
      'afresh',
    ]);
    machine.startAfresh(6);
    machine.tokenGiven('t');
    machine.opened(now);
    expect(sent()).toEqual([{ type: 'Hello', json: { client: 'test/1', token: 't' } }]);
    expect(sent()).toEqual([]);
    end(1006);
    machine.due();
    goLive({ epoch: 2 });
    expect(machine.status.state).toBe('live');
  });

  test('without a token for now there is another attempt, without any there is none', () => {
    machine.start();
    expect(names(machine.tokenFailed('offline', now, chance))).toEqual(['offline', 'wait']);
    expect(names(machine.due())).toEqual(['connecting', 'token']);
    expect(names(machine.tokenMissing())).toEqual(['refused']);
  });

  test('from this side is final', () => {
    goLive();
    expect(names(machine.stop())).toEqual(['disconnect', 'closed']);
    expect(machine.stop()).toEqual([]);
  });
});
