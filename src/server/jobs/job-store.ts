/** Keeps what is known about jobs on the disk, so that a server that was started again still shows them. */

import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson, writeTextAtomically } from '../../files/index.js';

const record = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  command: z.string(),
  arguments: z.array(z.string()).readonly(),
  state: z.enum(['waiting', 'running', 'finished', 'failed', 'canceled', 'lost']),
  pid: z.number().nullable(),
  /** Gives the start of the process in the kernel's ticks, which tells a reused pid apart. */
  processStarted: z.string().nullable(),
  started: z.number().nullable(),
  ended: z.number().nullable(),
  exitCode: z.number().nullable(),
});

/** Holds what is known about a job. Times are milliseconds since 1970. */
export type JobRecord = Readonly<z.output<typeof record>>;

/** Limits the jobs that are remembered. */
const mostJobs = 30;
/** Limits the output that is shown, in bytes from its end. */
const shownBytes = 16_384;

/** Reads and writes the folder of jobs: `ID.json` with what is known, `ID.log` with the output. */
export class JobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Reads all jobs, the oldest first; damaged files count as none. */
  readAll(): JobRecord[] {
    const records: JobRecord[] = [];
    for (const name of readdirSync(this.#folder).sort()) {
      if (!name.endsWith('.json')) continue;
      const found = this.#read(name);
      if (found !== null) records.push(found);
    }
    for (const { id } of records.splice(0, Math.max(0, records.length - mostJobs))) this.#remove(id);
    return records;
  }

  write(job: JobRecord): void {
    writeTextAtomically(join(this.#folder, `${job.id}.json`), `${JSON.stringify(job)}\n`, { durable: false });
  }

  /** Returns the path of a job's output. */
  logFile(id: string): string {
    return join(this.#folder, `${id}.log`);
  }

  /** Returns the number of bytes that a job has written. */
  logSize(id: string): number {
    return statSync(this.logFile(id), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Returns the last lines of a job's output; a line that was written over by itself is there once. */
  async lastLines(id: string, count: number): Promise<string[]> {
    const file = await open(this.logFile(id)).catch(() => null);
    if (file === null) return [];
    try {
      const { size } = await file.stat();
      const start = Math.max(0, size - shownBytes);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      return shownLines(buffer.toString('utf8', 0, bytesRead), count);
    } finally {
      await file.close();
    }
  }

  #read(name: string): JobRecord | null {
    try {
      return record.parse(parseJson(readFileSync(join(this.#folder, name), 'utf8')));
    } catch {
      return null;
    }
  }

  #remove(id: string): void {
    for (const end of ['json', 'log']) rmSync(join(this.#folder, `${id}.${end}`), { force: true });
  }
}

// Colors and movements of the cursor, which mean nothing outside a terminal.
const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, 'g');

function shownLines(text: string, count: number): string[] {
  const lines = text.replace(escapes, '').split('\n');
  // After a return, a terminal writes over the line.
  const shown = lines.map((line) => line.replace(/\r$/, '').split('\r').at(-1) ?? '');
  while (shown.at(-1) === '') shown.pop();
  return shown.slice(-count);
}
