/** W(v̂) as a run gave it beside what section 3.4 says it should become, E[l | v̂]^{1/(p−1)}. */

import type { RunStatistics } from '../analysis/index.js';
import { compareWithTheory, type TheoryCurve } from '../analysis/index.js';
import { binCount } from '../analysis/internal.js';
import { ConfigError } from '../errors/index.js';
import type { Figure } from './figure.js';
import { numberText, percentText } from './figure.js';
import { confidenceLabel, lastMoment } from './loss-figure.js';
import { drawPlot, type Plot } from './plot/plot.js';
import { svgDocument } from './plot/svg.js';
import { rightColor, shade, wrongColor } from './plot/theme.js';

const panel = { width: 470, height: 400 } as const;

/** A run that the theory says something of: its weights climb the loss under a norm of order p > 1. */
export interface TheoryRun {
  readonly run: RunStatistics;
  readonly p: number;
  readonly curve: TheoryCurve;
}

/** Runs without weights, with weights that do not climb the loss, or with p = 1, are left out. */
export function theoryRuns(runs: readonly RunStatistics[]): TheoryRun[] {
  return runs.flatMap((run) => {
    const { p } = run;
    const { statistics } = lastMoment(run);
    if (p === null || p <= 1 || statistics.pixels === 0) return [];
    return [{ run, p, curve: compareWithTheory(statistics, p) }];
  });
}

/** @throws ConfigError when there is no run to compare */
export function theoryFigure(runs: readonly RunStatistics[]): Figure {
  const compared = theoryRuns(runs);
  if (compared.length === 0) {
    throw new ConfigError(
      'figure theory: expected a run whose weights climb the loss with p = 2 or 3; a fixed strategy or a plain mean follows no theory, and p = 1 has no curve',
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
        curve.correlation === null ? '–' : curve.correlation.toFixed(3),
        extent(curve.weight),
        extent(curve.theory),
      ]),
    ],
  };
}

/** The plots alone, for pages: two in a row. */
export function theorySvg(compared: readonly TheoryRun[]): string {
  const columns = Math.min(2, compared.length);
  const rows = Math.ceil(compared.length / columns);
  const description = `Weights against theory: ${compared.map(({ run, curve }) => `${run.label}, correlation ${correlationText(curve)}`).join('; ')}.`;
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
  const top = Math.max(...weight, ...theory);
  const mostPixels = Math.max(...pixelShare);
  return {
    title: `${run.label}, p = ${p}`,
    note: `step ${lastMoment(run).step}; correlation over the pixels: ${correlationText(curve)}`,
    x: { label: confidenceLabel, range: [-1, 1] },
    y: { label: 'weight, mean 1 over the pixels' },
    series: [
      {
        label: `pixels (highest bar: ${percentText(mostPixels, 0)})`,
        color: shade,
        x: confidence,
        // A background without a scale of its own: a third of the height.
        y: pixelShare.map((share) => (share / mostPixels) * top * 0.33),
        mark: 'bars',
        barWidth: 2 / binCount,
      },
      {
        label: p === 2 ? 'theory E[l | v̂]' : `theory E[l | v̂]^(1/${p - 1})`,
        color: wrongColor,
        x: confidence,
        y: theory,
        mark: 'line',
        dashed: true,
      },
      { label: 'W(v̂) of the run', color: rightColor, x: confidence, y: weight, mark: 'line', dots: true },
    ],
  };
}

function correlationText({ correlation }: TheoryCurve): string {
  return correlation === null ? 'none, W is constant' : correlation.toFixed(3).replace('-', '−');
}

function extent(values: readonly number[]): string {
  return `${numberText(Math.min(...values))} to ${numberText(Math.max(...values))}`;
}
