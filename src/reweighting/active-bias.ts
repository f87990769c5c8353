/**
 * Implements Active Bias (Chang et al. 2017, SGD weighted by prediction variance): a pixel weighs by how much its
 * predictions have varied. Pixels that were always easy and pixels that were never learned both weigh little. It
 * looks at past predictions where ARM looks at the present one.
 */

import { z } from 'zod';
import { Module } from '../nn/index.js';
import { defineComponent, parseOptions } from '../registry/index.js';
import { autocast, noGrad, ones, type Tensor, tidy } from '../torch/index.js';
import { normalizeWeights } from './normalize-weights.js';
import { type CellPlaces, PredictionHistory } from './prediction-history.js';
import { expectInput, type Reweighter, type ReweighterContext, type ReweighterInput } from './reweighter.js';
import { trueClassProbability } from './true-class-probability.js';

const cells = z.int().min(1);

const schema = z
  .strictObject({
    grid: z
      .tuple([cells, cells])
      .readonly()
      .default([16, 32])
      .describe('[rows, columns] of cells over each training image; a history is kept for each cell.'),
    minVisits: z
      .int()
      .min(2)
      .default(3)
      .describe('Visits of a cell before its history counts; until then its pixels weigh the mean.'),
  })
  .describe('How much p_y varied in the past (Chang et al. 2017).');

/** Configures `ActiveBias`. */
export interface ActiveBiasOptions extends z.input<typeof schema> {
  /** Number of training images. With 0 nothing can be remembered, and weights are uniform. */
  readonly datasetLength: number;
}

/** Weighs pixels by how much the likelihood of their label has varied over the visits of their image. */
export class ActiveBias extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly needs = ['logitsNCHW', 'labelsNHW', 'origins'] as const;
  readonly history: PredictionHistory | null;
  readonly minVisits: number;

  /**
   * Creates an empty history for every training image.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor({ datasetLength, ...options }: ActiveBiasOptions) {
    super();
    const { grid, minVisits } = parseOptions('ActiveBias', schema, options);
    this.history = datasetLength > 0 ? new PredictionHistory(datasetLength, grid) : null;
    this.minVisits = minVisits;
  }

  /** Returns weights from the history before this batch, which in training mode is then added to it. */
  weigh(input: ReweighterInput): Tensor {
    const { history } = this;
    if (history === null) return this.#uniform(input);
    expectInput('ActiveBias.weigh', input, { needs: this.needs });
    const { logitsNCHW, labelsNHW, validNHW, origins, processGroup, sumOverRanks } = input;
    const { device, shape } = validNHW;
    return tidy(() =>
      noGrad(() =>
        autocast({ device, enabled: false }, () => {
          const places = history.locate(origins, { shape, device });
          const weightsNHW = this.#weightsFrom(history, places, input);
          if (this.training) {
            const likelihoodNHW = trueClassProbability(logitsNCHW, labelsNHW);
            history.record(likelihoodNHW, { validNHW, places, processGroup });
          }
          return normalizeWeights(weightsNHW, validNHW, { p: 1, sumOverRanks });
        }),
      ),
    );
  }

  adversarialParameters(): null {
    return null;
  }

  curve(): null {
    return null;
  }

  protected override unusedStateNames(): readonly string[] {
    // Without a dataset, a checkpoint's history of training images has no use.
    return this.history === null ? ['history.visits', 'history.means', 'history.squares'] : [];
  }

  /**
   * Returns s + ε over its mean, with s = √(v + v²/(n − 1)) for the variance v of n visits, and ε the mean of s over
   * the batch, so that a pixel that never varied keeps half of the mean weight.
   */
  #weightsFrom(
    history: PredictionHistory,
    places: CellPlaces,
    { validNHW, sumOverRanks = (sums) => sums }: ReweighterInput,
  ): Tensor {
    const { visits, variances } = history.recall(places);
    const enough = visits.ge(this.minVisits).to({ dtype: 'float32' });
    const doubt = variances.square().div(visits.sub(1).clamp({ min: 1 }));
    const deviations = variances.add(doubt).sqrt().mul(enough);
    const knownNHW = history.spread(enough, places).mul(validNHW);
    const deviationNHW = history.spread(deviations, places).mul(validNHW);
    const mean = sumOverRanks(deviationNHW.sum()).div(sumOverRanks(knownNHW.sum()).clamp({ min: 1 }));
    const relativeNHW = deviationNHW.add(mean).div(mean.mul(2));
    return relativeNHW.where(knownNHW.gt(0).logicalAnd(mean.gt(0)), 1);
  }

  #uniform(input: ReweighterInput): Tensor {
    expectInput('ActiveBias.weigh', input);
    const { validNHW, sumOverRanks } = input;
    return noGrad(() =>
      normalizeWeights(ones(validNHW.shape, { dtype: 'float32', device: validNHW.device }), validNHW, {
        sumOverRanks,
      }),
    );
  }
}

export const activeBiasComponent = defineComponent({
  kind: 'active-bias',
  options: schema,
  remembersImages: true,
  create: (parsed, { datasetLength }: ReweighterContext) => new ActiveBias({ ...parsed, datasetLength }),
});
