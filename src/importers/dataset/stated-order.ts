/** Finds out whether the files say what lies on top of what, and chooses the order in which annotations are drawn. */

import type { Annotation } from '../annotations.js';
import type { DrawOrder } from '../draw-annotations.js';

/** Says what the files state about the order: nothing, one height for all of an image, or several. */
export type StatedOrder = 'none' | 'one' | 'several';

/** Looks at the annotations of one image after the other. */
export class StatedOrderTally {
  #stated: StatedOrder = 'none';

  get stated(): StatedOrder {
    return this.#stated;
  }

  add(annotations: readonly Annotation[]): void {
    if (this.#stated === 'several') return;
    let first: number | undefined;
    for (const { z, shape } of annotations) {
      // Points and lines are drawn into a file of their own.
      if (z === undefined || shape.kind === 'line' || shape.kind === 'points') continue;
      first ??= z;
      if (this.#stated === 'none') this.#stated = 'one';
      if (z !== first) {
        this.#stated = 'several';
        return;
      }
    }
  }
}

/** Holds the order of drawing, and why it is that one. */
export interface ChosenOrder {
  readonly order: DrawOrder;
  readonly stated: StatedOrder;
  /** Is true where a person named the order. */
  readonly isGiven: boolean;
}

/** Returns the order that a person named, or that of the tool where its files state one, so that labels look as they do there. */
export function chooseOrder(given: DrawOrder | null, stated: StatedOrder): ChosenOrder {
  return { order: given ?? (stated === 'several' ? 'z' : 'area'), stated, isGiven: given !== null };
}

/** Returns what counts where annotations overlap, with what changes it: `the smaller one counts; --draw-order file …`. */
export function orderText({ order, stated, isGiven }: ChosenOrder): string {
  if (order === 'z' && stated !== 'several') {
    const why = stated === 'none' ? 'the files state no z-order' : 'the files state the same z for all';
    return `the later one in the file counts, as ${why}; --draw-order area draws small ones on top`;
  }
  if (order === 'z') {
    return `the one with the higher z counts${isGiven ? '' : ', as the files state a z-order'}; --draw-order area draws small ones on top`;
  }
  if (order === 'file') return 'the later one in the file counts; --draw-order area draws small ones on top';
  const others =
    stated === 'several' ? 'z follows the z-order of the files' : 'file lets the later one count';
  return `the smaller one counts; --draw-order ${others}`;
}
