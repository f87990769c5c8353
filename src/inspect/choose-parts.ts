/** Chooses which part of a folder to train on and which to evaluate on, from the names of splits and label folders. */

import type { LabelComparison, LabeledPart } from './dataset-inspection.js';
import type { InspectionSource } from './source.js';

const trainNames = [/^train$/i, /^training$/i, /^train/i];
const evaluationNames = [/^val$/i, /^valid(ation)?$/i, /^val/i, /^dev/i, /^eval/i, /^test/i];
const coarseNames = /coarse|weak|rough|scribble|noisy/i;
const fineNames = /fine|exact|precise|gt/i;
/** Matches folders that hold labels; other folders beside the images may hold depth maps or overlays. */
const labelNames = /label|mask|annot|seg|class|coarse|weak|rough|scribble|noisy|fine|exact|precise|gt/i;

/** Returns the parts that a first training would use; both are null when no image has labels. */
export function chooseParts(
  { splits }: Pick<InspectionSource, 'splits'>,
  comparisons: readonly LabelComparison[],
): { readonly train: LabeledPart | null; readonly evaluation: LabeledPart | null } {
  const labeled = splits
    .map(({ name, labels }) => ({
      name,
      sets: likelyLabels([...labels.keys()]),
    }))
    .filter(({ sets }) => sets.length > 0);
  const names = labeled.map(({ name }) => name);
  const evaluationSplit = firstMatch(evaluationNames, names);
  const trainSplit =
    firstMatch(trainNames, names) ?? names.find((name) => name !== evaluationSplit) ?? names[0];
  const part = (split: string | undefined, order: (sets: readonly string[]) => readonly string[]) => {
    const labels = order(labeled.find(({ name }) => name === split)?.sets ?? [])[0];
    return split === undefined || labels === undefined ? null : { split, labels };
  };
  const scored = names.find((name) => name !== trainSplit);
  return {
    train: part(trainSplit, (sets) => coarseFirst(sets, comparisons)),
    evaluation: part(evaluationSplit ?? scored ?? trainSplit, (sets) =>
      [...coarseFirst(sets, comparisons)].reverse(),
    ),
  };
}

/** Sorts label folders from the coarsest to the finest: by name, then by the comparisons. */
export function coarseFirst(sets: readonly string[], comparisons: readonly LabelComparison[]): string[] {
  const rank = (set: string): number => (coarseNames.test(set) ? 0 : fineNames.test(set) ? 2 : 1);
  const isCoarser = (a: string, b: string) =>
    comparisons.some(({ coarse, fine }) => coarse === a && fine === b);
  return [...sets].sort((a, b) => rank(a) - rank(b) || (isCoarser(a, b) ? -1 : isCoarser(b, a) ? 1 : 0));
}

/** Returns the folders whose names say that they hold labels, or all folders when no name says so. */
function likelyLabels(sets: readonly string[]): readonly string[] {
  const likely = sets.filter((set) => labelNames.test(set));
  return likely.length === 0 ? sets : likely;
}

function firstMatch(patterns: readonly RegExp[], names: readonly string[]): string | undefined {
  for (const pattern of patterns) {
    const found = names.find((name) => pattern.test(name));
    if (found !== undefined) return found;
  }
  return undefined;
}
