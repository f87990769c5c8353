/** uPlot (MIT), read from the installed package when a report is written, so that the page needs no network. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface ChartLibrary {
  readonly script: string;
  readonly style: string;
  readonly license: string;
}

export async function readChartLibrary(): Promise<ChartLibrary> {
  const scriptPath = createRequire(import.meta.url).resolve('uplot/dist/uPlot.iife.min.js');
  const folder = dirname(scriptPath);
  const [script, style, license] = await Promise.all([
    readFile(scriptPath, 'utf8'),
    readFile(join(folder, 'uPlot.min.css'), 'utf8'),
    readFile(join(folder, '..', 'LICENSE'), 'utf8'),
  ]);
  return { script, style, license };
}
