import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { workspaceOf } from '#cli/commands/view/workspace-of.js';
import { darkColors, lightColors } from '#figures/palette.js';
import { temporaryFolder, writeSmallDataset } from '../support/view-workspace.js';
import { coarsely } from './run-command.js';

const { folder, remove } = temporaryFolder();
const data = join(folder, 'data');
const environment = { XDG_CACHE_HOME: join(folder, 'cache') };

beforeAll(() => writeSmallDataset(data));
afterAll(remove);

it('serves the page until Ctrl-C, and says what it serves', async () => {
  let asked: Promise<number> | null = null;
  const { code, stdout, stderr } = await coarsely(['view', '--data', 'data', '--by', 'ann'], {
    cwd: folder,
    environment,
    onOutput: (text, child) => {
      const url = /http:\/\/\S+/.exec(text)?.[0];
      if (url === undefined || asked !== null) return;
      const { origin, searchParams } = new URL(url);
      const headers = { authorization: `Bearer ${searchParams.get('token')}` };
      asked = fetch(`${origin}/api/workspace`, { headers })
        .then((answer) => answer.json())
        .then((found) => {
          expect(found).toEqual({
            dataset: { name: 'data', labels: 'coarse', split: 'train' },
            runs: ['runs'],
            by: 'ann',
          });
          return 1;
        })
        .finally(() => child.kill('SIGINT'));
    },
  });
  expect(await asked).toBe(1);
  expect(code).toBe(0);
  expect(stdout).toContain(
    'Runs: runs\nDataset: data, labels coarse of train\nJournal of decisions: runs/review-data.jsonl\n',
  );
  expect(stderr).toContain('ending, with the commands that the page started');
});

it.each([
  [['nothing'], {}, 'nothing: no such folder; expected a run, or a folder of runs'],
  [[], { data: 'nothing' }, 'nothing: no such folder; expected a dataset with images/ and classes.json'],
  [[], { tasks: 'nothing' }, '--tasks nothing: no such file; coarsely suggest writes one'],
  [[], { linked: ['nothing'] }, '--linked nothing: no such folder'],
  [[], { set: ['training.seed=1'] }, 'view: --set takes options of the dataset'],
] as const)('%s %j is refused: %s', (runs, options, message) => {
  expect(() => workspaceOf(runs, options)).toThrow(message);
});

it('takes the options over what it would assume', () => {
  writeFileSync(join(folder, 'tasks.json'), '{}');
  const { workspace } = workspaceOf([folder], {
    data,
    ...{ labels: 'fine', split: 'val', audit: '/audits/a', journal: '/journals/j.jsonl', by: 'ben' },
    ...{ tasks: join(folder, 'tasks.json'), set: ['data.labelSuffix=_mask'], linked: [folder] },
  });
  expect(workspace).toMatchObject({
    ...{ runs: [folder], dataset: data, labels: 'fine', split: 'val', audit: '/audits/a' },
    ...{ journal: '/journals/j.jsonl', by: 'ben', tasks: join(folder, 'tasks.json'), linked: [folder] },
    reading: { labelSuffix: '_mask' },
  });
});

it('the page has the colors of reports', () => {
  const styles = readFileSync(new URL('../../src/web/shell/colors.css', import.meta.url), 'utf8');
  const [light = '', dark = ''] = styles.split('@media');
  for (const [text, { series, ...colors }] of [
    [light, lightColors],
    [dark, darkColors],
  ] as const) {
    for (const [name, color] of Object.entries(colors)) expect(text).toContain(`--${name}: ${color};`);
    for (const [index, color] of series.entries()) expect(text).toContain(`--series-${index + 1}: ${color};`);
  }
});
