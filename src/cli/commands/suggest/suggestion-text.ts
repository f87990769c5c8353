/** Says in a terminal what was asked, why, and what to do next. */

import { join, relative, resolve } from 'node:path';
import { counted, formatCount, formatPercent, formatTable, shellWord } from '../../../format/index.js';
import type { SuggestionSummary } from '../../../suggest/index.js';

/** Explains the reasons of the built-in terms; others are shown by their names. */
const reasonTexts: Readonly<Record<string, string>> = {
  uncertainty: 'the network is unsure',
  diversity: 'unlike labeled pixels',
  balance: 'a class with few questions',
  coverage: 'far from labels and questions',
  chance: 'by chance',
};

/** Returns the text of the command, without a line break at its end. */
export function suggestionText(
  summary: SuggestionSummary,
  { run, data }: { readonly run: string; readonly data?: string },
): string {
  return [
    ...headOf(summary),
    ...(summary.questions > 0
      ? ['', formatTable(reasonRows(summary)), '', formatTable(classRows(summary))]
      : []),
    '',
    ...nextSteps(summary, { run, ...(data !== undefined && { data }) }),
  ].join('\n');
}

function headOf(summary: SuggestionSummary): string[] {
  const { images, questions, strategy, usesStored, computed, uncoveredShare, simulated } = summary;
  const { keptAnswers, keptQuestions, droppedQuestions, questionsOnLabels } = summary;
  return [
    `${counted(questions, 'new question')} about ${counted(images, 'image')}: ${strategy}, by ${originOf({ usesStored, computed })}`,
    `no label covers ${formatPercent(uncoveredShare)} % of the pixels`,
    ...(questionsOnLabels > 0
      ? [`${counted(questionsOnLabels, 'question is', 'questions are')} about pixels that have a label`]
      : []),
    ...(keptAnswers > 0 ? [`${counted(keptAnswers, 'answer')} of before kept`] : []),
    ...(keptQuestions > 0
      ? [`${counted(keptQuestions, 'open question')} of before kept (--renew asks anew)`]
      : []),
    ...(droppedQuestions > 0 ? [`${counted(droppedQuestions, 'open question')} of before dropped`] : []),
    ...simulatedLines(simulated),
  ];
}

/** Says what the likelihoods of classes come from. */
export function originOf({
  usesStored,
  computed,
}: Pick<SuggestionSummary, 'usesStored' | 'computed'>): string {
  if (!usesStored) return 'predictions of the network';
  return computed === 0 ? 'features that the run keeps' : 'features, computed where none were kept';
}

/** Says how a simulated annotator answered. */
export function simulatedLines(simulated: SuggestionSummary['simulated']): string[] {
  if (simulated === null) return [];
  const { labels, answers, asSuggested, none } = simulated;
  return [
    `answered by labels '${labels}', as an annotator would: ${formatCount(answers)} classes ` +
      `(${formatPercent(asSuggested / Math.max(1, answers))} % as suggested), ${formatCount(none)} pixels of no class`,
  ];
}

/** Returns a table of reasons. */
export function reasonRows({ reasons, questions }: SuggestionSummary): string[][] {
  return [
    ['why', 'questions', '%'],
    ...reasons.map(({ reason, questions: count }) => [
      reasonTexts[reason] ?? reason,
      formatCount(count),
      formatPercent(count / questions),
    ]),
  ];
}

/** Returns a table of classes. */
export function classRows({ classes, questions, simulated }: SuggestionSummary): string[][] {
  const answered = simulated !== null;
  return [
    ['looks like', 'questions', '%', '% of pixels', ...(answered ? ['is'] : [])],
    ...classes.map(({ name, questions: count, pixelShare, answers }) => [
      name,
      formatCount(count),
      formatPercent(count / questions),
      formatPercent(pixelShare),
      ...(answered ? [formatCount(answers)] : []),
    ]),
  ];
}

function nextSteps(
  { output, split, openQuestions, root }: SuggestionSummary,
  { run, data }: { readonly run: string; readonly data?: string },
): string[] {
  const folder = split.includes('+') ? output : join(output, split);
  const labels = relative(resolve(root), resolve(output));
  const inside = labels !== '' && !labels.startsWith('..');
  const command = [
    `coarsely train ${shellWord(join(run, 'config.yaml'))}`,
    ...(data === undefined ? [] : [`--data ${shellWord(data)}`]),
    `--set ${shellWord(`data.points.split=${split}`)}`,
    ...(labels === 'points'
      ? []
      : [`--set ${shellWord(`data.points.labels=${inside ? labels : 'points'}`)}`]),
  ].join(' ');
  return [
    ...(openQuestions > 0
      ? [
          `next: answer ${counted(openQuestions, 'question')} in ${folder}: write the class in place of null, and leave null ` +
            'where it cannot be told',
        ]
      : [`points are in ${folder}`]),
    ...(inside ? [] : [`move ${output} to ${join(root, 'points')}, where training reads it`]),
    `${openQuestions > 0 ? 'then' : 'next'} train with them:`,
    `  ${command}`,
  ];
}
