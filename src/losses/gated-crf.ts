/**
 * Computes the gated CRF loss (Obukhov et al., "Gated CRF loss for weakly supervised semantic image segmentation", 2019):
 * pixels that are near each other and of one color should have one class. For a pixel i and its neighbors j it is
 * Σ_j k_ij · (1 − Σ_c p_ic · p_jc) with k_ij = exp(−|place_i − place_j|² / 2σ_place² − |color_i − color_j|² / 2σ_color²).
 *
 * The neighbors are looked at one shift of the map at a time, so that no tensor has a number for each pair. The loss is
 * quadratic in p with constant kernels, so its gradient −Σ_j (k_ij + k_ji) p_j is what the shifts add up; nothing else is
 * kept for the backward pass.
 */

import { z } from 'zod';
import { defineComponent, parseOptions } from '../registry/index.js';
import { autocast, noGrad, ops, type Tensor, tidy, zeros } from '../torch/index.js';
import { expectGiven, uncoveredPixels } from './pixel-groups.js';
import { ignoreIndex as defaultIgnoreIndex, expectLabels } from './pixel-loss.js';
import { perImageOption, type RegionLoss } from './region-loss.js';

const schema = z
  .strictObject({
    radius: z
      .int()
      .min(1)
      .default(5)
      .describe('Cells up to which another one is a neighbor, in each direction.'),
    stride: z
      .int()
      .min(1)
      .default(4)
      .describe(
        'Pixels in each direction of a cell, over which likelihoods and colors are averaged. 1 compares single pixels, which ' +
          'takes sixteen times as long as 4. In quick mode a cell has at least four pixels.',
      ),
    placeSigma: z
      .number()
      .positive()
      .default(6)
      .describe('Distance in cells at which the kernel has fallen to 0.61.'),
    colorSigma: z
      .number()
      .positive()
      .default(0.1)
      .describe(
        'Distance of two colors, from 0 to 1 in each channel, at which the kernel has fallen to 0.61.',
      ),
    destinations: z
      .enum(['uncovered', 'all'])
      .default('uncovered')
      .describe('Pixels that follow their neighbors: those without a label, or all.'),
    sources: z
      .enum(['all', 'labeled', 'uncovered'])
      .default('all')
      .describe('Neighbors that they follow: all, only labeled ones, or only those without a label.'),
    ...perImageOption,
  })
  .describe(
    'Gated CRF loss: a pixel without a label should have the class of near pixels of the same color (Obukhov et al. 2019). ' +
      'It is a sum over neighbors, so that weights around 0.01 to 0.1 fit.',
  );

/** Configures `gatedCrf`. */
export interface GatedCrfOptions extends z.input<typeof schema> {}

/**
 * Returns Σ_j k_ij · (1 − p_i · p_j) over the neighbors j, averaged over the cells i that follow them.
 *
 * @throws {OperationError} when an option is out of range; the loss throws where `crossEntropy` does, and when it is not
 *   given `colorsN3HW`
 */
export function gatedCrf(options: GatedCrfOptions = {}): RegionLoss {
  const rule = parseOptions('gatedCrf', schema, options);
  return (logitsNCHW, labelsNHW, context = {}) => {
    const { ignoreIndex = defaultIgnoreIndex, insideNHW, cellSize = 1 } = context;
    expectLabels('gatedCrf', logitsNCHW, labelsNHW);
    const [images = 0, , height = 0, width = 0] = logitsNCHW.shape;
    const shape = [images, 3, height, width];
    const colors = expectGiven('gatedCrf', { name: 'colorsN3HW', tensor: context.colorsN3HW, shape });
    const stride = Math.min(Math.max(1, Math.round(rule.stride / cellSize)), height, width);
    const averaged = (map: Tensor) => (stride === 1 ? map : ops.avgPool2d(map, stride, { stride }));
    return autocast({ device: logitsNCHW.device, enabled: false }, () => {
      const shares = averaged(logitsNCHW.to({ dtype: 'float32' }).softmax(1));
      return tidy(() => {
        const gates = gatesOf(labelsNHW, { ...rule, ignoreIndex, insideNHW });
        const [sources, destinations] = [gates.sources, gates.destinations].map((gate) =>
          averaged(gate.to({ dtype: 'float32' }).unsqueeze(1)),
        ) as [Tensor, Tensor];
        const cells = { colors: averaged(colors), sources, destinations };
        const { pulls, kernels } = noGrad(() => pullsOf(shares.detach(), cells, rule));
        // Their value is twice what all pairs agree in, and their gradient that of it once.
        const agreement = shares.mul(pulls).sum([1, 2, 3]);
        const lossesN = kernels.add(agreement.detach().div(2)).sub(agreement);
        const countsN = destinations.sum([1, 2, 3]);
        if (!rule.perImage) return lossesN.sum().div(countsN.sum().clamp({ min: smallestCount }));
        return lossesN.div(countsN.clamp({ min: smallestCount })).mean();
      });
    });
  };
}

