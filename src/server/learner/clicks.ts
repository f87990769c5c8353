/**
 * Asks a person about single pixels and lets a head learn from the answers in a process beside the server. What was answered
 * stands in the journal alone, so that a new process, another tab or a restarted server goes on with it.
 */

import { orderLines } from '../../review/internal.js';
import type { ServerContext } from '../context.js';
import { ConflictError, NotFoundError } from '../errors/server-error.js';
import { ChildCalls } from '../processes/child-calls.js';
import { type Answer, pixelKey, type Question } from './answer.js';
import type { LearnedState, PredictedGrid } from './learner.js';
import type { LearnerAnswer, LearnerNews, LearnerRequest, LearnerSettings } from './learner-process.js';

/** Configures `Clicks`. */
export interface ClicksOptions {
  /** Is a recipe or a file with a config of quick training; `quick` by default. */
  readonly config?: string;
  /** Lists keys of it that are changed, as `KEY=VALUE`. */
  readonly set?: readonly string[];
  /** Counts the answers after which the head learns; 10 by default. */
  readonly answersPerTraining?: number;
}

/** Says where the questions stand. */
export interface ClicksState {
  /** Is `idle` before the first start, `preparing` until there are questions, and `failed` with `error`. */
  readonly phase: 'idle' | 'preparing' | 'ready' | 'failed';
  readonly error: string | null;
  /** Says how far the preparation is. */
  readonly progress: { readonly part: string; readonly done: number; readonly total: number } | null;
  readonly notices: readonly string[];
  readonly isLearning: boolean;
  readonly head: LearnedState | null;
  /** Counts the answers of the journal about this split, and those that the head has not learned from yet. */
  readonly answers: number;
  readonly waiting: number;
  readonly answersPerTraining: number;
  /** Is the mean time of an answer in seconds; null before the first. */
  readonly meanSeconds: number | null;
  readonly questions: readonly Question[];
}

/** Counts the questions that are chosen at a time, and those that are left when more are chosen. */
const chosenAtOnce = 10;
const leastQueued = 5;
/** Keeps the process for as long as a person may be away, as it takes a while to start. */
const idleMilliseconds = 30 * 60_000;

/** Holds the questions of a workspace. */
export class Clicks {
  readonly #context: ServerContext;
  readonly #settings: LearnerSettings;
  readonly #perTraining: number;
  readonly #child: ChildCalls<LearnerRequest, LearnerAnswer>;
  #phase: ClicksState['phase'] = 'idle';
  #error: string | null = null;
  #progress: ClicksState['progress'] = null;
  readonly #notices: string[] = [];
  #head: LearnedState | null = null;
  #queue: Question[] = [];
  #isLearning = false;
  #isChoosing = false;
  /** Lists the answers that the head has learned from, with those that nobody could tell. */
  #learnedAnswers: readonly Answer[] = [];

