/** Writes the output of `coarsely check`: tables of splits and classes, problems to fix, and the command to run. */

import path from 'node:path';
import color from 'picocolors';
import {
  counted,
  formatCount,
  formatNumber,
  formatPercent,
  formatTable,
  shellWord,
} from '../../../format/index.js';
import type {
  DatasetInspection,
  Finding,
  LabelComparison,
  LabelSetInspection,
  SizeSummary,
  SplitInspection,
} from '../../../inspect/index.js';
import type { SuggestedCommand } from './suggested-command.js';

/** Longer lists of classes are shortened to the most frequent and the rarest, `shownClasses` each. */
const maximumClasses = 24;
const shownClasses = 8;
/** Holds the values of Cityscapes, the best-known coarse labels, to compare with. */
const cityscapesRow = ['(Cityscapes)', '52', '89', '0.58', '97', '60'];
const cityscapesSource =
  'Cityscapes: agreement as published (Cordts et al. 2016), the shares measured on 60 of its images';

/**
 * Returns the whole text.
 *
 * @param commands train on the dataset, the one to begin with first; none when there is nothing to train on
 */
export function inspectionText(inspection: DatasetInspection, commands: readonly SuggestedCommand[]): string {
  const sections = [
    title(inspection),
    splitTable(inspection),
    storedText(inspection),
    labelTable(inspection),
    classTable(inspection),
    comparisonText(inspection.comparisons),
    pointTable(inspection),
    folderText(inspection),
    problemText(inspection),
    proposalText(inspection),
    hintText(inspection.hints),
    verdictText(inspection, commands),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function title({ root, kind, classes, splits }: DatasetInspection): string {
  if (kind === null) return `${color.bold(root)}  is not a dataset`;
  const images = splits.reduce((sum, split) => sum + split.images, 0);
  const decoded = splits.reduce((sum, split) => sum + split.decoded, 0);
  const list = classes === null ? 'no usable list of classes' : counted(classes.length, 'class', 'classes');
  const decoding =
    decoded === images ? 'all decoded' : `${formatCount(decoded)} decoded, the rest checked by headers`;
  return `${color.bold(root)}  kind ${kind}, ${list}, ${counted(images, 'image')} (${decoding})`;
}

function splitTable({ splits, labelSets }: DatasetInspection): string {
  if (splits.length === 0) return '';
  const rows = splits.map((split) => [
    splitName(split.name),
    formatCount(split.images),
    ...labelSets.map(({ splits: parts }) => {
      const files = parts.find(({ name }) => name === split.name)?.files;
      return files === undefined ? '–' : formatCount(files);
    }),
    sizes(split),
  ]);
  return formatTable([['split', 'images', ...labelSets.map(({ name }) => name), 'size'], ...rows]);
}

function splitName(name: string): string {
  return name === '.' ? '(no split)' : name;
}

function sizes({ sizes: summary }: SplitInspection): string {
  if (summary === null) return '–';
  const { smallest, median, largest, mostCommon, images } = summary;
  const write = ({ width, height }: SizeSummary['smallest']) => `${width}×${height}`;
  if (mostCommon.images === images) return write(mostCommon);
  const common = `${write(mostCommon)} in ${formatCount(mostCommon.images)}`;
  return `${write(smallest)} to ${write(largest)}, median ${write(median)}, ${common}`;
}

/** Returns the settings for images that are not RGB, ready to be pasted into a config. */
function storedText({ splits, verdict }: DatasetInspection): string {
  const train = splits.find(({ name }) => name === verdict.train?.split);
  const normalization = train?.stored?.normalization;
  if (!train || !normalization || normalization.mean.length === 3) return '';
  const { mean, std } = normalization;
  return [
    color.bold(`images of ${counted(mean.length, 'channel')}, measured on ${train.decoded} of ${train.name}`),
    '  data:',
    `    channels: ${mean.length}`,
    '    normalization:',
    `      mean: [${mean.join(', ')}]`,
    `      std: [${std.join(', ')}]`,
  ].join('\n');
}

function labelTable({ labelSets }: DatasetInspection): string {
  const rows = labelSets.map((set) => [
    set.name,
    formPhrase(set),
    formatPercent(set.unlabeledShare, { sign: true }),
    set.unlabeledShare === null
      ? '–'
      : `${set.perClass.length - set.neverSeen.length} of ${set.perClass.length}`,
  ]);
  return rows.length === 0
    ? ''
    : formatTable([['labels', 'stored as', 'not labeled', 'classes seen'], ...rows]);
}

function formPhrase({ forms }: LabelSetInspection): string {
  const [first] = forms;
  if (first === undefined) return '–';
  return forms.length === 1 ? first.form : forms.map(({ form, files }) => `${form} (${files})`).join(', ');
}

function classTable({ labelSets, comparisons }: DatasetInspection): string {
  const names = labelSets[0]?.perClass.map(({ name }) => name) ?? [];
  const seen = labelSets.filter(({ unlabeledShare }) => unlabeledShare !== null);
  if (names.length === 0 || seen.length === 0) return '';
  const order = names.map((_, index) => index);
  const shareOf = (index: number) => Math.max(...seen.map(({ perClass }) => perClass[index]?.share ?? 0));
  const shown = names.length <= maximumClasses ? order : [...order].sort((a, b) => shareOf(b) - shareOf(a));
  const comparison = comparisons[0];
  const row = (index: number): string[] => [
    names[index] as string,
    ...seen.flatMap(({ perClass }) => {
      const { share, images, pixels } = perClass[index] ?? { share: 0, images: 0, pixels: 0 };
      return pixels === 0 ? ['never', '0'] : [share < 0.0005 ? '< 0.1' : formatPercent(share), `${images}`];
    }),
    ...(comparison === undefined ? [] : [formatPercent(comparison.perClass[index]?.agreement)]),
  ];
  const decoded = seen.map(({ splits: parts }) => parts.reduce((sum, part) => sum + part.decoded, 0));
  const header = [
    'class',
    ...seen.flatMap(({ name }, place) => [`${name} %`, `images of ${decoded[place]}`]),
    ...(comparison === undefined ? [] : [`agree % (${splitName(comparison.split)})`]),
  ];
  const table = (indices: readonly number[]) => indices.map((index) => row(index));
  if (names.length <= maximumClasses) return formatTable([header, ...table(shown)]);
  const middle = `… ${names.length - 2 * shownClasses} between`;
  const blank = header.slice(1).map(() => '');
  return formatTable([
    header,
    ...table(shown.slice(0, shownClasses)),
    [middle, ...blank],
    ...table(shown.slice(-shownClasses)),
  ]);
}

function comparisonText(comparisons: readonly LabelComparison[]): string {
  const [first] = comparisons;
  if (first === undefined) return '';
  const samePair = comparisons.every(({ coarse, fine }) => coarse === first.coarse && fine === first.fine);
  const rows = comparisons.map(
    ({ split, coarse, fine, coarseLabeled, fineLabeled, ratio, agreement, images }) => [
      samePair ? splitName(split) : `${coarse} against ${fine}, ${splitName(split)}`,
      formatPercent(coarseLabeled),
      formatPercent(fineLabeled),
      formatNumber(ratio, { decimals: 2 }),
      formatPercent(agreement),
      `${images}`,
    ],
  );
  const table = formatTable([
    [
      `${samePair ? first.coarse : 'coarse'} against ${samePair ? first.fine : 'fine'}`,
      'labeled %',
      'fine %',
      'ratio',
      'agree %',
      'images',
    ],
    ...rows,
    cityscapesRow,
  ]);
  return `${table}\n${color.dim(cityscapesSource)}`;
}

function pointTable({ points }: DatasetInspection): string {
  if (points.length === 0) return '';
  const sets = [...new Set(points.flatMap(({ comparisons }) => comparisons.map(({ labels }) => labels)))];
  const rows = points.map(({ folder, split, images, points: count, unanswered, perClass, comparisons }) => [
    `${folder}/${splitName(split)}`,
    formatCount(images),
    formatCount(count),
    formatCount(unanswered),
    `${perClass.filter((own) => own.points > 0).length} of ${perClass.length}`,
    ...sets.flatMap((set) => {
      const own = comparisons.find(({ labels }) => labels === set);
      return [formatPercent(own?.covered ?? null), formatPercent(own?.agreement ?? null)];
    }),
  ]);
  const header = [
    'points',
    'images',
    'answered',
    'open',
    'classes',
    ...sets.flatMap((set) => [`on ${set} %`, 'agree %']),
  ];
  return formatTable([header, ...rows]);
}

function folderText({ expected, found }: DatasetInspection): string {
  if (expected === null || found === null) return '';
  return `${color.bold('expected')}\n${indented(expected)}\n\n${color.bold('found')}\n${indented(found)}`;
}

function problemText({ problems, proposedClasses }: DatasetInspection): string {
  if (problems.length === 0) return '';
  const advice = ({ code, remedy }: Finding): string =>
    code === 'no-classes' && proposedClasses !== null
      ? 'make one from the values in the label files, as below'
      : remedy;
  const lines = problems.flatMap((problem) => {
    const { split, labels, message, count, examples } = problem;
    const place = [labels, split].filter((part) => part !== null).join('/');
    const rest = count - examples.length;
    const more = rest > 0 && examples.length > 0 ? [`    and ${formatCount(rest)} more`] : [];
    return [
      `  ${color.red('✗')} ${place === '' ? '' : `${place}: `}${message}`,
      ...examples.map((example) => `    ${example}`),
      ...more,
      `    → ${advice(problem)}`,
    ];
  });
  return [color.bold(`${counted(problems.length, 'problem')} to fix`), ...lines].join('\n');
}

function proposalText({ proposedClasses, problems, root }: DatasetInspection): string {
  // A list that only needs correcting has names, which a proposal would lose.
  if (proposedClasses === null || problems.some(({ code }) => code === 'classes')) return '';
  const names = proposedClasses.classes.slice(0, 6).map(({ name }) => name);
  const more = proposedClasses.classes.length > names.length ? ', …' : '';
  return [
    color.bold(
      `a classes.json for what was found (${proposedClasses.classes.length}: ${names.join(', ')}${more})`,
    ),
    `  coarsely check ${shellWord(root)} --propose-classes > ${shellWord(path.join(root, 'proposed-classes.json'))}`,
    '  then give every class its name and save the file as classes.json',
  ].join('\n');
}

function hintText(hints: readonly string[]): string {
  return hints.length === 0 ? '' : [color.bold('note'), ...hints.map((hint) => `  · ${hint}`)].join('\n');
}

function verdictText(
  { kind, problems, verdict }: DatasetInspection,
  commands: readonly SuggestedCommand[],
): string {
  if (kind === null) return '';
  const listed = commands
    .map(({ command, purpose }, place) => `${place === 0 ? '' : 'or, '}${purpose}:\n  ${command}`)
    .join('\n');
  if (verdict.usable && commands.length > 0) {
    const ready =
      problems.length === 0 ? 'ready to train' : 'ready to train (the problems above concern other parts)';
    return `${color.green(color.bold(ready))}\n${listed}`;
  }
  const fix = `fix the ${problems.length === 1 ? 'problem' : `${problems.length} problems`} above before training`;
  return commands.length === 0 ? fix : `${color.bold(fix)}\n${listed}`;
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
