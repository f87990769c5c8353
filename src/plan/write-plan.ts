/** Writes a plan into its folder: `plan.json` for programs, `plan.md` for people, and `plan.svg`, which both show. */

import { join } from 'node:path';
import { writeTextAtomically } from '../files/index.js';
import { curveInterval, meanInterval } from './fit-curve.js';
import { hoursAt, mean } from './learning-curve.js';
import type { LabelingPlan } from './plan.js';
import { planSvg } from './plan-figure.js';
import { planMarkdown } from './plan-markdown.js';

/** Names the files of a plan. */
export interface PlanFiles {
  readonly json: string;
  readonly markdown: string;
  readonly svg: string;
}

/**
 * Writes the files of a plan in place of those of an earlier one, and returns their paths.
 *
 * @param options.command the command that the Markdown names as its source
 * @throws {FileError} when a file cannot be written
 */
export function writePlan(
  plan: LabelingPlan,
  { folder, command }: { readonly folder: string; readonly command: string },
): PlanFiles {
  const files = {
    json: join(folder, 'plan.json'),
    markdown: join(folder, 'plan.md'),
    svg: join(folder, 'plan.svg'),
  };
  const write = (file: string, text: string) => writeTextAtomically(file, text, { createFolder: true });
  write(files.json, `${JSON.stringify(planJson(plan, { command }), null, 1)}\n`);
  write(files.svg, planSvg(plan));
  write(files.markdown, planMarkdown(plan, { command }));
  return files;
}

/** Returns what `plan.json` holds; mIoU and gains are fractions, times are hours. */
function planJson(plan: LabelingPlan, { command }: { readonly command: string }) {
  const { curves, unfitted, recommendation, otherHours, ...rest } = plan;
  return {
    version: 1,
    command,
    ...rest,
    recommendation,
    otherHours,
    curves: curves.map((curve) => ({
      ...curveJson(curve),
      law: curve.law,
      measured: curve.measurements.map((one) => ({
        ...measurementJson(curve, one),
        fitInterval: curveInterval(curve, one.count),
      })),
    })),
    unfitted: unfitted.map((curve) => ({
      ...curveJson(curve),
      measured: curve.measurements.map((one) => measurementJson(curve, one)),
    })),
  };
}

function curveJson({ kind, today, secondsBefore, secondsEach }: LabelingPlan['unfitted'][number]) {
  return { kind, today, hoursBefore: secondsBefore / 3600, hoursEach: secondsEach / 3600 };
}

function measurementJson(
  curve: LabelingPlan['unfitted'][number],
  one: LabelingPlan['unfitted'][number]['measurements'][number],
) {
  return {
    count: one.count,
    hours: hoursAt(curve, one.count),
    mIoU: mean(one.scores),
    interval: meanInterval(curve, one),
    scores: one.scores,
  };
}
