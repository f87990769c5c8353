/** Fig. 5: the mean loss of the pixels of each interval of confidence, and how many pixels that is. */

import type { RunStatistics } from '../analysis/index.js';
import { binCenter, binCount } from '../analysis/internal.js';
import type { PixelStatistics } from '../runs/index.js';
import { type Figure, numberText, percentText } from './figure.js';
import { drawPlot, type Series } from './plot/plot.js';
import { svgDocument } from './plot/svg.js';
import { seriesColor } from './plot/theme.js';

const size = { width: 760, height: 640 } as const;
export const confidenceLabel = 'confidence v̂ (−1: a guess, +1: certain)';

export function lossFigure(runs: readonly RunStatistics[]): Figure {
  return {
    files: [{ name: 'figure-5.svg', content: lossByConfidenceSvg(runs) }],
    data: {
      figure: '5',
      runs: runs.map((run) => {
        const { step, statistics } = lastMoment(run);
        const { images, pixels, bins } = statistics;
        const { pixels: counts, meanLoss } = bins;
        return {
          run: run.label,
          folder: run.folder,
          source: run.source,
          step,
          images,
          pixels,
          confidence: centers(),
          meanLoss,
          pixelCounts: counts,
        };
      }),
    },
    table: [
      ['v̂', ...runs.flatMap(({ label }) => [`${label}: loss`, 'pixels'])],
      ...centers().flatMap((center, bin) => {
        if (runs.every((run) => countIn(run, bin) === 0)) return [];
        const cells = runs.flatMap((run) => [
          numberText(lastMoment(run).statistics.bins.meanLoss[bin] ?? null),
          percentText(countIn(run, bin) / lastMoment(run).statistics.pixels),
        ]);
        return [[center.toFixed(3).replace('-', '−'), ...cells]];
      }),
    ],
  };
}

/** The plot alone, for pages. */
export function lossByConfidenceSvg(runs: readonly RunStatistics[]): string {
  const series = (values: (statistics: PixelStatistics) => (number | null)[]): Series[] =>
    runs.map((run, index) => ({
      label: `${run.label}, step ${lastMoment(run).step}`,
      color: seriesColor(index),
      x: centers(),
      y: values(lastMoment(run).statistics),
      mark: 'line',
      dots: true,
    }));
  const x = { label: confidenceLabel, range: [-1, 1] as const };
  const description = `Mean loss by confidence: ${runs.map((run) => `${run.label} ${trend(run)}`).join('; ')}.`;
  return svgDocument({ ...size, description }, [
    drawPlot(
      {
        title: 'Mean loss by confidence',
        note: runs.length === 1 ? trend(runs[0] as RunStatistics) : undefined,
        x,
        y: { label: 'mean loss' },
        series: series(({ bins }) => bins.meanLoss),
      },
      { left: 8, top: 10, width: size.width - 20, height: 400 },
    ),
    drawPlot(
      {
        title: 'Where the pixels are',
        x,
        y: { label: 'share of pixels', format: (value) => percentText(value, 0) },
        series: runs.map((run, index) => ({
          label: run.label,
          color: seriesColor(index),
          x: centers(),
          y: shares(lastMoment(run).statistics),
          mark: runs.length === 1 ? 'bars' : 'line',
          barWidth: 2 / binCount,
        })),
      },
      { left: 8, top: 420, width: size.width - 20, height: 210 },
    ),
  ]);
}

export function lastMoment({ moments }: RunStatistics): RunStatistics['moments'][number] {
  return moments.at(-1) as RunStatistics['moments'][number];
}

export function centers(): number[] {
  return Array.from({ length: binCount }, (_, bin) => binCenter(bin));
}

/** Share of the labeled pixels in each interval. */
export function shares({ bins, pixels }: PixelStatistics): number[] {
  return bins.pixels.map((count) => (pixels === 0 ? 0 : count / pixels));
}

function countIn(run: RunStatistics, bin: number): number {
  return lastMoment(run).statistics.bins.pixels[bin] as number;
}

/** Whether the loss falls as the confidence rises, as the paper's Eq. 8 has it, over intervals that matter. */
function trend(run: RunStatistics): string {
  const { bins, pixels } = lastMoment(run).statistics;
  const means = bins.meanLoss.filter(
    (loss, bin): loss is number => loss !== null && (bins.pixels[bin] as number) >= pixels / 1000,
  );
  const falling = means.slice(1).filter((loss, index) => loss < (means[index] as number)).length;
  return `falls from one interval to the next in ${falling} of ${Math.max(0, means.length - 1)}`;
}
