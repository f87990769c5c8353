/** Draws Fig. 5: the mean loss of the pixels in each interval of confidence, and how many pixels each interval has. */

import type { RunStatistics } from '../analysis/index.js';
import { lastMoment } from '../analysis/internal.js';
import { formatNumber, formatPercent } from '../format/index.js';
import type { PixelStatistics } from '../runs/index.js';
import { confidenceAxis, intervalCenters, intervalWidth, pixelShares } from './confidence-axis.js';
import type { Figure } from './figure.js';
import { seriesColor } from './palette.js';
import { drawPlot } from './plot/plot.js';
import { svgDocument } from './plot/svg.js';

const size = { width: 760, height: 640 } as const;

/** Makes the figure: one drawing of all runs. */
export function lossFigure(runs: readonly RunStatistics[]): Figure {
  return {
    files: [{ name: 'figure-5.svg', content: lossByConfidenceSvg(runs) }],
    data: {
      figure: '5',
      runs: runs.map((run) => {
        const { step, statistics } = lastMoment(run);
        const { images, pixels, bins } = statistics;
        return {
          run: run.label,
          folder: run.folder,
          source: run.source,
          step,
          images,
          pixels,
          confidence: [...intervalCenters],
          meanLoss: bins.meanLoss,
          pixelCounts: bins.pixels,
        };
      }),
    },
    table: [['v̂', ...runs.flatMap(({ label }) => [`${label}: loss`, 'pixels'])], ...tableRows(runs)],
  };
}

/** Draws the mean loss of every run, and below it the distribution of its pixels. */
export function lossByConfidenceSvg(runs: readonly RunStatistics[]): string {
  const statistics = runs.map((run) => lastMoment(run).statistics);
  const trends = statistics.map(trendOf);
  const description = `Mean loss by confidence: ${runs.map(({ label }, index) => `${label} ${trends[index]}`).join('; ')}.`;
  const lossPlot = drawPlot(
    {
      title: 'Mean loss by confidence',
      note: runs.length === 1 ? trends[0] : undefined,
      x: confidenceAxis,
      y: { label: 'mean loss' },
      series: runs.map((run, index) => ({
        label: `${run.label}, step ${lastMoment(run).step}`,
        color: seriesColor(index),
        x: intervalCenters,
        y: lastMoment(run).statistics.bins.meanLoss,
        mark: 'line',
        dots: true,
      })),
    },
    { left: 8, top: 10, width: size.width - 20, height: 400 },
  );
  const pixelPlot = drawPlot(
    {
      title: 'Where the pixels are',
      x: confidenceAxis,
      y: {
        label: 'share of pixels',
        format: (share) => formatPercent(share, { decimals: 0, sign: true }),
      },
      series: runs.map((run, index) => ({
        label: run.label,
        color: seriesColor(index),
        x: intervalCenters,
        y: pixelShares(lastMoment(run).statistics),
        mark: runs.length === 1 ? 'bars' : 'line',
        barWidth: intervalWidth,
      })),
    },
    { left: 8, top: 420, width: size.width - 20, height: 210 },
  );
  return svgDocument({ ...size, description }, [lossPlot, pixelPlot]);
}

/** Returns a row for every interval in which a run has pixels. */
function tableRows(runs: readonly RunStatistics[]): string[][] {
  const statistics = runs.map((run) => lastMoment(run).statistics);
  return intervalCenters.flatMap((center, bin) => {
    if (statistics.every(({ bins }) => bins.pixels[bin] === 0)) return [];
    const cells = statistics.flatMap(({ bins, pixels }) => [
      formatNumber(bins.meanLoss[bin], { digits: 3 }),
      formatPercent((bins.pixels[bin] as number) / pixels, { sign: true }),
    ]);
    return [[formatNumber(center, { decimals: 3 }), ...cells]];
  });
}

/** Says how often the loss falls as the confidence rises (Eq. 8), over intervals with a thousandth of the pixels or more. */
function trendOf({ bins, pixels }: PixelStatistics): string {
  const means = bins.meanLoss.filter(
    (loss, bin): loss is number => loss !== null && (bins.pixels[bin] as number) >= pixels / 1000,
  );
  const falling = means.slice(1).filter((loss, index) => loss < (means[index] as number)).length;
  const steps = Math.max(0, means.length - 1);
  return `falls from one interval to the next in ${falling} of ${steps}, among those with 0.1 % of the pixels or more`;
}
