import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDataset, type DatasetComponent, datasets, openDataset } from 'coarsely/data';
import { writeReport } from 'coarsely/report';
import { liveTensorCount, setThreads } from 'coarsely/torch';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hostileName, size, writeDataset, writeRun } from './synthetic-run.js';

let folder = '';
let baseline = '';
let arm = '';
let page = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coarsely-report-'));
  const root = join(folder, 'data');
  await writeDataset(root);
  baseline = join(folder, 'baseline');
  arm = join(folder, 'arm');
  writeRun(baseline, { name: 'baseline', root });
  writeRun(arm, {
    name: 'arm',
    root,
    reweighter: { kind: 'arm', learningRateScale: 50 },
    scores: [0.2, 0.4],
  });
  const liveBefore = liveTensorCount();
  await writeReport([baseline, arm], { outFile: join(folder, 'both.html'), examples: 2 });
  expect(liveTensorCount()).toBe(liveBefore);
  page = await readFile(join(folder, 'both.html'), 'utf8');
}, 60_000);
afterAll(() => {
  // The report uses all cores.
  setThreads(1);
  return rm(folder, { recursive: true });
});

/** The page without scripts, styles and the license: what a reader reads. */
function textOf(html: string): string {
  return html
    .replaceAll(/<(script|style|pre)[\s\S]*?<\/\1>/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

describe('writeReport, two runs', () => {
  test('shows the scores of the metrics files and the differences to the first run', () => {
    const text = textOf(page);
    for (const figure of ['35.22', '40.00', '77.77', '66.66', '+4.78']) expect(text).toContain(figure);
    expect(text).toContain('arm is 4.78 points of mean IoU above');
    expect(text).toContain('Each run is one seed');
  });

  test('says what was run: differing keys, whole configs, and what the run tells of its machine', () => {
    const text = textOf(page);
    expect(text).toMatch(/reweighter null arm \(p: 2, learningRateScale: 50, .+?\)/);
    expect(text).toContain('two cores');
    expect(text).toContain(`coarsely train ${baseline}/config.yaml`);
    expect(text).toContain('Trained on the labels “coarse” of split “train”; scored on the labels “fine”');
    expect(page.match(/<pre><code>name: /g)).toHaveLength(2);
    // Beside the scores of each run.
    expect(page.match(/<dt>Precision<\/dt><dd>float32<\/dd>/g)).toHaveLength(2);
  });

  test('says that means cannot be compared where the runs have different classes', async () => {
    const other = join(folder, 'other classes');
    writeRun(other, { name: 'other', root: join(folder, 'data') });
    const path = join(other, 'metrics.jsonl');
    const metrics = await readFile(path, 'utf8');
    const warning = 'The runs have different classes, so that their means cannot be compared.';
    const outFile = join(folder, 'classes.html');
    for (const [name, differs] of [
      ['Road', false],
      ['street', true],
    ] as const) {
      await writeFile(path, metrics.replaceAll('"name":"road"', `"name":"${name}"`));
      await writeReport([baseline, other], { outFile, examples: 0 });
      expect((await readFile(outFile, 'utf8')).includes(warning), name).toBe(differs);
    }
  });

  test('draws loss, score and W(v̂) from the numbers of the runs', () => {
    const charts = [...page.matchAll(/<script type="application\/json">(.*?)<\/script>/gs)].map(([, json]) =>
      JSON.parse(json as string),
    );
    expect(charts.map((chart) => chart.id)).toEqual(['miou', 'loss', 'weights-1']);
    const [score, loss, weights] = charts;
    expect(score.x).toEqual([50, 100]);
    expect(score.series.map((series: { values: number[] }) => series.values)).toEqual([
      [expect.closeTo(25.11, 9), expect.closeTo(35.22, 9)],
      [20, 40],
    ]);
    expect(loss.series[0].values[0]).toBe(2 / 10);
    expect(weights.x).toEqual([-1, 0, 1]);
    expect(weights.series.map((series: { label: string }) => series.label)).toEqual(['step 50', 'step 100']);
  });

  test('puts image, labels, prediction and the maps of a training step side by side, as embedded pictures', async () => {
    const captions = [...page.matchAll(/<figcaption>([A-Z][a-z ]+?)(?: <small>|<\/figcaption>)/g)].map(
      ([, title]) => title,
    );
    const shared = ['Image', 'Coarse label', 'Fine label'];
    const seen = ['Prediction', 'Confidence', 'Unsure pixels', 'Loss'];
    const each = [...shared, ...seen, ...seen, 'Weight'];
    expect(captions.filter((title) => each.includes(title as string))).toEqual([...each, ...each]);
    const pictures = [...page.matchAll(/<img src="data:image\/webp;base64,([^"]+)"/g)];
    expect(pictures).toHaveLength(24);
    for (const [, base64] of pictures) {
      const { width, height } = await sharp(Buffer.from(base64 as string, 'base64')).metadata();
      expect({ width, height }).toEqual(size);
    }
    const fine = await sharp(Buffer.from(pictures[2]?.[1] as string, 'base64'))
      .raw()
      .toBuffer();
    expect([...fine.subarray(0, 3)]).toEqual([128, 64, 128]);
    expect(textOf(page)).toContain('50 % labeled');
    for (const [, least, most] of page.matchAll(/Weight <small>([\d.]+) to ([\d.]+)</g)) {
      expect(Number(least)).toBeLessThanOrEqual(1);
      expect(Number(most)).toBeGreaterThanOrEqual(1);
    }
    expect(page.match(/Weight <small>/g)).toHaveLength(2);
  });

  test('is one file: it loads nothing and its policy forbids loading', () => {
    expect(page).toContain('default-src &#39;none&#39;; img-src data:');
    const loading = /(?:src|href|action|srcset|poster)\s*=\s*"(?!data:|#)[^"]*"|url\(|@import|<link|<iframe/g;
    expect(page.replaceAll(/<script>[\s\S]*?<\/script>/g, '').match(loading)).toBeNull();
    expect(page).not.toMatch(/\bfetch\(|XMLHttpRequest|import\(/);
  });

  test('escapes what users named', () => {
    expect(page).not.toContain(hostileName);
    expect(page).toContain('&lt;script&gt;alert(&quot;class&quot;)&lt;/script&gt;');
  });

  test('is well formed and describes every picture and every table', () => {
    const body = page.replaceAll(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, '');
    const open: string[] = [];
    for (const [, closing, name, selfContained] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
      if (selfContained === '/' || ['meta', 'img', 'br', 'link'].includes(name as string)) continue;
      if (closing === '') open.push(name as string);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
    for (const [image] of body.matchAll(/<img src[^>]*>/g)) expect(image).toMatch(/ alt="[^"]+"/);
    for (const [table] of body.matchAll(/<table[\s\S]*?<\/table>/g)) expect(table).toContain('scope="col"');
    const ids = [...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of body.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  });

  test('keeps the license of the charts', () => {
    expect(page).toContain('The MIT License');
    expect(page).toContain('Leon Sorokin');
  });
});

describe('quick runs', () => {
  const starts = [
    [
      { features: 40.25, steps: 5, evaluation: 3 },
      { features: 40.25, steps: 9, evaluation: 6 },
    ],
    // Continued: the features come from the cache.
    [{ features: 2.5, steps: 4, evaluation: 60 }],
  ];

  test('are marked, say what they trained and where their time went, and have all pictures', async () => {
    const quick = join(folder, 'quick-arm');
    writeRun(quick, {
      name: 'quick-arm',
      root: join(folder, 'data'),
      reweighter: { kind: 'arm' },
      quickStarts: starts,
    });
    const file = await writeReport([baseline, quick], { outFile: join(folder, 'quick.html'), examples: 1 });
    const html = await readFile(file, 'utf8');
    const text = textOf(html);
    expect(text).toContain(
      'A head on frozen features of mobilenet_v2, 8,192 pixels a step, 2 views of each image',
    );
    expect(text).toContain('features 42.8 s, head 13.0 s, evaluation 1:06');
    expect(text).toContain('The others train the whole network on crops');
    expect(text).toMatch(/quick-arm quick 40\.00|quick-arm quick 35\.22/);
    expect(text).not.toMatch(/baseline quick /);
    for (const panel of ['Prediction', 'Confidence', 'Unsure pixels', 'Loss', 'Weight'])
      expect(text).toContain(panel);
    expect(html).toMatch(/quick-arm: weight of the labeled pixels, from \d/);
  });

  test('alone are explained; full runs have neither mark nor remark', async () => {
    const quick = join(folder, 'quick-alone');
    writeRun(quick, { name: 'quick-alone', root: join(folder, 'data'), quickStarts: [], checkpoint: false });
    const text = textOf(await readFile(await writeReport([quick], { examples: 0 }), 'utf8'));
    expect(text).toContain('This is a quick run: it trains a small head on the frozen features');
    expect(text).not.toContain('evaluation 0');
    expect(textOf(page)).not.toMatch(/quick/i);
  });
});

describe('writeReport, other cases', () => {
  test('one run: report.html in its folder, replaced by the next, nothing else left', async () => {
    const file = await writeReport([baseline], { examples: 0 });
    expect(file).toBe(join(baseline, 'report.html'));
    await writeReport([baseline], { examples: 0 });
    const text = textOf(await readFile(file, 'utf8'));
    expect(text).toContain('At step 100 the model scores 35.22');
    expect(text).not.toContain('Examples');
    expect((await readdir(baseline)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('runs of one name are told apart by their folders', async () => {
    const twin = join(folder, 'baseline-2');
    writeRun(twin, { name: 'baseline', root: join(folder, 'data'), checkpoint: false });
    const file = await writeReport([baseline, twin], { outFile: join(folder, 'twins.html'), examples: 1 });
    const text = textOf(await readFile(file, 'utf8'));
    expect(text).toContain('baseline-2 is level in mean IoU');
    expect(text).toContain('No pictures of baseline-2: it has no checkpoint yet.');
  });

  test('a data set that is gone costs the pictures, not the report', async () => {
    const orphan = join(folder, 'orphan');
    writeRun(orphan, { name: 'orphan', root: join(folder, 'nowhere') });
    const text = textOf(await readFile(await writeReport([orphan]), 'utf8'));
    expect(text).toMatch(/No pictures of orphan: .*nowhere/);
  });

  test('images without labels have neither losses nor weights, instead of those of the first class', async () => {
    const part = { root: z.string(), split: z.string(), labels: z.string() };
    const unlabeled: DatasetComponent<{ root: string; split: string }> = {
      kind: 'report-unlabeled',
      options: z.strictObject(part),
      create: ({ root, split }) => openDataset({ kind: 'folder', root, split, labels: null }),
      check: ({ root, split }) => checkDataset({ kind: 'folder', root, split, labels: null }),
    };
    datasets.register(unlabeled as DatasetComponent);
    const run = join(folder, 'unlabeled-arm');
    const [kind, root] = ['report-unlabeled', join(folder, 'data')];
    writeRun(run, { name: 'unlabeled', root, kind, reweighter: { kind: 'arm' } });
    const html = await readFile(await writeReport([run], { examples: 1 }), 'utf8');
    expect(html).toContain('unlabeled: loss of the labeled pixels, none on average');
    expect(html).toContain('unlabeled: weight of the labeled pixels, from 0 to 0 times the mean');
  });

  test('names what is damaged or no run', async () => {
    await expect(writeReport([join(folder, 'data')])).rejects.toThrow(/data: is not a run's folder/);
    await expect(writeReport([])).rejects.toThrow('at least one run folder');
    const broken = join(folder, 'broken');
    writeRun(broken, { name: 'broken', root: join(folder, 'data') });
    const checkpoint = join(broken, 'checkpoints/step-00000100.safetensors');
    await truncate(checkpoint, 1000);
    await expect(writeReport([broken])).rejects.toThrow(/step-00000100\.safetensors/);
    await appendFile(
      join(broken, 'metrics.jsonl'),
      '{"step": oops}\n{"step":9,"split":"train","values":{}}\n',
    );
    await expect(writeReport([broken])).rejects.toThrow(/metrics\.jsonl: line \d+ is damaged/);
    await writeFile(
      join(broken, 'metrics.jsonl'),
      '{"step":5,"split":"weights","values":{"confidence":[1]}}\n',
    );
    await expect(writeReport([broken])).rejects.toThrow(
      /metrics\.jsonl: the weights line of step 5 is damaged at weight: expected a list/,
    );
  });

  test('a page that cannot be written is an error with its path', async () => {
    const outFile = join(baseline, 'config.yaml', 'report.html');
    await expect(writeReport([baseline], { outFile, examples: 0 })).rejects.toThrow(outFile);
  });
});

test('a file that is no report is not replaced', async () => {
  const outFile = join(folder, 'notes.json');
  await writeFile(outFile, '{}');
  await expect(writeReport([baseline], { outFile, examples: 0 })).rejects.toThrow(/exists and is no report/);
  expect(await readFile(outFile, 'utf8')).toBe('{}');
});
