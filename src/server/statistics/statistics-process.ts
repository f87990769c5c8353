/** Counts the labels of images in a process of its own. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CoarselyError } from '../../errors/index.js';
import { ServedDataset } from '../dataset/served-dataset.js';
import { serveCalls } from '../processes/serve-calls.js';
import type { Workspace } from '../workspace.js';
import { KeptShares } from './kept-shares.js';
import { type LabelShares, labelShares } from './label-shares.js';

/** Asks for what the labels of some images cover. */
export interface StatisticsRequest {
  readonly workspace: Workspace;
  readonly split: string;
  readonly labels: string;
  readonly names: readonly string[];
}

/** Is what was found of the labels of an image: what they cover, null where there are none, or what is wrong with them. */
export type ImageStatistics = LabelShares | { readonly problem: string } | null;

/** Limits the time of a call, so that those who wait hear of the first images soon. */
const mostMilliseconds = 400;

let opened: Promise<ServedDataset> | null = null;
const kept = new Map<string, Promise<KeptShares>>();

serveCalls<StatisticsRequest, ImageStatistics[]>(async ({ workspace, split, labels, names }) => {
  opened ??= ServedDataset.open(workspace);
  const dataset = await opened;
  const file = keptFile(workspace, { dataset, split, labels });
  if (!kept.has(file)) kept.set(file, KeptShares.open(file));
  const known = (await kept.get(file)) as KeptShares;
  const end = performance.now() + mostMilliseconds;
  const found: ImageStatistics[] = [];
  for (const name of names) {
    found.push(await statisticsOf(dataset, { split, labels, name, known }));
    if (performance.now() > end) break;
  }
  return found;
});

async function statisticsOf(
  dataset: ServedDataset,
  {
    split,
    known,
    ...which
  }: { readonly split: string; readonly labels: string; readonly name: string; readonly known: KeptShares },
): Promise<ImageStatistics> {
  try {
    const path = await dataset.labelFile(split, which);
    if (path === null) return null;
    const { size, mtimeMs } = await stat(path);
    const stamp = `${size}@${mtimeMs}`;
    const before = known.get(which.name, stamp);
    if (before !== null) return before;
    const map = await dataset.readLabels(split, which);
    if (map === null) return null;
    const shares = labelShares(map.labels);
    known.add(which.name, { stamp, ...shares });
    return shares;
  } catch (error) {
    if (error instanceof CoarselyError) return { problem: error.message };
    throw error;
  }
}

/** Names the file of a split's labels; other classes or another way of reading have another. */
function keptFile(
  { cache, reading }: Workspace,
  {
    dataset: { root, classList },
    split,
    labels,
  }: { readonly dataset: ServedDataset; readonly split: string; readonly labels: string },
): string {
  const key = JSON.stringify([root, split, labels, classList, reading]);
  return join(cache, 'statistics', `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.jsonl`);
}
