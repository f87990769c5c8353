/** Keeps the features of the pixels that were answered, which a head learns from as trusted rows. */

import { type FeatureRows, featureRows } from '../../quick/index.js';
import type { FeatureMaps } from '../../quick/internal.js';
import { cat, type Tensor } from '../../torch/index.js';
import { type Answer, pixelKey } from './answer.js';

/** Configures `AnsweredPoints`. */
export interface AnsweredPointsOptions {
  readonly maps: FeatureMaps;
  /** Gives the place of each image in the dataset of the maps. */
  readonly indexOf: ReadonlyMap<string, number>;
  /** Lists the names of the classes in the order of the head. */
  readonly classes: readonly string[];
}

interface KeptPoint {
  readonly label: number;
  /** Holds features [1, channels]. */
  readonly features: Tensor;
}

/** Holds the answers with their features. */
export class AnsweredPoints implements Disposable {
  readonly #options: AnsweredPointsOptions;
  #points = new Map<string, KeptPoint>();

  constructor(options: AnsweredPointsOptions) {
    this.#options = options;
  }

  /** Counts the answers with a class. */
  get length(): number {
    return this.#points.size;
  }

  /**
   * Takes these answers in place of those before. Answers about images or classes that the dataset does not have are left out,
   * and so are those of a person who could not tell.
   *
   * @returns whether an answer that was there before is gone or another one
   * @throws {DataError} naming the file when an image cannot be read
   */
  async set(answers: readonly Answer[]): Promise<boolean> {
    const { classes, indexOf } = this.#options;
    const wanted = new Map<
      string,
      { readonly answer: Answer; readonly index: number; readonly label: number }
    >();
    for (const answer of answers) {
      const index = indexOf.get(answer.image);
      const label = answer.class === null ? -1 : classes.indexOf(answer.class);
      if (index !== undefined && label >= 0) wanted.set(pixelKey(answer), { answer, index, label });
    }
    const before = this.#points;
    const after = new Map<string, KeptPoint>();
    const added = new Map<number, (typeof wanted extends Map<string, infer One> ? One : never)[]>();
    for (const [key, one] of wanted) {
      const known = before.get(key);
      if (known !== undefined) after.set(key, { ...known, label: one.label });
      else added.set(one.index, [...(added.get(one.index) ?? []), one]);
    }
    let changed = false;
    for (const [key, { features, label }] of before) {
      if (after.get(key)?.label !== label) changed = true;
      if (!after.has(key)) features.dispose();
    }
    this.#points = after;
    for (const [index, all] of added) {
      using image = await this.#options.maps.read(index);
      for (const { answer, label } of all) {
        const features = image.rows(Float32Array.of(answer.x + 0.5, answer.y + 0.5));
        after.set(pixelKey(answer), { label, features });
      }
    }
    return changed;
  }

  /** Returns the answers as rows, null without any; the caller disposes them. */
  rows(): (FeatureRows & Disposable) | null {
    const all = [...this.#points.values()];
    if (all.length === 0) return null;
    const features = cat(
      all.map((point) => point.features),
      0,
    );
    const labels = Uint8Array.from(all, ({ label }) => label);
    const rows = featureRows({ features, labels });
    return { ...rows, [Symbol.dispose]: () => features.dispose() };
  }

  [Symbol.dispose](): void {
    for (const { features } of this.#points.values()) features.dispose();
    this.#points.clear();
  }
}
