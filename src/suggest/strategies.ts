/**
 * Lists the strategies by which questions are chosen. A strategy is a weighted sum of terms with noise: questions are asked in
 * the order of Σ weight · score + noise · g, where g is drawn for each candidate from the Gumbel distribution. With noise 1,
 * the first question is thus drawn with a probability proportional to exp(Σ weight · score), and without terms all
 * candidates are equally likely.
 */

import { z } from 'zod';
import { type Component, defineComponent, Registry } from '../registry/index.js';
import type { Term } from './term.js';
import { balance } from './terms/balance.js';
import { coverage } from './terms/coverage.js';
import { diversity } from './terms/diversity.js';
import { uncertainty } from './terms/uncertainty.js';

/** Holds a term with its factor. */
export interface WeightedTerm {
  readonly term: Term;
  readonly weight: number;
}

/** Says in which order the candidates of an image are asked about. */
export interface SuggestionStrategy {
  readonly terms: readonly WeightedTerm[];
  /** Gives the factor of the noise; 0 always takes the highest score, and draws among equal ones. */
  readonly noise: number;
}

/** Describes a strategy that the command line can name. */
export type SuggestionComponent<Options = unknown> = Component<Options, null, SuggestionStrategy>;

const measure = z
  .enum(['margin', 'entropy'])
  .default('margin')
  .describe(
    'What uncertainty is: `margin`, 1 − the difference of the two highest likelihoods; `entropy`, that of all likelihoods.',
  );
const noise = (value: number) =>
  z
    .number()
    .min(0)
    .default(value)
    .describe('Chance in the choice: 0 takes the highest scores; the larger, the nearer to `random`.');
const weight = (value: number, what: string) =>
  z.number().min(0).default(value).describe(`Weight of ${what}; 0 leaves it out.`);

const only = (term: Term, chance: number): SuggestionStrategy => ({
  terms: [{ term, weight: 1 }],
  noise: chance,
});

const combined = defineComponent({
  kind: 'combined',
  options: z
    .strictObject({
      uncertainty: weight(2, 'uncertainty'),
      diversity: weight(0, 'diversity of features'),
      balance: weight(0, 'class balance'),
      coverage: weight(0, 'distance from labels and questions'),
      measure,
      noise: noise(1),
    })
    .describe('Several reasons by their weights, with chance.'),
  create: (options, _context: null): SuggestionStrategy => ({
    terms: [
      { term: uncertainty(options), weight: options.uncertainty },
      { term: diversity, weight: options.diversity },
      { term: balance, weight: options.balance },
      { term: coverage, weight: options.coverage },
    ].filter((one) => one.weight > 0),
    noise: options.noise,
  }),
});

const uncertaintyOnly = defineComponent({
  kind: 'uncertainty',
  options: z
    .strictObject({ measure, noise: noise(0) })
    .describe('The pixels that the network is least sure of, however near to each other.'),
  create: (options, _context: null) => only(uncertainty(options), options.noise),
});

const diversityOnly = defineComponent({
  kind: 'diversity',
  options: z
    .strictObject({ noise: noise(0) })
    .describe('The pixels whose features are farthest from all labeled and asked ones.'),
  create: (options, _context: null) => only(diversity, options.noise),
});

const balanceOnly = defineComponent({
  kind: 'balance',
  options: z
    .strictObject({ noise: noise(0) })
    .describe('Each class about equally often, by the likelihoods of the network.'),
  create: (options, _context: null) => only(balance, options.noise),
});

const coverageOnly = defineComponent({
  kind: 'coverage',
  options: z
    .strictObject({ noise: noise(0) })
    .describe('The pixels that are farthest in the image from every label and question.'),
  create: (options, _context: null) => only(coverage, options.noise),
});

const random = defineComponent({
  kind: 'random',
  options: z.strictObject({}).describe('Every pixel alike, to compare with.'),
  create: (_options, _context: null): SuggestionStrategy => ({ terms: [], noise: 1 }),
});

/** Holds the strategies by kind. Register one of your own to name it on the command line. */
export const suggestionStrategies = new Registry<SuggestionComponent>('suggestion strategy', [
  combined,
  uncertaintyOnly,
  diversityOnly,
  balanceOnly,
  coverageOnly,
  random,
] as SuggestionComponent[]);
