/** The frames of the wire, against the golden vectors that every language reads. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Reader, WireError, Writer, decode, encode, type Frame } from '../../src/wire.js';

interface Vector {
  name: string;
  hex: string;
  decoded?: Record<string, unknown>;
  error?: string;
  readOnly?: boolean;
}
const { vectors } = JSON.parse(
  readFileSync(new URL('../../../../protocol/golden/frames.json', import.meta.url), 'utf8'),
) as { vectors: Vector[] };

const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A frame as the golden file describes it. */
function describe(frame: Frame): unknown {
  return 'bytes' in frame ? { ...frame, bytes: toHex(frame.bytes) } : frame;
}

test.each(vectors.filter((vector) => vector.decoded))('$name is read as described', ({ hex, decoded }) => {
  expect(describe(decode(fromHex(hex)))).toEqual(decoded);
});

test.each(vectors.filter((vector) => vector.error))('$name is refused with its word', ({ hex, error }) => {
  let word: unknown;
  try {
    decode(fromHex(hex));
  } catch (thrown) {
    word = (thrown as WireError).word;
  }
  expect(word).toBe(error);
});

test.each(vectors.filter((vector) => vector.decoded && vector.decoded['type'] !== 'Unknown' && !vector.readOnly))(
  '$name is written',
  ({ hex, decoded }) => {
    const bytes = typeof decoded?.['bytes'] === 'string' ? fromHex(decoded['bytes']) : undefined;
    const frame = { ...decoded, ...(bytes ? { bytes } : {}) } as Exclude<Frame, { type: 'Unknown' }>;
    expect(toHex(encode(frame))).toBe(hex);
  },
);

test('integers go there and back up to 2^53', () => {
  for (const value of [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32, 2 ** 49 + 5, Number.MAX_SAFE_INTEGER]) {
    expect(new Reader(new Writer().varUint(value).done()).varUint()).toBe(value);
  }
});

test('no bytes do anything but a frame or a wire error', () => {
  let seed = 3;
  const byte = () => ((seed = (seed * 1103515245 + 12345) % 2 ** 31) >> 8) & 0xff;
  let frames = 0;
  for (let n = 0; n < 20_000; n += 1) {
    const bytes = Uint8Array.from({ length: byte() % 24 }, byte);
    if (n % 2) bytes[0] = [0, 1, 2, 3, 110, 111, 112, 113, 114, 115, 116][byte() % 11] as number;
    try {
      decode(bytes);
      frames += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(WireError);
    }
  }
  expect(frames).toBeGreaterThan(100);
});
