/** Defines the terms of a strategy: each scores the candidates of an image by one reason to ask about them. */

import type { RandomStream } from '../data/index.js';
import type { ImageCandidates } from './candidates.js';
import type { DatasetKnowledge } from './knowledge.js';

/** Holds what a term begins an image with. */
export interface TermContext {
  readonly image: ImageCandidates;
  /** Lists the candidates that may be asked about; the scores of others are not read. */
  readonly eligible: Uint32Array;
  readonly knowledge: DatasetKnowledge;
  /** Draws what a term draws at random. */
  readonly random: RandomStream;
}

/** Scores the candidates of one image. */
export interface TermScores {
  /** Holds a number from 0 to 1 for each candidate. `take` changes it in place. */
  readonly scores: Float32Array;
  /** Takes into account that a candidate is asked about, or was before. */
  take(candidate: number): void;
}

/** Scores candidates by one reason. A term of your own is used like a built-in one. */
export interface Term {
  /** Names the reason in files and tables, such as `uncertainty`. */
  readonly reason: string;
  /** Is true when it reads the features of candidates; false by default. */
  readonly needsFeatures?: boolean;
  /** Begins an image. */
  begin(context: TermContext): TermScores;
}
