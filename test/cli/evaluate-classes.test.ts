/** A run that meets a dataset whose list of classes is not its own: `evaluate`, `report`, `figure` and `predict`. */
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeLabelPng, readLabels } from 'coarsely/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { size, writeDataset, writeRun } from '../report/synthetic-run.js';
import { coarsely } from './run-command.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-classes-'));
  await writeDataset(path.join(folder, 'data'));
  writeRun(path.join(folder, 'run of mine'), { name: 'run', root: path.join(folder, 'data') });
  await copyDataset('rotated', [1, 2, 0]);
  await copyDataset('renamed', [0, 1, 2], ['road', 'wall', 'sky']);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = 'run of mine';

/** Copies the dataset with its classes in another order: class `order[0]` first. Labels mean what they meant. */
async function copyDataset(name: string, order: readonly number[], names?: readonly string[]): Promise<void> {
  const root = path.join(folder, name);
  cpSync(path.join(folder, 'data'), root, { recursive: true });
  const { classes } = JSON.parse(readFileSync(path.join(root, 'classes.json'), 'utf8'));
  const given = order.map((index) => ({ ...classes[index], ...(names && { name: names[index] }) }));
  writeFileSync(path.join(root, 'classes.json'), JSON.stringify({ classes: given }));
  for (const labels of ['fine', 'coarse']) {
    for (const split of ['train', 'val']) {
      const part = path.join(root, labels, split);
      for (const file of readdirSync(part)) {
        const list = { classes, ignoredValue: 255 };
        const map = await readLabels(path.join(part, file), list);
        const moved = map.labels.map((label) => (label === 255 ? 255 : order.indexOf(label)));
        writeFileSync(path.join(part, file), encodeLabelPng(moved, size));
      }
    }
  }
}

const command = (...words: readonly string[]) => coarsely(words, { cwd: folder });

describe('a dataset that lists the classes of a run in another order', () => {
  it('gives the same scores under the same names, and one line says so', async () => {
    const own = await command('evaluate', run, '--json', '--boundary');
    const other = await command('evaluate', run, '--json', '--boundary', '--data', 'rotated');
    expect([own.code, own.stderr]).toEqual([0, '']);
    expect([other.code, other.stderr]).toEqual([
      0,
      `note: ${run} has the classes of the dataset in another order; labels are matched by name\n`,
    ]);
    const { dataset: _, ...scores } = JSON.parse(own.stdout);
    expect(JSON.parse(other.stdout)).toMatchObject(scores);
    // The network predicts something, so that equal scores mean something.
    expect(scores.aAcc).toBeGreaterThan(0);
    expect(scores.precision).toBe('float32');
  });

  it('is no longer the list of the run in report and figure, which follow the names', async () => {
    const moved = path.join(folder, 'moved');
    cpSync(path.join(folder, 'data'), path.join(folder, 'changing'), { recursive: true });
    writeRun(moved, { name: 'moved', root: path.join(folder, 'changing') });
    const figure = () => command('figure', '3', moved, '--out', path.join(folder, 'figures'), '--overwrite');
    const before = await figure();
    const numbers = readFileSync(path.join(folder, 'figures', 'figure-3.json'), 'utf8');
    expect([before.code, before.stderr]).toEqual([0, '']);
    cpSync(path.join(folder, 'rotated'), path.join(folder, 'changing'), { recursive: true });
    const after = await figure();
    expect(after.stderr).toMatch(/^note: .*moved has the classes of the dataset in another order; .*\n$/);
    expect(readFileSync(path.join(folder, 'figures', 'figure-3.json'), 'utf8')).toBe(numbers);
    const report = await command('report', moved);
    expect(report.code).toBe(0);
    expect(readFileSync(path.join(moved, 'report.html'), 'utf8')).toContain(
      'has the classes of the dataset in another order; labels are matched by name',
    );

    cpSync(path.join(folder, 'renamed'), path.join(folder, 'changing'), { recursive: true });
    const refused = await figure();
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('the network does not know wall');
    expect((await command('report', moved)).code).toBe(0);
    expect(readFileSync(path.join(moved, 'report.html'), 'utf8')).toContain('the network does not know wall');
  });
});

