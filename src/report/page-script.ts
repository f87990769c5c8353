/** What runs in the reader's browser: draws the charts with uPlot and enlarges pictures. No library but uPlot. */
export const pageScript = `
'use strict';
(() => {
  const style = getComputedStyle(document.documentElement);
  const variable = (name) => style.getPropertyValue(name).trim();
  const formats = {
    percent: (value, digits) => (value * 100).toFixed(digits),
    plain: (value, digits) => value.toFixed(digits),
  };
  const faded = (name, opacity) => {
    const hex = variable(name);
    return hex + Math.round(opacity * 255).toString(16).padStart(2, '0');
  };

  function drawChart(figure) {
    const chart = JSON.parse(figure.querySelector('script').textContent);
    const plot = figure.querySelector('.plot');
    const key = figure.querySelector('.key');
    const outputs = chart.series.map((series) => {
      if (!series.inKey) return null;
      const item = document.createElement('li');
      const mark = document.createElement('i');
      mark.style.background = 'var(' + series.color + ')';
      mark.style.opacity = series.opacity;
      const value = document.createElement('output');
      item.append(mark, series.label, value);
      key.append(item);
      return value;
    });
    const axis = (more) => ({
      stroke: () => variable('--muted'),
      grid: { stroke: () => variable('--line'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
      ...more,
    });
    const [low, high] = chart.yRange;
    const drawn = new uPlot(
      {
        width: plot.clientWidth,
        height: plot.clientHeight,
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, points: { size: 7 } },
        scales: {
          x: { time: false },
          y: {
            range: (_, least, most) => {
              const [from, to] = uPlot.rangeNum(low ?? least, most, 0.08, true);
              return [low ?? from, high ?? to];
            },
          },
        },
        axes: [
          axis({ size: 30 }),
          axis({
            size: 46,
            values: (_, ticks) => {
              const gap = ticks.length > 1 ? ticks[1] - ticks[0] : 1;
              const scale = chart.format === 'percent' ? 100 : 1;
              const digits = Math.max(0, Math.ceil(-Math.log10(gap * scale) - 1e-9));
              return ticks.map((tick) => formats[chart.format](tick, digits));
            },
          }),
        ],
        series: [
          {},
          ...chart.series.map((series) => ({
            label: series.label,
            stroke: () => faded(series.color, series.opacity),
            width: series.width,
            spanGaps: true,
            points: { show: series.dots, size: 6, fill: () => variable(series.color) },
          })),
        ],
        hooks: {
          setCursor: [
            (self) => {
              const at = self.cursor.idx;
              outputs.forEach((output, index) => {
                if (output === null) return;
                const value = at == null ? null : chart.series[index].values[at];
                output.textContent = value == null ? '' : formats[chart.format](value, chart.format === 'percent' ? 2 : 4);
              });
            },
          ],
        },
      },
      [chart.x, ...chart.series.map((series) => series.values)],
      plot,
    );
    new ResizeObserver(() => drawn.setSize({ width: plot.clientWidth, height: plot.clientHeight })).observe(plot);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawn.redraw(false, true));
  }
  for (const figure of document.querySelectorAll('.chart')) drawChart(figure);

  const dialog = document.querySelector('dialog');
  const picture = dialog.querySelector('img');
  const caption = dialog.querySelector('span');
  let neighbors = [];
  let position = 0;
  function show(index) {
    position = (index + neighbors.length) % neighbors.length;
    const figure = neighbors[position].closest('figure');
    const image = figure.querySelector('img');
    picture.src = image.src;
    picture.alt = image.alt;
    caption.textContent = image.alt;
    dialog.className = figure.classList.contains('labels') ? 'labels' : '';
  }
  for (const button of document.querySelectorAll('.enlarge')) {
    button.addEventListener('click', () => {
      neighbors = [...button.closest('.example').querySelectorAll('.enlarge')];
      show(neighbors.indexOf(button));
      dialog.showModal();
    });
  }
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowRight') show(position + 1);
    if (event.key === 'ArrowLeft') show(position - 1);
  });
  dialog.addEventListener('click', (event) => {
    const step = event.target.dataset && event.target.dataset.step;
    if (step) show(position + Number(step));
    else if (event.target.tagName === 'FORM') dialog.close();
  });
})();
`;
