import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { drawPlot, type Plot } from '#figures/plot/plot.js';
import { svgDocument } from '#figures/plot/svg.js';
import { expectWellFormed, marks } from './svg-marks.js';

const frame = { left: 0, top: 0, width: 400, height: 300 };

const plot: Plot = {
  title: 'a < b & "c"',
  note: 'of four points one is missing',
  x: { label: 'x', range: [0, 4] },
  y: { label: 'y' },
  series: [
    { label: 'line', color: '#123456', x: [0, 1, 2, 3], y: [1, null, 3, 2], mark: 'line', dots: true },
    { label: 'bars', color: '#654321', x: [1, 2, 3], y: [1, 0, 2], mark: 'bars', barWidth: 1 },
    { label: 'dashed', color: '#000000', x: [0, 4], y: [2, 2], mark: 'line', dashed: true },
  ],
};

const drawn = svgDocument({ width: 400, height: 300, description: 'a <test>' }, [drawPlot(plot, frame)]);

describe('drawPlot', () => {
  test('is well formed, escapes what it is given, and renders', async () => {
    expectWellFormed(drawn);
    expect(drawn).toContain('a &lt; b &amp; &quot;c&quot;');
    expect(drawn).toContain('<title>a &lt;test&gt;</title>');
    const { width, height } = await sharp(Buffer.from(drawn)).metadata();
    expect({ width, height }).toEqual({ width: 400, height: 300 });
  });

  test('has a dot for each point, a bar for each height and a gap where there is none', () => {
    expect(marks(drawn, 'dot')).toHaveLength(3);
    expect(marks(drawn, 'bar')).toHaveLength(2);
    const lines = marks(drawn, 'line');
    expect(lines).toHaveLength(2);
    const [first, second] = lines.map(({ d = '' }) => d);
    // The missing point splits the line, so that the pen is put down twice.
    expect(first?.match(/M/g)).toHaveLength(2);
    expect(first?.match(/L/g)).toHaveLength(1);
    expect(second?.match(/[ML]/g)?.join('')).toBe('ML');
  });

  test('places marks in proportion: bars stand on 0, dots and bars share the scale', () => {
    const [low, high] = marks(drawn, 'bar');
    expect(Number(high?.height)).toBeCloseTo(2 * Number(low?.height), 1);
    const bottom = (bar: typeof low) => Number(bar?.y) + Number(bar?.height);
    expect(bottom(low)).toBeCloseTo(bottom(high), 1);
    const dots = marks(drawn, 'dot');
    // A dot at y = 1 is where the bar of height 1 ends; x of the bar's middle is that of its place.
    expect(Number(dots[0]?.cy)).toBeCloseTo(Number(low?.y), 1);
    expect(Number(dots[2]?.cx)).toBeCloseTo(Number(high?.x) + Number(high?.width) / 2, 1);
  });

  test('names every series and both axes', () => {
    for (const name of ['line', 'bars', 'dashed', 'x', 'y']) expect(drawn).toContain(`>${name}</text>`);
  });

  test('a plot without points still has its axes', () => {
    const empty = drawPlot({ ...plot, series: [] }, frame);
    expectWellFormed(empty);
    expect(empty).not.toContain('NaN');
    expect(marks(empty, 'dot')).toHaveLength(0);
  });
});

describe('axes', () => {
  const labels = (svg: string) => [...svg.matchAll(/>([−\d.,]+)<\/text>/g)].map(([, label]) => label);
  const axesOf = (values: readonly number[], range?: readonly [number, number]) =>
    labels(
      drawPlot(
        {
          ...plot,
          x: { label: 'x', range: range ?? [0, 1] },
          series: [{ label: 'a', color: '#000000', x: values.map(() => 0), y: values, mark: 'line' }],
        },
        frame,
      ),
    );

  test('begin and end at round numbers that hold all values, and 0', () => {
    expect(axesOf([0.3, 1.71])).toEqual([
      '0.0',
      '0.5',
      '1.0',
      '1.5',
      '2.0',
      '0.0',
      '0.2',
      '0.4',
      '0.6',
      '0.8',
      '1.0',
    ]);
    expect(axesOf([-3, 42]).slice(0, 5)).toEqual(['−20', '0', '20', '40', '60']);
  });

  test('keep fixed ends, with true minus signs', () => {
    expect(axesOf([1], [-1, 1]).slice(-5)).toEqual(['−1.0', '−0.5', '0.0', '0.5', '1.0']);
  });

  test('of equal values still have a length', () => {
    expect(axesOf([0, 0]).slice(0, 2)).toEqual(['0.0', '0.2']);
  });
});
