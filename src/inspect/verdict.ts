/** Decides whether training can use the chosen parts of a folder as they are. */

import type { Finding, FindingCode, LabeledPart, Verdict } from './dataset-inspection.js';
import type { InspectionSource } from './source.js';

/** Names problems by which training would not use what a person sees in the folder, whichever part they concern. */
const hidesFiles: ReadonlySet<FindingCode> = new Set([
  'left-out',
  'unreadable-folder',
  'split-without-labels',
]);

/**
 * Returns whether training would accept the chosen parts: no problem concerns them, and the check before training finds
 * none. Problems of that check are added to `problems`.
 */
export async function findVerdict(
  source: InspectionSource,
  {
    parts,
    problems,
  }: {
    readonly parts: { readonly train: LabeledPart | null; readonly evaluation: LabeledPart | null };
    readonly problems: Finding[];
  },
): Promise<Verdict> {
  const { train, evaluation } = parts;
  if (train === null || evaluation === null) return { usable: false, train, evaluation };
  let usable = !problems.some(({ code }) => hidesFiles.has(code));
  for (const part of [train, evaluation]) {
    if (problems.some((problem) => concerns(problem, part))) {
      usable = false;
      continue;
    }
    const lines = await source.check(part);
    if (lines.length === 0) continue;
    usable = false;
    problems.push({
      code: 'refused',
      ...part,
      message: 'training would reject this part',
      remedy: 'each line says what was expected',
      count: lines.length,
      examples: lines.slice(0, 3),
    });
  }
  return { usable, train, evaluation };
}

/** Returns whether a finding is about this part or about the whole folder. */
function concerns({ split, labels }: Finding, part: LabeledPart): boolean {
  return (split === null || split === part.split) && (labels === null || labels === part.labels);
}
