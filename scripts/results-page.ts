/**
 * Writes the results of an experiment into the docs. What `coarsely experiment` wrote as `tables.md`, or the table that is
 * named, replaces everything below the page's line `<!-- tables -->`; a JSON file is copied. Folders of the machine become
 * `camvid` and `tables` in the commands that they show.
 *
 *   npm run results -- DIR/tables.md docs/results/camvid-quick-tables.md
 *   npm run results -- DIR/coarse-to-fine.json docs/results/coarse-to-fine.json
 */

import { readFileSync, writeFileSync } from 'node:fs';

const marker = '<!-- tables -->\n';

function main(): void {
  const [source, target] = process.argv.slice(2);
  if (source === undefined || target === undefined) {
    throw new Error(
      'expected two files: what an experiment wrote, as Markdown or JSON, and where it belongs',
    );
  }
  const text = withoutFolders(readFileSync(source, 'utf8'));
  if (target.endsWith('.json')) {
    writeFileSync(target, text);
    return;
  }
  const page = readFileSync(target, 'utf8');
  const end = page.indexOf(marker);
  if (end < 0) throw new Error(`${target}: expected a line ${marker.trim()} above the tables`);
  const [, ...lines] = text.split('\n');
  writeFileSync(target, `${page.slice(0, end + marker.length)}\n${lines.join('\n').trimStart()}`);
}

/** Returns the text with the command as a reader would give it. */
function withoutFolders(text: string): string {
  return text
    .replaceAll(/--data (?:cityscapes=)?(?!ade20k)[^\s`]+/g, '--data camvid')
    .replaceAll(/--output [^\s`]+/g, '--output tables');
}

main();
