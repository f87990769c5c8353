/**
 * Reads the regions of an audit whose labels are in doubt, to leave them out of what is exported. Only what says where they
 * are is read.
 */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ignoreIndex, type Size } from '../data/index.js';
import { DataError } from '../errors/index.js';
import { isSystemError, parseJson } from '../files/index.js';
import { parseRuns, visitRuns } from '../geometry/index.js';

const region = z.looseObject({
  id: z.string(),
  split: z.string(),
  image: z.string(),
  labels: z.string(),
  width: z.int().positive(),
  height: z.int().positive(),
  runs: z.string(),
});

type DoubtfulRegion = z.output<typeof region>;

/** Says which regions are in doubt. */
export interface DoubtSource {
  /** Is the folder of an audit, or its `regions.jsonl`. */
  readonly audit: string;
  /** Names the regions that somebody has decided about, which are in doubt no longer. */
  readonly decided?: ReadonlySet<string>;
}

/** Holds the regions in doubt of a dataset's labels, by image. */
export class DoubtfulRegions {
  readonly #byImage = new Map<string, DoubtfulRegion[]>();
  readonly #path: string;
  /** Counts the regions that are in doubt. */
  readonly count: number;

  private constructor(path: string, regions: readonly DoubtfulRegion[]) {
    this.#path = path;
    this.count = regions.length;
    for (const one of regions) {
      const key = keyOf(one);
      const others = this.#byImage.get(key);
      if (others === undefined) this.#byImage.set(key, [one]);
      else others.push(one);
    }
  }

  /**
   * Reads the regions of an audit of these labels.
   *
   * @throws {DataError} naming the file and line when it is no list of regions, or is about other labels
   */
  static async read(
    { audit, decided = new Set() }: DoubtSource,
    { labels }: { readonly labels: string },
  ): Promise<DoubtfulRegions> {
    const path = await regionsFile(audit);
    const open: DoubtfulRegion[] = [];
    const others = new Set<string>();
    let count = 0;
    for await (const one of regionsOf(path)) {
      count++;
      if (one.labels !== labels) others.add(one.labels);
      else if (!decided.has(one.id)) open.push(one);
    }
    if (count > 0 && others.size > 0 && open.length === 0) {
      throw new DataError(
        `${path}: is an audit of the labels '${[...others].join("', '")}', but '${labels}' are exported; name them with --labels`,
      );
    }
    return new DoubtfulRegions(path, open);
  }

  /**
   * Sets the labels of the pixels in doubt of an image to 255, and forgets the regions. Returns how many labels it took away.
   *
   * @throws {DataError} when a region is not of the size of the image
   */
  takeAway(
    labels: Uint8Array,
    { split, name, width, height }: Size & { readonly split: string; readonly name: string },
  ): number {
    const key = keyOf({ split, image: name });
    let count = 0;
    for (const { id, runs, ...size } of this.#byImage.get(key) ?? []) {
      try {
        if (size.width !== width || size.height !== height) {
          throw new RangeError(`${size.width}×${size.height} pixels for labels of ${width}×${height}`);
        }
        visitRuns(parseRuns(runs), { width, height }, (pixel) => {
          if (labels[pixel] !== ignoreIndex) count++;
          labels[pixel] = ignoreIndex;
        });
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        const remedy = 'audit the dataset that is exported, or one with the same images';
        throw new DataError(`${this.#path}: region ${id} of ${split}/${name}: ${cause.message}; ${remedy}`, {
          cause,
        });
      }
    }
    this.#byImage.delete(key);
    return count;
  }

  /** Counts the regions of these splits that `takeAway` did not come across. */
  left(splits: readonly string[]): number {
    const all = [...this.#byImage.values()].flat();
    return all.filter(({ split }) => splits.includes(split)).length;
  }
}

function keyOf({ split, image }: { readonly split: string; readonly image: string }): string {
  return `${split}/${image}`.normalize('NFC');
}

async function regionsFile(audit: string): Promise<string> {
  const found = await stat(audit).catch((cause: unknown) => {
    throw new DataError(`${audit}: no such audit; expected its folder, or its regions.jsonl`, { cause });
  });
  return found.isDirectory() ? join(audit, 'regions.jsonl') : audit;
}

async function* regionsOf(path: string): AsyncGenerator<DoubtfulRegion> {
  const input = createReadStream(path, 'utf8');
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number++;
      if (line.trim() !== '') yield regionOf(line, `${path}: line ${number}`);
    }
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new DataError(`${path}: cannot be read (${cause.code}); expected the regions.jsonl of an audit`, {
      cause,
    });
  } finally {
    input.destroy();
  }
}

function regionOf(line: string, place: string): DoubtfulRegion {
  let value: unknown;
  try {
    value = parseJson(Buffer.from(line));
  } catch (cause) {
    throw new DataError(`${place}: not valid JSON; expected a region of an audit`, { cause });
  }
  const parsed = region.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DataError(`${place}: is no region of an audit (${issue?.path.join('.')}: ${issue?.message})`);
}
