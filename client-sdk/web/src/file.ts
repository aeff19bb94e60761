/**
 * A store in files, for Node: `@plansync/client/file`. One file for each document, a line for each batch.
 *
 * What is always true: a batch is written to disk before its edits count as stored; a line that a crash has torn, which
 * can only be the last one, is left out; one process at a time has a file open.
 */

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, open, readFile, rename, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { merged, type Batch, type Copy, type CopyContent, type Store } from './store.js';

/** The batches of a file, before it is written anew. */
const LINES_MAX = 500;

interface Line {
  state?: string[];
  unsent?: [string, string][];
  settled?: string[];
  facts?: Batch['facts'];
}

/** Keeps copies in this folder, which is made if it is not there. */
export function fileStore(folder: string): Store {
  return {
    kind: 'file',
    async open(name) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const path = join(folder, `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.plansync`);
      lock(path);
      const copy = new FileCopy(path);
      await copy.load();
      return copy;
    },
  };
}

class FileCopy implements Copy {
  private state: Uint8Array[] = [];
  private readonly unsent = new Map<string, Uint8Array>();
  private facts: Batch['facts'] = {};
  private lines = 0;
  private handle: FileHandle | undefined;

  constructor(private readonly path: string) {}

  async load(): Promise<void> {
    const text = existsSync(this.path) ? await readFile(this.path, 'utf8') : '';
    for (const line of text.split('\n')) {
      try {
        this.take(JSON.parse(line) as Line);
        this.lines += 1;
      } catch {
        break;
      }
    }
    // What a crash has torn stands at the end, and what follows would be lost behind it.
    await this.rewrite();
  }

  read(): Promise<CopyContent> {
    const unsent = [...this.unsent].map(([id, update]) => ({ id, update }));
    return Promise.resolve({ state: [...this.state], unsent, facts: { ...this.facts } });
  }

  async write(batch: Batch): Promise<void> {
    const line: Line = {
      state: batch.state.map(toBase64),
      unsent: batch.unsent.map(({ id, update }) => [id, toBase64(update)]),
      settled: [...batch.settled],
      facts: batch.facts,
    };
    if (!this.handle) throw new Error('the file is closed');
    await this.handle.appendFile(`${JSON.stringify(line)}\n`);
    await this.handle.datasync();
    this.take(line);
    this.lines += 1;
    if (this.lines > LINES_MAX) await this.compact();
  }

  async compact(): Promise<void> {
    this.state = this.state.length > 0 ? [merged(this.state)] : [];
    await this.rewrite();
  }

  async clear(): Promise<void> {
    this.state = [];
    this.unsent.clear();
    this.facts = {};
    await this.rewrite();
  }

  close(): void {
    void this.handle?.close();
    this.handle = undefined;
    rmSync(`${this.path}.lock`, { force: true });
  }

  private take(line: Line): void {
    for (const update of line.state ?? []) this.state.push(fromBase64(update));
    for (const [id, update] of line.unsent ?? []) this.unsent.set(id, fromBase64(update));
    for (const id of line.settled ?? []) {
      const update = this.unsent.get(id);
      if (update) this.state.push(update);
      this.unsent.delete(id);
    }
    this.facts = { ...this.facts, ...line.facts };
  }

  private async rewrite(): Promise<void> {
    const line: Line = {
      state: this.state.map(toBase64),
      unsent: [...this.unsent].map(([id, update]) => [id, toBase64(update)]),
      facts: this.facts,
    };
    await this.handle?.close();
    await writeFile(`${this.path}.new`, `${JSON.stringify(line)}\n`, { mode: 0o600, flush: true });
    await rename(`${this.path}.new`, this.path);
    this.handle = await open(this.path, 'a');
    this.lines = 1;
  }
}

/** Takes the file for this process; a lock of a process that is gone does not count. */
function lock(path: string): void {
  const file = `${path}.lock`;
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(readFileSync(file, 'utf8'));
    if (isRunning(owner)) throw new Error(`process ${owner} has ${path} open`);
    rmSync(file, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
