/**
 * Active Bias (Chang et al. 2017, SGD weighted by prediction variance): a pixel weighs by how much the network has
 * changed its mind about it. Pixels that were always easy and pixels that were never learned both weigh little. It
 * looks at the past where ARM looks at the present prediction.
 */

import { OperationError } from '../errors/index.js';
import { Module } from '../nn/index.js';
import { autocast, noGrad, ones, type Tensor, tidy } from '../torch/index.js';
import { normalizeWeights } from './normalize-weights.js';
import { type CellPlaces, type HistoryGrid, PredictionHistory } from './prediction-history.js';
import { expectInput, type Reweighter, type ReweighterInput } from './reweighter.js';
import { trueClassProbability } from './true-class-probability.js';

export interface ActiveBiasOptions {
  /** Number of training images; with 0 nothing can be remembered, and weights are uniform. */
  readonly datasetLength: number;
  /** [rows, columns] of cells over every image; a history is kept for each cell. */
  readonly grid?: HistoryGrid;
  /** Visits of a cell before its variance counts; its pixels weigh the mean until then. */
  readonly minVisits?: number;
}

export class ActiveBias extends Module implements Reweighter {
  readonly isolatedStart = false;
  readonly needs = ['logitsNCHW', 'labelsNHW', 'origins'] as const;
  readonly history: PredictionHistory | null;
  readonly minVisits: number;

  /** @throws OperationError for a grid without cells, or fewer than the two visits that a variance takes */
  constructor({ datasetLength, grid = [16, 32], minVisits = 3 }: ActiveBiasOptions) {
    super();
    if (!grid.every((cells) => Number.isInteger(cells) && cells >= 1)) {
      throw new OperationError(
        `ActiveBias: expected a grid of [rows, columns] from 1 on, received [${grid}]`,
      );
    }
    if (!(minVisits >= 2)) {
      throw new OperationError(`ActiveBias: expected minVisits of 2 or more, received ${minVisits}`);
    }
    this.history = datasetLength > 0 ? new PredictionHistory(datasetLength, grid) : null;
    this.minVisits = minVisits;
  }

  /** Weighs by what was remembered before this batch; in training mode then remembers this batch too. */
  weigh(input: ReweighterInput): Tensor {
    const { history } = this;
    if (history === null) return this.#uniform(input);
    expectInput('ActiveBias.weigh', input, this.needs);
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
    // Inspecting a trained network: its checkpoint has the history of images that are not at hand.
    return this.history === null ? ['history.visits', 'history.means', 'history.squares'] : [];
  }

  /**
   * s + ε over its mean, with s = √(v + v²/(n − 1)) for the variance v of n visits, and ε the mean of s over the batch,
   * so that what never varied keeps half of the mean weight.
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
