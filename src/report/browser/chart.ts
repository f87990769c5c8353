/** A chart as data: the page holds it as JSON, and the page's script draws it. */

/** Holds one line of a chart. */
export interface ChartSeries {
  readonly label: string;
  /** Names a CSS variable, such as `--series-1`, so that one page serves the light and the dark scheme. */
  readonly color: string;
  /** 0..1. */
  readonly opacity: number;
  /** Pixels. */
  readonly width: number;
  /** One value for each x; null where this series has none. */
  readonly values: readonly (number | null)[];
  /** Is true when the key below the chart names it. */
  readonly inKey: boolean;
  readonly dots: boolean;
}

/** Describes a chart of several lines over one x axis. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  /** A remark beside the title; may be empty. */
  readonly note: string;
  readonly xLabel: string;
  readonly x: readonly number[];
  readonly series: readonly ChartSeries[];
  /** Digits after the point of a value under the cursor. */
  readonly decimals: number;
  /** Fixed ends of the y axis; null lets the data decide. */
  readonly yRange: readonly [number | null, number | null];
  /** Says in words what the chart shows, for readers who cannot see it. */
  readonly summary: string;
}
