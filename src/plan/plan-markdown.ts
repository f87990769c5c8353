/** Writes a plan as Markdown: what to label next, tables of options, curves and checks, and what was assumed. */

import type { Interval } from '../experiments/index.js';
import { counted, formatCount, formatDifference, formatNumber, formatPercent } from '../format/index.js';
import { type FittedCurve, meanInterval } from './fit-curve.js';
import { curveNames, hoursAt, mean } from './learning-curve.js';
import type { LabelingPlan } from './plan.js';
import { amountText, type Recommendation } from './recommend.js';

/** Returns the Markdown of a plan whose picture lies beside it. */
export function planMarkdown(plan: LabelingPlan, { command }: { readonly command: string }): string {
  const { recommendation, otherHours, curves, checks, assumptions, images, data } = plan;
  const all = [...otherHours, recommendation].toSorted((a, b) => a.hours - b.hours);
  return [
    '# What to label next',
    '',
    recommendation.sentence,
    '',
    `Measured on ${counted(images, 'training image')} of \`${data}\` by:`,
    '',
    '```sh',
    command,
    '```',
    '',
    '![mIoU against hours of labeling](plan.svg)',
    '',
    '## Gain in mIoU by hours of labeling',
    '',
    ...table(
      ['hours', ...optionKinds(all).map((kind) => curveNames[kind].title), 'gains most'],
      all.map((one) => optionRow(one, optionKinds(all))),
    ),
    '',
    'Each gain is over today, with the labels that the hours buy and the 95 % interval. `*` marks more labels than were ' +
      'measured, where the power law is continued.',
    '',
    '## Measured curves',
    '',
    ...curves.flatMap(curveSection),
    '## Check: the second half predicted from the first',
    '',
    ...(checks.length === 0
      ? ['No curve has four counts in its first half, so nothing was checked.', '']
      : [
          ...table(
            [
              'curve',
              'seen up to',
              'predicted at',
              'predicted',
              '95 % interval',
              'measured',
              'error',
              'covered',
            ],
            checks.map(({ kind, from, count, predicted, interval, measured, covered }) => [
              curveNames[kind].title,
              formatCount(from),
              formatCount(count),
              formatPercent(predicted),
              intervalText(interval),
              formatPercent(measured),
              formatDifference(100 * (predicted - measured), { decimals: 1 }),
              covered ? 'yes' : 'no',
            ]),
          ),
          '',
        ]),
    '## Assumed',
    '',
    ...assumptions.map((line) => `- ${line}`),
    '',
  ].join('\n');
}

type Kind = Recommendation['options'][number]['kind'];

function optionKinds(recommendations: readonly Recommendation[]): Kind[] {
  return [...new Set(recommendations.flatMap(({ options }) => options.map(({ kind }) => kind)))];
}

function optionRow({ hours, options, decided }: Recommendation, kinds: readonly Kind[]): string[] {
  const cells = kinds.map((kind) => {
    const option = options.find((one) => one.kind === kind);
    if (option === undefined) return '–';
    const { gain, interval, extrapolated } = option;
    const gained = formatDifference(100 * gain, { decimals: 1 });
    return `${gained} (${intervalText(interval)})${extrapolated ? '\\*' : ''}: ${amountText(option)}`;
  });
  const [best] = options;
  const verdict =
    best === undefined
      ? '–'
      : `${curveNames[best.kind].title}${decided ? '' : ', not decided'} (${formatPercent(best.bestShare, { decimals: 0, sign: true })})`;
  return [formatNumber(hours), ...cells, verdict];
}

function curveSection(curve: FittedCurve): string[] {
  const { kind, measurements, law } = curve;
  const shift = law.shift === 0 ? 'n' : `(n + ${formatNumber(law.shift, { digits: 3 })})`;
  return [
    `### ${curveNames[kind].plot}`,
    '',
    ...table(
      [`${curveNames[kind].unit}s`, 'hours', 'mIoU', '95 % interval', 'seeds'],
      measurements.map((one) => [
        formatCount(one.count),
        formatNumber(hoursAt(curve, one.count), { digits: 3 }),
        formatPercent(mean(one.scores)),
        intervalText(meanInterval(curve, one)),
        one.scores.map((score) => formatPercent(score)).join(', '),
      ]),
    ),
    '',
    `Fit: mIoU(n) = ${formatPercent(law.limit)} − ${formatNumber(100 * law.drop, { digits: 3 })} · ${shift}^−${formatNumber(law.rate, { digits: 3 })}`,
    '',
  ];
}

function intervalText(interval: Interval | null): string {
  if (interval === null) return '–';
  return `${formatPercent(interval.lower)} to ${formatPercent(interval.upper)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
