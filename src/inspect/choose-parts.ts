/** Which part of a folder to train on and which to evaluate on, by the names people give and by what is labeled. */

import type { Finding, LabelComparison, LabeledPart } from './diagnosis.js';
import type { DoctorSource } from './source.js';

const trainNames = [/^train$/i, /^training$/i, /^train/i];
const evaluationNames = [/^val$/i, /^valid(ation)?$/i, /^val/i, /^dev/i, /^eval/i, /^test/i];
const coarseNames = /coarse|weak|rough|scribble|noisy/i;
const fineNames = /fine|exact|precise|gt/i;
/** Other folders beside the images may hold anything: depth maps, overlays. */
const labelNames = /label|mask|annot|seg|class|coarse|weak|rough|scribble|noisy|fine|exact|precise|gt/i;

/** The parts that a first training would use; null where there are no labeled images at all. */
export function chooseParts(
  { splits }: Pick<DoctorSource, 'splits'>,
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

/** Sets of labels from the coarsest to the finest: by name, then by how much they label. */
export function coarseFirst(sets: readonly string[], comparisons: readonly LabelComparison[]): string[] {
  const rank = (set: string): number => (coarseNames.test(set) ? 0 : fineNames.test(set) ? 2 : 1);
  const isCoarser = (a: string, b: string) =>
    comparisons.some(({ coarse, fine }) => coarse === a && fine === b);
  return [...sets].sort((a, b) => rank(a) - rank(b) || (isCoarser(a, b) ? -1 : isCoarser(b, a) ? 1 : 0));
}

/** The folders called as labels mostly are; all of them where none is. */
function likelyLabels(sets: readonly string[]): readonly string[] {
  const likely = sets.filter((set) => labelNames.test(set));
  return likely.length === 0 ? sets : likely;
}

/** Whether a finding is about this part, or about the whole folder. */
export function concerns({ split, labels }: Finding, part: LabeledPart): boolean {
  return (split === null || split === part.split) && (labels === null || labels === part.labels);
}

function firstMatch(patterns: readonly RegExp[], names: readonly string[]): string | undefined {
  for (const pattern of patterns) {
    const found = names.find((name) => pattern.test(name));
    if (found !== undefined) return found;
  }
  return undefined;
}
