/**
 * Implements online hard example mining (Shrivastava et al. 2016) for pixels, as in the code of OCR and HRNet: the
 * mean loss of the pixels whose own label the network finds unlikely. These are hard or mislabeled, and OHEM cannot
 * tell which (paper, section 1).
 */

import { z } from 'zod';
import type { Collectives } from '../distributed/index.js';
import { Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { cat, noGrad, ops, scope, stack, type Tensor, tidy } from '../torch/index.js';
import { kthSmallest, type RankedNumber } from './kth-smallest.js';
import { expectInput, type PartWeigher, type Reweighter, type ReweighterInput } from './reweighter.js';
import { trueClassProbability } from './true-class-probability.js';

// Published settings: those of openseg, the code of OCR, and those of HRNet.
const presets = {
  openseg: { threshold: 0.7, minKept: 100_000 },
  hrnet: { threshold: 0.9, minKept: 131_072 },
} as const;

const schema = z
  .strictObject({
    preset: z
      .enum(['openseg', 'hrnet'])
      .nullable()
      .default(null)
      .describe(
        'Published settings of `threshold` and `minKept` for those that are not given; `null` is `openseg`.',
      ),
    threshold: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Pixels whose label is less likely than this share the loss; by default that of the preset.'),
    minKept: z
      .int()
      .min(0)
      .optional()
      .describe(
        'Smallest number of pixels of a batch that share the loss; by default that of the preset, which is for crops ' +
          'of 512×1024. A batch that has no more labeled pixels keeps all but its easiest.',
      ),
    minKeptScope: z
      .enum(['batch', 'process'])
      .default('batch')
      .describe(
        'Pixels among which `minKept` counts, and over which the loss is averaged: `batch` takes those of the whole ' +
          'batch, over all processes and gradient accumulation steps; `process` takes what one process computes at ' +
          'once, as openseg and HRNet do, whose `minKept` is for the crops of one GPU.',
      ),
  })
  .describe('Online hard example mining: the hardest pixels share the loss, the others count nothing.')
  .transform(({ preset, threshold, minKept, minKeptScope }) => {
    const published = presets[preset ?? 'openseg'];
    return {
      preset,
      threshold: threshold ?? published.threshold,
      minKept: minKept ?? published.minKept,
      minKeptScope,
    };
  });

/** Configures `Ohem`. */
export interface OhemOptions extends z.input<typeof schema> {}

/** Stands for the likelihood of a pixel without a label, so that it is never among the hardest. */
const beyondAll = 2;

/** Says which pixels are kept: those less likely than `limit`, or all labeled ones where that would be none. */
interface Selection {
  readonly limit: number;
  /** Counts the pixels that share the loss. */
  readonly chosen: number;
}

/** Weighs the hardest pixels alike, and the others with 0. */
export class Ohem extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly needs = ['logitsNCHW', 'labelsNHW'] as const;
  readonly threshold: number;
  readonly minKept: number;
  readonly minKeptScope: 'batch' | 'process';
  #keptShare: number | null = null;
  #notice: 'none' | 'due' | 'taken' = 'none';
  /** Counts the labeled pixels of the batch that the notice is about. */
  #labeledThen = 0;

  /**
   * Creates the reweighter.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor(options: OhemOptions = {}) {
    super();
    const { threshold, minKept, minKeptScope } = parseOptions('Ohem', schema, options);
    this.threshold = threshold;
    this.minKept = minKept;
    this.minKeptScope = minKeptScope;
  }

  get keptShare(): number | null {
    return this.#keptShare;
  }

  /**
   * Returns uniform weights over the pixels with p_y < t, where t is the threshold or, if it is greater, the p_y of
   * rank `minKept`, counted from 0. The comparison is strict, so that pixels which tie at t are dropped together.
   * Where that leaves none (all pixels equally easy), weights are uniform over all labeled pixels. With the scope
   * `batch` and a process group, ranks and counts are those among the pixels of all processes.
   */
  weigh(input: ReweighterInput): Tensor {
    return noGrad(() => {
      const likelihoodNHW = this.#likelihoodsOf(input);
      const together = this.minKeptScope === 'batch' ? (input.processGroup ?? null) : null;
      const selection = this.#select(likelihoodNHW, together);
      return this.minKeptScope === 'batch'
        ? weightsOf(likelihoodNHW, input, { selection, partCount: 1 })
        : weightsInScope(likelihoodNHW, input, selection);
    });
  }

  get surveyParts(): Reweighter['surveyParts'] {
    if (this.minKeptScope === 'process') return null;
    return (parts) => this.#survey(parts);
  }

  takeNotice(): string | null {
    if (this.#notice !== 'due') return null;
    this.#notice = 'taken';
    const among = this.minKeptScope === 'batch' ? 'batch' : 'part of a batch on one process';
    return (
      `OHEM kept all pixels but the easiest, which is plain cross-entropy: a ${among} had ${this.#labeledThen} labeled ` +
      `pixels, and reweighter.minKept is ${this.minKept}; lower it`
    );
  }

  adversarialParameters(): null {
    return null;
  }

  curve(): null {
    return null;
  }

  /** Finds the limit from the likelihoods of all parts, which are kept until then: 4 bytes a pixel. */
  #survey(parts: readonly (() => ReweighterInput)[]): PartWeigher {
    const selection = noGrad(() => {
      using _likelihoods = scope();
      let processGroup: Collectives | null = null;
      const likelihoods = parts.map((part) =>
        tidy(() => {
          const input = part();
          processGroup = input.processGroup ?? null;
          return this.#likelihoodsOf(input).flatten();
        }),
      );
      return this.#select(cat(likelihoods, 0), processGroup);
    });
    return (input) =>
      noGrad(() => weightsOf(this.#likelihoodsOf(input), input, { selection, partCount: parts.length }));
  }

  /** Returns p_y, [N,H,W], and a number above all of them where a pixel has no label. */
  #likelihoodsOf(input: ReweighterInput): Tensor {
    expectInput('Ohem.weigh', input, { needs: this.needs });
    const { logitsNCHW, labelsNHW, validNHW } = input;
    return trueClassProbability(logitsNCHW, labelsNHW).where(validNHW, beyondAll);
  }

  #note({ labeled, kept, keepsAll }: { labeled: number; kept: number; keepsAll: boolean }): void {
    this.#keptShare = labeled === 0 ? null : (kept || labeled) / labeled;
    if (this.#notice !== 'none' || labeled === 0 || !keepsAll) return;
    this.#notice = 'due';
    this.#labeledThen = labeled;
  }

  #select(likelihoods: Tensor, processGroup: Collectives | null): Selection {
    const counts = stack([likelihoods.lt(beyondAll).sum(), likelihoods.lt(this.threshold).sum()], 0);
    processGroup?.allReduce_(counts);
    // The host waits for the device here: the counts decide whether a rank has to be found.
    const [labeled = 0, hard = 0] = Array.from(counts.toTypedArray(), Number);
    const rank = Math.min(this.minKept, labeled - 1);
    // With more hard pixels than this rank, the pixel of this rank is below the threshold too.
    const { value: limit, below: kept } =
      hard > rank ? { value: this.threshold, below: hard } : hardestOf(likelihoods, rank, processGroup);
    if (this.training) this.#note({ labeled, kept, keepsAll: rank === labeled - 1 });
    return kept === 0 ? { limit: beyondAll, chosen: labeled } : { limit, chosen: kept };
  }
}

