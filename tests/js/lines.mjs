/**
 * JSON lines between a test and a process of this folder: one command a line on stdin, each with an
 * `id`; one answer a line on stdout, `{id, ok}` or `{id, error}`; events have `event` and no `id`.
 *
 * Commands run side by side and answer when they are done, so a test can wait on one client while
 * it drives another. A command that throws is answered with its error; the process goes on.
 */

import { createInterface } from 'node:readline';

/**
 * Writes one line. Values that JSON cannot hold become null rather than an exception.
 * @param {object} message
 */
export function say(message) {
  process.stdout.write(JSON.stringify(message) + '\n');
}

/**
 * Reads commands until stdin ends, then calls `finish` and exits.
 * @param {Record<string, (command: any) => unknown>} commands by the name in `do`
 * @param {() => unknown} finish
 */
export function serve(commands, finish) {
  // Libraries write to the console; stdout belongs to the answers.
  console.log = console.info = console.debug = (...words) => console.error(...words);
  process.on('uncaughtException', (error) => say({ event: 'threw', client: null, error: errorText(error) }));
  process.on('unhandledRejection', (error) => say({ event: 'threw', client: null, error: errorText(error) }));
  process.stdout.on('error', () => process.exit(0));

  const input = createInterface({ input: process.stdin });
  input.on('line', async (line) => {
    if (line.trim() === '') return;
    let id = null;
    try {
      const command = JSON.parse(line);
      id = command.id ?? null;
      if (!Object.hasOwn(commands, command.do)) throw new Error(`no command ${JSON.stringify(command.do)}`);
      const ok = await commands[command.do](command);
      say({ id, ok: ok === undefined ? true : ok });
    } catch (error) {
      say({ id, error: errorText(error) });
    }
  });
  input.on('close', async () => {
    try {
      await finish();
    } finally {
      process.exit(0);
    }
  });
  say({ event: 'ready', pid: process.pid, commands: Object.keys(commands) });
}

/**
 * Polls `seen` until it gives something, at most `timeoutMs`.
 * @template T
 * @param {() => T | Promise<T>} seen
 * @param {number} timeoutMs
 * @param {() => unknown} describe what stood there instead, for the error
 * @returns {Promise<T>}
 */
export async function until(seen, timeoutMs, describe) {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await seen();
    if (found) return found;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${JSON.stringify(await describe())}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** @param {unknown} error */
export function errorText(error) {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
