/**
 * Draws Fig. 2, measured: correct and mislabeled pixels by loss and by confidence, beside what the paper calls them; and
 * where on the scale of confidence the mislabeled pixels are, at the end and over the training.
 */

import type { RunStatistics, StatisticsMoment } from '../analysis/index.js';
import { lastMoment } from '../analysis/internal.js';
import { ConfigError } from '../errors/index.js';
import { formatCount, formatNumber, formatPercent } from '../format/index.js';
import type { Division, PixelStatistics } from '../runs/index.js';
import { confidenceAxis, intervalCenters, pixelBars, pixelShares } from './confidence-axis.js';
import { drawDivision } from './division-table.js';
import { type Figure, fileStem } from './figure.js';
import { correctColor, lightColors, mislabeledColor } from './palette.js';
import { drawPlot, type Plot } from './plot/plot.js';
import { type Frame, fontSize, svgDocument, text } from './plot/svg.js';

const size = { width: 1000, height: 792 } as const;

/** Holds statistics in which labels were compared with finer ones. */
interface ComparedStatistics extends PixelStatistics {
  readonly byLoss: Division;
  readonly byConfidence: Division;
}

interface ComparedMoment {
  readonly step: number;
  readonly statistics: ComparedStatistics;
}

/**
 * Makes the figure, one drawing for each run.
 *
 * @throws {ConfigError} when a run has no finer labels to compare with
 */
export function divisionFigure(runs: readonly RunStatistics[]): Figure {
  const files = runs.map((run) => {
    const content = divisionSvg(run);
    if (content === null) {
      throw new ConfigError(
        `${run.folder}: figure 2 needs finer labels of the images it is measured on (data.evaluation.labels, or --fine-labels NAME)`,
      );
    }
    return { name: runs.length === 1 ? 'figure-2.svg' : `figure-2-${fileStem(run.label)}.svg`, content };
  });
  return {
    files,
    data: {
      figure: '2',
      runs: runs.map(({ label, folder, source, moments }) => ({
        run: label,
        folder,
        source,
        moments: moments.map(({ step, statistics }) => ({ step, ...statistics })),
      })),
    },
    table: [['run', 'step', 'pixels', 'half', 'share', 'mean loss', 'weight'], ...runs.flatMap(tableRows)],
  };
}

/** Draws one run's figure; null when its labels could not be compared with finer ones. */
export function divisionSvg(run: RunStatistics): string | null {
  const compared = run.moments.filter(isCompared);
  const last = compared.at(-1);
  if (last === undefined) return null;
  const { step, statistics } = last;
  const { byLoss, byConfidence, images } = statistics;
  const half = (size.width - 40) / 2;
  const top: Frame = { left: 20, top: 86, width: half - 10, height: 248 };
  const bottom: Frame = { left: 12, top: 356, width: half, height: 388 };
  const right = { left: 30 + half };
  const summary = summaryOf(statistics);
  const wrong = percent(statistics.mislabeled / statistics.compared);
  return svgDocument({ ...size, description: `${run.label}: ${summary}` }, [
    text(`Which pixels are mislabeled: ${run.label}`, { x: 20, y: 34, size: fontSize.title, weight: 600 }),
    text(
      `step ${step}, ${images} images; ${wrong} of ${formatCount(statistics.compared)} compared pixels carry a wrong label; in quotes: what the paper calls them`,
      { x: 20, y: 56, color: lightColors.muted },
    ),
    drawDivision(byLoss, {
      frame: top,
      title: '(a) by loss',
      columns: ['low loss', 'high loss'],
      paper: { correct: ['less valuable', 'more valuable'], mislabeled: ['less harmful', 'more harmful'] },
    }),
    drawDivision(byConfidence, {
      frame: { ...top, ...right },
      title: '(b) by confidence',
      columns: ['low confidence', 'high confidence'],
      paper: { correct: ['more valuable', 'less valuable'], mislabeled: ['less harmful', 'more harmful'] },
    }),
    drawPlot(binsPlot(statistics), compared.length > 1 ? bottom : { ...bottom, width: 2 * half }),
    ...(compared.length > 1 ? [drawPlot(timePlot(compared), { ...bottom, ...right })] : []),
    text(summary, { x: 20, y: size.height - 22, weight: 600 }),
  ]);
}

