import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { appendFile, cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunStatistics, readRunStatistics } from 'coarsely/analysis';
import { type FigureKind, figureKinds, writeFigure } from 'coarsely/figures';
import { writeReport } from 'coarsely/report';
import { runTraining } from 'coarsely/training';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statisticsOf } from '#analysis/pixel-statistics.js';
import { divisionFigure } from '#figures/division-figure.js';
import { lossFigure } from '#figures/loss-figure.js';
import { paintLowConfidence } from '#figures/low-confidence-figure.js';
import { coarsely } from '../cli/run-command.js';
import { createPlayground, type Playground, smallConfig } from '../training/training-fixtures.js';
import { expectWellFormed, marks } from './svg-marks.js';

/** Eight pixels: of four unsure ones three are mislabeled, of four sure ones none. */
function knownRun(steps: readonly number[]): RunStatistics {
  const statistics = statisticsOf({
    images: 1,
    confidence: Float32Array.from([-0.9, -0.9, -0.9, -0.9, 0.9, 0.9, 0.9, 0.9]),
    losses: Float32Array.from([2, 2, 2, 1, 0.1, 0.1, 0.1, 0.1]),
    weights: Float32Array.from([2, 2, 2, 2, 1, 1, 1, 1]),
    states: Uint8Array.from([1, 1, 1, 0, 0, 0, 0, 0]),
  });
  const moments = steps.map((step) => ({ step, statistics }));
  return { label: 'known & small', folder: 'somewhere', moments, source: 'recorded', p: 2 };
}

describe('drawings of known numbers', () => {
  test('figure 2 says plainly where the mislabeled pixels are', () => {
    const { files, table } = divisionFigure([knownRun([10, 20])]);
    const svg = String(files[0]?.content);
    expectWellFormed(svg);
    expect(marks(svg, 'division')).toHaveLength(2);
    expect(marks(svg, 'cell')).toHaveLength(8);
    expect(marks(svg, 'plot')).toHaveLength(2);
    expect(svg).toContain('100.0 % of the mislabeled pixels are in the less confident 50 %');
    expect(svg).toContain('75.0 % of the labels there are wrong, 0.0 % above.');
    expect(svg).toContain('known &amp; small');
    expect(table[7]).toEqual([
      'known & small',
      '20',
      'mislabeled',
      'low confidence',
      '37.5 %',
      '2',
      '50.0 %',
    ]);
  });

  test('figure 2 of one moment has no plot over time', () => {
    const svg = String(divisionFigure([knownRun([10])]).files[0]?.content);
    expect(marks(svg, 'plot')).toHaveLength(1);
    expect(svg).not.toContain('over training time');
  });

  test('figure 5 has a dot and a bar for each interval with pixels', () => {
    const svg = String(lossFigure([knownRun([10])]).files[0]?.content);
    expectWellFormed(svg);
    expect(marks(svg, 'dot')).toHaveLength(2);
    expect(marks(svg, 'bar')).toHaveLength(2);
  });

  test('figure 4 paints exactly the pixels below the threshold', () => {
    const sample = { image: new Uint8Array(9).fill(100), width: 3, height: 1 };
    const rgba = paintLowConfidence(sample, {
      confidence: Float32Array.from([-0.5, 0.2, 0.5]),
      threshold: 0.2,
    });
    expect([...rgba.subarray(4)]).toEqual([100, 100, 100, 255, 100, 100, 100, 255]);
    const [red, green, blue] = rgba;
    expect(green).toBeGreaterThan(150);
    expect(Math.max(red as number, blue as number)).toBeLessThan(100);
  });
});

