/**
 * Implements Meta-Weight-Net (Shu et al. 2019): a small network from a pixel's loss to its weight, learned so that a
 * step with these weights lowers the loss of a small clean set. It needs labels that the paper's setting does not
 * have.
 */

import { z } from 'zod';
import { Conv2d, Module } from '../nn/index.js';
import { Adam } from '../optim/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { autocast, cat, type Generator, noGrad, type Tensor, tidy } from '../torch/index.js';
import { averageOverRanks } from './average-over-ranks.js';
import { cleanAlignment } from './clean-alignment.js';
import type { CleanLearner, CleanStep } from './clean-learner.js';
import { pixelwise } from './pixelwise.js';
import { expectInput, type Reweighter, type ReweighterContext, type ReweighterInput } from './reweighter.js';

const schema = z
  .strictObject({
    hidden: z.int().min(1).default(100).describe('Width of the hidden layer.'),
    learningRate: z
      .number()
      .positive()
      .default(1e-3)
      .describe('Learning rate of its own Adam, which no schedule changes.'),
  })
  .describe(
    'A small network from loss to weight, which learns from clean labels (`data.clean`; Shu et al. 2019).',
  );

/** Configures `MetaWeightNet`. */
export interface MetaWeightNetOptions extends z.input<typeof schema> {
  /** Draws the initial parameters. */
  readonly generator: Generator;
}

// Pixels that are computed at once: a hidden layer over all of them would take more memory than the network's features.
const chunk = 2 ** 16;
// Is added to every weight, so that weights that are all 0 become uniform.
const floor = 1e-12;

/** Weighs pixels by a small network from loss to weight, which learns from clean labels. */
export class MetaWeightNet extends Module implements Reweighter, CleanLearner {
  readonly isolatedStart = false;
  readonly conv1: Conv2d;
  readonly conv2: Conv2d;
  readonly #optimizer: Adam;

  /**
   * Creates the network with parameters drawn from `generator`.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor({ generator, ...options }: MetaWeightNetOptions) {
    super();
    const { hidden, learningRate } = parseOptions('MetaWeightNet', schema, options);
    this.conv1 = new Conv2d(1, hidden, { kernelSize: 1, generator });
    this.conv2 = new Conv2d(hidden, 1, { kernelSize: 1, generator });
    const parameters = [...this.conv1.parameters(), ...this.conv2.parameters()];
    this.#optimizer = new Adam([{ parameters }], { learningRate });
  }

  get cleanData(): CleanLearner {
    return this;
  }

  /** Returns V(l) ∈ (0, 1) for losses of any shape, in float32 also under autocast. */
  forward(losses: Tensor): Tensor {
    return autocast({ device: losses.device, enabled: false }, () => {
      const features = pixelwise(this.conv1, losses.reshape([1, -1])).relu();
      return pixelwise(this.conv2, features).sigmoid().reshape(losses.shape);
    });
  }

  /** Returns V(l_i) over its sum. */
  weigh(input: ReweighterInput): Tensor {
    expectInput('MetaWeightNet.weigh', input);
    return tidy(() => noGrad(() => this.#normalized(input).weightsNHW));
  }

  /**
   * Takes one step on V. With w_i = V_i / Σ V and d_i the alignment of a pixel with the clean batch, the clean loss
   * after the virtual step changes with V_i by −α (d_i − Σ_j w_j d_j) / Σ V. Over several ranks the virtual step
   * descends the mean of their objectives, and V's gradient is the mean of theirs.
   */
  learn(step: CleanStep): void {
    tidy(() => {
      const { processGroup, sumOverRanks } = step;
      // Weights that sum to 1 over all ranks make the ranks' objectives add up to the whole, but their mean is taken.
      const scale = processGroup && sumOverRanks ? processGroup.worldSize : 1;
      const { lossesNHW, validNHW, alignmentNHW } = cleanAlignment(step, {
        weigh: (losses, valid) =>
          this.#normalized({ lossesNHW: losses, validNHW: valid, sumOverRanks }).weightsNHW.mul(scale),
      });
      const derivativeNHW = noGrad(() => {
        const { weightsNHW, sum } = this.#normalized({ lossesNHW, validNHW, sumOverRanks });
        const own = weightsNHW.mul(alignmentNHW).sum();
        const mean = sumOverRanks?.(own) ?? own;
        return alignmentNHW.sub(mean).mul(validNHW).mul(-step.learningRate).div(sum).mul(scale);
      });
      for (const { losses, others } of chunks(lossesNHW, derivativeNHW))
        tidy(() => this.forward(losses).mul(others).sum().backward());
      const parameters = [...this.conv1.parameters(), ...this.conv2.parameters()];
      if (processGroup)
        averageOverRanks(
          parameters.map(({ grad }) => grad),
          processGroup,
        );
      this.#optimizer.step();
      this.#optimizer.zeroGrad();
    });
  }

  /** Adds the optimizer's state, so that it is moved, saved and freed with the parameters. */
  protected override *fields(): Iterable<readonly [string, unknown]> {
    yield* super.fields();
    const { first, second, steps } = this.#optimizer;
    yield* Object.entries({ 'optimizer.first': first, 'optimizer.second': second, 'optimizer.steps': steps });
  }

  adversarialParameters(): null {
    return null;
  }

  curve(): null {
    return null;
  }

  /**
   * Returns the weights, [N,H,W], and the sum that V was divided by: 1 if no pixel is valid, so that all weights are
   * 0.
   */
  #normalized({ lossesNHW, validNHW, sumOverRanks = (sums) => sums }: WeightsInput): {
    readonly weightsNHW: Tensor;
    readonly sum: Tensor;
  } {
    const values = cat(
      chunks(lossesNHW, lossesNHW).map(({ losses }) => tidy(() => this.forward(losses))),
      0,
    );
    const masked = values.reshape(lossesNHW.shape).add(floor).mul(validNHW);
    const total = sumOverRanks(masked.sum());
    const sum = total.add(total.eq(0).to({ dtype: 'float32' }));
    return { weightsNHW: masked.div(sum), sum };
  }
}

/** Holds what the weights of a batch are computed from. */
interface WeightsInput extends Pick<ReweighterInput, 'lossesNHW' | 'validNHW'> {
  readonly sumOverRanks?: ReweighterInput['sumOverRanks'] | undefined;
}

/** Cuts two maps into pieces of the same pixels. */
function chunks(
  lossesNHW: Tensor,
  othersNHW: Tensor,
): { readonly losses: Tensor; readonly others: Tensor }[] {
  const losses = lossesNHW.reshape([-1]);
  const others = othersNHW.reshape([-1]);
  const count = losses.numel;
  return Array.from({ length: Math.ceil(count / chunk) }, (_, place) => {
    const start = place * chunk;
    const length = Math.min(chunk, count - start);
    return { losses: losses.narrow(0, start, length), others: others.narrow(0, start, length) };
  });
}

export const metaWeightNetComponent = defineComponent({
  kind: 'meta-weight-net',
  options: schema,
  learnsFromClean: true,
  create: (parsed, { generator }: ReweighterContext) => new MetaWeightNet({ ...parsed, generator }),
});
