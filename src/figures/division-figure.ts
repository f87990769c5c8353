/**
 * Fig. 2, measured: correct and mislabeled pixels by loss and by confidence, with what the paper says of each; and where
 * on the scale of confidence the mislabeled pixels are, at the end and over training time.
 */

import type { RunStatistics, StatisticsMoment } from '../analysis/index.js';
import { binCount } from '../analysis/internal.js';
import { ConfigError } from '../errors/index.js';
import type { Division, PixelStatistics } from '../runs/index.js';
import { drawDivision } from './division-table.js';
import { type Figure, fileStem, numberText, percentText } from './figure.js';
import { centers, confidenceLabel, lastMoment, shares } from './loss-figure.js';
import { drawPlot, type Frame, type Plot } from './plot/plot.js';
import { svgDocument, text } from './plot/svg.js';
import { fontSize, muted, rightColor, shade, wrongColor } from './plot/theme.js';

const size = { width: 1000, height: 792 } as const;

/** Statistics in which labels could be compared with finer ones. */
export interface ComparedStatistics extends PixelStatistics {
  readonly byLoss: Division;
  readonly byConfidence: Division;
}

/** @throws ConfigError when a run has no finer labels to compare with */
export function divisionFigure(runs: readonly RunStatistics[]): Figure {
  const drawn = runs.map((run) => {
    const svg = divisionSvg(run);
    if (svg === null) {
      throw new ConfigError(
        `${run.folder}: figure 2 needs finer labels of the images it is measured on (data.evaluation.labels, or --fine-labels NAME)`,
      );
    }
    return { name: runs.length === 1 ? 'figure-2.svg' : `figure-2-${fileStem(run.label)}.svg`, content: svg };
  });
  return {
    files: drawn,
    data: {
      figure: '2',
      runs: runs.map(({ label, folder, source, moments }) => ({
        run: label,
        folder,
        source,
        moments: moments.map(({ step, statistics }) => ({ step, ...statistics })),
      })),
    },
    table: [
      ['run', 'step', 'pixels', 'half', 'share', 'mean loss', 'weight'],
      ...runs.flatMap((run) => tableRows(run)),
    ],
  };
}

/** One run's figure; null when its labels could not be compared with finer ones. */
export function divisionSvg(run: RunStatistics): string | null {
  const compared = run.moments.flatMap(({ step, statistics }) =>
    isCompared(statistics) ? [{ step, statistics }] : [],
  );
  const last = compared.at(-1);
  if (last === undefined) return null;
  const { step, statistics } = last;
  const { byLoss, byConfidence, images } = statistics;
  const half = (size.width - 40) / 2;
  const top: Frame = { left: 20, top: 86, width: half - 10, height: 248 };
  const bottom: Frame = { left: 12, top: 356, width: half, height: 388 };
  const beside = { left: 30 + half };
  const described = `${run.label}: ${finding(statistics)}`;
  return svgDocument({ ...size, description: described }, [
    text(`Which pixels are mislabeled: ${run.label}`, { x: 20, y: 34, size: fontSize.title, weight: 600 }),
    text(
      `step ${step}, ${images} images; ${percentText(statistics.mislabeled / statistics.compared)} of ${statistics.compared.toLocaleString('en')} compared pixels carry a wrong label; in quotes: what the paper calls them`,
      { x: 20, y: 56, color: muted },
    ),
    drawDivision(byLoss, {
      frame: top,
      title: '(a) by loss',
      columns: ['low loss', 'high loss'],
      paper: { correct: ['less valuable', 'more valuable'], mislabeled: ['less harmful', 'more harmful'] },
    }),
    drawDivision(byConfidence, {
      frame: { ...top, left: beside.left },
      title: '(b) by confidence',
      columns: ['low confidence', 'high confidence'],
      paper: { correct: ['more valuable', 'less valuable'], mislabeled: ['less harmful', 'more harmful'] },
    }),
    drawPlot(binsPlot(statistics), compared.length > 1 ? bottom : { ...bottom, width: 2 * half }),
    ...(compared.length > 1 ? [drawPlot(timePlot(compared), { ...bottom, left: beside.left })] : []),
    text(finding(statistics), { x: 20, y: size.height - 22, weight: 600 }),
  ]);
}

