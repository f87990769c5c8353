/** The section of learned weights of a run whose weights also depend on agreement. */
import { expect, test } from 'vitest';
import { formatNumber } from '#format/index.js';
import type { ReportRun, WeightFunction } from '#report/report-run.js';
import { weightFunctionsSection } from '#report/sections/weight-functions.js';

const confidence = [-1, 0, 1];
const moment = (step: number, byAgreement: WeightFunction['byAgreement']): WeightFunction => ({
  step,
  confidence,
  weight: [0.9, 0.6, 0.3],
  byAgreement,
});

/** Returns the charts of a section as the page reads them. */
function chartsOf(weightFunctions: readonly WeightFunction[]) {
  const run = { label: 'one', weightFunctions } as unknown as ReportRun;
  const { text } = weightFunctionsSection([run]);
  const charts = [...text.matchAll(/<script type="application\/json">(.*?)<\/script>/gs)];
  return { text, charts: charts.map(([, json = '']) => JSON.parse(json)) };
}

test('has one curve for each agreement, at the last moment', () => {
  const levels = [
    { agreement: -1, weight: [0.01, 0.02, 0.03] },
    { agreement: 0, weight: [0.4, 0.3, 0.2] },
    { agreement: 1, weight: [0.9, 0.6, 0.3] },
  ];
  const { text, charts } = chartsOf([moment(0, levels.slice(0, 1)), moment(20, levels)]);
  expect(charts).toHaveLength(1);
  const [chart] = charts;
  expect(chart.note).toBe('step 20');
  expect(chart.series.map(({ label }: { label: string }) => label)).toEqual([
    `agreement ${formatNumber(-1, { decimals: 1 })}`,
    'agreement 0.0',
    'agreement 1.0',
  ]);
  expect(chart.series.map(({ values }: { values: number[] }) => values)).toEqual(
    levels.map(({ weight }) => weight),
  );
  expect(text).toContain('<th scope="row">0.0</th><td>0.4000</td><td>0.3000</td><td>0.2000</td>');
});

test('has one curve for each moment where weights depend on confidence alone', () => {
  const { charts } = chartsOf([moment(0, []), moment(20, [])]);
  expect(charts[0].series.map(({ label }: { label: string }) => label)).toEqual(['step 0', 'step 20']);
});