/** Returns the likelihood of a rank, counted from 0, and how many are below it. The host waits for the device here. */
function hardestOf(likelihoods: Tensor, rank: number, processGroup: Collectives | null): RankedNumber {
  const flat = likelihoods.flatten();
  const candidates = Math.min(rank + 1, flat.numel);
  if (processGroup) {
    const [hardest] = ops.topk(flat, candidates, { dim: 0, largest: false, sorted: true });
    return kthSmallest(hardest.toTypedArray() as Float32Array, rank, processGroup);
  }
  const [hardest] = ops.topk(flat, candidates, { dim: 0, largest: false, sorted: false });
  const limit = hardest.max();
  const below = flat.lt(limit).sum();
  const [value = 0, count = 0] = stack(
    [limit.to({ dtype: 'float64' }), below.to({ dtype: 'float64' })],
    0,
  ).toTypedArray();
  return { value: Number(value), below: Number(count) };
}

/** Returns the weights of a part of the batch over which a selection was made. */
function weightsOf(
  likelihoodNHW: Tensor,
  { processGroup, sumOverRanks }: ReweighterInput,
  { selection: { limit, chosen }, partCount }: { readonly selection: Selection; readonly partCount: number },
): Tensor {
  // Where weights are not normalized over all processes, a step takes the mean of what they sum to in each.
  const shares = partCount * (sumOverRanks ? 1 : (processGroup?.worldSize ?? 1));
  const chosenNHW = likelihoodNHW.lt(limit).to({ dtype: 'float32' });
  return chosenNHW.div(Math.max(1, chosen) / shares);
}

/** Returns weights over what one process has kept by itself, normalized over the pixels that any weights are. */
function weightsInScope(
  likelihoodNHW: Tensor,
  { validNHW, sumOverRanks = (sums) => sums }: ReweighterInput,
  { limit }: Selection,
): Tensor {
  const keptNHW = likelihoodNHW.lt(limit).logicalAnd(validNHW);
  const noneKept = sumOverRanks(keptNHW.sum()).eq(0);
  const chosenNHW = keptNHW.logicalOr(validNHW.logicalAnd(noneKept)).to({ dtype: 'float32' });
  return chosenNHW.div(sumOverRanks(chosenNHW.sum()).clamp({ min: 1 }));
}

export const ohemComponent = defineComponent({
  kind: 'ohem',
  options: schema,
  create: (parsed) => new Ohem(parsed),
});
