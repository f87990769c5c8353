import type { RunStatistics } from 'coarsely/analysis';
import { describe, expect, test } from 'vitest';
import { theoryFigure } from '#figures/theory-figure.js';
import { statisticsWith } from '../analysis/known-statistics.js';
import { expectWellFormed, marks } from './svg-marks.js';

describe('theoryFigure', () => {
  const run = (p: number | null): RunStatistics => ({
    label: `p is ${p}`,
    folder: 'somewhere',
    moments: [{ step: 7, statistics: statisticsWith([1.2, 0.6, 0.1], [1, 0.8, 0.2]) }],
    source: 'recorded',
    p,
  });

  test('draws a panel for each run that has a curve', () => {
    const { files, table, data } = theoryFigure([run(2), run(null), run(3), run(1)]);
    const svg = String(files[0]?.content);
    expectWellFormed(svg);
    expect(marks(svg, 'plot')).toHaveLength(2);
    // Each panel: two lines, dots on one of them, and a bar for each interval that has pixels.
    expect(marks(svg, 'line')).toHaveLength(4);
    expect(marks(svg, 'dot')).toHaveLength(6);
    expect(marks(svg, 'bar')).toHaveLength(6);
    expect(table.map(([label]) => label)).toEqual(['run', 'p is 2', 'p is 3']);
    expect(JSON.parse(JSON.stringify(data)).runs[0]).toMatchObject({ p: 2, step: 7 });
  });

  test('says what is missing when no run has one', () => {
    expect(() => theoryFigure([run(null), run(1)])).toThrow(
      'expected a run whose weights maximize the loss with p = 2 or 3',
    );
  });
});
