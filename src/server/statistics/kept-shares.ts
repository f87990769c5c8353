/**
 * Keeps what was counted in label files, a line each as soon as it is known, so that a server that is started again counts
 * only files that changed since.
 */

import { appendFileSync, createReadStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { parseJson } from '../../files/index.js';
import type { LabelShares } from './label-shares.js';

const lineSchema = z.object({
  name: z.string(),
  stamp: z.string(),
  coverage: z.number(),
  shares: z.record(z.string(), z.number()),
});

type Line = z.output<typeof lineSchema>;

/** Holds what is known of the label files of a split. */
export class KeptShares {
  readonly #path: string;
  readonly #lines: Map<string, Line>;

  private constructor(path: string, lines: Map<string, Line>) {
    this.#path = path;
    this.#lines = lines;
  }

  /** Reads the file of an earlier server. Damaged lines are counted again. */
  static async open(path: string): Promise<KeptShares> {
    const lines = new Map<string, Line>();
    try {
      for await (const text of createInterface({
        input: createReadStream(path),
        crlfDelay: Number.POSITIVE_INFINITY,
      })) {
        const line = parseLine(text);
        if (line !== null) lines.set(line.name, line);
      }
    } catch {
      // There is none yet.
    }
    return new KeptShares(path, lines);
  }

  /** Returns what is known of a file; null where nothing is, or its stamp is another. */
  get(name: string, stamp: string): LabelShares | null {
    const line = this.#lines.get(name);
    return line?.stamp === stamp ? line : null;
  }

  /** Adds what was counted. A cache that cannot be written costs time and nothing else. */
  add(name: string, { stamp, ...shares }: LabelShares & { readonly stamp: string }): void {
    const line = { name, stamp, ...shares };
    this.#lines.set(name, line);
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      appendFileSync(this.#path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    } catch {
      return;
    }
  }
}

function parseLine(text: string): Line | null {
  try {
    const parsed = lineSchema.safeParse(parseJson(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
