/**
 * Leaves out the pixels whose loss is among the highest of their class, which are mislabeled more often than others,
 * and lets another reweighter, or the plain mean, weigh the rest. A quantile for each class keeps rare and hard classes,
 * which one quantile for all would remove first. It is that of a histogram over the last steps, so that a class with a few
 * pixels in a batch has one too.
 */

import { z } from 'zod';
import { ignoreIndex } from '../losses/internal.js';
import { Buffer, Module } from '../nn/index.js';
import {
  type ComponentSection,
  componentSection,
  createComponent,
  defineComponent,
  parseOptions,
  type Registry,
} from '../registry/index.js';
import { autocast, cat, full, noGrad, ones, ops, type Tensor, tidy, zeros } from '../torch/index.js';
import type { CleanLearner } from './clean-learner.js';
import { normalizeWeights } from './normalize-weights.js';
import {
  type AdversarialParameters,
  type CurveOptions,
  expectInput,
  type OptionalInput,
  type PartWeigher,
  type Reweighter,
  type ReweighterComponent,
  type ReweighterContext,
  type ReweighterInput,
} from './reweighter.js';

const schema = z.strictObject({
  share: z
    .number()
    .min(0)
    .lt(1)
    .default(0.05)
    .describe('Share of the labeled pixels of each class that is left out: those with the highest losses.'),
  start: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe(
      'Share of the steps before pixels are left out. Early in a run a high loss says that a pixel is hard, later that its ' +
        'label is wrong.',
    ),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0.9)
    .describe('Share of the counts of losses that is kept at each step; 0 looks at the step before alone.'),
});

/** Configures `Trim`. */
export interface TrimOptions extends z.input<typeof schema> {
  readonly classCount: number;
  /** Weighs the pixels that are left, and belongs to the product, which disposes it; null, the default, is the plain mean. */
  readonly reweighter?: Reweighter | null;
}

// Intervals of the logarithm of the loss, 2 % wide. Losses beyond the ends count as at the ends.
const bins = 1024;
const lowest = Math.log(1e-6);
const binsPerUnit = bins / (Math.log(1e3) - lowest);

/**
 * Leaves out the highest losses of each class. The limits of a step are those of the steps before it, so that all parts
 * and processes of a step have the same.
 */
export class Trim extends Module implements Reweighter {
  readonly needs: readonly OptionalInput[];
  readonly reweighter: Reweighter | null;
  readonly share: number;
  readonly start: number;
  readonly momentum: number;
  /** Counts of the losses of each class by interval, which fade by `momentum` at each step, [C,B]. */
  readonly histogram: Buffer;
  /** Last interval of each class that is kept, [C]; B where nothing is left out. */
  readonly limits: Buffer;
  /** Counts of the labeled pixels of the last step and of those that were kept, [2]; 0 before the start. */
  readonly counts: Buffer;
  /** Marks the step whose pixels are being counted. */
  #progress: number | undefined;

  /**
   * Creates the reweighter with an empty histogram.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor({ classCount, reweighter = null, ...options }: TrimOptions) {
    super();
    const { share, start, momentum } = parseOptions('Trim', schema, options);
    this.reweighter = reweighter;
    this.needs = [...new Set<OptionalInput>(['labelsNHW', ...(reweighter?.needs ?? [])])];
    this.share = share;
    this.start = start;
    this.momentum = momentum;
    this.histogram = new Buffer(zeros([classCount, bins], { dtype: 'float32' }));
    this.limits = new Buffer(full([classCount], { value: bins, dtype: 'float32' }));
    this.counts = new Buffer(zeros([2], { dtype: 'float32' }));
  }

  get isolatedStart(): boolean {
    return this.reweighter?.isolatedStart ?? false;
  }

  get cleanData(): CleanLearner | null {
    return this.reweighter?.cleanData ?? null;
  }

  /** Gives the share of the labeled pixels that neither this one nor the inner one left out; reading it waits for the device. */
  get keptShare(): number | null {
    const inner = this.reweighter?.keptShare ?? null;
    const [labeled = 0, kept = 0] = Array.from(this.counts.toTypedArray(), Number);
    return labeled === 0 ? inner : (kept / labeled) * (inner ?? 1);
  }

