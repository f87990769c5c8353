/** Chooses points of made-up images, whose likelihoods, labels and features say what the right questions are. */

import { RandomStream } from 'coarsely/data';
import { createComponent } from 'coarsely/registry';
import {
  type ChoosePointsOptions,
  candidateAt,
  candidateCount,
  candidateGrid,
  choosePoints,
  type ImageCandidates,
  pixelOf,
  type SuggestionStrategy,
  suggestionStrategies,
  type Term,
} from 'coarsely/suggest';
import { describe, expect, test } from 'vitest';
import { knowledgeOf, madeUpImage } from './made-up-image.js';

interface Choice extends Partial<Omit<ChoosePointsOptions, 'strategy'>> {
  readonly seed?: number;
  readonly options?: Readonly<Record<string, unknown>>;
}

function choose(kind: string, image: ImageCandidates, { seed = 0, options = {}, ...given }: Choice = {}) {
  const strategy = createComponent<null, SuggestionStrategy>(
    suggestionStrategies,
    { ...options, kind },
    null,
  );
  return choosePoints(image, {
    strategy,
    count: 5,
    where: 'uncovered',
    knowledge: knowledgeOf(image.classCount),
    random: new RandomStream(seed, [1]),
    ...given,
  });
}

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const even = () => [0.5, 0.3, 0.2];

describe('the grid of candidates', () => {
  test('has a candidate every four pixels, and at most 8192', () => {
    expect(candidateGrid({ width: 40, height: 20 })).toMatchObject({ rows: 5, columns: 10 });
    expect(candidateGrid({ width: 1, height: 3 })).toMatchObject({ rows: 1, columns: 1 });
    expect(candidateCount(candidateGrid({ width: 2048, height: 1024 }))).toBeLessThanOrEqual(8192);
    expect(candidateCount(candidateGrid({ width: 2048, height: 1024 }))).toBeGreaterThan(7900);
  });

  test.each([
    { width: 40, height: 20 },
    { width: 481, height: 359 },
    { width: 2048, height: 1024 },
    { width: 5, height: 1 },
  ])('a pixel of $width×$height belongs to the cell of its candidate', (size) => {
    const grid = candidateGrid(size);
    for (let candidate = 0; candidate < candidateCount(grid); candidate++) {
      const [x, y] = pixelOf(candidate, grid);
      expect(x).toBeLessThan(size.width);
      expect(y).toBeLessThan(size.height);
      expect(candidateAt({ x, y }, grid)).toBe(candidate);
    }
    const last = candidateAt({ x: size.width - 1, y: size.height - 1 }, grid);
    expect(last).toBe(candidateCount(grid) - 1);
  });
});

describe('uncertainty', () => {
  // Two classes are nearly equal on the diagonal; the third pixel of row 5 spreads over all three.
  const image = madeUpImage({
    likelihoods: (column, row) => {
      if (column === 2 && row === 5) return [0.4, 0.32, 0.28];
      return column === row ? [0.5, 0.5, 0] : [0.8, 0.1, 0.1];
    },
  });

  test('by margin asks about the pixels whose two highest likelihoods are nearest', () => {
    const chosen = choose('uncertainty', image, { count: 10 });
    expect(sorted(chosen.map(({ candidate }) => candidate))).toEqual([0, 11, 22, 33, 44, 55, 66, 77, 88, 99]);
    expect(new Set(chosen.map(({ reason }) => reason))).toEqual(new Set(['uncertainty']));
    expect(chosen.find(({ candidate }) => candidate === 33)).toMatchObject({
      x: 14,
      y: 14,
      suggested: 0,
      label: 255,
    });
  });

  test('by entropy asks about the pixel that spreads over all classes first', () => {
    const [first] = choose('uncertainty', image, { options: { measure: 'entropy' } });
    expect(first?.candidate).toBe(52);
  });
});

