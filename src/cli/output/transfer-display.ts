/** Shows how a file comes over the network: one live line on a terminal, a plain line now and then elsewhere. */

import { createLogUpdate } from 'log-update';
import { formatDuration, formatNumber } from '../../format/index.js';
import type { WeightsProgress } from '../../models/index.js';

/** Shows a transfer; `close` leaves the last line on the screen. */
export interface TransferDisplay {
  readonly show: (progress: WeightsProgress) => void;
  readonly close: () => void;
}

/** Configures a display. */
export interface TransferDisplayOptions {
  readonly stream?: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;
  /** Sets the time between two lines; 0.1 s on a terminal and 10 s elsewhere by default. */
  readonly everyMilliseconds?: number;
  /** Returns the time in milliseconds. */
  readonly now?: () => number;
}

/** Returns a display on stderr, so that stdout holds results alone. */
export function createTransferDisplay({
  stream = process.stderr,
  everyMilliseconds = stream.isTTY ? 100 : 10_000,
  now = () => performance.now(),
}: TransferDisplayOptions = {}): TransferDisplay {
  const update = stream.isTTY ? createLogUpdate(stream as NodeJS.WriteStream) : null;
  let begun: { readonly url: string; readonly bytes: number; readonly time: number } | null = null;
  let last = Number.NEGATIVE_INFINITY;
  return {
    show(progress) {
      const { bytes, totalBytes, url } = progress;
      const time = now();
      // A transfer that begins again, at the start or where it broke, has a rate of its own.
      const isFirst = begun === null || begun.url !== url || bytes < begun.bytes;
      if (isFirst) {
        if (begun?.url !== url) stream.write(`fetching ${url}\n`);
        begun = { url, bytes, time };
      }
      const done = bytes === totalBytes;
      if (!done && time - last < everyMilliseconds) return;
      last = time;
      const line = lineOf(progress, { since: begun ?? { bytes, time }, time });
      if (update !== null) update(line);
      else if (!isFirst || done) stream.write(`${line}\n`);
    },
    close: () => update?.done(),
  };
}

interface LineOptions {
  readonly since: { readonly bytes: number; readonly time: number };
  readonly time: number;
}

/** Returns `resnet18-f37072fd.pth  12.3 of 44.7 MiB  27%  1.2 MiB/s  0:27 left`. */
function lineOf({ fileName, bytes, totalBytes }: WeightsProgress, { since, time }: LineOptions): string {
  const seconds = (time - since.time) / 1000;
  const rate = seconds > 0 ? (bytes - since.bytes) / seconds : 0;
  const whole = totalBytes === null ? '' : ` of ${mebibytes(totalBytes)}`;
  const left =
    totalBytes === null || rate === 0 ? [] : [`${formatDuration((totalBytes - bytes) / rate)} left`];
  return [
    fileName,
    `${mebibytes(bytes)}${whole} MiB`,
    ...(totalBytes === null || totalBytes === 0 ? [] : [`${Math.floor((100 * bytes) / totalBytes)}%`]),
    ...(rate === 0 ? [] : [`${mebibytes(rate)} MiB/s`]),
    ...left,
  ].join('  ');
}

function mebibytes(bytes: number): string {
  return formatNumber(bytes / 2 ** 20, { decimals: 1 });
}
