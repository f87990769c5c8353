/**
 * Every color of figures and reports. Figures are drawn on white and take the light colors; a report has both schemes and
 * takes the colors as CSS variables. The colors of runs stay apart for color-blind readers.
 */

/** Names the colors that a page is made of; `shadow` is a CSS box shadow. */
export interface PageColors {
  /** Sets the ground of the page, and of cards on it. */
  readonly paper: string;
  readonly card: string;
  /** Text, and text of less weight. */
  readonly ink: string;
  readonly muted: string;
  /** Rules, and tints fainter than them. */
  readonly line: string;
  readonly faint: string;
  /** A score above and below another. */
  readonly better: string;
  readonly worse: string;
  readonly shadow: string;
  /** Lists the colors of runs and other series, in their order. */
  readonly series: readonly string[];
}

/** Holds the colors of figures, and of reports in the light scheme. */
export const lightColors: PageColors = {
  paper: '#f7f6f3',
  card: '#ffffff',
  ink: '#17181c',
  muted: '#5d6069',
  line: '#dfddd6',
  faint: '#efede8',
  better: '#0b7a43',
  worse: '#b3261e',
  shadow: '0 1px 2px #17181c12, 0 8px 24px #17181c0d',
  series: ['#2457d6', '#d2480c', '#0a7f72', '#8a35c9', '#b0780a', '#c2256b', '#3f7d1c', '#5b6472'],
};

/** Holds the colors of reports in the dark scheme. */
export const darkColors: PageColors = {
  paper: '#0f1115',
  card: '#181b21',
  ink: '#eceef2',
  muted: '#a0a6b2',
  line: '#2c313a',
  faint: '#20242c',
  better: '#52d08d',
  worse: '#ff8a80',
  shadow: '0 0 0 1px #2c313a',
  series: ['#7aa5ff', '#ff9461', '#4fd1c0', '#c79bff', '#f0c24f', '#ff85b8', '#9bd86d', '#b3bccb'],
};

/** Marks correct pixels in figures. */
export const correctColor = lightColors.series[0] as string;
/** Marks mislabeled pixels in figures. */
export const mislabeledColor = lightColors.series[1] as string;
/** Is painted over pixels of low confidence, as red, green and blue. */
export const lowConfidenceColor = [46, 204, 64] as const;

/** Returns the place of series `index` among the series colors, which repeat after the last. */
export function seriesPlace(index: number): number {
  return index % lightColors.series.length;
}

/** Returns the color of series `index` in figures. */
export function seriesColor(index: number): string {
  return lightColors.series[seriesPlace(index)] as string;
}

/** Holds the anchors of a color scale as red, green and blue, evenly spaced from the lowest value to the highest. */
export type ColorScale = readonly (readonly [number, number, number])[];

// Both scales rise evenly in lightness, so that they survive gray print and color blindness. The anchors are those of
// matplotlib's viridis and inferno (CC0), every eighth of the way.

/** Colors confidence v̂: dark is a guess, bright is certainty. */
export const confidenceScale: ColorScale = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
];

/** Colors losses and weights: dark is little, bright is much. */
export const weightScale: ColorScale = [
  [0, 0, 4],
  [31, 12, 72],
  [85, 15, 109],
  [136, 34, 106],
  [186, 54, 85],
  [227, 89, 51],
  [249, 140, 10],
  [249, 201, 50],
  [252, 255, 164],
];

/** Writes a color as CSS. */
export function cssColor(color: readonly [number, number, number]): string {
  return `rgb(${color.join(',')})`;
}

/** Writes a scale as a CSS gradient, the lowest value at the left. */
export function cssGradient(scale: ColorScale): string {
  return `linear-gradient(90deg,${scale.map(cssColor).join(',')})`;
}
