/** Says in a terminal what decisions changed, what was left out, and what to do next. */

import { counted, formatCount, formatDuration, formatTable, shellWord } from '../../../format/index.js';
import type { NamedDisagreement, ReviewSummary } from '../../../review/index.js';
import { printable } from '../../output/printable.js';

/** Limits what is shown of long lists; review.json has more. */
const shownDisagreements = 5;
const shownExamples = 3;
const shownChanges = 12;

/**
 * Returns the text of the command, without a line break at its end.
 *
 * @param command trains on the reviewed dataset; null where it cannot be trained on as it is
 */
export function reviewText(summary: ReviewSummary, { command }: { readonly command: string | null }): string {
  return [
    ...decisionLines(summary),
    ...changeLines(summary),
    ...disagreementLines(summary),
    ...findingLines(summary),
    '',
    ...placeLines(summary),
    ...(command === null
      ? ['next: see how to train on it', `  coarsely check ${shellWord(summary.output)}`]
      : ['next: train on it', `  ${command}`]),
  ].join('\n');
}

function decisionLines(summary: ReviewSummary): string[] {
  const { journals, people, actions, seconds, undone, replaced, repeated } = summary;
  const total = Object.values(people).reduce((sum, count) => sum + count, 0);
  const names = Object.entries(people).map(([name, count]) => `${printable(name)} ${formatCount(count)}`);
  const kinds = Object.entries(actions).map(([name, count]) => `${name} ${formatCount(count)}`);
  const open = journals.reduce((sum, journal) => sum + journal.open, 0);
  const others = [
    ...(undone > 0 ? [`${formatCount(undone)} taken back`] : []),
    ...(replaced > 0 ? [`${formatCount(replaced)} replaced by later ones`] : []),
    ...(repeated > 0 ? [`${formatCount(repeated)} that several files have count once`] : []),
    ...(open > 0 ? [`${counted(open, 'task is', 'tasks are')} not answered`] : []),
  ];
  return [
    `${counted(total, 'decision')} of ${counted(journals.length, 'file')}` +
      (total > 0 ? ` (${names.join(', ')}): ${kinds.join(', ')}` : ''),
    ...(others.length > 0 ? [others.join(', ')] : []),
    ...(seconds > 0 ? [`they took ${formatDuration(seconds)}`] : []),
  ];
}

function changeLines({ changed, changes, points }: ReviewSummary): string[] {
  const label = (name: string) => (name === '' ? '(no label)' : name);
  const rows = changes
    .slice(0, shownChanges)
    .map(({ from, to, pixels }) => [label(from), label(to), formatCount(pixels)]);
  return [
    `changed ${counted(changed.pixels, 'pixel')} in ${counted(changed.labelFiles, 'label file')}` +
      (points.files > 0
        ? `, and ${counted(points.changed, 'point')} in ${counted(points.files, 'file')}`
        : ''),
    ...(rows.length > 0 ? ['', formatTable([['from', 'to', 'pixels'], ...rows])] : []),
    ...(changes.length > shownChanges
      ? [`(and ${changes.length - shownChanges} more, see review.json)`]
      : []),
  ];
}

function disagreementLines(summary: ReviewSummary): string[] {
  const { disagreements, disagreementCount, disputedPixels, prefer } = summary;
  if (disagreementCount === 0) return [];
  const head =
    disputedPixels > 0
      ? `people disagree about ${counted(disputedPixels, 'pixel')}, which stay as they were (--prefer NAME, or --prefer last, decides)`
      : `people disagree; ${prefer === 'last' ? 'the last decision holds' : `the decisions of ${printable(prefer ?? '')} hold`}`;
  const more = disagreementCount - shownDisagreements;
  return [
    '',
    head,
    ...disagreements.slice(0, shownDisagreements).map((one) => `  ${printable(disagreementText(one))}`),
    ...(more > 0 ? [`  (and ${formatCount(more)} more, see review.json)`] : []),
  ];
}

function disagreementText({ split, image, labels, decisions, pixels }: NamedDisagreement): string {
  const who = decisions.map(({ by, what, place }) => `${by}: ${what} (${place})`);
  return `${labels}/${split}/${image}: ${who.join('; ')}: ${counted(pixels, 'pixel')}`;
}

function findingLines({ findings }: ReviewSummary): string[] {
  return findings.flatMap(({ message, count, examples }) => {
    const more = count - Math.min(count, shownExamples);
    return [
      '',
      `${formatCount(count)} × ${message}`,
      ...examples.slice(0, shownExamples).map((example) => `  ${printable(example)}`),
      ...(more > 0 ? [`  (and ${formatCount(more)} more)`] : []),
    ];
  });
}

function placeLines({ output, copied: { images, folders, leftBehind } }: ReviewSummary): string[] {
  const kinds = Object.entries(images).filter(([, count]) => count > 0);
  const how = kinds.map(([kind, count]) => counted(count, kind, kind === 'copy' ? 'copies' : `${kind}s`));
  return [
    `wrote ${output}: images as ${how.join(' and ')}, labels (${folders.join(', ')}) as files of their own`,
    ...(leftBehind.length > 0
      ? [`not taken along, as it is no part of a dataset: ${leftBehind.join(', ')}`]
      : []),
  ];
}