  /** In training mode, counts the losses of the batch, which set the limits of the next step. */
  weigh(input: ReweighterInput): Tensor {
    expectInput('Trim.weigh', input, { needs: ['labelsNHW'] });
    if (this.training && (input.progress === undefined || input.progress !== this.#progress))
      this.#beginStep(input);
    return this.#weighKept(this.#trimmed(input, { learn: this.training }));
  }

  get surveyParts(): Reweighter['surveyParts'] {
    const { reweighter } = this;
    const survey = reweighter?.surveyParts;
    if (!survey) return null;
    return (parts) => this.#survey(parts, (trimmed) => survey.call(reweighter, trimmed));
  }

  takeNotice(): string | null {
    return this.reweighter?.takeNotice?.() ?? null;
  }

  adversarialParameters(): AdversarialParameters | null {
    return this.reweighter?.adversarialParameters() ?? null;
  }

  /** Returns the curve of the inner reweighter, which the pixels that are kept follow. */
  curve(confidences: readonly number[], options?: CurveOptions): number[] | null {
    return this.reweighter?.curve(confidences, options) ?? null;
  }

  get shownAgreements(): readonly number[] | null {
    return this.reweighter?.shownAgreements ?? null;
  }

  #survey(
    parts: readonly (() => ReweighterInput)[],
    survey: (parts: readonly (() => ReweighterInput)[]) => PartWeigher,
  ): PartWeigher {
    const weigh = survey(
      parts.map((part, place) => () => {
        const input = part();
        expectInput('Trim.weigh', input, { needs: ['labelsNHW'] });
        if (place === 0) this.#beginStep(input);
        return this.#trimmed(input, { learn: true });
      }),
    );
    return (input) => weigh(this.#trimmed(input, { learn: false }));
  }

  #weighKept(input: ReweighterInput): Tensor {
    if (this.reweighter) return this.reweighter.weigh(input);
    const { validNHW, sumOverRanks } = input;
    return noGrad(() => {
      const even = ones(validNHW.shape, { dtype: 'float32', device: validNHW.device });
      return normalizeWeights(even, validNHW, { p: 1, sumOverRanks });
    });
  }

  /** Takes the limits from what was counted up to now, and lets it fade. */
  #beginStep({ progress }: ReweighterInput): void {
    this.#progress = progress;
    if (!this.#hasStarted(progress)) return;
    tidy(() =>
      noGrad(() => {
        const counted = this.histogram.to({ dtype: 'float64' });
        const total = counted.sum(1);
        const above = total.unsqueeze(1).sub(ops.cumsum(counted, 1));
        const allowed = total.mul(this.share);
        const limits = above.gt(allowed.unsqueeze(1)).sum(1).to({ dtype: 'float32' });
        // Of fewer pixels than this, leaving out one would be more than the share.
        this.limits.copy_(limits.where(allowed.ge(1), bins));
        this.histogram.mul_(this.momentum);
        this.counts.mul_(0);
      }),
    );
  }

  /** Returns the input with the pixels that are kept as the only labeled ones. */
  #trimmed(
    input: ReweighterInput & { readonly labelsNHW?: Tensor },
    { learn }: { readonly learn: boolean },
  ): ReweighterInput {
    const { labelsNHW, lossesNHW, validNHW, sumOverRanks = (sums) => sums } = input;
    if (!labelsNHW || (this.training && !this.#hasStarted(input.progress))) return input;
    return noGrad(() =>
      autocast({ device: lossesNHW.device, enabled: false }, () => {
        const classes = labelsNHW.where(validNHW, 0);
        const binNHW = binOf(lossesNHW);
        const limitNHW = this.limits.indexSelect(0, classes.flatten()).reshape(validNHW.shape);
        const belowNHW = binNHW.le(limitNHW).logicalAnd(validNHW);
        // A part of a batch of which nothing would be left is kept whole.
        const nothing = sumOverRanks(belowNHW.sum()).eq(0);
        const keptNHW = belowNHW.logicalOr(validNHW.logicalAnd(nothing));
        if (learn) this.#count(input, { classes, binNHW, keptNHW });
        return {
          ...input,
          validNHW: keptNHW,
          lossesNHW: lossesNHW.mul(keptNHW),
          labelsNHW: labelsNHW.where(keptNHW, ignoreIndex),
        };
      }),
    );
  }

  /** Adds the pixels of all processes, so that all keep the same histogram. */
  #count(
    { validNHW, processGroup }: ReweighterInput,
    {
      classes,
      binNHW,
      keptNHW,
    }: { readonly classes: Tensor; readonly binNHW: Tensor; readonly keptNHW: Tensor },
  ): void {
    tidy(() => {
      const cells = this.histogram.numel;
      const place = classes.mul(bins).add(binNHW).where(validNHW, cells).flatten();
      const { device } = validNHW;
      const empty = zeros([cells + 1], { dtype: 'float64', device });
      const counted = ops.scatterAdd(empty, 0, place, ones([place.numel], { dtype: 'float64', device }));
      const own = cat([counted.narrow(0, 0, cells), keptNHW.sum().to({ dtype: 'float64' }).reshape([1])], 0);
      const sums = processGroup?.sumOverRanks(own) ?? own;
      const histogram = sums.narrow(0, 0, cells);
      this.histogram.add_(histogram.to({ dtype: 'float32' }).reshape(this.histogram.shape));
      this.counts.add_(
        cat([histogram.sum().reshape([1]), sums.narrow(0, cells, 1)], 0).to({ dtype: 'float32' }),
      );
    });
  }

  #hasStarted(progress: number | undefined): boolean {
    return progress === undefined || progress >= this.start;
  }
}

/** Returns the interval of each loss; the first one also for losses of 0 and below, and for NaN. */
function binOf(lossesNHW: Tensor): Tensor {
  const position = lossesNHW.clamp({ min: 1e-30 }).log().sub(lowest).mul(binsPerUnit);
  return ops
    .floor(position)
    .to({ dtype: 'int64' })
    .clamp({ min: 0, max: bins - 1 });
}

/** Returns the component, whose inner reweighter is one of this registry. */
export function trimComponentOf(registry: Registry<ReweighterComponent>): ReweighterComponent {
  return defineComponent({
    kind: 'trim',
    options: schema
      .extend({
        reweighter: componentSection(registry, { defaultKind: 'arm' })
          .nullable()
          .default(null)
          .describe('Weighs the pixels that are left; `null` is the plain mean.'),
      })
      .describe('Leaves out the highest losses of each class, and lets another reweighter weigh the rest.'),
    innerKey: 'reweighter',
    create: ({ reweighter: section, ...options }, context: ReweighterContext) => {
      const inner = section as ComponentSection | null;
      const reweighter = inner && createComponent(registry, inner, context);
      return new Trim({ ...options, classCount: context.classCount, reweighter });
    },
  });
}
