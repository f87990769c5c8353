/** How plots look: dark ink on white, so that they print, and colors that stay apart for color-blind readers. */

export const paper = '#ffffff';
export const ink = '#1b1d22';
export const muted = '#646873';
export const grid = '#e7e5df';
/** For what is only background, such as a distribution behind curves. */
export const shade = '#dedbd2';

const runColors = ['#2457d6', '#d2480c', '#0a7f72', '#8a35c9', '#b0780a', '#c2256b', '#3f7d1c', '#5b6472'];

/** Mislabeled pixels, and correct ones. */
export const wrongColor = '#d2480c';
export const rightColor = '#2457d6';

/** The color of run `index`; eight differ. */
export function seriesColor(index: number): string {
  return runColors[index % runColors.length] as string;
}

export const fontFamily = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
export const fontSize = { title: 17, heading: 14, text: 12, small: 11 } as const;
