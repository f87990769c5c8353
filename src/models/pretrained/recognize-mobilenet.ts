/** Recognizes a MobileNet and its width by the names and shapes of its tensors. */

import { type MobileNetKind, type MobileNetPlan, mobileNetPlan } from '../mobilenet/architectures.js';
import { mobileNetNames } from './mobilenet-names.js';
import type { PublishedShapes, RecognizedBackbone } from './recognized-backbone.js';

// Tensors that only this network has, torchvision's name first.
const marks: Readonly<Record<MobileNetKind, readonly string[]>> = {
  mobilenet_v2: ['features.2.conv.0.0.weight', 'layer2.0.conv.0.conv.weight'],
  mobilenet_v3_large: ['features.15.block.0.0.weight'],
};

// Published widths first, as several widths can round to the same numbers of channels.
const widths = [1, 0.35, 0.5, 0.75, 1.4, ...Array.from({ length: 22 }, (_, step) => (35 + 5 * step) / 100)];

/** Returns the MobileNet whose published names these are; null when they are of none. */
export function mobileNetOf(shapes: PublishedShapes): RecognizedBackbone | null {
  const kinds = Object.keys(marks) as MobileNetKind[];
  const kind = kinds.find((one) => marks[one].some((mark) => shapes.has(mark)));
  if (kind === undefined) return null;
  const width = widths.find((one) => hasChannels(shapes, { kind, plan: mobileNetPlan(kind, one) }));
  if (width === undefined) return { section: null, text: `a ${kind} of a width that is not known here` };
  return width === 1
    ? { section: { kind }, text: kind }
    : { section: { kind, width }, text: `${kind} of width ${width}` };
}

/** Tells whether no convolution that ends a block has other channels than the plan says. */
function hasChannels(
  shapes: PublishedShapes,
  { kind, plan }: { readonly kind: MobileNetKind; readonly plan: MobileNetPlan },
): boolean {
  return plan.stages.every((blocks, stage) =>
    blocks.every(({ outChannels }, index) => {
      const names = mobileNetNames(`stage${stage + 1}.${index}.project.conv.weight`, kind);
      const found = names.flatMap((name) => shapes.get(name)?.[0] ?? []);
      return found.every((channels) => channels === outChannels);
    }),
  );
}
