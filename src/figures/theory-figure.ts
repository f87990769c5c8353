/** Draws the weights W(v̂) of a run beside those that section 3.4 of the paper expects, E[l | v̂]^{1/(p−1)}. */

import type { RunStatistics } from '../analysis/index.js';
import { compareWithTheory, type TheoryCurve } from '../analysis/index.js';
import { lastMoment } from '../analysis/internal.js';
import { ConfigError } from '../errors/index.js';
import { formatNumber } from '../format/index.js';
import { confidenceAxis, pixelBars } from './confidence-axis.js';
import type { Figure } from './figure.js';
import { correctColor, mislabeledColor } from './palette.js';
import { drawPlot, type Plot } from './plot/plot.js';
import { svgDocument } from './plot/svg.js';

const panel = { width: 470, height: 400 } as const;

/** Holds a run whose weights maximize the loss under a norm of order p > 1, with its curve. */
export interface TheoryRun {
  readonly run: RunStatistics;
  readonly p: number;
  readonly curve: TheoryCurve;
}

/**
 * Returns the runs to which the theory applies: their weights maximize the loss with p > 1, and pixels were measured.
 */
export function theoryRuns(runs: readonly RunStatistics[]): TheoryRun[] {
  return runs.flatMap((run) => {
    const { p } = run;
    const { statistics } = lastMoment(run);
    if (p === null || p <= 1 || statistics.pixels === 0) return [];
    return [{ run, p, curve: compareWithTheory(statistics, p) }];
  });
}

/**
 * Makes the figure: one drawing with a panel for each run to which the theory applies.
 *
 * @throws {ConfigError} when there is no such run
 */
export function theoryFigure(runs: readonly RunStatistics[]): Figure {
  const compared = theoryRuns(runs);
  if (compared.length === 0) {
    throw new ConfigError(
      'figure theory: expected a run whose weights maximize the loss with p = 2 or 3 (reweighter arm or closed-form-arm), ' +
        'found none; the theory does not cover fixed weights or a plain mean, and with p = 1 it gives no curve',
    );
  }
  return {
    files: [{ name: 'figure-theory.svg', content: theorySvg(compared) }],
    data: {
      figure: 'theory',
      runs: compared.map(({ run, p, curve }) => ({
        run: run.label,
        folder: run.folder,
        source: run.source,
        step: lastMoment(run).step,
        p,
        confidence: [...curve.confidence],
        pixelShare: [...curve.pixelShare],
        weight: [...curve.weight],
        theory: [...curve.theory],
        correlation: curve.correlation,
      })),
    },
    table: [
      ['run', 'p', 'step', 'correlation', 'W, least to most', 'theory, least to most'],
      ...compared.map(({ run, p, curve }) => [
        run.label,
        String(p),
        String(lastMoment(run).step),
        formatNumber(curve.correlation, { decimals: 3 }),
        extentText(curve.weight),
        extentText(curve.theory),
      ]),
    ],
  };
}

/** Draws the panels, two in a row. */
export function theorySvg(compared: readonly TheoryRun[]): string {
  const columns = Math.min(2, compared.length);
  const rows = Math.ceil(compared.length / columns);
  const correlations = compared.map(
    ({ run, curve }) => `${run.label}, correlation ${correlationText(curve)}`,
  );
  const description = `Weights against theory: ${correlations.join('; ')}.`;
  const width = columns * panel.width + 20;
  return svgDocument(
    { width, height: rows * panel.height + 20, description },
    compared.map((one, place) =>
      drawPlot(theoryPlot(one), {
        left: 8 + (place % columns) * panel.width,
        top: 10 + Math.floor(place / columns) * panel.height,
        width: panel.width,
        height: panel.height - 14,
      }),
    ),
  );
}

function theoryPlot({ run, p, curve }: TheoryRun): Plot {
  const { confidence, pixelShare, weight, theory } = curve;
  const highest = Math.max(...weight, ...theory);
  return {
    title: `${run.label}, p = ${p}`,
    note: `step ${lastMoment(run).step}; correlation over the pixels: ${correlationText(curve)}`,
    x: confidenceAxis,
    y: { label: 'weight, mean 1 over the pixels' },
    series: [
      pixelBars(pixelShare, { x: confidence, height: 0.33 * highest }),
      {
        label: p === 2 ? 'theory E[l | v̂]' : `theory E[l | v̂]^(1/${p - 1})`,
        color: mislabeledColor,
        x: confidence,
        y: theory,
        mark: 'line',
        dashed: true,
      },
      {
        label: 'W(v̂) of the run',
        color: correctColor,
        x: confidence,
        y: weight,
        mark: 'line',
        dots: true,
      },
    ],
  };
}

function correlationText({ correlation }: TheoryCurve): string {
  return correlation === null ? 'none, W is constant' : formatNumber(correlation, { decimals: 3 });
}

function extentText(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${formatNumber(low, { digits: 3 })} to ${formatNumber(high, { digits: 3 })}`;
}
