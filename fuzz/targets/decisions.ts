/** Reads and applies files of decisions about labels: journals and files of tasks. The first byte chooses between them. */

import { fitDecision } from '#review/fitting-decisions.js';
import { orderLines } from '#review/order-lines.js';
import { readDecisions } from '#review/read-decisions.js';
import { ScratchFile } from '../support/scratch-file.js';
import { outcomeOf } from '../support/target.js';

const scratch = new ScratchFile('input.jsonl');
const size = { width: 6, height: 4 };
const given = {
  ...size,
  labels: new Uint8Array(24).fill(1),
  classes: ['road', 'car', 'tree'].map((name, index) => ({ name, color: [index, 1, 2] as const })),
  canBeUnlabeled: true,
};

/** Reads a file, orders its lines, and fits them to the labels of a small image. */
export async function fuzz(data: Uint8Array): Promise<void> {
  const path = scratch.write(data);
  const outcome = await outcomeOf(async () => readDecisions(path));
  if (!('value' in outcome)) return;
  for (const { line, ...decision } of orderLines([outcome.value.lines], { prefer: null }).decisions) {
    if (line.action === 'point') continue;
    const fit = fitDecision({ ...decision, line }, given);
    if ('code' in fit) continue;
    if (fit.pixels.some((pixel) => pixel >= 24)) throw new Error('a pixel outside of the image');
  }
}

/** Returns journals and a file of tasks. */
export function seeds(): Uint8Array[] {
  const line = { id: '1', time: '2026-03-01T09:30:12Z', by: 'a' };
  const place = { split: 'train', image: 'a', labels: 'coarse', ...size };
  const region = { id: 'r', given: 'car', suggested: 'tree', runs: '0222h0' };
  const lines = [
    { ...line, ...place, action: 'accept', region },
    { ...line, ...place, id: '2', action: 'polygon', rings: [[0, 0, 5, 0, 5, 3.5]], class: null },
    { ...line, ...place, id: '3', action: 'point', x: 1, y: 2, class: 'car' },
    { ...line, id: '4', action: 'undo', line: '2' },
  ];
  const tasks = [{ split: 'train', image: 'a', ...size, x: 1, y: 2, class: 'car' }];
  return [
    lines.map((one) => `${JSON.stringify(one)}\n`).join(''),
    `${JSON.stringify(lines[0])}\n{"id":"5","ti`,
    `\n${JSON.stringify({ ...line, ...place, action: 'assign', class: 'road', region: { ...region, runs: '~~~' } })}`,
    JSON.stringify({ dataset: '.', labels: 'coarse', by: null, tasks }, null, 2),
  ].map((text) => Buffer.from(text));
}

export const dictionary = [
  '"action":"accept"',
  '"action":"undo"',
  '"action":"polygon"',
  '"runs":',
  '"rings":[[',
  '"line":',
  '"tasks":',
  '"class":null',
  '1e308',
  '\n',
];