/** Is less than a single pixel of the largest cell counts. */
const smallestCount = 1e-6;

type Rule = z.output<typeof schema>;

/** Returns which pixels follow others and which are followed, [N,H,W] bool each. */
function gatesOf(
  labelsNHW: Tensor,
  {
    sources,
    destinations,
    ignoreIndex,
    insideNHW,
  }: Pick<Rule, 'sources' | 'destinations'> & {
    readonly ignoreIndex: number;
    readonly insideNHW: Tensor | undefined;
  },
): { readonly sources: Tensor; readonly destinations: Tensor } {
  const uncovered = uncoveredPixels(labelsNHW, { ignoreIndex, insideNHW });
  const labeled = labelsNHW.ne(ignoreIndex);
  const all = uncovered.logicalOr(insideNHW ? labeled.logicalAnd(insideNHW) : labeled);
  const gates = { all, labeled: all.logicalAnd(labeled), uncovered };
  return { sources: gates[sources], destinations: gates[destinations] };
}

interface Cells {
  /** Holds colors [N,3,h,w]. */
  readonly colors: Tensor;
  /** Gives the share of the pixels of each cell that are followed, [N,1,h,w]. */
  readonly sources: Tensor;
  /** Gives the share of the pixels of each cell that follow, [N,1,h,w]. */
  readonly destinations: Tensor;
}

/** Returns Σ_j (k_ij + k_ji) p_j for every cell, [N,C,h,w], and the sum of all k_ij of each image, [N]. */
function pullsOf(
  shares: Tensor,
  { colors, sources, destinations }: Cells,
  { radius, placeSigma, colorSigma }: Rule,
): { readonly pulls: Tensor; readonly kernels: Tensor } {
  const [images = 0, , height = 0, width = 0] = shares.shape;
  const { device } = shares;
  const pulls = zeros(shares.shape, { dtype: 'float32', device });
  const kernels = zeros([images], { dtype: 'float32', device });
  // Each pair of cells is met once.
  for (let down = 0; down <= Math.min(radius, height - 1); down++) {
    for (let across = down === 0 ? 1 : -radius; across <= radius; across++) {
      if (Math.abs(across) >= width) continue;
      tidy(() => {
        const [first, second] = shiftedViews({ down, across, height, width });
        const near = Math.exp(-(down ** 2 + across ** 2) / (2 * placeSigma ** 2));
        const distances = first(colors).sub(second(colors)).square().sum(1, { keepDim: true });
        const gates = first(destinations)
          .mul(second(sources))
          .add(second(destinations).mul(first(sources)));
        const kernel = distances
          .mul(-1 / (2 * colorSigma ** 2))
          .exp()
          .mul(near)
          .mul(gates);
        ops.addcmul_(first(pulls), kernel, second(shares));
        ops.addcmul_(second(pulls), kernel, first(shares));
        kernels.add_(kernel.sum([1, 2, 3]));
      });
    }
  }
  return { pulls, kernels };
}

type View = (map: Tensor) => Tensor;

/** Returns the views of a map whose pixels at equal places are neighbors by a shift. */
function shiftedViews({
  down,
  across,
  height,
  width,
}: {
  readonly down: number;
  readonly across: number;
  readonly height: number;
  readonly width: number;
}): readonly [View, View] {
  const [rows, columns] = [height - down, width - Math.abs(across)];
  const view =
    (top: number, left: number): View =>
    (map) =>
      map.narrow(2, top, rows).narrow(3, left, columns);
  return [view(0, Math.max(0, -across)), view(down, Math.max(0, across))];
}

export const gatedCrfComponent = defineComponent({
  kind: 'gated-crf',
  options: schema,
  needs: ['layout', 'colors'] as const,
  learnsUncovered: true,
  create: gatedCrf,
});
