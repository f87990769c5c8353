/** Reads how many labels of each image an audit finds wrong. */

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isSystemError, parseJson } from '../../files/index.js';
import { ConflictError } from '../errors/server-error.js';

const auditSchema = z.object({
  split: z.string(),
  labels: z.string(),
  images: z.array(z.object({ split: z.string(), image: z.string(), score: z.number(), regions: z.number() })),
});

/** Says what an audit found in the images of a dataset. */
export interface AuditScores {
  readonly labels: string;
  /** Returns the share of the expected wrong pixels of an image, and its regions; null where it was not audited. */
  of(split: string, name: string): { readonly score: number; readonly regions: number } | null;
}

/** Reads the scores of an audit, and again when its file has changed. */
export class AuditScoreReader {
  readonly #file: string | null;
  #stamp: string | null = null;
  #scores: AuditScores | null = null;

  constructor(audit: string | null) {
    this.#file = audit === null ? null : join(audit, 'audit.json');
  }

  /**
   * Returns the scores; null where there is no audit yet.
   *
   * @throws {ConflictError} when the file is damaged
   */
  async read(): Promise<AuditScores | null> {
    if (this.#file === null) return null;
    try {
      const { mtimeMs, size } = await stat(this.#file);
      const stamp = `${size}@${mtimeMs}`;
      if (stamp === this.#stamp) return this.#scores;
      this.#scores = scoresOf(parseJson(await readFile(this.#file)), this.#file);
      this.#stamp = stamp;
      return this.#scores;
    } catch (error) {
      if (isSystemError(error)) return null;
      if (error instanceof SyntaxError) throw new ConflictError(`${this.#file}: is damaged; audit again`);
      throw error;
    }
  }
}

function scoresOf(value: unknown, file: string): AuditScores {
  const parsed = auditSchema.safeParse(value);
  if (!parsed.success) throw new ConflictError(`${file}: is not what an audit wrote; audit again`);
  const { labels, images } = parsed.data;
  const found = new Map(
    images.map(({ split, image, score, regions }) => [
      JSON.stringify([split, image.normalize('NFC')]),
      { score, regions },
    ]),
  );
  return {
    labels,
    of: (split, name) => found.get(JSON.stringify([split, name.normalize('NFC')])) ?? null,
  };
}
