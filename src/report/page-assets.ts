/**
 * Everything that is written into a page beside its content: styles, scripts, and the license of the chart library. It is
 * read from this package and from the installed uPlot, so that a page is one file that needs no network.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { darkColors, lightColors, type PageColors } from '../figures/internal.js';

/** Holds the text of styles and scripts. */
export interface PageAssets {
  readonly style: string;
  /** Draws the curves and enlarges pictures; a module script that needs `library`. */
  readonly script: string;
  /** uPlot, as a classic script. */
  readonly library: string;
  readonly license: string;
}

const styleSheets = ['page', 'tables', 'charts', 'pictures'] as const;

/** Reads style sheets of pages, behind the variables of their colors. */
export async function readStyles(sheets: readonly (typeof styleSheets)[number][]): Promise<string> {
  const styles = await Promise.all(sheets.map((name) => readOwn(`${name}.css`)));
  return [colorVariables(), ...styles].join('\n');
}

function readOwn(name: string): Promise<string> {
  return readFile(new URL(`./browser/${name}`, import.meta.url), 'utf8');
}

/** Reads the assets of every page. */
export async function readPageAssets(): Promise<PageAssets> {
  const libraryPath = createRequire(import.meta.url).resolve('uplot/dist/uPlot.iife.min.js');
  const folder = dirname(libraryPath);
  const [script, library, license, libraryStyle, styles] = await Promise.all([
    readOwn('page.js'),
    readFile(libraryPath, 'utf8'),
    readFile(join(folder, '..', 'LICENSE'), 'utf8'),
    readFile(join(folder, 'uPlot.min.css'), 'utf8'),
    readStyles(styleSheets),
  ]);
  return { style: [libraryStyle, styles].join('\n'), script, library, license };
}

/** Writes the palette as CSS variables for the light and the dark scheme. */
function colorVariables(): string {
  return `:root {
  color-scheme: light dark;
  --drawing: ${lightColors.card};
  --outline: #8884;
  --checker: #9994;
  --veil: #0b0c0fee;
  --veil-button: #fff2;
  --on-veil: #ffffff;
${variablesOf(lightColors)}
}
@media (prefers-color-scheme: dark) {
:root {
${variablesOf(darkColors)}
}
}
`;
}

function variablesOf({ series, ...colors }: PageColors): string {
  return [
    ...Object.entries(colors).map(([name, color]) => `  --${name}: ${color};`),
    ...series.map((color, index) => `  --series-${index + 1}: ${color};`),
  ].join('\n');
}
