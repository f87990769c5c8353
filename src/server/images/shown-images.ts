/** Answers which images fit a filter, a page of them at a time. */

import type { ServerContext } from '../context.js';
import type { BackgroundStatistics } from '../statistics/background-statistics.js';
import type { AuditScoreReader } from './audit-scores.js';
import { chooseImages, type ImageFilter } from './choose-images.js';

/** Names the images that are looked at, and the page of them. */
export interface ImageQuery extends ImageFilter {
  readonly split: string;
  /** Names the labels that filters read. */
  readonly labels: string;
  readonly from: number;
  readonly count: number;
}

/** Describes an image in the list. */
interface ListedImage {
  readonly name: string;
  /** Is the share of the pixels with a label; null where it is not known. */
  readonly coverage: number | null;
  /** Is the share of the pixels of the chosen class; null where none was chosen or it is not known. */
  readonly share: number | null;
  /** Is the score of the audit; null where it has none. */
  readonly score: number | null;
  /** Says why the labels cannot be read; null where they can. */
  readonly problem: string | null;
}

/** Lists the images that fit. */
export interface ListedImages {
  /** Counts the images of the split, those that fit, and those whose labels were counted so far. */
  readonly total: number;
  readonly fitting: number;
  readonly measured: number;
  /** Counts the images whose labels cannot be read. */
  readonly unreadable: number;
  /** Says why counting stopped; null where it did not. */
  readonly error: string | null;
  readonly from: number;
  readonly images: readonly ListedImage[];
}

/** Chooses images, and keeps the last choice for the next page of it. */
export class ShownImages {
  readonly #context: ServerContext;
  readonly #statistics: BackgroundStatistics;
  readonly #audit: AuditScoreReader;
  #last: {
    readonly key: string;
    readonly knowledge: readonly unknown[];
    readonly chosen: Uint32Array;
  } | null = null;

  constructor(
    context: ServerContext,
    { statistics, audit }: { readonly statistics: BackgroundStatistics; readonly audit: AuditScoreReader },
  ) {
    this.#context = context;
    this.#statistics = statistics;
    this.#audit = audit;
  }

  /**
   * Lists the images that fit.
   *
   * @throws {NotFoundError} when there is no such split
   */
  async list({ split, labels, from, count, ...filter }: ImageQuery): Promise<ListedImages> {
    const list = await (await this.#context.dataset()).images(split);
    const { table, error } = await this.#statistics.of(split, labels);
    const scores = await this.#audit.read();
    const scoreOf = (index: number) => scores?.of(split, list.name(index))?.score ?? null;
    const key = JSON.stringify([split, labels, filter]);
    const knowledge = [list, table, table.measured, scores];
    if (this.#last?.key !== key || knowledge.some((part, place) => part !== this.#last?.knowledge[place])) {
      this.#last = { key, knowledge, chosen: chooseImages(filter, { list, table, score: scoreOf }) };
    }
    const { chosen } = this.#last;
    const images = [...chosen.subarray(from, from + count)].map((index): ListedImage => {
      const coverage = table.coverage(index);
      const isKnown = !Number.isNaN(coverage);
      return {
        name: list.name(index),
        coverage: isKnown ? coverage : null,
        share: filter.class === undefined || !isKnown ? null : table.share(index, filter.class),
        score: scoreOf(index),
        problem: table.problem(index),
      };
    });
    const { measured, unreadable } = table;
    return { total: list.length, fitting: chosen.length, measured, unreadable, error, from, images };
  }
}