describe('balance', () => {
  // A class fills the image but for one column; two others have five pixels each in it.
  const image = madeUpImage({
    likelihoods: (column, row) => {
      if (column < 9) return [0.98, 0.01, 0.01];
      return row < 5 ? [0.02, 0.97, 0.01] : [0.02, 0.01, 0.97];
    },
  });

  test('asks about each class equally often', () => {
    const suggested = choose('balance', image, { count: 12 }).map((point) => point.suggested);
    expect(sorted(suggested)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
  });

  test('goes on in the next image where the last one ended', () => {
    const knowledge = knowledgeOf(3);
    const onlyFirst = madeUpImage({ likelihoods: () => [1, 0, 0] });
    choose('balance', onlyFirst, { count: 6, knowledge });
    const next = choose('balance', image, { count: 6, knowledge });
    expect(next.filter(({ suggested }) => suggested === 0)).toEqual([]);
    // The first class had 6 questions and its one of before, the others three and theirs.
    expect(knowledge.tally.asked[0]).toBeCloseTo(7, 0);
    expect(knowledge.tally.asked[1]).toBeCloseTo(4, 0);
  });

  test('asks about the pixels that may be of a class that is never the most likely', () => {
    const hidden = madeUpImage({
      likelihoods: (column, row) => (column === 3 && row > 6 ? [0.6, 0, 0.4] : [0.7, 0.3, 0]),
    });
    const knowledge = knowledgeOf(3);
    for (let image_ = 0; image_ < 5; image_++) {
      choose('balance', madeUpImage({ likelihoods: () => [0.7, 0.3, 0] }), { knowledge });
    }
    const chosen = choose('balance', hidden, { count: 3, knowledge });
    expect(sorted(chosen.map(({ candidate }) => candidate))).toEqual([73, 83, 93]);
  });
});

describe('coverage', () => {
  test('asks farthest from labels, and then farthest from labels and questions', () => {
    const isLabeled = (column: number, row: number) => column < 3 || row === 0;
    const image = madeUpImage({
      likelihoods: even,
      label: (column, row) => (isLabeled(column, row) ? 1 : 255),
    });
    const known = Array.from({ length: 100 }, (_, place) => place).filter((place) =>
      isLabeled(place % 10, Math.floor(place / 10)),
    );
    for (const { candidate } of choose('coverage', image, { count: 12 })) {
      // The slow reference measures every distance anew. Labels count from the edge of their cell, half a cell nearer.
      const distances = Array.from({ length: 100 }, (_, place) =>
        Math.min(
          ...known.map((other, index) => {
            const across = (place % 10) - (other % 10);
            const down = Math.floor(place / 10) - Math.floor(other / 10);
            return Math.hypot(across, down) - (index < 37 ? 0.5 : 0);
          }),
        ),
      );
      expect(distances[candidate]).toBeCloseTo(Math.max(...distances), 5);
      known.push(candidate);
    }
  });

  test('of an image without labels spreads over it', () => {
    const image = madeUpImage({ likelihoods: even });
    const chosen = choose('coverage', image, { count: 4 });
    const apart = chosen.flatMap((one, place) =>
      chosen.slice(place + 1).map((other) => Math.hypot(one.x - other.x, one.y - other.y)),
    );
    expect(Math.min(...apart)).toBeGreaterThanOrEqual(18);
  });
});

describe('a hidden class', () => {
  // The network takes everything for one of two classes that it has learned, and is sure of it.
  const isHidden = (column: number, row: number) => column >= 18 && row >= 18;
  const image = madeUpImage({
    side: 20,
    likelihoods: (column) => (column < 10 ? [0.99, 0.01, 0] : [0.01, 0.99, 0]),
    label: (column, row) => ((column + row) % 2 === 0 && !isHidden(column, row) ? Number(column >= 10) : 255),
    features: (column, row) => (isHidden(column, row) ? [5, 5] : [column < 10 ? 0 : 1, 0.01 * row]),
  });
  const references = { features: Float32Array.of(0, 0, 1, 0.1), featureCount: 2, typicalDistance: 0.7 };
  const knowledge = () => knowledgeOf(3, references);
  const finds = (kind: string, seed: number) =>
    choose(kind, image, { seed, knowledge: knowledge(), count: 3 }).some(({ candidate }) =>
      isHidden(candidate % 20, Math.floor(candidate / 20)),
    );
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);

  test('is found by what looks unlike labeled pixels, and hardly ever by chance', () => {
    expect(seeds.filter((seed) => finds('diversity', seed))).toHaveLength(40);
    expect(seeds.filter((seed) => finds('random', seed)).length).toBeLessThan(8);
  });

  test('is asked about once, and then the rest of the image', () => {
    const chosen = choose('diversity', image, { knowledge: knowledge(), count: 4 });
    const found = chosen.map(({ candidate }) => isHidden(candidate % 20, Math.floor(candidate / 20)));
    expect(found[0]).toBe(true);
    expect(found.filter(Boolean).length).toBeLessThan(4);
    expect(chosen[0]?.reason).toBe('diversity');
  });

  test('diversity without features is refused', () => {
    const blind = madeUpImage({ likelihoods: even });
    expect(() => choose('diversity', blind)).toThrow('expected candidates with features, received none');
  });
});

