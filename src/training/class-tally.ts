/**
 * Counts which classes the crops of a training show, so that a run with class-balanced sampling says what its network has
 * seen.
 */

import type { ProcessGroup } from '../distributed/index.js';
import { formatPercent } from '../format/index.js';
import type { SamplingValues } from '../runs/index.js';
import { tensorFrom } from '../torch/index.js';

export class ClassTally {
  readonly #names: readonly string[];
  /** Holds pixels and crops of each class, and the number of crops at the end. */
  readonly #counts: Float64Array;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#counts = new Float64Array(2 * names.length + 1);
  }

  /** Adds the crops of a batch: for each its pixels by label. */
  add(crops: readonly Uint32Array[]): void {
    const counts = this.#counts;
    const total = counts.length - 1;
    for (const pixels of crops) {
      counts[total] = (counts[total] as number) + 1;
      for (let label = 0; label < this.#names.length; label++) {
        const count = pixels[label] as number;
        if (count === 0) continue;
        counts[2 * label] = (counts[2 * label] as number) + count;
        counts[2 * label + 1] = (counts[2 * label + 1] as number) + 1;
      }
    }
  }

  /** Returns the counts since the last call over all processes, and begins anew. Every process must call it. */
  take(processGroup: ProcessGroup | null): SamplingValues {
    const sums = this.#sumOver(processGroup);
    this.#counts.fill(0);
    return {
      crops: sums.at(-1) as number,
      perClass: this.#names.map((name, label) => ({
        name,
        pixels: sums[2 * label] as number,
        crops: sums[2 * label + 1] as number,
      })),
    };
  }

  #sumOver(processGroup: ProcessGroup | null): Float64Array {
    if (processGroup === null) return this.#counts.slice();
    const sums = tensorFrom(this.#counts, { dtype: 'float64', shape: [this.#counts.length] });
    processGroup.allReduce_(sums);
    const values = Float64Array.from(sums.toTypedArray() as Float64Array);
    sums.dispose();
    return values;
  }
}

/** Says in one line in how many of the crops each class was seen and what share of the labeled pixels it had. */
export function samplingText({ crops, perClass }: SamplingValues): string {
  const labeled = perClass.reduce((sum, { pixels }) => sum + pixels, 0);
  const parts = [...perClass]
    .sort((a, b) => a.crops - b.crops)
    .map(({ name, crops: seen, pixels }) => {
      const share = formatPercent(labeled === 0 ? 0 : pixels / labeled, { sign: true });
      return `${name} in ${formatPercent(seen / crops, { decimals: 0, sign: true })} (${share} of pixels)`;
    });
  return `classes in the last ${crops} crops: ${parts.join(', ')}`;
}
