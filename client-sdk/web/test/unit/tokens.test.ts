/** When another token is asked for: by the clock of whoever signs, whatever the device believes. */

import { expect, test } from 'vitest';
import { Tokens } from '../../src/socket.js';

const HOUR_S = 3_600;
const signed = (iat: number) => `head.${btoa(JSON.stringify({ sub: 'ann', iat, exp: iat + HOUR_S }))}.signature`;

test.each([
  ['right', 0],
  ['a day ahead', 86_400],
  ['a day behind', -86_400],
])('a clock that is %s asks once an hour', async (_, aheadS) => {
  let now = 1_800_000_000;
  const asked: string[] = [];
  const source = (why: string) => {
    asked.push(why);
    return signed(now);
  };
  const tokens = new Tokens(undefined, source, () => (now + aheadS) * 1000);
  for (let n = 0; n < 3; n += 1) expect(await tokens.get()).toBe(signed(1_800_000_000));
  expect(asked).toEqual(['first']);
  now += HOUR_S - 60;
  await tokens.get();
  expect(asked).toEqual(['first']);
  now += 58;
  expect(await tokens.get()).toBe(signed(now));
  expect(asked).toEqual(['first', 'expired']);
  // The server has the last word.
  await tokens.get(true);
  expect(asked).toEqual(['first', 'expired', 'refused']);
});
