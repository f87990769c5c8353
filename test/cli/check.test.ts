import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readClassList } from 'coarsely/data';
import { describe, expect, it } from 'vitest';
import { png, put, temporaryFolder } from '../data/dataset-folder.js';
import { allClasses, datasetFolder, gray, halfLabeled, image } from '../inspect/inspected-folder.js';
import { coarsely } from './run-command.js';

describe('check', () => {
  it('prints what is there, and the command that trains on it', async () => {
    const root = await datasetFolder({ labels: { coarse: halfLabeled, fine: allClasses } });
    const { code, stdout, stderr } = await coarsely(['check', root]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('kind folder, 3 classes, 6 images (all decoded)');
    expect(stdout).toMatch(/^train +4 +4 +4 +12×8$/m);
    expect(stdout).toMatch(/^coarse +8-bit gray +50\.0 % +2 of 3$/m);
    expect(stdout).toMatch(/^road +never +0 +33\.3 +6 +–$/m);
    expect(stdout).toMatch(/^val +50\.0 +100\.0 +0\.50 +100\.0 +2$/m);
    expect(stdout).toContain('97 ');
    expect(stdout).toMatch(
      new RegExp(
        `ready to train\\na head on .*:\\n  coarsely train quick --data ${root}\\n` +
          `or, the whole network with ARM.*:\\n  coarsely train folder-arm --data ${root} --set 'data.augmentation`,
      ),
    );
    expect(stdout).not.toContain('to fix');
  });

  it('prints a command that training accepts, with the keys in which the folder differs', async () => {
    const large = { width: 330, height: 250 };
    const root = await datasetFolder({ splits: {}, labels: {} });
    for (const split of ['train', 'val']) {
      await put(join(root, 'images', split, 'a.png'), image(0, large));
      const labels = png({ ...large, channels: 1, bytes: (place) => place % 3 });
      await put(join(root, 'labels', split, 'a.png'), labels);
    }
    const { stdout } = await coarsely(['check', root]);
    const changes = '--set data.train.labels=labels --set data.evaluation.labels=labels';
    expect(stdout.split('\n').filter((line) => line.startsWith('  coarsely train'))).toEqual([
      `  coarsely train quick --data ${root} ${changes}`,
      `  coarsely train folder-arm --data ${root} ${changes}`,
    ]);
  });

  it('prints one JSON object with the same findings', async () => {
    const root = await datasetFolder();
    await rm(join(root, 'labels/train/s1.png'));
    const { code, stdout } = await coarsely(['check', root, '--json', '--sample', '1']);
    expect(code).toBe(1);
    const inspection = JSON.parse(stdout) as Record<string, unknown>;
    expect(inspection).toMatchObject({
      kind: 'folder',
      splits: [
        { name: 'train', images: 4, decoded: 1 },
        { name: 'val', images: 2, decoded: 1 },
      ],
      problems: [{ code: 'image-without-labels', count: 1, examples: ['images/train/s1.png'] }],
      verdict: {
        usable: false,
        command: `coarsely train quick --data ${root} --set data.train.labels=labels --set data.evaluation.labels=labels`,
        commands: [
          {
            command: expect.stringContaining('coarsely train quick'),
            purpose: expect.stringContaining('a head'),
          },
          {
            command: expect.stringContaining('coarsely train folder-arm'),
            purpose: expect.stringContaining('ARM'),
          },
        ],
      },
    });
  });

  it('says what to fix, with files, and ends with code 1', async () => {
    const root = await datasetFolder();
    await put(
      join(root, 'labels/train/s2.png'),
      gray(() => 77),
    );
    const { code, stdout } = await coarsely(['check', root]);
    expect(code).toBe(1);
    expect(stdout).toContain('✗ labels: 77 is no class: classes.json has 3');
    expect(stdout).toContain('    labels/train/s2.png (77)\n    → ');
    expect(stdout).toMatch(
      /^1 problem to fix\n.*fix the problem above before training\n.*:\n {2}coarsely train quick/ms,
    );
  });

  it('works where there is no engine', async () => {
    const root = await datasetFolder();
    const { code, stderr } = await coarsely(['check', root], { environment: { COARSELY_TORCH: '/nowhere' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('ends with code 0 when only other parts have faults', async () => {
    const root = await datasetFolder({ splits: { train: 2, val: 1, test: 2 } });
    await rm(join(root, 'labels/test/s1.png'));
    const { code, stdout } = await coarsely(['check', root]);
    expect(code).toBe(0);
    expect(stdout).toContain('✗ labels/test: 1 image has no labels');
    expect(stdout).toContain('ready to train (the problems above concern other parts)');
  });

  it('proposes a list of classes, into a file that replaces none', async () => {
    const root = await datasetFolder({ classes: null });
    const { stdout: advice } = await coarsely(['check', root]);
    expect(advice).toContain(`coarsely check ${root} --propose-classes > ${root}/proposed-classes.json`);
    expect(advice).toContain('→ make one from the values in the label files, as below');
    const { code, stdout } = await coarsely(['check', root, '--propose-classes']);
    expect(code).toBe(0);
    await put(join(root, 'classes.json'), stdout);
    expect((await readClassList(join(root, 'classes.json'))).classes).toHaveLength(3);
    const again = await coarsely(['check', root, '--propose-classes']);
    expect(again).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('nothing to propose'),
    });
  });

  it('never proposes another list where one only wants correcting', async () => {
    const root = await datasetFolder({});
    await put(join(root, 'classes.json'), '{"classes":[{"name":"road"},{"name":"car"},]}');
    const { code, stdout } = await coarsely(['check', root]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ classes\.json: not valid JSON.*\n {4}→ correct it; its form/);
    expect(stdout).not.toContain('--propose-classes');
  });

  it('draws what was expected and what is there', async () => {
    const root = await temporaryFolder();
    await put(join(root, 'photos/a.jpg'), image(0));
    const { code, stdout } = await coarsely(['check', root]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/is not a dataset\n\nexpected\n {2}DATASET\//);
    expect(stdout).toMatch(/found\n.*\n {4}photos\/\n {6}1 \.jpg/);
  });

  it('cuts long lists of classes to the most frequent and the rarest', async () => {
    const classes = Array.from({ length: 40 }, (_, index) => ({ name: `thing-${index}` }));
    const root = await datasetFolder({
      classes,
      labels: { labels: (pixel) => (pixel < 48 ? 39 : pixel % 40) },
    });
    const { stdout } = await coarsely(['check', root]);
    expect(stdout).toMatch(/^… 24 between$/m);
    const shown = [...stdout.matchAll(/^(thing-\d+) /gm)].map(([, name]) => name);
    expect(shown).toHaveLength(16);
    expect(shown[0]).toBe('thing-39');
  });

  it.each<[string, string[], number, string]>([
    ['a folder that does not exist', ['/nowhere'], 1, 'no such folder'],
    ['a sample that is no number', ['.', '--sample', 'few'], 2, 'whole number'],
    ['a kind that does not exist', ['.', '--kind', 'folders'], 1, 'did you mean'],
  ])('refuses %s', async (_, words, code, message) => {
    const result = await coarsely(['check', ...words]);
    expect(result).toMatchObject({ code, stderr: expect.stringContaining(message) });
  });
});
