/** Finds out what `coarsely view` shows: the named folders, and beside them what other commands write by default. */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ConfigError, DataError } from '../../../errors/index.js';
import { cacheFolder, isFile } from '../../../files/index.js';
import type { Workspace } from '../../../server/index.js';
import { readingOptions } from '../../options/reading-options.js';
import { findAuditedLabels } from '../audit/audited-labels.js';

/** Holds the parsed options. */
export interface ViewOptions {
  readonly data?: string;
  readonly labels?: string;
  readonly split?: string;
  readonly audit?: string;
  readonly journal?: string;
  readonly tasks?: string;
  readonly by?: string;
  readonly set?: readonly string[];
  readonly linked?: readonly string[];
  readonly port?: number;
  readonly open?: boolean;
}

/** Holds what is served, and a line for each thing that was assumed. */
export interface ViewedWorkspace {
  readonly workspace: Workspace;
  readonly notices: readonly string[];
}

/**
 * Returns the workspace of the command.
 *
 * @throws {ConfigError} when a named folder of runs or file is missing
 * @throws {DataError} when the dataset is missing, or it is not clear which of its labels are meant
 */
export function workspaceOf(runs: readonly string[], options: ViewOptions): ViewedWorkspace {
  for (const run of runs) {
    if (!isFolder(run)) throw new ConfigError(`${run}: no such folder; expected a run, or a folder of runs`);
  }
  for (const folder of options.linked ?? []) {
    if (!isFolder(folder)) throw new ConfigError(`--linked ${folder}: no such folder`);
  }
  const { data, tasks } = options;
  if (tasks !== undefined && !isFile(tasks)) {
    throw new ConfigError(`--tasks ${tasks}: no such file; coarsely suggest writes one`);
  }
  const named = (runs.length > 0 ? runs : ['runs']).map((run) => resolve(run));
  const dataset = data === undefined ? null : resolve(data);
  const shown = dataset === null ? null : shownLabels(dataset, options);
  const name = dataset === null ? null : basename(dataset);
  const audit = options.audit ?? (name === null ? null : lastAudit(`audit-${name}`));
  const journal = options.journal ?? (name === null ? null : `runs/review-${name}.jsonl`);
  const notices = [...(shown?.notices ?? [])];
  if (runs.length === 0 && !isFolder('runs')) notices.push('there is no folder runs here yet');
  return {
    workspace: {
      runs: named,
      dataset,
      reading: readingOptions('view', options.set ?? []),
      labels: shown?.labels ?? options.labels ?? 'coarse',
      split: shown?.split ?? options.split ?? 'train',
      audit: audit === null ? null : resolve(audit),
      journal: journal === null ? null : resolve(journal),
      tasks: tasks === undefined ? null : resolve(tasks),
      by: options.by ?? userInfo().username,
      cache: join(cacheFolder('view'), identityOf(dataset, named)),
      linked: (options.linked ?? []).map((folder) => resolve(folder)),
    },
    notices,
  };
}

function shownLabels(dataset: string, { labels, split }: ViewOptions) {
  if (!isFolder(dataset)) {
    throw new DataError(`${dataset}: no such folder; expected a dataset with images/ and classes.json`);
  }
  const given = { ...(labels !== undefined && { labels }), ...(split !== undefined && { split }) };
  return findAuditedLabels(dataset, { ...given, does: 'shows' });
}

/** Returns the folder of the audit that was begun last: `audit-NAME`, or `audit-NAME-2` once labels had changed, and so on. */
function lastAudit(name: string): string {
  const numbers = existsSync('runs')
    ? readdirSync('runs').map((entry) => Number(entry.startsWith(`${name}-`) && entry.slice(name.length + 1)))
    : [];
  const last = Math.max(1, ...numbers.filter((number) => Number.isInteger(number)));
  return join('runs', last === 1 ? name : `${name}-${last}`);
}

/** Returns a name for the cache of a dataset, or of folders of runs, that no other has. */
function identityOf(dataset: string | null, runs: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify({ dataset, runs })).digest('hex');
  return `${basename(dataset ?? resolve('.')).replace(/[^\w.-]/g, '_')}-${digest.slice(0, 12)}`;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