  constructor(
    context: ServerContext,
    { config = 'quick', set = [], answersPerTraining = 10 }: ClicksOptions = {},
  ) {
    this.#context = context;
    const { dataset, reading, split, labels } = context.workspace;
    this.#settings = { config, set, workspace: { dataset, reading, split, labels } };
    this.#perTraining = answersPerTraining;
    this.#child = new ChildCalls(new URL('./learner-process.js', import.meta.url), {
      name: 'the process that learns from clicks',
      idleMilliseconds,
      onProgress: (news) => this.#hear(news as LearnerNews),
    });
    context.onClose(() => this.#child.close());
  }

  get state(): ClicksState {
    const held = this.#held();
    const times = held.flatMap(({ line }) => line.seconds ?? []);
    return {
      ...{ phase: this.#phase, error: this.#error, progress: this.#progress, notices: this.#notices },
      ...{ isLearning: this.#isLearning, head: this.#head },
      answers: held.length,
      waiting: differences(this.#answers(), this.#learnedAnswers),
      answersPerTraining: this.#perTraining,
      meanSeconds: times.length === 0 ? null : times.reduce((sum, one) => sum + one, 0) / times.length,
      questions: this.#open(),
    };
  }

  /**
   * Makes the learner ready, unless it is already, and learns from the answers of the journal.
   *
   * @throws {NotFoundError} when no dataset was named
   */
  start(): void {
    if (this.#settings.workspace.dataset === null) {
      throw new NotFoundError('no dataset was named; start coarsely view with --data DATASET');
    }
    if (this.#phase === 'preparing' || this.#phase === 'ready') return;
    this.#phase = 'preparing';
    this.#error = null;
    void this.#prepare();
  }

  /**
   * Writes the answer to a question into the journal, and lets the head learn where there are enough new ones.
   *
   * @returns the id of the line
   * @throws {ConflictError} for a pixel outside of its image
   * @throws {NotFoundError} for an unknown image or class
   */
  async answer(
    { image, x, y, class: name }: Answer,
    { seconds, origin }: { readonly seconds?: number | undefined; readonly origin: string | null },
  ): Promise<string> {
    const { split, labels, by } = this.#context.workspace;
    const dataset = await this.#context.dataset();
    const { width, height } = await dataset.imageSize(split, image);
    if (x >= width || y >= height) {
      throw new ConflictError(`(${x}, ${y}) is outside of '${image}', which has ${width}×${height} pixels`);
    }
    if (name !== null && !dataset.classes.some((one) => one.name === name)) {
      throw new NotFoundError(`the dataset has no class '${name}'`);
    }
    const place = { split, image, labels, width, height };
    const [line] = this.#context.journal.append(
      [{ ...place, action: 'point', x, y, class: name, by, ...(seconds !== undefined && { seconds }) }],
      { origin },
    );
    this.#queue = this.#queue.filter((question) => pixelKey(question) !== pixelKey({ image, x, y }));
    this.#goOn();
    return line?.id ?? '';
  }

  /**
   * Takes back the last answer of this person that holds, and asks it again.
   *
   * @throws {ConflictError} when there is none
   */
  undo({ origin }: { readonly origin: string | null }): Question {
    const { by } = this.#context.workspace;
    const last = this.#held().findLast(({ line }) => line.by === by)?.line;
    if (last === undefined) throw new ConflictError('there is no answer to take back');
    this.#context.journal.append([{ action: 'undo', line: last.id, by }], { origin });
    const { image, x, y, width, height } = last;
    const question = { image, x, y, width, height, suggested: null, reason: 'taken back' };
    this.#queue.unshift(question);
    return question;
  }

  /**
   * Returns what the head predicts of an image.
   *
   * @throws {ConflictError} as long as there is no head
   */
  async predict(image: string): Promise<PredictedGrid> {
    if (this.#head === null)
      throw new ConflictError('there is no prediction before the first training has ended');
    const { predicted } = await this.#call({ kind: 'predict', image });
    return predicted as PredictedGrid;
  }

  async #prepare(): Promise<void> {
    try {
      await this.#learn();
      await this.#choose();
      this.#phase = 'ready';
      this.#progress = null;
    } catch (error) {
      this.#fail(error);
    }
    this.#tell();
  }

  /** Learns and chooses more where it is time to. */
  #goOn(): void {
    if (this.#phase !== 'ready') return;
    const run = async () => {
      if (!this.#isLearning && differences(this.#answers(), this.#learnedAnswers) >= this.#perTraining) {
        await this.#learn();
      }
      if (!this.#isChoosing && this.#open().length < leastQueued) await this.#choose();
    };
    run().then(
      () => this.#tell(),
      (error: unknown) => {
        this.#fail(error);
        this.#tell();
      },
    );
  }

  async #learn(): Promise<void> {
    this.#isLearning = true;
    try {
      const answers = this.#answers();
      await this.#call({ kind: 'learn', answers });
      this.#learnedAnswers = answers;
      this.#tell();
    } finally {
      this.#isLearning = false;
    }
  }

  async #choose(): Promise<void> {
    this.#isChoosing = true;
    try {
      const asked = [...this.#answers(), ...this.#queue].map(({ image, x, y }) => ({ image, x, y }));
      const { questions = [] } = await this.#call({ kind: 'questions', count: chosenAtOnce, asked });
      const known = new Set(this.#queue.map(pixelKey));
      this.#queue.push(...questions.filter((question) => !known.has(pixelKey(question))));
    } finally {
      this.#isChoosing = false;
    }
  }

  async #call(request: DistributiveOmit<LearnerRequest, 'settings'>): Promise<LearnerAnswer> {
    const answer = await this.#child.call({ ...request, settings: this.#settings } as LearnerRequest);
    this.#head = answer.state;
    return answer;
  }

  /** Returns the questions that nobody has answered. */
  #open(): Question[] {
    const answered = new Set(this.#answers().map(pixelKey));
    return this.#queue.filter((question) => !answered.has(pixelKey(question)));
  }

  #answers(): Answer[] {
    return this.#held().map(({ line: { image, x, y, class: name } }) => ({ image, x, y, class: name }));
  }

  /** Returns the answers of the journal about this split that hold. */
  #held() {
    const { workspace, journal } = this.#context;
    if (workspace.journal === null) return [];
    const placed = journal.lines().map((line) => ({ line, place: '' }));
    return orderLines([placed], { prefer: 'last' }).decisions.flatMap(({ line, order }) =>
      line.action === 'point' && line.split === workspace.split ? [{ line, order }] : [],
    );
  }

  #hear(news: LearnerNews): void {
    if ('notice' in news) {
      if (!this.#notices.includes(news.notice)) this.#notices.push(news.notice);
    } else this.#progress = news;
    this.#tell();
  }

  #fail(error: unknown): void {
    this.#phase = 'failed';
    this.#error = error instanceof Error ? error.message : String(error);
  }

  #tell(): void {
    this.#context.events.publish({ type: 'head', generation: this.#head?.generation ?? 0 });
  }
}

type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

/** Counts the answers that are new or other ones, and those that are gone. */
function differences(now: readonly Answer[], before: readonly Answer[]): number {
  const textOf = (answer: Answer) => JSON.stringify([pixelKey(answer), answer.class]);
  const [one, other] = [new Set(now.map(textOf)), new Set(before.map(textOf))];
  return (
    [...one].filter((text) => !other.has(text)).length + [...other].filter((text) => !one.has(text)).length
  );
}
