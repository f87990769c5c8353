/**
 * Writes the tables of an experiment into a page of results: what `coarsely experiment` wrote as `tables.md`, or the table
 * that is named, replaces everything below the page's line `<!-- tables -->`. Folders of this machine become `camvid` and
 * `tables` in the command that the page shows.
 *
 *   npm run results -- DIR/tables.md docs/results/camvid-quick-tables.md
 */

import { readFileSync, writeFileSync } from 'node:fs';

const marker = '<!-- tables -->\n';

function main(): void {
  const [tablesFile, pageFile] = process.argv.slice(2);
  if (tablesFile === undefined || pageFile === undefined) {
    throw new Error('expected two files: the Markdown of an experiment, and the page to write it into');
  }
  const page = readFileSync(pageFile, 'utf8');
  const end = page.indexOf(marker);
  if (end < 0) throw new Error(`${pageFile}: expected a line ${marker.trim()} above the tables`);
  const head = page.slice(0, end + marker.length);
  writeFileSync(pageFile, `${head}\n${bodyOf(readFileSync(tablesFile, 'utf8'))}`);
}

/** Returns the text below the title, with the command as a reader would give it. */
function bodyOf(text: string): string {
  const [, ...lines] = text.split('\n');
  return lines
    .join('\n')
    .trimStart()
    .replaceAll(/--data (?:cityscapes=)?\S+/g, '--data camvid')
    .replaceAll(/--output [^\s`]+/g, '--output tables');
}

main();
