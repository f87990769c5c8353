/** Groups decisions by the image that they are about, so that one image after the other is read and written. */

import type { PointDecision } from './decide-points.js';
import type { LabelDecision } from './fitting-decisions.js';
import type { OrderedDecision } from './order-lines.js';

type OrderedLabel = OrderedDecision & { readonly line: LabelDecision };
type OrderedPoint = OrderedDecision & { readonly line: PointDecision };

/** Holds the decisions about an image. */
export interface ImageDecisions {
  readonly split: string;
  readonly image: string;
  /** Lists the decisions about each folder of labels. */
  readonly labels: ReadonlyMap<string, readonly OrderedLabel[]>;
  readonly points: readonly OrderedPoint[];
}

interface GrowingDecisions extends ImageDecisions {
  readonly labels: Map<string, OrderedLabel[]>;
  readonly points: OrderedPoint[];
}

/** Returns the decisions of each image, in the order of the first decision about it. */
export function decisionsByImage(decisions: readonly OrderedDecision[]): ImageDecisions[] {
  const images = new Map<string, GrowingDecisions>();
  for (const decision of decisions) {
    const { line } = decision;
    const { split, image } = placeOf(line);
    const key = JSON.stringify([split, image]);
    const known: GrowingDecisions = images.get(key) ?? { split, image, labels: new Map(), points: [] };
    images.set(key, known);
    if (line.action === 'point') {
      known.points.push({ ...decision, line });
    } else {
      const own = known.labels.get(line.labels) ?? [];
      known.labels.set(line.labels, own);
      own.push({ ...decision, line });
    }
  }
  return [...images.values()];
}

/** Returns the split that an image lies in; one of several splits, `train+val`, begins the name of the image. */
function placeOf({ split, image }: { readonly split: string; readonly image: string }): {
  readonly split: string;
  readonly image: string;
} {
  const name = image.normalize('NFC');
  const own = split.includes('+') ? split.split('+').find((one) => name.startsWith(`${one}/`)) : undefined;
  return own === undefined ? { split, image: name } : { split: own, image: name.slice(own.length + 1) };
}
