/**
 * Learns while a person answers questions about single pixels: a head on stored features of a frozen backbone that was trained
 * on the labels of the dataset, and goes on with the answers as trusted labels. It asks about pixels that it can learn from.
 */

import type { Config } from '../../config/index.js';
import type { DatasetClass } from '../../data/index.js';
import { OperationError } from '../../errors/index.js';
import type { StackableHead } from '../../models/index.js';
import { scoreHead } from '../../quick/index.js';
import { headLikelihoods } from '../../quick/internal.js';
import { type ComponentSection, createComponent } from '../../registry/index.js';
import { type SuggestionStrategy, suggestionStrategies } from '../../suggest/index.js';
import {
  candidateCenters,
  type EvidenceSource,
  type LearnedDataset,
  learnDataset,
} from '../../suggest/internal.js';
import { type Tensor, tidy } from '../../torch/index.js';
import type { Answer, AskedPixel, Question } from './answer.js';
import { AnsweredPoints } from './answered-points.js';
import { chooseQuestions } from './ask.js';
import { askedImages } from './asked-images.js';
import { type LearnerTables, type OpenTablesOptions, openLearnerTables } from './learner-tables.js';

/** Configures `Learner.open`. */
export interface LearnerOptions extends OpenTablesOptions {
  /** Names the strategy that chooses questions; by default uncertainty with diversity. */
  readonly strategy?: ComponentSection;
  /** Counts the steps of a training after answers; by default as many as take about a second. */
  readonly steps?: number;
}

/** Says what a head has learned. */
export interface LearnedState {
  /** Counts the trainings, 0 before any answer was learned. */
  readonly generation: number;
  /** Counts the answers with a class that the head learned from. */
  readonly points: number;
  /** Is the mIoU on held-back images, in [0, 1]; null where there are none. */
  readonly score: number | null;
  /** Is that of the head before it learned from any answer. */
  readonly firstScore: number | null;
  /** Says how long the last training took. */
  readonly seconds: number;
}

/** Holds the classes that a head predicts on a grid over an image. */
export interface PredictedGrid {
  readonly columns: number;
  readonly rows: number;
  /** Holds the class of each cell, row by row. */
  readonly labels: Uint8Array;
}

/** Asks where the head is unsure, and rather about what looks like nothing that is labeled. */
const defaultStrategy: ComponentSection = { kind: 'combined', uncertainty: 2, diversity: 1 };

/** Limits the time of a training after answers in seconds; the score and the questions take the rest of two. */
const trainingSeconds = 1;
const fewestSteps = 10;
const mostSteps = 150;
/** Is the share of the objective that many answers have, and the number of answers that have half of it. */
const mostShare = 0.3;
const halfShareAnswers = 30;
/** Limits the cells of a predicted image. */
const mostCells = 2 ** 15;

/** Learns from answers, in the process that made it. */
export class Learner implements Disposable {
  readonly #tables: LearnerTables;
  readonly #points: AnsweredPoints;
  readonly #source: EvidenceSource;
  readonly #strategy: SuggestionStrategy;
  readonly #head: StackableHead;
  /** Holds the head as it was before any answer. */
  readonly #first: ReadonlyMap<string, Tensor>;
  #steps: number;
  /** Tells whether the steps follow the time that they take. */
  readonly #adapts: boolean;
  #learned: LearnedDataset | null = null;
  #state: LearnedState;

