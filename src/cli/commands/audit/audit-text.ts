/** Says in a terminal what an audit found, and what to do next. */

import type { Audit, AuditResult } from '../../../audit/index.js';
import { largestSwaps, summaryText } from '../../../audit/internal.js';
import { formatCount, formatPercent, formatTable, shellWord } from '../../../format/index.js';

/** Counts the lines of each table. */
const shownLines = 8;

/** Returns the text of the command, without a line break at its end. */
export function auditText(
  { audit, folder, regionsFile, sheetFile }: AuditResult,
  { dataset }: { readonly dataset: string },
): string {
  const found = audit.regions > 0;
  return [
    ...audit.assumptions.map((line) => `assumed: ${line}`),
    summaryText(audit),
    ...(found ? ['', formatTable(swapRows(audit)), '', formatTable(imageRows(audit))] : []),
    ...coverageLines(audit),
    '',
    `wrote ${sheetFile}, ${regionsFile} and ${folder}/audit.json`,
    ...(found
      ? [
          `next: look at ${sheetFile}, decide about the regions, and write the reviewed dataset:`,
          `  coarsely apply review.jsonl reviewed --data ${shellWord(dataset)}`,
        ]
      : []),
  ].join('\n');
}

function swapRows(audit: Audit): string[][] {
  const swaps = largestSwaps(audit).slice(0, shownLines);
  return [
    ['labeled', 'looks like', 'wrong pixels', '%'],
    ...swaps.map(({ given, suggested, pixels }) => [
      given,
      suggested,
      formatCount(Math.round(pixels)),
      formatPercent(pixels / audit.expectedWrongPixels),
    ]),
  ];
}

function imageRows({ images }: Audit): string[][] {
  const worst = images.filter(({ regions }) => regions > 0).slice(0, shownLines);
  return [
    ['image', 'wrong pixels', '% of its labels', 'regions'],
    ...worst.map(({ split, image, expectedWrongPixels, score, regions }) => [
      `${split}/${image}`,
      formatCount(Math.round(expectedWrongPixels)),
      formatPercent(score),
      formatCount(regions),
    ]),
  ];
}

function coverageLines({ coverage }: Audit): string[] {
  const parts = coverage
    .slice(0, -1)
    .map(({ regions, share }) => `${formatCount(regions)}: ${formatPercent(share, { sign: true })}`);
  return parts.length === 0
    ? []
    : ['', `share of the suspected pixels in the first regions: ${parts.join(', ')}`];
}
