/** Runs `coarsely demo` on a few small scenes, with a folder of weights in place of the network, and without. */

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeRandomWeights } from '../support/random-weights.js';
import { type CommandResult, coarsely } from './run-command.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-demo-'));
  mkdirSync(path.join(folder, 'empty'));
  mkdirSync(path.join(folder, 'weights'));
  writeRandomWeights(path.join(folder, 'weights/mobilenet_v2-imagenet.safetensors'), {
    kind: 'mobilenet_v2',
  });
  for (const out of ['demo', 'without']) {
    const size = ['--train', '8', '--val', '4', '--size', '96x64'];
    expect((await coarsely(['scenes', `${out}/scenes`, ...size], { cwd: folder })).code).toBe(0);
  }
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const full = [
  'training.batchSize=2',
  'training.iterations=2',
  'data.augmentation.cropSize=[64, 96]',
  'data.workers=1',
  'model.head.channels=32',
  'model.auxiliary.channels=32',
];
const quick = ['training.iterations=20', 'quick.pixels=512'];
const changes = [...full.flatMap((one) => ['--set', one]), ...quick.flatMap((one) => ['--set-quick', one])];

function demo(out: string, weights: string, more: readonly string[] = []): Promise<CommandResult> {
  return coarsely(['demo', '--out', out, ...changes, ...more], {
    cwd: folder,
    environment: {
      COARSELY_WEIGHTS_URL: path.join(folder, weights),
      XDG_CACHE_HOME: path.join(folder, 'cache', out),
      TORCH_HOME: path.join(folder, 'empty'),
    },
  });
}

describe('the demo', () => {
  it('compares quick and full training, methods and labels, writes a report, and does nothing twice', async () => {
    const first = await demo('demo', 'weights');
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    const rows = [
      ...first.stdout.matchAll(/^(quick|full) +(coarse|fine) +(cross-entropy|ARM) +\d+\.\d .*\d+$/gm),
    ];
    expect(rows.map(([, mode, labels, method]) => `${mode} ${labels} ${method}`)).toEqual([
      'quick coarse cross-entropy',
      'quick coarse ARM',
      'quick fine cross-entropy',
      'quick fine ARM',
      'full coarse cross-entropy',
      'full coarse ARM',
    ]);
    expect(first.stdout).toContain('one seed: quick against full and fine against coarse can be seen');
    expect(first.stdout).not.toContain('left out');
    expect(first.stdout).toContain(`report: ${path.join(folder, 'demo/report.html')}`);
    const page = readFileSync(path.join(folder, 'demo/report.html'), 'utf8');
    expect(page).toContain('6 runs compared');
    expect(page.match(/<h2>[^<]* <span class="mark">quick/g)).toHaveLength(4);

    const second = await demo('demo', 'weights');
    expect(second.stdout.match(/^already trained: /gm)).toHaveLength(6);
    expect(second.stdout).not.toContain('step 1/');

    const other = await demo('demo', 'weights', ['--set-quick', 'seed=9']);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('holds a run with other settings; choose another folder with --out DIR');
  }, 300_000);

  it('says in a line what it leaves out without weights, and trains from random ones', async () => {
    const first = await demo('without', 'empty');
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    const [note, ...others] = first.stdout.split('\n').filter((line) => line.startsWith('note:'));
    expect(others).toEqual([]);
    expect(note).toMatch(
      /quick training and full training from ImageNet weights are left out, .*mobilenet_v2/,
    );
    expect(note).toContain('mobilenet_v2-imagenet.safetensors');
    expect(first.stdout).toMatch(/^full +coarse +cross-entropy +\d/m);
    expect(first.stdout).toMatch(/^full +coarse +ARM +\d/m);
    expect(first.stdout).not.toMatch(/^quick /m);
    expect(first.stdout).toContain('not which method is better');
    expect(existsSync(path.join(folder, 'without/report.html'))).toBe(true);
  }, 300_000);
});
