/** Finds palette PNGs in which one index stands for different classes, within a label folder and between two. */

import { relative } from 'node:path';
import type { ClassList } from '../data/index.js';
import { findPaletteConflict, type PaletteConflict } from '../data/internal.js';
import type { Finding } from './dataset-inspection.js';
import type { InspectionSource } from './source.js';

/** Returns a finding for each label folder whose palettes disagree, and one when folders disagree with each other. */
export async function paletteFindings(
  source: InspectionSource,
  classList: ClassList | null,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const bySet = new Map(
    await Promise.all(source.labelSets.map(async (set) => [set, await source.palettes(set)] as const)),
  );
  for (const [set, groups] of bySet) {
    const conflict = await findPaletteConflict(groups, classList);
    if (conflict !== null) findings.push(finding(conflict, { labels: set, root: source.root }));
  }
  if (findings.length > 0) return findings;
  const conflict = await findPaletteConflict([...bySet.values()].flat(), classList);
  return conflict === null ? [] : [finding(conflict, { labels: null, root: source.root })];
}

function finding(
  { message, examples }: PaletteConflict,
  { labels, root }: { readonly labels: string | null; readonly root: string },
): Finding {
  return {
    code: 'palettes-differ',
    split: null,
    labels,
    message: `${message}; the index is what counts`,
    remedy:
      'if the colors are right, list them in classes.json and check and train with --set data.labelEncoding=color; ' +
      'if the indices are right, with --set data.labelEncoding=index',
    count: 0,
    examples: examples.map((path) => relative(root, path)),
  };
}
