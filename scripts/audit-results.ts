/**
 * Gathers what `coarsely audit --truth` wrote into several folders: all rows as one JSON file, and on stdout a Markdown table for
 * each kind of labels, with the mean over seeds.
 *
 *     npm run audit-results -- docs/results/audit.json runs/audit-camvid runs/audit-camvid-2 …
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JudgmentRow } from 'coarsely/audit';

const [target, ...folders] = process.argv.slice(2);
if (target === undefined || folders.length === 0) {
  process.stderr.write('usage: npm run audit-results -- OUT.json AUDIT...\n');
  process.exit(2);
}

interface Judged {
  readonly rows: readonly JudgmentRow[];
  readonly labelMIoU: number;
}

const rows = folders.flatMap((folder) => {
  const judged = JSON.parse(readFileSync(join(folder, 'judge.json'), 'utf8')) as Judged;
  return judged.rows.map((row) => ({ ...row, labelMIoU: judged.labelMIoU }));
});
type Row = (typeof rows)[number];

const rounded = (_key: string, value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
writeFileSync(target, `${JSON.stringify({ title: 'Audits judged by exact labels', rows }, rounded, 1)}\n`);

/** Names what a row was measured on, but for its seed. */
function groupOf({ data, split, labels, truth, injected }: Row): string {
  if (injected === null) return `${data}, ${split}: ${labels} labels, judged by ${truth}`;
  return `${data}, ${split}: ${truth} labels with errors, ${injected.kind} in ${100 * injected.share} % of the objects`;
}

/** Lists the columns: a number of a row, its title, by what it is multiplied, and its decimals. */
const columns = [
  ['auprc', 'AUPRC', 1, 3],
  ['precisionAt50', 'precision@50', 1, 2],
  ['precisionAt100', 'precision@100', 1, 2],
  ['recallAtOnePercent', 'recall at 1 %', 100, 1],
  ['foundIn100', 'found in 100, %', 100, 1],
  ['imageCorrelation', 'images', 1, 2],
  ['mIoUPer100Decisions', 'mIoU per 100', 100, 2],
] as const satisfies readonly (readonly [keyof Row, string, number, number])[];

/** Returns the mean over seeds with each seed in brackets, as far as there are several. */
function meanText(values: readonly (number | null)[], decimals: number): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return '';
  const text = (value: number) => value.toFixed(decimals).replace('-', '−');
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return known.length === 1 ? text(mean) : `${text(mean)} (${known.map(text).join(', ')})`;
}

/** Returns the values by the text that `keyOf` gives each, in the order in which they come. */
function grouped(values: readonly Row[], keyOf: (row: Row) => string): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return groups;
}

for (const [group, own] of grouped(rows, groupOf)) {
  const seeds = new Set(own.map(({ seed, injected }) => injected?.seed ?? seed)).size;
  const base = meanText([...new Set(own.map(({ baseRate }) => baseRate))], 4);
  process.stdout.write(
    `\n### ${group}\n\n${seeds === 1 ? 'one seed' : `${seeds} seeds`}; base rate ${base}\n\n`,
  );
  process.stdout.write(`| method | ${columns.map(([, title]) => title).join(' | ')} |\n`);
  process.stdout.write(`|---|${columns.map(() => '---|').join('')}\n`);
  for (const [method, same] of grouped(own, (row) => row.method)) {
    const cells = columns.map(([name, , factor, decimals]) => {
      const values = same.map((row) => row[name]);
      return meanText(
        values.map((value) => value && factor * value),
        decimals,
      );
    });
    process.stdout.write(`| ${method} | ${cells.join(' | ')} |\n`);
  }
}
