/** Counts what was asked and why. */

import { type DatasetClass, ignoreIndex } from '../data/index.js';
import type { ChosenPoint } from './choose-points.js';

/** Says what `suggestPoints` asked, by reason and by class. */
export interface SuggestionSummary {
  readonly strategy: string;
  /** Tells whether likelihoods come from the features that a quick run keeps, and not from a pass of the whole network. */
  readonly usesStored: boolean;
  /** Counts the passes of the network over an image, because its features were not kept; some images are seen twice. */
  readonly computed: number;
  /** Is the folder of `SPLIT/NAME.json`. */
  readonly output: string;
  /** Is the folder of the dataset. */
  readonly root: string;
  readonly split: string;
  /** Counts the images that were looked at. */
  readonly images: number;
  /** Counts the new questions. */
  readonly questions: number;
  /** Counts the new questions about pixels that have a label already. */
  readonly questionsOnLabels: number;
  /** Counts the points that had a class before, which stay as they are. */
  readonly keptAnswers: number;
  /** Counts the open questions of before that are still open or were answered by a simulated annotator. */
  readonly keptQuestions: number;
  /** Counts the open questions of before that were dropped. */
  readonly droppedQuestions: number;
  /** Counts the questions that have no answer afterwards. */
  readonly openQuestions: number;
  /** Gives the share of pixels that no label covers, in [0, 1]. */
  readonly uncoveredShare: number;
  /** Lists the reasons of new questions, the most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly questions: number }[];
  /** Lists for each class the new questions whose pixel the network takes for it, and its share of all pixels in [0, 1]. */
  readonly classes: readonly {
    readonly name: string;
    readonly questions: number;
    readonly pixelShare: number;
    /** Counts the answers of a simulated annotator that name this class. */
    readonly answers: number;
  }[];
  /** Says how a simulated annotator answered; null without one. */
  readonly simulated: {
    readonly labels: string;
    readonly answers: number;
    /** Counts the questions about pixels that belong to no class. */
    readonly none: number;
    /** Counts the answers that name the suggested class. */
    readonly asSuggested: number;
  } | null;
}

/** Holds what was done about one image. */
export interface AskedImage {
  readonly chosen: readonly ChosenPoint[];
  readonly labels: Uint8Array;
  readonly keptAnswers: number;
  readonly keptQuestions: number;
  readonly droppedQuestions: number;
  readonly openQuestions: number;
  /** Lists the simulated answers with the class that was suggested, both by name; null for a pixel of no class. */
  readonly answers: readonly { readonly answer: string | null; readonly suggested: unknown }[];
}

/** Adds up images. */
export class SuggestionTally {
  readonly #classes: readonly DatasetClass[];
  readonly #classShares: Float64Array;
  readonly #questions: Uint32Array;
  readonly #answers = new Map<string, number>();
  readonly #reasons = new Map<string, number>();
  readonly #counts = {
    images: 0,
    questions: 0,
    questionsOnLabels: 0,
    keptAnswers: 0,
    keptQuestions: 0,
    droppedQuestions: 0,
    openQuestions: 0,
  };
  readonly #simulated = { answers: 0, none: 0, asSuggested: 0 };
  #pixels = 0;
  #uncovered = 0;

  constructor(classes: readonly DatasetClass[], { classShares }: { readonly classShares: Float64Array }) {
    this.#classes = classes;
    this.#classShares = classShares;
    this.#questions = new Uint32Array(classes.length);
  }

  add({ labels, ...asked }: AskedImage): void {
    this.addImage(labels);
    this.addQuestions(asked);
  }

  /** Adds an image that was looked at, by the labels of its candidates. */
  addImage(labels: Uint8Array): void {
    this.#counts.images++;
    this.#pixels += labels.length;
    for (const label of labels) if (label === ignoreIndex) this.#uncovered++;
  }

  /** Adds what was asked about an image. */
  addQuestions({ chosen, answers, ...counted }: Omit<AskedImage, 'labels'>): void {
    const counts = this.#counts;
    counts.questions += chosen.length;
    for (const key of ['keptAnswers', 'keptQuestions', 'droppedQuestions', 'openQuestions'] as const) {
      counts[key] += counted[key];
    }
    for (const { suggested, reason, label } of chosen) {
      this.#questions[suggested] = (this.#questions[suggested] as number) + 1;
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
      if (label !== ignoreIndex) counts.questionsOnLabels++;
    }
    for (const { answer, suggested } of answers) {
      if (answer === null) {
        this.#simulated.none++;
        continue;
      }
      this.#simulated.answers++;
      if (answer === suggested) this.#simulated.asSuggested++;
      this.#answers.set(answer, (this.#answers.get(answer) ?? 0) + 1);
    }
  }

  summary({
    answers,
    ...how
  }: Pick<SuggestionSummary, 'strategy' | 'usesStored' | 'computed' | 'output' | 'root' | 'split'> & {
    readonly answers: string | null;
  }): SuggestionSummary {
    const reasons = [...this.#reasons].map(([reason, questions]) => ({ reason, questions }));
    return {
      ...how,
      ...this.#counts,
      uncoveredShare: this.#pixels === 0 ? 0 : this.#uncovered / this.#pixels,
      reasons: reasons.sort((a, b) => b.questions - a.questions),
      classes: this.#classes.map(({ name }, index) => ({
        name,
        questions: this.#questions[index] as number,
        pixelShare: this.#classShares[index] as number,
        answers: this.#answers.get(name) ?? 0,
      })),
      simulated: answers === null ? null : { labels: answers, ...this.#simulated },
    };
  }
}