describe('a dataset of other classes', () => {
  it('is refused with the difference', async () => {
    const { code, stdout, stderr } = await command('evaluate', run, '--data', 'renamed');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^coarsely: run of mine: predicts 3 classes, .* the dataset lacks <script>.*; the network does not know wall\. .*\n$/,
    );
  });
});

describe('a run of an early version, which did not keep its classes', () => {
  const early = (name: string, root: string) => {
    const place = path.join(folder, name);
    writeRun(place, { name, root });
    const statePath = path.join(place, 'state.json');
    const state = JSON.parse(readFileSync(statePath, 'utf8'));
    delete state.state.classes;
    writeFileSync(statePath, JSON.stringify(state));
  };

  it('has those of its own dataset', async () => {
    early('early', path.join(folder, 'data'));
    const own = await command('evaluate', 'early', '--json');
    const other = await command('evaluate', 'early', '--json', '--data', 'rotated');
    expect(other.stderr).toMatch(/^note: early has the classes of the dataset in another order; .*\n$/);
    expect(JSON.parse(other.stdout).perClass).toEqual(JSON.parse(own.stdout).perClass);
  });

  it('takes the order of the dataset where its own is gone, and says so', async () => {
    early('homeless', path.join(folder, 'gone'));
    const { code, stderr } = await command('evaluate', 'homeless', '--data', 'data');
    expect([code, stderr]).toEqual([
      0,
      'note: homeless does not name its classes; they are taken in the order of the dataset\n',
    ]);
  });
});

describe('lists of classes that are odd', () => {
  it('differ in capitals alone, which is the same list', async () => {
    await copyDataset('capitals', [0, 1, 2], ['ROAD', '<SCRIPT>alert("class")</script>', ' Sky_']);
    const { code, stderr } = await command('evaluate', run, '--data', 'capitals');
    expect([code, stderr]).toEqual([0, '']);
  });

  it('hold a name twice but for capitals, which no class is matched with by guess', async () => {
    await copyDataset('twice', [0, 1, 2], ['road', 'Road', 'sky']);
    const { code, stderr } = await command('evaluate', run, '--data', 'twice');
    expect(code).toBe(1);
    expect(stderr).toMatch(/the dataset lacks <script>.*; the network does not know Road\./);
  });
});

describe('a checkpoint without its run', () => {
  const config = () => ['--config', path.join(run, 'config.yaml')];

  it('of another network than the config says ends with one line', async () => {
    const file = path.join(run, 'checkpoints', 'step-00000100.safetensors');
    writeFileSync(
      path.join(folder, 'other.yaml'),
      `data: { root: data, evaluation: { labels: fine } }\nmodel: { backbone: { kind: resnet34 } }\n`,
    );
    const { code, stderr } = await command('evaluate', '--weights', file, '--config', 'other.yaml');
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`coarsely: ${file}: `);
  });

  it('knows its classes in a folder of its own', async () => {
    copyFileSync(
      path.join(folder, run, 'checkpoints', 'step-00000100.safetensors'),
      path.join(folder, 'copied.safetensors'),
    );
    const own = await command('evaluate', '--weights', 'copied.safetensors', ...config(), '--json');
    const other = await command(
      ...['evaluate', '--weights', 'copied.safetensors', ...config(), '--json', '--data', 'rotated'],
    );
    expect(own.stderr).toBe('');
    expect(other.stderr).toMatch(/^note: copied\.safetensors has the classes .*matched by name\n$/);
    expect(JSON.parse(other.stdout).perClass).toEqual(JSON.parse(own.stdout).perClass);
  });
});

describe('predict', () => {
  it('says in which precision it computed', async () => {
    const image = path.join(folder, 'data/images/val/one.png');
    const words = ['predict', run, image, '--out', path.join(folder, 'out')];
    const { code, stdout } = await command(...words, '--precision', 'bfloat16');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^wrote 1 prediction to .* \(bfloat16\)\n$/);
  });
});
