import { lstatSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readPointFile } from 'coarsely/data';
import { applyJournals, formatTaskFile, readTaskFile } from 'coarsely/review';
import { decode, encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { sha256OfFile } from '#files/index.js';
import {
  accept,
  apply,
  assign,
  classes,
  drawn,
  journalOf,
  labelsOf,
  place,
  point,
  put,
  regionOf,
  reviewedDataset,
  reviewFolder,
  rowsOf,
  size,
  square,
  treeCorner,
  unlabel,
} from './decisions.js';

describe('a reviewed dataset', () => {
  it('has what each kind of decision says, and everything else as it was', async () => {
    const edge = regionOf(['......', '......', '####..', '......'], { id: 'r2', given: 'tree' });
    const road = regionOf(['....##', '....##', '......', '......'], { id: 'r3', given: 'road' });
    const hole = [
      [2, 0, 6, 0, 6, 2, 2, 2],
      [3, 0.9, 5, 0.9, 5, 1.6, 3, 1.6],
    ];
    const { summary, root, output, rows } = await apply([
      [
        accept({ seconds: 10 }),
        { by: 'anna', action: 'unlabel', ...place, region: edge },
        { by: 'anna', action: 'keep', ...place, region: road },
        { by: 'anna', action: 'assign', ...place, image: 'b', region: square, class: 'road' },
        { by: 'anna', action: 'polygon', ...place, split: 'val', image: 'c', rings: hole, class: 'tree' },
        {
          by: 'anna',
          action: 'polygon',
          ...place,
          split: 'val',
          image: 'c',
          rings: [[0, 3, 6, 3, 6, 4, 0, 4]],
          class: null,
        },
        point(5, 3, { class: 'car', seconds: 2 }),
      ],
    ]);
    expect(rows).toEqual(['ttccrr', 'ttccrr', '......', 'tttt..']);
    expect(await rowsOf(join(output, 'coarse/train/b.png'))).toEqual([
      'rrccrr',
      'rrccrr',
      'tttt..',
      'tttt..',
    ]);
    // The centers of row 1 are at 1.5: inside the hole are those at x = 3.5 and 4.5.
    expect(await rowsOf(join(output, 'coarse/val/c.png'))).toEqual(['cctttt', 'cctcrt', 'tttt..', '......']);
    expect(await readPointFile(join(output, 'points/train/a.json'), classes)).toMatchObject({
      ...size,
      points: [{ x: 5, y: 3, class: 1, more: { by: 'anna' } }],
    });
    expect(summary).toMatchObject({
      people: { anna: 7 },
      actions: { accept: 1, unlabel: 1, keep: 1, assign: 1, polygon: 2, point: 1 },
      seconds: 12,
      changed: { labelFiles: 3, pixels: 4 + 4 + 4 + 6 + 4 },
      points: { files: 1, changed: 1 },
      disagreementCount: 0,
      findings: [],
      copied: {
        images: { 'hard link': 3, 'symbolic link': 0, copy: 0 },
        folders: ['coarse', 'fine'],
        leftBehind: [],
      },
    });
    expect(summary.changes).toEqual(
      expect.arrayContaining([
        { from: 'tree', to: '', pixels: 8 },
        { from: 'car', to: 'road', pixels: 4 },
      ]),
    );
    for (const file of ['classes.json', 'fine/train/a.png', 'fine/val/c.png', 'images/train/a.png']) {
      expect(sha256OfFile(join(output, file))).toBe(sha256OfFile(join(root, file)));
    }
    expect(JSON.parse(readFileSync(join(output, 'review.json'), 'utf8'))).toMatchObject({
      people: { anna: 7 },
    });
  });

  it('leaves the original as it was, byte for byte, and shares no label file with it', async () => {
    const root = reviewedDataset();
    put(join(root, 'points/train/a.json'), JSON.stringify({ ...size, points: [] }));
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const before = files.map((file) => [file, sha256OfFile(file), statSync(file).mtimeMs]);
    const { output } = await apply([[accept(), point(5, 3)]], { root });
    for (const file of ['coarse/train/a.png', 'coarse/train/b.png', 'points/train/a.json']) {
      expect(statSync(join(output, file)).ino).not.toBe(statSync(join(root, file)).ino);
    }
    expect(files.map((file) => [file, sha256OfFile(file), statSync(file).mtimeMs])).toEqual(before);
    expect(readdirSync(dirname(output))).toEqual(['out']);
  });

  it('is the same, applied again to itself, and keeps the record of the first review', async () => {
    const first = await apply([[accept(), assign({ image: 'b' })]]);
    const again = await apply([[accept(), assign({ image: 'b' })]], { root: first.output });
    expect(again.rows).toEqual(treeCorner);
    expect(again.summary).toMatchObject({
      changed: { pixels: 0 },
      findings: [],
      earlier: [{ changed: { pixels: 8 } }],
    });
  });

  it('answers open questions among points, and adds the others', async () => {
    const root = reviewedDataset();
    const asked = { x: 4, y: 2, class: null, suggested: 'road', reason: 'uncertainty' };
    const old = { x: 0, y: 0, class: 'road', simulated: 'fine' };
    put(
      join(root, 'points/train/a.json'),
      JSON.stringify({ ...size, points: [asked, old, { x: 1, y: 1, class: 'car' }] }),
    );
    put(
      join(root, 'points/train/b.png'),
      encode({ ...size, channels: 1, depth: 8, data: labelsOf(['r.....', '......', '......', '......']) }),
    );
    const lines = [
      point(4, 2),
      point(0, 0, { class: 'car' }),
      point(5, 3, { class: null }),
      point(2, 3, { image: 'b' }),
    ];
    const { output, summary } = await apply([lines], { root });
    const { points } = await readPointFile(join(output, 'points/train/a.json'), classes);
    expect(points).toEqual([
      { x: 4, y: 2, class: 2, more: { suggested: 'road', reason: 'uncertainty', by: 'anna' } },
      { x: 0, y: 0, class: 1, more: { by: 'anna' } },
      { x: 1, y: 1, class: 1, more: {} },
      { x: 5, y: 3, class: null, more: { by: 'anna' } },
    ]);
    expect(await rowsOf(join(output, 'points/train/b.png'))).toEqual([
      'r.....',
      '......',
      '......',
      '..t...',
    ]);
    expect(summary.points).toEqual({ files: 2, changed: 3 });
  });
});

describe('decisions that no longer fit', () => {
  it('are left out and named with what changed', async () => {
    const root = reviewedDataset();
    put(
      join(root, 'coarse/train/b.png'),
      encode({ ...size, channels: 1, depth: 8, data: labelsOf(['tcccrr', 'ccccrr', 'tttt..', 'tttt..']) }),
    );
    rmSync(join(root, 'fine/train/b.png'));
    const { rows, summary } = await apply(
      [
        [
          accept({ image: 'gone' } as object),
          accept({ split: '../train' } as object),
          accept({ labels: 'fine', image: 'b' } as object),
          accept({ labels: 'images' } as object),
          accept({ width: 7, region: { ...square, id: 'r5' } } as object),
          assign({ image: 'b' }),
          assign({ class: 'tre' }),
          accept({ region: { ...square, id: 'r6', given: 'bus' } }),
          accept({ region: { ...square, runs: '1' } }),
          accept({ region: regionOf(['......', '......', '......', '......']) }),
          { by: 'anna', action: 'polygon', ...place, rings: [[0, 0, 1, 1]], class: 'car' },
          { by: 'anna', action: 'polygon', ...place, rings: [[0, 0, 0.2, 0, 0, 0.2]], class: 'car' },
          point(6, 0),
          point(0, 0, { class: 'bus' }),
          point(0, 0, { height: 5, x: 1 }),
          point(0, 0, { image: 'gone' }),
        ],
      ],
      { root },
    );
    expect(rows).toEqual(drawn);
    const found = Object.fromEntries(summary.findings.map(({ code, count }) => [code, count]));
    expect(found).toEqual({
      'missing-image': 3,
      'missing-labels': 2,
      'size-changed': 2,
      'labels-changed': 1,
      'unknown-class': 3,
      'damaged-region': 3,
      'empty-region': 1,
      outside: 1,
    });
    const example = (wanted: string) => summary.findings.find(({ code }) => code === wanted)?.examples[0];
    expect(example('labels-changed')).toMatch(
      /0\.jsonl: line 6: train\/b: 1 of 4 pixels of region r1 are no longer 'car'$/,
    );
    expect(example('size-changed')).toMatch(/line 5: train\/a: 7×4 pixels, the labels have 6×4$/);
    expect(example('unknown-class')).toMatch(/no class 'tre'; did you mean tree\?$/);
    expect(summary).toMatchObject({ people: {}, changed: { pixels: 0, labelFiles: 0 } });
  });

  it('cannot take a label away where pixels without one are a class', async () => {
    const root = reviewedDataset();
    put(join(root, 'classes.json'), JSON.stringify({ classes, unlabeled: 'ground' }));
    const { rows, summary } = await apply([[unlabel(), accept({ image: 'b' } as object)]], { root });
    expect(rows).toEqual(drawn);
    expect(summary.findings).toMatchObject([{ code: 'no-unlabeled', count: 1 }]);
  });
});

describe('label files', () => {
  it('keep their form: palette, color, and values that are shifted by one', async () => {
    const root = reviewedDataset();
    const palette = classes.map(({ color }): [number, number, number] => [...color]);
    const indices = labelsOf(['cccccc', 'ccccrr', 'rrrrrr', 'rrrrrr']);
    put(
      join(root, 'coarse/train/a.png'),
      encode({ ...size, channels: 1, depth: 8, data: indices, palette: palette.slice(0, 2) }),
    );
    const colors = Uint8Array.from(
      [...labelsOf(drawn)].flatMap((label) => classes[label]?.color ?? [0, 0, 0]),
    );
    put(join(root, 'coarse/train/b.png'), encode({ ...size, channels: 3, depth: 8, data: colors }));
    const { output, summary } = await apply([[accept(), accept({ image: 'b' } as object)]], { root });
    expect(summary.findings).toEqual([]);
    const a = decode(readFileSync(join(output, 'coarse/train/a.png')));
    expect(a.palette).toEqual(palette);
    expect([...a.data.subarray(0, 6)]).toEqual([2, 2, 1, 1, 1, 1]);
    const b = decode(readFileSync(join(output, 'coarse/train/b.png')));
    expect(b.channels).toBe(3);
    expect(await rowsOf(join(output, 'coarse/train/b.png'))).toEqual(treeCorner);

    const shifted = Uint8Array.from(labelsOf(drawn), (label) => (label === 255 ? 0 : label + 1));
    for (const name of ['a', 'b']) {
      put(
        join(root, 'coarse/train', `${name}.png`),
        encode({ ...size, channels: 1, depth: 8, data: shifted }),
      );
    }
    const path = journalOf([accept(), unlabel({ image: 'b' })]);
    const out = join(reviewFolder(), 'out');
    await applyJournals([path], { data: root, output: out, reading: { reduceZeroLabel: true } });
    const rows = [...decode(readFileSync(join(out, 'coarse/train/a.png'))).data.subarray(0, 6)];
    expect(rows).toEqual([3, 3, 2, 2, 1, 1]);
    expect([...decode(readFileSync(join(out, 'coarse/train/b.png'))).data.subarray(0, 6)]).toEqual([
      0, 0, 2, 2, 1, 1,
    ]);
  });

  it('are found by the names that a config gives them', async () => {
    const root = reviewedDataset();
    put(join(root, 'masks/train/a_mask.png'), readFileSync(join(root, 'coarse/train/a.png')));
    put(join(root, 'runs/quick/config.yaml'), 'name: quick');
    put(join(root, 'README.md'), 'about');
    symlinkSync(join(root, 'images/train/a.png'), join(root, 'images/train/linked.png'));
    const output = join(reviewFolder(), 'out');
    const summary = await applyJournals([journalOf([accept({ labels: 'masks' } as object)])], {
      data: root,
      output,
      copy: true,
      reading: { labelSuffix: '_mask' },
    });
    expect(await rowsOf(join(output, 'masks/train/a_mask.png'))).toEqual(treeCorner);
    expect(summary.copied).toEqual({
      images: { 'hard link': 0, 'symbolic link': 0, copy: 4 },
      folders: ['coarse', 'fine', 'masks'],
      leftBehind: ['runs/'],
    });
    expect(readFileSync(join(output, 'README.md'), 'utf8')).toBe('about');
    expect(lstatSync(join(output, 'images/train/linked.png')).isSymbolicLink()).toBe(false);
    await expect(
      applyJournals([journalOf([accept()])], {
        data: root,
        output: `${output}2`,
        reading: { labelsuffix: '_x' },
      }),
    ).rejects.toThrow(/labelsuffix/);
  });
});

describe('a file of tasks', () => {
  const tasks = [
    {
      split: 'train',
      image: 'a',
      ...size,
      x: 5,
      y: 3,
      suggested: 'road',
      reason: 'uncertainty',
      class: 'tree',
    },
    {
      split: 'train',
      image: 'a',
      ...size,
      x: 4,
      y: 3,
      suggested: 'road',
      reason: 'uncertainty',
      class: null,
    },
    { split: 'val', image: 'c', ...size, x: 4, y: 2, class: 'car', by: 'ben' },
  ];

  it('is applied as a journal is, to the dataset that it names', async () => {
    const root = reviewedDataset();
    const path = join(dirname(root), 'tasks.json');
    put(path, formatTaskFile({ dataset: root, labels: 'coarse', by: null, tasks }, path));
    expect(JSON.parse(readFileSync(path, 'utf8')).dataset).toBe('data');
    expect(readTaskFile(path)).toEqual({ dataset: root, labels: 'coarse', by: null, tasks });
    const output = join(reviewFolder(), 'out');
    const notices: string[] = [];
    const summary = await applyJournals([path], { output, onNotice: (notice) => notices.push(notice) });
    expect(summary).toMatchObject({
      dataset: root,
      journals: [{ kind: 'tasks', lines: 2, open: 1 }],
      people: { 'tasks.json': 1, ben: 1 },
      points: { files: 2, changed: 2 },
    });
    expect(notices).toEqual([expect.stringContaining('does not say who answered ("by")')]);
    const { points } = await readPointFile(join(output, 'points/train/a.json'), classes);
    expect(points).toMatchObject([{ x: 5, y: 3, class: 2, more: { by: 'tasks.json' } }]);
  });

  it('says where it is wrong', async () => {
    const path = join(reviewFolder(), 'tasks.json');
    put(path, '{\n "dataset": ".", "labels": "coarse",\n "tasks": [{ "split": "train" }] }');
    const output = join(reviewFolder(), 'out');
    await expect(applyJournals([path], { output })).rejects.toThrow(
      /tasks\.json: tasks\.0\.image: .*a file of tasks is/,
    );
  });
});

describe('what cannot be applied', () => {
  it('is refused before anything is written', async () => {
    const root = reviewedDataset();
    const journal = journalOf([accept()]);
    const output = join(reviewFolder(), 'out');
    await expect(applyJournals([journal], { output })).rejects.toThrow(/name the folder with --data/);
    await expect(applyJournals([journal], { data: join(root, 'none'), output })).rejects.toThrow(
      /none: no such folder; expected a dataset/,
    );
    await expect(applyJournals([journal], { data: root, output: journal })).rejects.toThrow(
      /is a file; the last argument/,
    );
    await expect(applyJournals([journal], { data: root, output: join(root, 'new') })).rejects.toThrow(
      /lies in the dataset .*; name a folder outside/,
    );
    await expect(applyJournals([journal], { data: root, output: dirname(root) })).rejects.toThrow(
      /exists already and is never overwritten/,
    );
    const ended = new AbortController();
    const stop = { onProgress: () => ended.abort(new Error('stopped')), signal: ended.signal };
    await expect(applyJournals([journal], { data: root, output, ...stop })).rejects.toThrow(/^stopped$/);
    const empty = join(reviewFolder(), 'empty.jsonl');
    put(empty, '');
    await expect(applyJournals([empty], { data: root, output })).rejects.toThrow(
      /no decision in it; nothing was written/,
    );
    expect(readdirSync(dirname(output))).toEqual([]);
    expect(readdirSync(root).sort()).toEqual(['classes.json', 'coarse', 'fine', 'images']);
  });
});
