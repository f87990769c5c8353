/** Says in a terminal which tasks were written, why, and what to do next. */

import { basename } from 'node:path';
import { counted, formatCount, formatPercent, formatTable, shellWord } from '../../../format/index.js';
import type { TaskSummary } from '../../../suggest/index.js';
import { classRows, originOf, reasonRows, simulatedLines } from './suggestion-text.js';

/** Returns the text of the command, without a line break at its end. */
export function taskText(
  summary: TaskSummary,
  {
    source,
    labels,
    wanted,
  }: {
    /** Is the config or recipe that trains with the answers. */
    readonly source: string;
    /** Names the labels where they are not those of that config. */
    readonly labels: string | undefined;
    readonly wanted: number;
  },
): string {
  const { questions, images, askedImages, mostInImage, strategy, uncoveredShare, output, root, split } =
    summary;
  const reviewed = `${basename(root)}-answered`;
  return [
    `${counted(questions, 'task')} about ${formatCount(askedImages)} of ${counted(images, 'image')}, at most ` +
      `${formatCount(mostInImage)} about one: ${strategy}, by ${originOf(summary)}`,
    ...(questions < wanted
      ? [
          `fewer than ${formatCount(wanted)}, as there are no more pixels without a label (--where all asks about others too)`,
        ]
      : []),
    `no label covers ${formatPercent(uncoveredShare)} % of the pixels`,
    ...simulatedLines(summary.simulated),
    ...(questions > 0 ? ['', formatTable(reasonRows(summary)), '', formatTable(classRows(summary))] : []),
    '',
    summary.simulated === null
      ? `next: answer in ${output}: write the class in place of null, and who you are behind "by"; then`
      : `the answers are in ${output}; next:`,
    `  coarsely apply ${shellWord(output)} ${shellWord(reviewed)}`,
    `  ${[
      `coarsely train ${shellWord(source)} --data ${shellWord(reviewed)}`,
      ...(labels === undefined || labels === 'coarse'
        ? []
        : [`--set ${shellWord(`data.train.labels=${labels}`)}`]),
      `--set ${shellWord(`data.points.split=${split}`)}`,
    ].join(' ')}`,
  ].join('\n');
}
