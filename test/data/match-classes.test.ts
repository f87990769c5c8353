/** Checks that classes are matched by name, and that labels follow. */
import { alignClasses, type SegmentationDataset } from 'coarsely/data';
import { describe, expect, test } from 'vitest';
import { matchClasses } from '#data/match-classes.js';

const named = (...names: readonly string[]) => names.map((name) => ({ name }));
const colored = (...names: readonly string[]) =>
  names.map((name, index) => ({ name, color: [index, 0, 0] as const }));

describe('matchClasses', () => {
  test('the same list', () => {
    expect(matchClasses(named('a', 'b'), named('a', 'b'))).toEqual({
      sources: [0, 1],
      left: [],
      missing: [],
      relation: 'same',
    });
  });

  test('the same names in another order', () => {
    expect(matchClasses(named('a', 'b', 'c'), named('b', 'c', 'a'))).toMatchObject({
      sources: [1, 2, 0],
      relation: 'reordered',
    });
  });

  test('names of one side alone', () => {
    expect(matchClasses(named('a', 'b', 'c'), named('c', 'd'))).toEqual({
      sources: [2, null],
      left: ['a', 'b'],
      missing: ['d'],
      relation: 'different',
    });
  });

  test('capitals, spaces, dashes and underscores do not count', () => {
    expect(matchClasses(named('Traffic Light', 'bed '), named('traffic_light', 'bed')).relation).toBe('same');
    expect(matchClasses(named('traffic-light', 'bed'), named('Bed', 'trafficlight')).sources).toEqual([1, 0]);
  });

  test('composed and decomposed letters are the same', () => {
    expect(matchClasses(named('stra\u00dfe', 'caf\u00e9'), named('stra\u00dfe', 'cafe\u0301')).relation).toBe(
      'same',
    );
  });

  test('names that differ in capitals alone are told apart where both lists have both', () => {
    expect(matchClasses(named('car', 'Car'), named('Car', 'car')).sources).toEqual([1, 0]);
  });

  test('a plain name that fits two classes fits none', () => {
    expect(matchClasses(named('car', 'Car'), named('CAR', 'road'))).toMatchObject({
      sources: [null, null],
      left: ['car', 'Car'],
    });
    expect(matchClasses(named('CAR', 'road'), named('car', 'Car', 'road'))).toMatchObject({
      sources: [null, null, 1],
      missing: ['car', 'Car'],
    });
    // The exact name comes first, and the other one is left.
    expect(matchClasses(named('car'), named('car', 'Car')).sources).toEqual([0, null]);
  });

  test('a name that a list has twice matches nothing', () => {
    expect(matchClasses(named('a', 'a', 'b'), named('a', 'b'))).toMatchObject({
      sources: [null, 2],
      relation: 'different',
    });
    expect(matchClasses(named('a'), named('a', 'a'))).toMatchObject({ relation: 'different' });
  });
});

const dataset = (labels: Uint8Array | null): SegmentationDataset => ({
  classes: colored('a', 'b', 'c'),
  length: 1,
  name: () => 'one',
  read: () => Promise.resolve({ name: 'one', width: 4, height: 1, image: new Uint8Array(12), labels }),
});
const network = (...names: readonly string[]) => ({
  label: 'runs/x',
  classCount: names.length,
  classes: named(...names),
});

describe('alignClasses', () => {
  test('keeps the dataset whose classes have the order of the network', () => {
    const given = dataset(null);
    expect(alignClasses(given, { network: network('a', 'B', 'c') })).toBe(given);
  });

  test('renumbers labels by name, and keeps unlabeled pixels', async () => {
    const notices: string[] = [];
    const aligned = alignClasses(dataset(Uint8Array.of(0, 1, 2, 255)), {
      network: network('c', 'a', 'b'),
      onNotice: (notice) => notices.push(notice),
    });
    expect(aligned.classes).toEqual([
      { name: 'c', color: [2, 0, 0] },
      { name: 'a', color: [0, 0, 0] },
      { name: 'b', color: [1, 0, 0] },
    ]);
    expect([...((await aligned.read(0)).labels ?? [])]).toEqual([1, 2, 0, 255]);
    expect(aligned.length).toBe(1);
    expect(aligned.name(0)).toBe('one');
    expect(notices).toEqual([
      'runs/x has the classes of the dataset in another order; labels are matched by name',
    ]);
  });

  test('an image without labels stays without', async () => {
    const aligned = alignClasses(dataset(null), { network: network('c', 'a', 'b') });
    expect((await aligned.read(0)).labels).toBeNull();
  });

  test('refuses other classes and lists the difference', () => {
    expect(() => alignClasses(dataset(null), { network: network('a', 'b', 'd', 'e') })).toThrow(
      expect.objectContaining({
        code: 'config',
        message:
          'runs/x: predicts 4 classes, and the dataset has 3 that are not the same: the dataset lacks d, e; ' +
          "the network does not know c. Choose a dataset of the network's classes; where two names mean the same " +
          'class, give both lists one name',
      }),
    );
  });

  test('without names it takes the order of the dataset and says so, if the number fits', () => {
    const notices: string[] = [];
    const given = dataset(null);
    const unnamed = { label: 'x.pth', classCount: 3, classes: null };
    expect(alignClasses(given, { network: unnamed, onNotice: (one) => notices.push(one) })).toBe(given);
    expect(notices).toEqual(['x.pth does not name its classes; they are taken in the order of the dataset']);
    expect(() => alignClasses(given, { network: { ...unnamed, classCount: 8 } })).toThrow(
      'x.pth: predicts 8 classes, which it does not name, but the dataset has 3 (a, b, c); choose the dataset that it ' +
        'was trained on',
    );
  });
});