  private constructor(
    tables: LearnerTables,
    {
      head,
      strategy,
      steps,
      seconds,
      adapts,
    }: { head: StackableHead; strategy: SuggestionStrategy; steps: number; seconds: number; adapts: boolean },
  ) {
    const { files, maps } = tables;
    this.#tables = tables;
    this.#head = head;
    this.#first = new Map([...head.stateDict()].map(([name, tensor]) => [name, tensor.clone()]));
    this.#strategy = strategy;
    this.#steps = steps;
    this.#adapts = adapts;
    this.#source = askedImages({ files, maps, head: () => head });
    this.#points = new AnsweredPoints({
      maps,
      indexOf: new Map(Array.from({ length: files.length }, (_, index) => [files.name(index), index])),
      classes: files.classes.map(({ name }) => name),
    });
    const score = this.#score();
    this.#state = { generation: 0, points: 0, score, firstScore: score, seconds };
  }

  /**
   * Opens the dataset of a config, computes the features that are not stored, and trains the first head. The caller disposes it.
   *
   * @param config a config of quick training, such as the recipe `quick` with the folder of the dataset
   * @throws {ConfigError} when the config cannot be trained with, or published weights were not fetched before
   * @throws {DataError} naming the file when an image cannot be used, and when no image has a label
   */
  static async open(config: Config, options: LearnerOptions = {}): Promise<Learner> {
    const { strategy: section = defaultStrategy } = options;
    const strategy = createComponent<null, SuggestionStrategy>(suggestionStrategies, section, null);
    const tables = await openLearnerTables(config, options);
    let head: StackableHead | null = null;
    try {
      const began = performance.now();
      options.onProgress?.({ part: 'training', done: 0, total: 1 });
      const { trainer, training } = tables;
      head = trainer.train({ rows: training, seed: config.seed });
      const seconds = (performance.now() - began) / 1000;
      const { steps = affordableSteps(trainer.steps, seconds) } = options;
      const learner = new Learner(tables, {
        head,
        strategy,
        steps,
        seconds,
        adapts: options.steps === undefined,
      });
      await learner.#measure();
      options.onProgress?.({ part: 'training', done: 1, total: 1 });
      return learner;
    } catch (error) {
      head?.dispose();
      tables[Symbol.dispose]();
      throw error;
    }
  }

  /** Lists the classes in the order of the head. */
  get classes(): readonly DatasetClass[] {
    return this.#tables.files.classes;
  }

  /** Counts the images that are asked about, and all of the split. */
  get images(): { readonly asked: number; readonly all: number } {
    return { asked: this.#tables.files.length, all: this.#tables.allImages };
  }

  get state(): LearnedState {
    return this.#state;
  }

  /**
   * Lets the head learn from the answers. It goes on from what it has learned; where an earlier answer was taken back, it begins
   * again with the labels of the dataset, so that nothing of that answer remains.
   *
   * @param answers lists all answers that hold
   * @throws {DataError} naming the file when an image cannot be read
   */
  async learn(answers: readonly Answer[]): Promise<LearnedState> {
    const changed = await this.#points.set(answers);
    if (changed) this.#head.loadStateDict(this.#first);
    using rows = this.#points.rows();
    const began = performance.now();
    const generation = this.#state.generation + 1;
    const { trainer, training, seed } = this.#tables;
    if (rows !== null) {
      const share = (mostShare * rows.length) / (rows.length + halfShareAnswers);
      trainer.train({
        ...{ rows: training, trusted: [{ rows, share }], start: this.#head, steps: this.#steps },
        seed: seed + generation,
      });
    }
    const seconds = (performance.now() - began) / 1000;
    // The machine may be busier, or freer, than when the first head was trained.
    if (this.#adapts && rows !== null) this.#steps = affordableSteps(this.#steps, seconds);
    const { firstScore } = this.#state;
    this.#state = { generation, points: this.#points.length, score: this.#score(), firstScore, seconds };
    return this.#state;
  }

  /**
   * Returns the next questions.
   *
   * @param options.asked lists the pixels that were asked about before
   * @throws {DataError} naming the file when an image cannot be used
   */
  async questions({
    count,
    asked,
  }: {
    readonly count: number;
    readonly asked: readonly AskedPixel[];
  }): Promise<Question[]> {
    const { files, seed } = this.#tables;
    const learned = await this.#measure();
    return chooseQuestions({
      count,
      asked,
      files,
      source: this.#source,
      learned,
      strategy: this.#strategy,
      seed,
    });
  }

  /**
   * Returns what the head predicts of an image, on a grid of cells of 4×4 pixels or larger ones.
   *
   * @throws {OperationError} for an image that is not asked about
   * @throws {DataError} naming the file when the image cannot be read
   */
  async predict(image: string): Promise<PredictedGrid> {
    const { files, maps, indexOf } = this.#tables;
    const index = indexOf.get(image);
    if (index === undefined)
      throw new OperationError(`Learner.predict: there is no image '${image}' among those asked about`);
    using found = await maps.read(index);
    const { width, height } = found.size;
    const spacing = Math.max(4, Math.sqrt((width * height) / mostCells));
    const cells = (length: number) => Math.max(1, Math.round(length / spacing));
    const grid = { width, height, rows: cells(height), columns: cells(width) };
    const classCount = files.classes.length;
    const likelihoods = tidy(() => headLikelihoods(this.#head, found.rows(candidateCenters(grid))));
    const labels = Uint8Array.from({ length: grid.rows * grid.columns }, (_, cell) => {
      const row = likelihoods.subarray(cell * classCount, (cell + 1) * classCount);
      return row.indexOf(Math.max(...row));
    });
    return { columns: grid.columns, rows: grid.rows, labels };
  }

  [Symbol.dispose](): void {
    this.#learned?.[Symbol.dispose]();
    this.#points[Symbol.dispose]();
    this.#head.dispose();
    for (const tensor of this.#first.values()) tensor.dispose();
    this.#tables[Symbol.dispose]();
  }

  /** Measures the dataset once, from which the strategy knows what is labeled already. */
  async #measure(): Promise<LearnedDataset> {
    const { files, seed } = this.#tables;
    this.#learned ??= await learnDataset(this.#source, {
      length: files.length,
      classCount: files.classes.length,
      count: 1,
      seed,
      needsFeatures: this.#strategy.terms.some(({ term }) => term.needsFeatures === true),
    });
    return this.#learned;
  }

  #score(): number | null {
    const { heldBack, trainer } = this.#tables;
    if (heldBack === null) return null;
    const { mIoU } = scoreHead(this.#head, heldBack, trainer);
    return Number.isNaN(mIoU) ? null : mIoU;
  }
}

/** Returns how many steps fit into the time of a training, when so many took so long. */
function affordableSteps(steps: number, seconds: number): number {
  return Math.min(mostSteps, Math.max(fewestSteps, Math.round((trainingSeconds * steps) / seconds)));
}
