/** Writes numbers as a person reads them: in tables, in sentences, in drawings and on pages. */

/** Holds a number that may be missing; a missing one is written as an en dash. */
type Known = number | null | undefined;

/** Configures `formatNumber`. */
export interface NumberFormat {
  /** Limits the significant digits; trailing zeros are left out. */
  readonly digits?: number;
  /** Sets the digits after the point, all of which are written, instead of `digits`. */
  readonly decimals?: number;
}

/** Formats a number with a true minus sign: `0.02`, `−1.25`, `1234`; `–` where there is none. */
export function formatNumber(value: Known, { digits = 4, decimals }: NumberFormat = {}): string {
  if (isMissing(value)) return missing;
  return withMinus(decimals === undefined ? shortest(value, digits) : value.toFixed(decimals));
}

/** Configures `formatPercent`. */
export interface PercentFormat {
  /** Sets the digits after the point. */
  readonly decimals?: number;
  /** Appends ` %`. */
  readonly sign?: boolean;
}

/** Formats a fraction as a percentage: `71.3`, or `71.3 %` with its sign; `–` where there is none. */
export function formatPercent(fraction: Known, { decimals = 1, sign = false }: PercentFormat = {}): string {
  if (isMissing(fraction)) return missing;
  return withMinus(`${(100 * fraction).toFixed(decimals)}${sign ? ' %' : ''}`);
}

/** Formats a difference with its sign: `+1.61`, `−0.30`, and `0.00` without one. */
export function formatDifference(
  difference: number,
  { decimals = 2 }: { readonly decimals?: number } = {},
): string {
  const digits = Math.abs(difference).toFixed(decimals);
  if (Number(digits) === 0) return digits;
  return `${difference < 0 ? '−' : '+'}${digits}`;
}

/** Formats a whole number with separators: `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en');
}

/** Formats a count with its noun: `1 image`, `12,345 images`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Formats a time as hours, minutes and seconds: `0:45`, `12:03`, `3:05:00`; `–` where it is not known. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return missing;
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** Formats an amount of memory: `512 MiB`, `1.4 GiB`. */
export function formatBytes(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

const missing = '–';

function isMissing(value: Known): value is null | undefined {
  return value === null || value === undefined || Number.isNaN(value);
}

function shortest(value: number, digits: number): string {
  // Above that many digits `toPrecision` would round the whole part away.
  return Math.abs(value) >= 10 ** digits ? value.toFixed(0) : String(Number(value.toPrecision(digits)));
}

function withMinus(text: string): string {
  return text.startsWith('-') ? `−${text.slice(1)}` : text;
}