describe('random', () => {
  const image = madeUpImage({ likelihoods: even, label: (column) => (column < 5 ? 0 : 255) });

  test('draws every uncovered pixel alike', () => {
    const drawn = new Array<number>(100).fill(0);
    for (let seed = 0; seed < 1000; seed++) {
      for (const { candidate, reason } of choose('random', image, { seed })) {
        drawn[candidate] = (drawn[candidate] as number) + 1;
        expect(reason).toBe('chance');
      }
    }
    // 5 of 50 pixels in each of 1000 draws: 100 on average, with a deviation of 9.5.
    for (const [candidate, count] of drawn.entries()) {
      if (candidate % 10 < 5) expect(count).toBe(0);
      else expect(Math.abs(count - 100)).toBeLessThan(45);
    }
  });

  test('asks about labeled pixels too where all are meant, and where others are too few', () => {
    const everywhere = choose('random', image, { count: 60, where: 'all' });
    expect(everywhere.filter(({ label }) => label === 0).length).toBeGreaterThan(20);
    const filled = choose('random', image, { count: 60 });
    expect(filled.slice(0, 50).every(({ label }) => label === 255)).toBe(true);
    expect(filled.filter(({ label }) => label === 0)).toHaveLength(10);
    expect(choose('random', image, { count: 1000 })).toHaveLength(100);
  });

  test('asks about no pixel twice, nor again about those of before', () => {
    const before = choose('random', image, { count: 20 }).map(({ candidate }) => candidate);
    const after = choose('random', image, { count: 30, taken: before, seed: 1 }).map(
      ({ candidate }) => candidate,
    );
    expect(new Set([...before, ...after]).size).toBe(50);
  });
});

describe('combined', () => {
  test('draws by exp of the weighted scores where there is noise', () => {
    // One term with scores 0 and 1, of 50 pixels each: the first question is about a high one in e^2 / (e^2 + 1) = 88 %.
    const half: Term = {
      reason: 'right half',
      begin: ({ image, eligible }) => {
        const scores = new Float32Array(candidateCount(image.grid));
        for (const candidate of eligible) scores[candidate] = candidate % 10 < 5 ? 0 : 1;
        return { scores, take: () => undefined };
      },
    };
    const image = madeUpImage({ likelihoods: even });
    const strategy = { terms: [{ term: half, weight: 2 }], noise: 1 };
    let high = 0;
    for (let seed = 0; seed < 2000; seed++) {
      const random = new RandomStream(seed, [2]);
      const knowledge = knowledgeOf(3);
      const [first] = choosePoints(image, { strategy, count: 1, where: 'all', knowledge, random });
      if (first?.reason === 'right half') high++;
    }
    expect(high / 2000).toBeCloseTo(Math.exp(2) / (Math.exp(2) + 1), 1);
    expect(Math.abs(high / 2000 - 0.8808)).toBeLessThan(0.025);
  });

  test('is the same for the same seed, and another for another', () => {
    const image = madeUpImage({
      side: 30,
      likelihoods: (column, row) =>
        [0.2 + 0.02 * column, 0.02 * row, 0.8 - 0.02 * (column + row)].map(Math.abs),
    });
    const places = (seed: number) => choose('combined', image, { seed }).map(({ candidate }) => candidate);
    expect(places(3)).toEqual(places(3));
    expect(places(4)).not.toEqual(places(3));
  });

  test('leaves out a term of weight 0, and refuses a negative weight by name', () => {
    const image = madeUpImage({ likelihoods: (column) => (column === 0 ? [0.5, 0.5] : [1, 0]) });
    const weights = { uncertainty: 1, balance: 0, coverage: 0, diversity: 0, noise: 0 };
    const chosen = choose('combined', image, { count: 10, options: weights });
    expect(sorted(chosen.map(({ candidate }) => candidate % 10))).toEqual(new Array(10).fill(0));
    expect(() => choose('combined', image, { options: { balance: -1 } })).toThrow(
      "suggestion strategy 'combined': expected balance of at least 0, received -1",
    );
    expect(() => choose('combined', image, { options: { ballance: 1 } })).toThrow('did you mean balance?');
    expect(() => choose('uncertain', image)).toThrow("unknown suggestion strategy 'uncertain'");
  });
});
