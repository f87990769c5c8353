/** Shows the curves of the compared runs: scores, loss, W(v̂), memory and waiting for data. */

import type { InferResponseType } from 'hono/client';
import type { api } from '../../api.js';
import { type ChartLine, LineChart } from './line-chart.js';

/** Holds a compared run as the server describes it. */
export type ComparedRun = InferResponseType<typeof api.runs.report.$get, 200>['runs'][number];

const colorCount = 8;

/** Returns the CSS variable with the color of a run. */
function colorOf(index: number): string {
  return `--series-${(index % colorCount) + 1}`;
}

/** Shows a chart for each thing that one of the runs logged. */
export function RunCharts({ runs }: { readonly runs: readonly ComparedRun[] }) {
  const lines = (of: (run: ComparedRun) => Pick<ChartLine, 'x' | 'y'>) =>
    runs.map((run, index) => ({ label: run.name, color: colorOf(index), ...of(run) }));
  const charts = [
    {
      title: 'Mean IoU, %',
      xLabel: 'Step',
      lines: lines(({ report: { evaluations } }) => ({
        x: evaluations.map(({ step }) => step),
        y: evaluations.map(({ mIoU }) => (mIoU === null ? null : 100 * mIoU)),
      })),
    },
    {
      title: 'Training loss before weighting',
      xLabel: 'Step',
      lines: lines(({ report: { loss } }) => ({ x: loss.steps, y: loss.values })),
    },
    {
      title: 'W(v̂) now',
      xLabel: 'Confidence v̂',
      lines: lines(({ report: { weightFunctions } }) => {
        const last = weightFunctions.at(-1);
        return { x: last?.confidence ?? [], y: last?.weight ?? [] };
      }),
    },
    {
      title: 'Memory of the process, MiB',
      xLabel: 'Step',
      lines: lines(({ resources: { steps, residentBytes } }) => ({
        x: steps,
        y: residentBytes.map((bytes) => bytes / 2 ** 20),
      })),
    },
    {
      title: 'Waiting for data, % of the time',
      xLabel: 'Step',
      lines: lines(({ resources: { steps, dataWaitShare } }) => ({
        x: steps,
        y: dataWaitShare.map((share) => (share === null ? null : 100 * share)),
      })),
    },
  ];
  return (
    <div class="run-charts">
      {charts
        .map((chart) => ({ ...chart, lines: chart.lines.filter(({ y }) => y.some((v) => v !== null)) }))
        .filter((chart) => chart.lines.length > 0)
        .map((chart) => (
          <LineChart key={chart.title} {...chart} />
        ))}
    </div>
  );
}

/** Shows the IoU of each class at the last evaluation of each run. */
export function ClassTable({ runs }: { readonly runs: readonly ComparedRun[] }) {
  const scores = runs.map(
    ({ report }) => new Map(report.evaluations.at(-1)?.perClass.map(({ name, iou }) => [name, iou])),
  );
  const names = [...new Set(scores.flatMap((of) => [...of.keys()]))];
  if (names.length === 0) return null;
  return (
    <table>
      <caption>IoU of each class at the last evaluation, %</caption>
      <thead>
        <tr>
          <th scope="col">Class</th>
          {runs.map(({ name }) => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            {scores.map((of, index) => (
              <td key={runs[index]?.name}>{percent(of.get(name))}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Writes a fraction as a percentage with two digits. */
export function percent(fraction: number | null | undefined): string {
  return typeof fraction === 'number' ? (100 * fraction).toFixed(2) : '–';
}
