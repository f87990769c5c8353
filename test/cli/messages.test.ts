import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coarsely } from './run-command.js';

const commands = [
  'demo',
  'train',
  'evaluate',
  'predict',
  'check',
  'coarsen',
  'scenes',
  'report',
  'figure',
  'experiment',
  'recipes',
  'doctor',
  'weights',
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-cli-'));
  mkdirSync(path.join(folder, 'root'));
  writeFileSync(path.join(folder, 'typo.yaml'), 'extends: folder-arm\ntraining: { iteratons: 5 }\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('help', () => {
  it.each(commands)('of %s shows an example that begins with the command', async (command) => {
    const { code, stdout, stderr } = await coarsely([command, '--help']);
    expect(stdout).toMatch(new RegExp(`Example:\\n  \\$ (printf.*)?coarsely ${command}\\b`));
    expect(stdout).toContain(`Usage: coarsely ${command}`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('of the program lists every command in groups, also without any argument', async () => {
    for (const words of [['--help'], []]) {
      const { code, stdout } = await coarsely(words);
      expect(code).toBe(0);
      for (const command of commands) expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
      const headings = [...stdout.matchAll(/^(\w+):$/gm)].map(([, heading]) => heading);
      expect(headings).toEqual(['Options', 'Data', 'Train', 'Look', 'Deploy', 'Setup', 'Example']);
    }
  });

  it('includes the version', async () => {
    expect(await coarsely(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('recipes', () => {
  it('are listed with a line each', async () => {
    const { code, stdout } = await coarsely(['recipes']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^scenes-arm {2,}\S.*\(ARM\)$/m);
    const [listed, ...groups] = stdout.trim().split('\n\n');
    expect(listed?.split('\n')).toHaveLength(22);
    expect(groups.join('\n')).toMatch(
      /^Cityscapes, coarse labels:\n {2}cityscapes-coarse-cross-entropy {2}/m,
    );
  });

  it('print the whole config of one, which is a config file itself', async () => {
    const { code, stdout } = await coarsely(['recipes', 'folder-arm']);
    expect(code).toBe(0);
    expect(stdout).toContain('  root: my-dataset\n');
    expect(stdout).toContain('cropSize: [240, 320]');
    expect(stdout).toMatch(/^reweighter:\n {2}kind: arm\n/m);
  });
});

describe('a command line that makes no sense ends with code 2', () => {
  it.each<[string, string[], string]>([
    ['an unknown command', ['trian'], "unknown command 'trian'"],
    ['an unknown option', ['train', '--sett', 'a=1'], "unknown option '--sett'"],
    ['a missing argument', ['coarsen', 'fine'], "missing required argument 'out'"],
    ['nothing to train', ['train'], 'name a recipe or a config file, or --resume RUN'],
    [
      'a resume with changes',
      ['train', '--resume', 'x', '--set', 'seed=1'],
      '--resume continues a run with its own config',
    ],
    [
      'a run and weights',
      ['evaluate', 'run', '--weights', 'w', '--config', 'c'],
      'give either a run or --weights FILE, not both',
    ],
    ['nothing to evaluate', ['evaluate', '--data', 'd'], 'give a run, or --weights FILE'],
    [
      'weights without a config or data',
      ['evaluate', '--weights', 'w'],
      '--weights FILE needs --config FILE, or --data ROOT',
    ],
    [
      'a seed that is no number',
      ['coarsen', 'a', 'b', '--seed', 'x'],
      'expected a whole number, 0 or greater',
    ],
    ['a size that is none', ['scenes', 'a', '--size', '12'], 'expected WIDTHxHEIGHT'],
    [
      'an opacity above 1',
      ['predict', 'r', 'i', '--out', 'o', '--opacity', '2'],
      'expected a number from 0 to 1',
    ],
    [
      'data of an unknown name',
      ['experiment', 'table1', '--data', 'voc=x'],
      'expected ROOT, cityscapes=ROOT',
    ],
    ['no place for predictions', ['predict', 'r', 'i'], "required option '--out <dir>' not specified"],
  ])('%s', async (_, words, message) => {
    const { code, stdout, stderr } = await coarsely(words);
    expect(stderr).toContain(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('what a user can cause is told in a line or two, with code 1', () => {
  it.each<[string, string[], string]>([
    [
      'a mistyped key',
      ['train', 'typo.yaml', '--data', 'root'],
      'config typo.yaml: unknown key training.iteratons; did you mean training.iterations?',
    ],
    [
      'a mistyped --set',
      ['train', 'folder-arm', '--data', 'root', '--set', 'reweighter.learningRatescale=3'],
      'config --set: unknown key reweighter.learningRatescale; did you mean reweighter.learningRateScale?',
    ],
    [
      'a mistyped recipe',
      ['train', 'scenes-amr'],
      'no recipe of this name and no such file; did you mean scenes-arm?',
    ],
    ['a config that is not there', ['train', 'none.yaml'], 'config none.yaml: no such file'],
    [
      'no data root',
      ['train', 'folder-arm'],
      'data.root is missing: expected the folder of the dataset (--data ROOT',
    ],
    ['a data root that is not there', ['train', 'folder-arm', '--data', 'none'], 'data.root: no folder none'],
    ['a root without images', ['train', 'folder-arm', '--data', 'root'], 'root/images/train'],
    [
      'weights that are not there',
      ['train', 'folder-arm', '--data', 'root', '--set', 'model.backbone.weights=no.pth'],
      'model.backbone.weights: no file no.pth',
    ],
    [
      'a place that cannot be written',
      ['train', 'folder-arm', '--data', 'root', '--output', '/proc/self/x'],
      'output: cannot write runs to /proc/self/x',
    ],
    [
      'a recipe to print that is none',
      ['recipes', 'folder-amr'],
      'no recipe folder-amr; did you mean folder-arm?',
    ],
    ['a run that is none', ['train', '--resume', 'root'], "root: is not a run's folder"],
    ['a table that is none', ['experiment', 'tabel1'], 'no table tabel1; did you mean table1?'],
    ['an experiment without data', ['experiment', 'table1'], 'no row can run: name a folder'],
    ['an experiment on nothing', ['experiment', 'table1', '--data', 'none'], 'none'],
    ['evaluating nothing', ['evaluate', 'none'], "none: is not a run's folder (it does not exist)"],
    ['reporting nothing', ['report', 'none'], "none: is not a run's folder"],
    [
      'an image that is not there',
      ['predict', 'none', 'no.jpg', '--out', 'o'],
      'predict: no file or folder no.jpg',
    ],
    ['labels that are not there', ['coarsen', 'none', 'out'], 'none: no such folder'],
  ])('%s', async (_, words, message) => {
    const { code, stdout, stderr } = await coarsely(words, { cwd: folder });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^coarsely: (?!unexpected)/);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(4);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('with its stack under --verbose', async () => {
    const { code, stderr } = await coarsely(['train', 'none.yaml', '--verbose'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ {4}at /m);
  });
});
