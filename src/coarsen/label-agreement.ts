/** Measures how much of the fine labels the coarse ones cover, and how often they are right. */

import { formatNumber, formatTable } from '../format/index.js';

/** Describes how well the coarse labels of one class match its fine labels. */
export interface ClassAgreement {
  readonly classIndex: number;
  /** Counts the pixels of the class in the fine labels. */
  readonly finePixels: number;
  /** Divides the pixels that the coarse labels give to the class by its fine pixels. */
  readonly coverage: number;
  /** Gives the share of the class's coarse labels that the fine labels confirm; NaN when there is no such label. */
  readonly agreement: number;
}

/** Describes how well coarse labels match fine ones. */
export interface LabelAgreement {
  /** Gives the share of the fine-labeled pixels that have a coarse label; NaN when nothing is labeled. */
  readonly coverage: number;
  /** Gives the share of those covered pixels whose labels are equal; NaN when none is covered. */
  readonly agreement: number;
  readonly finePixels: number;
  readonly coveredPixels: number;
  /** Counts coarse labels on pixels without a fine label, which enter none of the shares. */
  readonly outsidePixels: number;
  /** Describes the classes that occur in either set of labels, in order. */
  readonly perClass: readonly ClassAgreement[];
}

/** Accumulates counts over any number of images, in constant memory. */
export class AgreementCounter {
  readonly #ignoreIndex: number;
  readonly #fine = new Float64Array(256);
  readonly #coarse = new Float64Array(256);
  readonly #equal = new Float64Array(256);
  #outside = 0;

  constructor({ ignoreIndex = 255 }: { readonly ignoreIndex?: number } = {}) {
    this.#ignoreIndex = ignoreIndex;
  }

  /** Adds one image: fine and coarse labels of equal length, one byte a pixel. */
  add(fine: Uint8Array, coarse: Uint8Array): void {
    for (let pixel = 0; pixel < fine.length; pixel++) {
      const fineLabel = fine[pixel] as number;
      const coarseLabel = coarse[pixel] as number;
      if (fineLabel === this.#ignoreIndex) {
        if (coarseLabel !== this.#ignoreIndex) this.#outside++;
        continue;
      }
      (this.#fine[fineLabel] as number)++;
      if (coarseLabel === this.#ignoreIndex) continue;
      (this.#coarse[coarseLabel] as number)++;
      if (coarseLabel === fineLabel) (this.#equal[fineLabel] as number)++;
    }
  }

  /** Returns the agreement over all images added so far. */
  result(): LabelAgreement {
    const total = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0);
    const finePixels = total(this.#fine);
    const coveredPixels = total(this.#coarse);
    const perClass: ClassAgreement[] = [];
    for (let classIndex = 0; classIndex < 256; classIndex++) {
      const fine = this.#fine[classIndex] as number;
      const coarse = this.#coarse[classIndex] as number;
      if (fine === 0 && coarse === 0) continue;
      perClass.push({
        classIndex,
        finePixels: fine,
        coverage: coarse / fine,
        agreement: (this.#equal[classIndex] as number) / coarse,
      });
    }
    return {
      coverage: coveredPixels / finePixels,
      agreement: total(this.#equal) / coveredPixels,
      finePixels,
      coveredPixels,
      outsidePixels: this.#outside,
      perClass,
    };
  }
}

/** Returns a table for a terminal: one line for all pixels, then one for each class. */
export function formatAgreement(
  { coverage, agreement, perClass }: LabelAgreement,
  { classNames = [] }: { readonly classNames?: readonly string[] } = {},
): string {
  const share = (value: number) => formatNumber(Number.isFinite(value) ? value : null, { decimals: 3 });
  return formatTable([
    ['', 'coverage', 'agreement'],
    ['all', share(coverage), share(agreement)],
    ...perClass.map((row) => [
      classNames[row.classIndex] ?? `class ${row.classIndex}`,
      share(row.coverage),
      share(row.agreement),
    ]),
  ]);
}
