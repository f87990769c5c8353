import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coarsely } from './run-command.js';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'coarsely-train-'));
  const size = ['--train', '8', '--val', '4', '--size', '96x64'];
  const { code, stdout, stderr } = await coarsely(['scenes', 'scenes', ...size], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('wrote 12 scenes to scenes');
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tiny = [
  '--data',
  'scenes',
  ...[
    'training.batchSize=2',
    'training.logEvery=1',
    'data.augmentation.cropSize=[64, 96]',
    'data.workers=1',
    'model.head.channels=32',
    'model.auxiliary.channels=32',
  ].flatMap((change) => ['--set', change]),
];

function losses(run: string): unknown[] {
  return readFileSync(path.join(folder, run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { split: string; step: number; values: { loss: number } })
    .filter(({ split }) => split === 'train')
    .map(({ step, values }) => [step, values.loss]);
}

describe('a run from the command line', () => {
  it('trains, never overwrites, repeats from its config.yaml, evaluates, predicts and reports', async () => {
    const train = ['train', 'scenes-arm', ...tiny, '--set', 'training.iterations=3'];
    const first = await coarsely(train, { cwd: folder });
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(first.stdout).toMatch(/^training \d+\.\d+ million parameters for 3 steps$/m);
    expect(first.stdout).toMatch(
      /^step 3\/3 {2}loss \d+\.\d{4} {2}learning rate \S+ {2}\S+ images\/s .* ETA 0:00$/m,
    );
    expect(first.stdout).toMatch(/^step 3 {2}evaluation {2}mIoU \d+\.\d {2}mAcc \d+\.\d {2}aAcc \d+\.\d$/m);
    expect(first.stdout).toContain(
      'finished runs/scenes-arm; write a report with:\n  coarsely report runs/scenes-arm\n',
    );

    const again = await coarsely(['train', 'runs/scenes-arm/config.yaml'], { cwd: folder });
    expect(again.stdout).toContain('run folder runs/scenes-arm-2\n');
    expect(losses('runs/scenes-arm-2')).toEqual(losses('runs/scenes-arm'));

    const named = await coarsely([...train, '--name', 'scenes-arm'], { cwd: folder });
    expect(named).toMatchObject({ code: 1, stdout: '' });
    expect(named.stderr).toContain('runs/scenes-arm: already exists and is never overwritten');

    const resumed = await coarsely(['train', '--resume', 'runs/scenes-arm'], { cwd: folder });
    expect(resumed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('runs/scenes-arm is finished: all 3 steps are done'),
    });

    const table = await coarsely(['evaluate', 'runs/scenes-arm'], { cwd: folder });
    expect(table.stdout).toMatch(/^class +IoU +accuracy +pixels$/m);
    expect(table.stdout).toMatch(/^mIoU \d+\.\d {2}mAcc \d+\.\d {2}aAcc \d+\.\d {2}\(4 images, bfloat16\)$/m);

    const weights = path.join('runs/scenes-arm/checkpoints', 'step-00000003.safetensors');
    const config = ['--config', 'runs/scenes-arm/config.yaml'];
    const json = await coarsely(['evaluate', '--weights', weights, ...config, '--json'], { cwd: folder });
    expect(JSON.parse(json.stdout)).toMatchObject({ images: 4, dataset: { split: 'val', labels: 'fine' } });

    const predicted = await coarsely(['predict', 'runs/scenes-arm', 'scenes/images/val', '--out', 'out'], {
      cwd: folder,
    });
    expect(predicted).toMatchObject({
      code: 0,
      stdout: 'wrote 4 predictions to out/labels and out/overlays (bfloat16)\n',
    });
    expect(readdirSync(path.join(folder, 'out/labels'))).toHaveLength(4);

    const report = await coarsely(['report', 'runs/scenes-arm', 'runs/scenes-arm-2', '--out', 'r.html'], {
      cwd: folder,
    });
    expect(report).toMatchObject({ code: 0, stdout: 'wrote r.html\n', stderr: '' });
    expect(readFileSync(path.join(folder, 'r.html'), 'utf8')).toContain('scenes-arm-2');
  }, 300_000);

  it('stops at Ctrl-C with a checkpoint, and the printed command continues it exactly', async () => {
    const train = ['train', 'scenes-cross-entropy', ...tiny, '--set', 'training.iterations=8'];
    const whole = await coarsely([...train, '--name', 'whole'], { cwd: folder });
    expect(whole.code).toBe(0);

    let asked = false;
    const broken = await coarsely([...train, '--name', 'broken'], {
      cwd: folder,
      onOutput: (stdout, child) => {
        if (asked || !stdout.includes('step 2/8')) return;
        asked = true;
        child.kill('SIGINT');
      },
    });
    expect(broken.code).toBe(130);
    expect(broken.stdout).toContain('stopping after this step to write a checkpoint');
    const printed = /interrupted; continue with:\n {2}coarsely (train --resume runs\/broken)\n/.exec(
      broken.stdout,
    );
    expect(losses('runs/broken').length).toBeLessThan(8);

    const resumed = await coarsely((printed?.[1] ?? 'nothing printed').split(' '), { cwd: folder });
    expect(resumed.stdout).toMatch(/resumed from step \d/);
    expect(resumed.code).toBe(0);
    expect(losses('runs/broken')).toEqual(losses('runs/whole'));
  }, 300_000);
});
