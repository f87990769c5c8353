/** Whether the parts of a folder that a first training would use can be used as they are. */

import { concerns } from './choose-parts.js';
import type { Finding, LabeledPart, Verdict } from './diagnosis.js';
import type { DoctorSource } from './source.js';

export interface JudgeOptions {
  readonly parts: { readonly train: LabeledPart | null; readonly evaluation: LabeledPart | null };
  /** Whatever the training's own check finds beside them is added. */
  readonly problems: Finding[];
}

/** Whether training would take the chosen parts: nothing found here, and nothing by the check that precedes training. */
export async function judge(source: DoctorSource, { parts, problems }: JudgeOptions): Promise<Verdict> {
  const { train, evaluation } = parts;
  if (train === null || evaluation === null) return { usable: false, train, evaluation };
  let usable = true;
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
      message: 'training would refuse this part',
      remedy: 'each line says what was expected',
      count: lines.length,
      examples: lines.slice(0, 3),
    });
  }
  return { usable, train, evaluation };
}