/** Where the mislabeled pixels are, in one sentence, whatever the paper expects. */
export function finding({ byConfidence, mislabeled, compared }: ComparedStatistics): string {
  if (mislabeled === 0) return 'No compared pixel is mislabeled.';
  const { threshold, correct, mislabeled: wrong } = byConfidence;
  const low = wrong.low.pixels / (wrong.low.pixels + correct.low.pixels);
  const high = wrong.high.pixels / (wrong.high.pixels + correct.high.pixels);
  return (
    `${percentText(wrong.low.pixels / mislabeled)} of the mislabeled pixels are in the less confident ` +
    `${percentText((wrong.low.pixels + correct.low.pixels) / compared, 0)} (v̂ < ${threshold.toFixed(3).replace('-', '−')}): ` +
    `${percentText(low)} of the labels there are wrong, ${percentText(high)} above.`
  );
}

function binsPlot(statistics: ComparedStatistics): Plot {
  const { compared, mislabeled } = statistics.bins;
  const all = shares(statistics);
  // Intervals of a handful of pixels would jump up and down.
  const enough = Math.max(20, statistics.compared / 10_000);
  const wrong = compared.map((count, bin) => (count < enough ? null : (mislabeled[bin] as number) / count));
  const highest = Math.max(0.001, ...wrong.map((share) => share ?? 0));
  const mostPixels = Math.max(...all);
  return {
    title: 'Wrong labels by confidence',
    note: `dashed: all pixels together; intervals below ${Math.round(enough).toLocaleString('en')} pixels are left out`,
    x: { label: confidenceLabel, range: [-1, 1] },
    y: { label: 'share mislabeled', format: (value) => percentText(value, highest < 0.03 ? 1 : 0) },
    series: [
      {
        label: `pixels (highest bar: ${percentText(mostPixels, 0)})`,
        color: shade,
        x: centers(),
        y: all.map((share) => (share / mostPixels) * highest * 0.4),
        mark: 'bars',
        barWidth: 2 / binCount,
      },
      {
        label: 'all',
        color: muted,
        x: [-1, 1],
        y: [0, 0].map(() => statistics.mislabeled / statistics.compared),
        mark: 'line',
        dashed: true,
      },
      { label: 'mislabeled', color: wrongColor, x: centers(), y: wrong, mark: 'line', dots: true },
    ],
  };
}

function timePlot(moments: readonly { step: number; statistics: ComparedStatistics }[]): Plot {
  const steps = moments.map(({ step }) => step);
  const share = (half: 'low' | 'high') =>
    moments.map(({ statistics: { byConfidence } }) => {
      const [wrong, right] = [byConfidence.mislabeled[half].pixels, byConfidence.correct[half].pixels];
      return wrong + right === 0 ? null : wrong / (wrong + right);
    });
  const all = moments.map(({ statistics }) => statistics.mislabeled / statistics.compared);
  return {
    title: 'Wrong labels over training time',
    note: 'below and above the median confidence of each moment',
    x: { label: 'step', range: [Math.min(...steps), Math.max(...steps)] },
    y: { label: 'share mislabeled', format: (value) => percentText(value, 1) },
    series: [
      { label: 'low confidence', color: wrongColor, x: steps, y: share('low'), mark: 'line', dots: true },
      { label: 'high confidence', color: rightColor, x: steps, y: share('high'), mark: 'line', dots: true },
      { label: 'all', color: muted, x: steps, y: all, mark: 'line', dashed: true },
    ],
  };
}

function tableRows(run: RunStatistics): string[][] {
  const { step, statistics }: StatisticsMoment = lastMoment(run);
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
        const share = percentText(cell.pixels / compared);
        const weight = percentText(cell.weightShare);
        return [
          [run.label, String(step), state, `${half} ${indicator}`, share, numberText(cell.meanLoss), weight],
        ];
      }),
    ),
  );
}

function isCompared(statistics: PixelStatistics): statistics is ComparedStatistics {
  return statistics.byLoss !== null && statistics.byConfidence !== null;
}
