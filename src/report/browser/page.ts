/**
 * The script of a report's page, which runs in the reader's browser: it draws the curves and enlarges pictures. It is
 * compiled like the rest and written into every page as a module script, so that a page is one file.
 *
 * The curves are drawn by uPlot and not by figures/plot, because they are interactive: they show the values under the
 * cursor, fit any width, and follow the color scheme. Their colors are those of all figures, by CSS variables.
 */

import type { Chart, ChartSeries } from './chart.js';

const axisFont = '12px system-ui, sans-serif';

function drawChart(figure: Element): void {
  const chart = JSON.parse(find(figure, 'script').textContent) as Chart;
  const plot = find(figure, '.plot');
  const outputs = addKey(chart.series, find(figure, '.key'));
  const size = () => ({ width: plot.clientWidth, height: plot.clientHeight });
  const drawn = new uPlot(
    {
      ...size(),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false }, y: { range: yRange(chart) } },
      axes: [axis(30), axis(46)],
      series: [{}, ...chart.series.map(lineOf)],
      hooks: { setCursor: [({ cursor }) => showValues(chart, { at: cursor.idx ?? null, outputs })] },
    },
    [[...chart.x], ...chart.series.map(({ values }) => [...values])],
    plot,
  );
  new ResizeObserver(() => drawn.setSize(size())).observe(plot);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawn.redraw(false, true));
}

/** Names the series below the chart, and returns for each the element that shows its value under the cursor. */
function addKey(series: readonly ChartSeries[], key: HTMLElement): (HTMLOutputElement | null)[] {
  return series.map(({ label, color, opacity, inKey }) => {
    if (!inKey) return null;
    const mark = document.createElement('i');
    mark.style.background = `var(${color})`;
    mark.style.opacity = String(opacity);
    const output = document.createElement('output');
    const item = document.createElement('li');
    item.append(mark, label, output);
    key.append(item);
    return output;
  });
}

interface CursorValues {
  /** Place among the chart's x; null where the cursor is outside. */
  readonly at: number | null;
  readonly outputs: readonly (HTMLOutputElement | null)[];
}

function showValues({ series, decimals }: Chart, { at, outputs }: CursorValues): void {
  for (const [index, output] of outputs.entries()) {
    const value = at === null ? null : series[index]?.values[at];
    if (output !== null) output.textContent = value?.toFixed(decimals).replace('-', '−') ?? '';
  }
}

/** Returns an axis that takes `size` pixels beside the plot. */
function axis(size: number): uPlot.Axis {
  return {
    size,
    values: (_, ticks) => tickLabels(ticks),
    stroke: () => cssVariable('--muted'),
    grid: { stroke: () => cssVariable('--line'), width: 1 },
    ticks: { show: false },
    font: axisFont,
  };
}

function yRange({ yRange: [low, high] }: Chart): uPlot.Range.Function {
  return (_, least, most) => {
    const [from, to] = uPlot.rangeNum(low ?? least, most, 0.08, true);
    return [low ?? from, high ?? to];
  };
}

/** Writes ticks with as many digits as their distance needs. */
function tickLabels(ticks: readonly number[]): string[] {
  const [first = 0, second = first + 1] = ticks;
  const digits = Math.max(0, Math.ceil(-Math.log10(second - first) - 1e-9));
  return ticks.map((tick) => tick.toFixed(digits).replace('-', '−'));
}

function lineOf({ label, color, opacity, width, dots }: ChartSeries): uPlot.Series {
  const alpha = Math.round(opacity * 255)
    .toString(16)
    .padStart(2, '0');
  return {
    label,
    stroke: () => `${cssVariable(color)}${alpha}`,
    width,
    spanGaps: true,
    points: { show: dots, size: 6, fill: () => cssVariable(color) },
  };
}

function cssVariable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Shows a picture in the page's dialog when it is selected; arrows step through the pictures of the same example. */
function enablePictures(dialog: HTMLDialogElement): void {
  const picture = find<HTMLImageElement>(dialog, 'img');
  const caption = find(dialog, 'span');
  let pictures: HTMLElement[] = [];
  let position = 0;
  const show = (place: number) => {
    position = (place + pictures.length) % pictures.length;
    const button = pictures[position];
    if (button === undefined) return;
    const { src, alt } = find<HTMLImageElement>(button, 'img');
    picture.src = src;
    picture.alt = alt;
    caption.textContent = alt;
    dialog.className = button.closest('figure')?.classList.contains('labels') ? 'labels' : '';
  };
  for (const button of document.querySelectorAll<HTMLElement>('.enlarge')) {
    button.addEventListener('click', () => {
      pictures = [...(button.closest('.example')?.querySelectorAll<HTMLElement>('.enlarge') ?? [])];
      show(pictures.indexOf(button));
      dialog.showModal();
    });
  }
  dialog.addEventListener('keydown', ({ key }) => {
    if (key === 'ArrowRight') show(position + 1);
    if (key === 'ArrowLeft') show(position - 1);
  });
  dialog.addEventListener('click', ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    const { step } = target.dataset;
    if (step !== undefined) show(position + Number(step));
    // A click beside the picture hits the form, which fills the dialog.
    else if (target instanceof HTMLFormElement) dialog.close();
  });
}

function find<Found extends HTMLElement = HTMLElement>(parent: ParentNode, selector: string): Found {
  const found = parent.querySelector<Found>(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return found;
}

for (const figure of document.querySelectorAll('.chart')) drawChart(figure);
enablePictures(find<HTMLDialogElement>(document, 'dialog'));
