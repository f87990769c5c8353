/**
 * Judges an audit by exact labels, image by image in constant memory: how well it ranks pixels, regions and images, and what
 * decisions about its first regions are worth, beside methods of the literature on the same likelihoods.
 */

import { ignoreIndex } from '../../data/index.js';
import { LabelMatrix } from './label-score.js';
import { findByMethods, type JudgedImage, judgedMethods, type MethodFindings } from './methods.js';
import { rankCorrelation } from './rank-correlation.js';
import { RankingCounter } from './ranking-counter.js';
import { TopRegions } from './top-regions.js';

/** Holds the scores of a method. Shares are in [0, 1]; NaN stands for what cannot be said, and null for what a method lacks. */
export interface MethodScores {
  readonly method: string;
  readonly title: string;
  /** Is the average precision of the ranking of pixels; a random one has the base rate. */
  readonly auprc: number;
  readonly baseRate: number;
  /** Is the share of the wrong pixels among the first hundredth. */
  readonly recallAtOnePercent: number;
  /** Is the share of regions among the first 50 of whose pixels at least half are wrong. */
  readonly precisionAt50: number | null;
  readonly precisionAt100: number | null;
  /** Is the share of all wrong pixels that lie in the first 100 regions. */
  readonly foundIn100: number | null;
  /** Is by how much the mIoU of the labels grows with 100 decisions of a person about the first regions, as a fraction. */
  readonly mIoUPer100Decisions: number | null;
  /** Is Spearman's correlation between the score of an image and its share of wrong pixels. */
  readonly imageCorrelation: number;
}

/** Holds how good an audit is. */
export interface Judgment {
  readonly images: number;
  /** Counts the pixels that have a label and an exact one. */
  readonly pixels: number;
  /** Is the share of them whose label is wrong. */
  readonly baseRate: number;
  /** Is the mIoU of the labels against the exact ones. */
  readonly labelMIoU: number;
  readonly methods: readonly MethodScores[];
}

interface MethodState {
  readonly counter: RankingCounter;
  readonly top: TopRegions;
  readonly imageScores: number[];
  hasRegions: boolean;
}

/** Adds up what an audit finds in images with exact labels. */
export class Judge {
  readonly #classCount: number;
  readonly #matrix: LabelMatrix;
  readonly #wrongShares: number[] = [];
  /** Holds the methods that have found something, by name. */
  readonly #states = new Map<string, MethodState>();

  constructor({ classCount }: { readonly classCount: number }) {
    this.#classCount = classCount;
    this.#matrix = new LabelMatrix(classCount);
  }

  /**
   * Adds an image.
   *
   * @param truth the exact labels [height, width], in the classes of the audit; 255 where nothing is known
   * @throws {RangeError} when the image has another number of pixels
   */
  add(image: JudgedImage, truth: Uint8Array): void {
    const { labels } = image.audited;
    if (truth.length !== labels.length)
      throw new RangeError(`judge: expected ${labels.length} exact labels, received ${truth.length}`);
    let [judged, wrong] = [0, 0];
    for (let pixel = 0; pixel < labels.length; pixel++) {
      const [label, exact] = [labels[pixel] as number, truth[pixel] as number];
      if (label === ignoreIndex || exact === ignoreIndex) continue;
      this.#matrix.add(exact, label);
      judged++;
      if (exact !== label) wrong++;
    }
    // An image without a pixel that can be judged is in no ranking of images.
    if (judged === 0) return;
    this.#wrongShares.push(wrong / judged);
    const found = findByMethods(image);
    for (const method of judgedMethods) {
      const findings = found.get(method.name);
      if (findings === undefined) continue;
      const state = this.#states.get(method.name) ?? {
        counter: new RankingCounter(method.range),
        top: new TopRegions(),
        imageScores: [],
        hasRegions: false,
      };
      this.#states.set(method.name, state);
      this.#addFindings(state, findings, { labels, truth });
    }
  }

  #addFindings(
    state: MethodState,
    { evidence, regions, imageScore }: MethodFindings,
    { labels, truth }: { readonly labels: Uint8Array; readonly truth: Uint8Array },
  ): void {
    for (let pixel = 0; pixel < labels.length; pixel++) {
      const [label, exact] = [labels[pixel] as number, truth[pixel] as number];
      if (label === ignoreIndex || exact === ignoreIndex) continue;
      state.counter.add(evidence[pixel] as number, exact !== label);
    }
    state.imageScores.push(imageScore);
    if (regions !== null) state.hasRegions = true;
    for (const { region, rank } of regions ?? [])
      state.top.add(region, { rank, truth, classCount: this.#classCount });
  }

  /** Returns the scores over the images that were added so far. */
  get judgment(): Judgment {
    const before = this.#matrix.mIoU;
    const methods = judgedMethods.flatMap(({ name, title }): MethodScores[] => {
      const state = this.#states.get(name);
      if (state === undefined) return [];
      const { auprc, baseRate, recallAtOnePercent, pixels } = state.counter.scores;
      const { precisionAt50, precisionAt100, wrongIn100 } = state.top.scores;
      const decided = state.top.regions;
      const gain = this.#matrix.afterReview(decided).mIoU - before;
      const ofRegions = (value: number) => (state.hasRegions ? value : null);
      return [
        {
          ...{ method: name, title, auprc, baseRate, recallAtOnePercent },
          precisionAt50: ofRegions(precisionAt50),
          precisionAt100: ofRegions(precisionAt100),
          foundIn100: ofRegions(wrongIn100 / (baseRate * pixels)),
          mIoUPer100Decisions: ofRegions((100 * gain) / decided.length),
          imageCorrelation: rankCorrelation(state.imageScores, this.#wrongShares),
        },
      ];
    });
    const [first] = this.#states.values();
    const { pixels = 0, baseRate = Number.NaN } = first?.counter.scores ?? {};
    return { images: this.#wrongShares.length, pixels, baseRate, labelMIoU: before, methods };
  }
}