/** Says in one sentence where the mislabeled pixels are, whether or not the paper expects them there. */
function summaryOf({ byConfidence, mislabeled, compared }: ComparedStatistics): string {
  if (mislabeled === 0) return 'No compared pixel is mislabeled.';
  const { threshold, correct, mislabeled: wrong } = byConfidence;
  const low = wrong.low.pixels / (wrong.low.pixels + correct.low.pixels);
  const high = wrong.high.pixels / (wrong.high.pixels + correct.high.pixels);
  const lessConfident = formatPercent((wrong.low.pixels + correct.low.pixels) / compared, {
    decimals: 0,
    sign: true,
  });
  return (
    `${percent(wrong.low.pixels / mislabeled)} of the mislabeled pixels are in the less confident ${lessConfident} ` +
    `(v̂ < ${formatNumber(threshold, { decimals: 3 })}): ` +
    `${percent(low)} of the labels there are wrong, ${percent(high)} above.`
  );
}

function binsPlot(statistics: ComparedStatistics): Plot {
  const { compared, mislabeled } = statistics.bins;
  // Intervals of a handful of pixels would jump up and down.
  const enough = Math.max(20, statistics.compared / 10_000);
  const wrong = compared.map((count, bin) => (count < enough ? null : (mislabeled[bin] as number) / count));
  const highest = Math.max(0.001, ...wrong.map((share) => share ?? 0));
  const mean = statistics.mislabeled / statistics.compared;
  return {
    title: 'Wrong labels by confidence',
    note: `dashed: all pixels together; intervals below ${formatCount(Math.round(enough))} pixels are left out`,
    x: confidenceAxis,
    y: {
      label: 'share mislabeled',
      format: (share) => formatPercent(share, { decimals: highest < 0.03 ? 1 : 0, sign: true }),
    },
    series: [
      pixelBars(pixelShares(statistics), { height: 0.4 * highest }),
      { label: 'all', color: lightColors.muted, x: [-1, 1], y: [mean, mean], mark: 'line', dashed: true },
      {
        label: 'mislabeled',
        color: mislabeledColor,
        x: intervalCenters,
        y: wrong,
        mark: 'line',
        dots: true,
      },
    ],
  };
}

function timePlot(moments: readonly ComparedMoment[]): Plot {
  const steps = moments.map(({ step }) => step);
  const shares = (half: 'low' | 'high') =>
    moments.map(({ statistics: { byConfidence } }) => {
      const [wrong, right] = [byConfidence.mislabeled[half].pixels, byConfidence.correct[half].pixels];
      return wrong + right === 0 ? null : wrong / (wrong + right);
    });
  const all = moments.map(({ statistics }) => statistics.mislabeled / statistics.compared);
  const marks = { x: steps, mark: 'line', dots: true } as const;
  return {
    title: 'Wrong labels over training time',
    note: 'below and above the median confidence of each moment',
    x: { label: 'step', range: [Math.min(...steps), Math.max(...steps)] },
    y: { label: 'share mislabeled', format: percent },
    series: [
      { ...marks, label: 'low confidence', color: mislabeledColor, y: shares('low') },
      { ...marks, label: 'high confidence', color: correctColor, y: shares('high') },
      { label: 'all', color: lightColors.muted, x: steps, y: all, mark: 'line', dashed: true },
    ],
  };
}

function tableRows(run: RunStatistics): string[][] {
  const { step, statistics } = lastMoment(run);
  const { byLoss, byConfidence, compared } = statistics;
  const divisions = [
    ['loss', byLoss],
    ['confidence', byConfidence],
  ] as const;
  return divisions.flatMap(([indicator, division]) =>
    (['correct', 'mislabeled'] as const).flatMap((state) =>
      (['low', 'high'] as const).flatMap((half) => {
        const cell = division?.[state][half];
        if (cell === undefined) return [];
        return [
          [
            run.label,
            String(step),
            state,
            `${half} ${indicator}`,
            percent(cell.pixels / compared),
            formatNumber(cell.meanLoss, { digits: 3 }),
            percent(cell.weightShare),
          ],
        ];
      }),
    ),
  );
}

function percent(fraction: number): string {
  return formatPercent(fraction, { sign: true });
}

function isCompared(moment: StatisticsMoment): moment is ComparedMoment {
  return moment.statistics.byLoss !== null && moment.statistics.byConfidence !== null;
}
