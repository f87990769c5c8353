/**
 * Lists the commands that the page may start. The page names a kind and plain options; every path of the command comes from
 * the workspace.
 */

import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ConflictError } from '../errors/server-error.js';
import type { Workspace } from '../workspace.js';

/** Describes a command that the page may start. */
export interface JobKind<Options = unknown> {
  /** Says in a few words what the command does. */
  readonly title: string;
  readonly options: z.ZodType<Options>;
  /**
   * Returns the arguments of `coarsely`.
   *
   * @throws {ConflictError} when the workspace lacks what the command needs
   */
  arguments(workspace: Workspace, options: Options): readonly string[];
}

function defineJob<Options>(kind: JobKind<Options>): JobKind {
  return kind as JobKind;
}

/** Accepts a name of a new folder that stays beside what it is made from. */
const folderName = z.string().regex(/^[\w][\w.+-]{0,99}$/, 'expected letters, digits and . + - _');

/** Holds the commands by the name of their kind. */
export const jobKinds: Readonly<Record<string, JobKind>> = {
  audit: defineJob({
    title: 'Find labels that are probably wrong',
    options: z.strictObject({}),
    arguments: (workspace) => [
      'audit',
      datasetOf(workspace),
      ...['--labels', workspace.labels, '--split', workspace.split],
      ...(workspace.audit === null ? [] : ['--output', workspace.audit]),
      ...readingOptions(workspace),
    ],
  }),
  apply: defineJob({
    title: 'Write the reviewed dataset',
    options: z.strictObject({ name: folderName.optional() }),
    arguments: (workspace, { name }) => {
      const dataset = datasetOf(workspace);
      const { journal } = workspace;
      if (journal === null)
        throw new ConflictError('no journal was named; start coarsely view with --journal');
      const output = join(dirname(journal), name ?? `${basename(dataset)}-reviewed`);
      return ['apply', journal, output, '--data', dataset, ...readingOptions(workspace)];
    },
  }),
  plan: defineJob({
    title: 'Plan the next hours of labeling',
    options: z.strictObject({}),
    arguments: (workspace) => {
      const dataset = datasetOf(workspace);
      const output = join(homeOf(workspace), `plan-${basename(dataset)}`);
      return ['plan', '--data', dataset, '--output', output, ...readingOptions(workspace)];
    },
  }),
  quick: defineJob({
    title: 'Train a quick model',
    options: z.strictObject({ name: folderName.optional() }),
    arguments: (workspace, { name }) => [
      ...['train', 'quick', '--data', datasetOf(workspace), '--output', homeOf(workspace)],
      ...(name === undefined ? [] : ['--name', name]),
      ...readingOptions(workspace),
    ],
  }),
};

/** Returns the folder that new runs and results go to: the first that was named for runs. */
function homeOf({ runs }: Workspace): string {
  return runs[0] ?? 'runs';
}

function datasetOf({ dataset }: Workspace): string {
  if (dataset === null)
    throw new ConflictError('no dataset was named; start coarsely view with --data DATASET');
  return dataset;
}

function readingOptions({ reading }: Workspace): string[] {
  return Object.entries(reading).flatMap(([key, value]) => ['--set', `data.${key}=${JSON.stringify(value)}`]);
}