describe('figures of a run', () => {
  let playground: Playground;
  let run = '';
  let folder = '';

  beforeAll(async () => {
    playground = await createPlayground();
    folder = mkdtempSync(join(tmpdir(), 'coarsely-figures-'));
    run = playground.runFolder('arm');
    const training = { iterations: 2, evaluateEvery: 1, statistics: { images: 2, fineLabels: null } };
    await runTraining(smallConfig(playground.root, { reweighter: { kind: 'arm' }, training }), {
      runFolder: run,
    });
  }, 120_000);
  afterAll(async () => {
    await playground.remove();
    rmSync(folder, { recursive: true });
  });

  test('every kind writes its files and numbers, and frees what it loaded', async () => {
    for (const kind of figureKinds) {
      const { paths, table } = await writeFigure(kind, [run], { output: folder });
      expect(table.length).toBeGreaterThan(1);
      expect(JSON.parse(readFileSync(join(folder, `figure-${kind}.json`), 'utf8')).figure).toBe(kind);
      for (const path of paths) {
        if (path.endsWith('.svg')) expectWellFormed(readFileSync(path, 'utf8'));
        if (path.endsWith('.png')) expect((await sharp(path).metadata()).width).toBeGreaterThan(600);
      }
    }
    const names = readdirSync(folder).filter((name) => !name.endsWith('.json'));
    expect(names).toHaveLength(2 + 1 + 3);
    expect(names).toEqual(expect.arrayContaining(['figure-2.svg', 'figure-4.png', 'figure-5.svg']));
  }, 120_000);

  test('nothing is overwritten unless asked', async () => {
    const output = join(folder, 'again');
    await writeFigure('5', [run], { output });
    await expect(writeFigure('5', [run], { output })).rejects.toThrow(
      /figure-5\.json: already exists.*--overwrite/,
    );
    await expect(writeFigure('5', [run], { output, overwrite: true })).resolves.toBeDefined();
  });

  test('measures the last checkpoint where images are asked for, and equals what training recorded', async () => {
    const [recorded] = await readRunStatistics([run], { images: null });
    const [measured] = await readRunStatistics([run], { images: { count: 2 } });
    expect(recorded?.moments.map(({ step }) => step)).toEqual([1, 2]);
    expect(measured?.source).toBe('measured');
    const [last, now] = [recorded?.moments.at(-1)?.statistics, measured?.moments[0]?.statistics];
    expect(now?.pixels).toBe(last?.pixels);
    expect(now?.mislabeled).toBe(last?.mislabeled);
    expect(now?.meanLoss).toBeCloseTo(last?.meanLoss as number, 5);
  }, 60_000);

  test('the report shows what was recorded', async () => {
    const page = readFileSync(
      await writeReport([run], { outFile: join(folder, 'page.html'), examples: 0 }),
      'utf8',
    );
    const drawings = [...page.matchAll(/<img src="data:image\/svg\+xml;base64,([^"]+)" alt="([^"]+)"/g)];
    expect(drawings.map(([, , alt]) => alt?.split(':')[0])).toEqual([
      'Mislabeled pixels by loss and by confidence',
      'Mean loss by confidence',
      'Weights against theory',
    ]);
    for (const [, base64] of drawings) expectWellFormed(Buffer.from(base64 as string, 'base64').toString());
  });

  test('the command prints the numbers and where they are, or one line of what is wrong', async () => {
    const output = join(folder, 'command');
    const done = await coarsely([
      'figure',
      '4',
      run,
      '--images',
      '1',
      '--threshold',
      '-0.2',
      '--out',
      output,
    ]);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toContain('v̂ < −0.2');
    expect(done.stdout).toContain(`wrote ${join(output, 'figure-4.png')}`);
    expect(existsSync(join(output, 'figure-4.json'))).toBe(true);
    const wrong = await coarsely(['figure', '2', folder]);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/is not a run's folder/);
    expect((await coarsely(['figure', '6', run])).code).toBe(2);
  }, 60_000);

  test('damaged statistics are told by their step', async () => {
    const damaged = playground.runFolder('damaged');
    await cp(run, damaged, { recursive: true });
    await appendFile(
      join(damaged, 'metrics.jsonl'),
      '{"step":3,"split":"statistics","values":{"images":1}}\n',
    );
    const kind: FigureKind = '5';
    await expect(writeFigure(kind, [damaged])).rejects.toThrow(
      /the statistics line of step 3 is damaged at pixels/,
    );
  });

  test('labels that nothing finer judges leave figure 2 without a subject', async () => {
    await expect(
      writeFigure('2', [run], { output: join(folder, 'none'), fineLabels: 'coarse' }),
    ).rejects.toThrow(/figure 2 needs finer labels/);
  }, 60_000);
});
