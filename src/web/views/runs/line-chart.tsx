/** Draws lines over the steps of training, and draws them again when they advance. */

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** Holds one line; both lists have one length. */
export interface ChartLine {
  readonly label: string;
  /** Names a CSS variable, such as `--series-1`. */
  readonly color: string;
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
}

/** Configures `LineChart`. */
export interface LineChartOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly lines: readonly ChartLine[];
}

/** Shows lines with their last values, which readers of the screen hear. */
export function LineChart({ title, xLabel, lines }: LineChartOptions) {
  const plot = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);
  const shape = JSON.stringify(lines.map(({ label, color }) => [label, color]));
  const data = alignedLines(lines);

  useEffect(() => {
    const place = plot.current;
    if (place === null) return;
    const size = () => ({ width: Math.max(100, place.clientWidth), height: 210 });
    const axis = (width: number): uPlot.Axis => ({
      size: width,
      stroke: () => cssVariable('--muted'),
      grid: { stroke: () => cssVariable('--line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    });
    const chart = new uPlot(
      {
        ...size(),
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
        scales: { x: { time: false } },
        axes: [axis(30), axis(54)],
        series: [
          {},
          ...lines.map(({ label, color }) => ({
            label,
            stroke: () => cssVariable(color),
            width: 2,
            spanGaps: true,
          })),
        ],
      },
      data,
      place,
    );
    drawn.current = chart;
    const resized = new ResizeObserver(() => chart.setSize(size()));
    resized.observe(place);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => chart.redraw(false, true);
    scheme.addEventListener('change', redraw);
    return () => {
      scheme.removeEventListener('change', redraw);
      resized.disconnect();
      chart.destroy();
    };
  }, [shape]);
  useEffect(() => drawn.current?.setData(data), [JSON.stringify(data)]);

  const ends = lines.map(({ label, y }) => `${label}: ${shortNumber(lastValue(y))}`);
  return (
    <figure class="run-chart">
      <figcaption>{title}</figcaption>
      <div ref={plot} role="img" aria-label={`${title} by ${xLabel}. At the end: ${ends.join('; ')}`} />
      <p class="x-label" aria-hidden="true">
        {xLabel}
      </p>
      <ul aria-hidden="true">
        {lines.map(({ label, color, y }) => (
          <li key={label}>
            <i style={{ background: `var(${color})` }} />
            {label} <output>{shortNumber(lastValue(y))}</output>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** Puts lines on one x axis, with null where a line has no value. */
function alignedLines(lines: readonly ChartLine[]): uPlot.AlignedData {
  const x = [...new Set(lines.flatMap((line) => line.x))].sort((a, b) => a - b);
  const columns = lines.map((line) => {
    const at = new Map(line.x.map((value, index) => [value, line.y[index] ?? null]));
    return x.map((value) => at.get(value) ?? null);
  });
  return [x, ...columns];
}

function lastValue(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

function shortNumber(value: number | null): string {
  return value === null ? '–' : String(Number(value.toPrecision(4))).replace('-', '−');
}

function cssVariable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
