/** Opens what every choice of questions needs: a run, the images of a dataset as its network sees them, and a strategy. */

import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { datasetSection } from '../config/index.js';
import {
  alignClasses,
  type DatasetClass,
  openDataset,
  RandomStream,
  type SegmentationDataset,
} from '../data/index.js';
import { type LoadedRun, loadRun } from '../evaluation/index.js';
import { predictedClasses } from '../evaluation/internal.js';
import { type ComponentSection, createComponent } from '../registry/index.js';
import { setThreads } from '../torch/index.js';
import { resolveThreads } from '../torch/internal.js';
import type { ImageCandidates } from './candidates.js';
import { type EvidenceSource, openEvidence } from './evidence.js';
import { type LearnedDataset, learnDataset, measuredCount } from './learn-dataset.js';
import { openAnswers, type SimulatedAnswers } from './simulated-answers.js';
import { type SuggestionStrategy, suggestionStrategies } from './strategies.js';

/** Configures `openSuggestions`. */
export interface OpenSuggestionsOptions {
  readonly data?: string;
  readonly split?: string;
  readonly labels?: string | null;
  readonly strategy: ComponentSection;
  /** Counts the questions of an image, for which the prior of the tally stands. */
  readonly count: number;
  readonly seed: number;
  readonly answers?: string | null;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly onNotice?: (notice: string) => void;
}

/** Says which part of which dataset is asked about. */
interface SuggestionPlace {
  readonly root: string;
  readonly split: string;
  readonly labels: string | null;
}

/** Holds an opened run and dataset; the caller disposes it. */
export interface OpenSuggestions extends Disposable {
  readonly place: SuggestionPlace;
  readonly strategy: SuggestionStrategy;
  readonly source: EvidenceSource;
  readonly learned: LearnedDataset;
  /** Is the dataset as it lies on the disk, whose classes the files of points name. */
  readonly files: SegmentationDataset;
  readonly answers: SimulatedAnswers | null;
  /** Lists the classes in the order of the network. */
  readonly classes: readonly DatasetClass[];
  /** Reads the candidates of an image. */
  read(index: number): Promise<ImageCandidates>;
  /** Says that an image is done. */
  progress(): void;
}

/** Separates the draws of questions from others of the same seed. */
const purpose = 0x73756767;

/** Returns the draws for an image: by its name, so that images that are added later change no other image's questions. */
export function imageDraws(name: string, { seed }: { readonly seed: number }): RandomStream {
  return new RandomStream(seed, [purpose, crc32(name)]);
}

/**
 * Opens a run and the dataset that is asked about, and measures the dataset.
 *
 * @param folder names the run whose network suggests
 */
export async function openSuggestions(
  folder: string,
  options: OpenSuggestionsOptions,
): Promise<OpenSuggestions> {
  const { strategy: section, count, seed, onNotice } = options;
  const strategy = createComponent<null, SuggestionStrategy>(suggestionStrategies, section, null);
  const open: Disposable[] = [];
  const close = () => {
    for (const one of open.splice(0).reverse()) one[Symbol.dispose]();
  };
  try {
    const run = await loadRun(folder);
    open.push(run);
    setThreads(resolveThreads(run.config.threads));
    const dataset = datasetOf(run, options);
    const files = await openDataset(dataset);
    const aligned = alignClasses(files, { network: predictedClasses(run), onNotice });
    const needsFeatures = strategy.terms.some(({ term }) => term.needsFeatures === true);
    const labels = options.answers ?? null;
    const answers = labels === null ? null : await openAnswers(files, { dataset, labels });
    const total = measuredCount(files.length) + files.length;
    let done = 0;
    const progress = () => options.onProgress?.({ done: ++done, total });
    const source = await openEvidence(run, { dataset: aligned, files, needsFeatures, onNotice });
    open.push(source);
    const learned = await learnDataset(source, {
      ...{ count, seed, needsFeatures, onProgress: progress },
      length: files.length,
      classCount: run.classes.length,
    });
    open.push(learned);
    const { root, split, labels: known = null } = dataset;
    return {
      place: { root: String(root), split: String(split), labels: known === null ? null : String(known) },
      ...{ strategy, source, learned, files, answers, progress },
      classes: run.classes,
      async read(index) {
        const { stacked, ...evidence } = await source.read(index);
        const features = stacked && (learned.space?.project(stacked) ?? null);
        stacked?.dispose();
        return { ...evidence, features };
      },
      [Symbol.dispose]: close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function datasetOf(
  { config }: LoadedRun,
  { data, split, labels }: Pick<OpenSuggestionsOptions, 'data' | 'split' | 'labels'>,
): ComponentSection {
  const root = data === undefined ? config.data.root : resolve(data);
  return {
    ...datasetSection({ ...config.data, root }, 'train'),
    ...(split !== undefined && { split }),
    ...(labels !== undefined && { labels }),
  };
}
