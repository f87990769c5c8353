/** Learns from answers in a process of its own, which keeps features and head from one call to the next. */

import { configSchema, resolveConfig } from '../../config/index.js';
import { recipes } from '../../recipes/index.js';
import { serveCalls } from '../processes/serve-calls.js';
import type { Workspace } from '../workspace.js';
import type { Answer, AskedPixel, Question } from './answer.js';
import { type LearnedState, Learner, type PredictedGrid } from './learner.js';

/** Says what a learner is made of. */
export interface LearnerSettings {
  readonly workspace: Pick<Workspace, 'dataset' | 'reading' | 'split' | 'labels'>;
  /** Is a recipe or a file with a config of quick training. */
  readonly config: string;
  /** Lists keys of the config that are changed, as `KEY=VALUE`. */
  readonly set: readonly string[];
}

/** Asks the process for something; each call names what the learner is made of, as the process may be a new one. */
export type LearnerRequest = { readonly settings: LearnerSettings } & (
  | { readonly kind: 'learn'; readonly answers: readonly Answer[] }
  | { readonly kind: 'questions'; readonly count: number; readonly asked: readonly AskedPixel[] }
  | { readonly kind: 'predict'; readonly image: string }
);

/** Holds what a call returns. */
export interface LearnerAnswer {
  readonly state: LearnedState;
  /** Counts the images that are asked about, and all of the split. */
  readonly images: { readonly asked: number; readonly all: number };
  readonly questions?: readonly Question[];
  readonly predicted?: PredictedGrid;
}

/** Is told while the learner is made ready. */
export type LearnerNews =
  | { readonly notice: string }
  | { readonly part: string; readonly done: number; readonly total: number };

let opened: Promise<Learner> | null = null;

serveCalls<LearnerRequest, LearnerAnswer>(async (request, tell) => {
  opened ??= open(request.settings, tell);
  const learner = await opened.catch((error: unknown) => {
    opened = null;
    throw error;
  });
  const answer = async (): Promise<Omit<LearnerAnswer, 'state' | 'images'>> => {
    if (request.kind === 'predict') return { predicted: await learner.predict(request.image) };
    if (request.kind === 'questions') return { questions: await learner.questions(request) };
    await learner.learn(request.answers);
    return {};
  };
  const found = await answer();
  return { ...found, state: learner.state, images: learner.images };
});

async function open(
  { workspace, config: source, set }: LearnerSettings,
  tell: (news: LearnerNews) => void,
): Promise<Learner> {
  const { dataset: root, reading, split, labels } = workspace;
  const values = { data: { ...reading, root, train: { split, labels } } };
  const config = resolveConfig(source, {
    schema: configSchema,
    recipes,
    changes: [{ label: 'coarsely view', values }],
    set,
    onNotice: (notice) => tell({ notice }),
  });
  return Learner.open(config, { onProgress: tell, onNotice: (notice) => tell({ notice }) });
}
