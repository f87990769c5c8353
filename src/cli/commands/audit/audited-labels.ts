/** Finds which labels of a dataset in plain folders are meant when none are named. Other commands ask for them too. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { listNames } from '../../../data/internal.js';
import { DataError } from '../../../errors/index.js';
import { noSplit } from '../../../inspect/internal.js';

/** Names the labels that are audited by default. */
const usualLabels = 'coarse';

/** Holds what an audit looks at, and which other parts have the same labels. */
export interface AuditedLabels {
  readonly labels: string;
  readonly split: string;
  /** Has a line for each thing that was assumed. */
  readonly notices: readonly string[];
}

/**
 * Returns the labels and the split that are audited. Where the usual labels are missing and there is one other folder of
 * labels, that is taken; the same holds for the split.
 *
 * @throws {DataError} when several folders may be meant, and when there are no images or labels
 */
export function findAuditedLabels(
  dataset: string,
  given: {
    readonly labels?: string;
    readonly split?: string;
    /** Says what the command does with them, in notices. */
    readonly does?: 'audits' | 'asks about' | 'shows';
  },
): AuditedLabels {
  const { does = 'audits' } = given;
  const notices: string[] = [];
  const splits = foldersIn(join(dataset, 'images'));
  const split = given.split ?? chosenSplit(dataset, { splits, notices, does });
  const [first = ''] = split.split('+');
  const labels = given.labels ?? chosenLabels(dataset, { split: first, notices, does });
  const others = splits.filter((one) => one !== split && existsSync(join(dataset, labels, one)));
  if (given.split === undefined && others.length > 0) {
    notices.push(
      `${does} the ${labels} labels of ${split} alone; those of ${listNames(others)} too: --split ${[split, ...others].join('+')}`,
    );
  }
  return { labels, split, notices };
}

function chosenSplit(
  dataset: string,
  {
    splits,
    notices,
    does,
  }: { readonly splits: readonly string[]; readonly notices: string[]; readonly does: string },
): string {
  if (splits.includes('train') || !existsSync(join(dataset, 'images'))) return 'train';
  const [only, ...others] = splits.length === 0 ? [noSplit] : splits;
  if (only !== undefined && others.length === 0) {
    if (only !== noSplit) notices.push(`${does} the split ${only}, the only one`);
    return only;
  }
  throw new DataError(
    `${dataset}: has no split train, but ${listNames(splits)}; name one: --split ${splits[0]}`,
  );
}

function chosenLabels(
  dataset: string,
  { split, notices, does }: { readonly split: string; readonly notices: string[]; readonly does: string },
): string {
  if (!existsSync(join(dataset, 'images')) || existsSync(join(dataset, usualLabels, split)))
    return usualLabels;
  const folders = foldersIn(dataset).filter(
    (name) => name !== 'images' && existsSync(join(dataset, name, split)),
  );
  const [only, ...others] = folders;
  if (only === undefined) return usualLabels;
  if (others.length > 0) {
    throw new DataError(
      `${dataset}: has no ${usualLabels} labels of ${split}, but ${listNames(folders)}; name those that are meant: --labels ${only}`,
    );
  }
  notices.push(`${does} the labels ${only}, the only ones of ${split}`);
  return only;
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}
