/** Writes the output of `coarsely import`: tables of splits and classes, what was left out or assumed, and what to run next. */

import color from 'picocolors';
import { counted, formatCount, formatPercent, formatTable, shellWord } from '../../../format/index.js';
import type { CountedFinding, ImportedClass, ImportSummary } from '../../../importers/index.js';
import { printable } from '../../output/printable.js';

/** Longer lists of classes are shortened to the most frequent. */
const shownClasses = 24;
/** Longer lists of merged classes are shortened. */
const shownSources = 4;

/** Returns the whole text. */
export function importText(summary: ImportSummary): string {
  const sections = [
    title(summary),
    splitTable(summary),
    classTable(summary),
    findingText(summary),
    noteText(summary.notes),
    nextText(summary),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function title({ source, title: tool, recognizedBy, given, images }: ImportSummary): string {
  const by = recognizedBy === null ? '' : ` (${printable(recognizedBy)})`;
  const kept =
    images === given ? counted(images, 'image') : `${formatCount(images)} of ${counted(given, 'image')}`;
  return `${color.bold(printable(source))}  ${tool}${by}, ${kept} imported`;
}

function splitTable({ splits, labels }: ImportSummary): string {
  const hasPoints = splits.some(({ points }) => points > 0);
  return formatTable([
    ['split', 'images', `labeled % in ${labels}`, ...(hasPoints ? ['point pixels'] : [])],
    ...splits.map(({ name, images, labeledShare, points }) => [
      name,
      formatCount(images),
      formatPercent(labeledShare),
      ...(hasPoints ? [formatCount(points)] : []),
    ]),
  ]);
}

function classTable({ classes }: ImportSummary): string {
  const sorted = classes.length <= shownClasses ? classes : [...classes].sort((a, b) => b.share - a.share);
  const rows = sorted
    .slice(0, shownClasses)
    .map((entry) => [
      printable(entry.name),
      entry.share > 0 && entry.share < 0.0005 ? '< 0.1' : formatPercent(entry.share),
      formatCount(entry.images),
      formatCount(entry.annotations),
      originText(entry),
    ]);
  const table = formatTable([['class', 'pixels %', 'images', 'annotations', 'made of'], ...rows]);
  const more = classes.length - shownClasses;
  return more > 0 ? `${table}\nand ${counted(more, 'class', 'classes')} with fewer pixels` : table;
}

function originText({ name, from }: ImportedClass): string {
  if (from.length === 1 && from[0] === name) return '';
  if (from.length === 0) return 'unlabeled pixels';
  const more = from.length > shownSources ? ` and ${from.length - shownSources} more` : '';
  return `${printable(from.slice(0, shownSources).join(', '))}${more}`;
}

function findingText({ findings }: ImportSummary): string {
  if (findings.length === 0) return '';
  const lines = findings.flatMap(({ message, count, examples }: CountedFinding) => [
    `  ${color.yellow('!')} ${formatCount(count)} × ${printable(message)}`,
    ...examples.map((one) => `    ${printable(one)}`),
    ...(count > examples.length && examples.length > 0
      ? [`    and ${formatCount(count - examples.length)} more`]
      : []),
  ]);
  return [color.bold('found in the files'), ...lines].join('\n');
}

function noteText(notes: readonly string[]): string {
  return [color.bold('note'), ...notes.map((note) => `  · ${printable(note)}`)].join('\n');
}

function nextText({ output, images }: ImportSummary): string {
  const done = color.green(
    color.bold(`wrote ${counted(images, 'image')} with labels to ${printable(output)}`),
  );
  return `${done}\nlook at it, and see how to train on it:\n  coarsely check ${shellWord(output)}`;
}
