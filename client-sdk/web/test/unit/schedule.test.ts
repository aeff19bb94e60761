/** The schedule worked out here is the server's: every value of `protocol/golden/schedule.json`. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Schedule } from '../../src/http.js';
import { schedule, shift, type Shift } from '../../src/schedule.js';
import type { Milestone, PlanJson, Task } from '../../src/schema.js';

interface Vector {
  name: string;
  plan: PlanJson;
  schedules: { asOf: string; is: Schedule }[];
  shifts: { asOf: string; item: string; days: number; is: Shift }[];
}
const vectors = JSON.parse(
  readFileSync(new URL('../../../../protocol/golden/schedule.json', import.meta.url), 'utf8'),
) as Vector[];

test('schedules are those of the golden file', () => {
  expect(vectors.length).toBeGreaterThan(60);
  for (const { name, plan, schedules } of vectors)
    for (const { asOf, is } of schedules) expect(schedule(plan, asOf), `${name} on ${asOf}`).toEqual(is);
});

test('what follows from a move is what the golden file says', () => {
  expect(vectors.flatMap((each) => each.shifts).length).toBeGreaterThan(300);
  for (const { name, plan, shifts } of vectors)
    for (const { asOf, item, days, is } of shifts)
      expect(shift(plan, asOf, item, days), `${name}: ${item} by ${days}`).toEqual(is);
});

test('an id that means something to JavaScript is an id', () => {
  const milestones = [{ id: '__proto__', due: '2026-03-01' }, { id: 'constructor' }] as Milestone[];
  const { finish, slip } = schedule({ schema: 'plansync.plan/1', meta: {}, milestones } as PlanJson, '2026-03-04');
  expect(Object.keys(finish)).toEqual(['__proto__', 'constructor']);
  expect(Object.getOwnPropertyDescriptor(slip, '__proto__')?.value).toBe(3);
});

test('a preview of a plan of a thousand tasks is there within a frame or two', () => {
  const tasks: Task[] = Array.from({ length: 1000 }, (_, n) => ({
    id: `t${String(n).padStart(4, '0')}`,
    due: `2026-0${1 + (n % 9)}-15`,
    party: 'buyer',
  }));
  const dependencies = Array.from({ length: 2000 }, (_, n) => {
    const from = (n * 7) % 990;
    const ends = [from, from + 1 + (n % 9)].map((at) => tasks[at]!.id);
    return { id: ends.join('>'), minGapDays: n % 3 };
  });
  const plan = { schema: 'plansync.plan/1', meta: {}, tasks, dependencies } as PlanJson;
  shift(plan, '2026-03-04', 't0003', 1);
  const taken = Array.from({ length: 10 }, () => {
    const begun = performance.now();
    expect(shift(plan, '2026-03-04', 't0003', 40).keepGap.length).toBeGreaterThan(100);
    return performance.now() - begun;
  });
  // The quickest of ten, since others may use the machine.
  expect(Math.min(...taken)).toBeLessThan(50);
});
