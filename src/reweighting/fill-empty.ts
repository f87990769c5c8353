/** Fills the empty places of tables of measured values from their nearest neighbors. */

import { arange, ops, type Tensor } from '../torch/index.js';

/**
 * Fills values that were not seen, in each row of [R,B], by linear interpolation between the nearest seen ones of the row,
 * and at its ends by the nearest. In a row without any seen value the result means nothing.
 */
function fillEmpty(values: Tensor, seen: Tensor): Tensor {
  const [rows = 0, bins = 0] = values.shape;
  const positions = arange(bins, { dtype: 'float32', device: values.device });
  const here = positions.reshape([1, bins, 1]);
  const there = positions.reshape([1, 1, bins]).expand([rows, bins, bins]);
  const seenThere = seen.unsqueeze(1);
  const nearestBelow = there.where(there.le(here).logicalAnd(seenThere), -1).amax(2);
  const nearestAbove = there.where(there.ge(here).logicalAnd(seenThere), bins).amin(2);
  const below = nearestBelow.where(nearestBelow.ge(0), nearestAbove);
  const above = nearestAbove.where(nearestAbove.lt(bins), below);
  const from = values.gather(1, indexOf(below, bins - 1));
  const to = values.gather(1, indexOf(above, bins - 1));
  const fraction = positions
    .unsqueeze(0)
    .sub(below)
    .div(above.sub(below).clamp({ min: 1 }));
  return to.sub(from).mul(fraction).add(from);
}

/**
 * Fills a table [A,B]: first each row that has a seen value along its columns, then the rows without any from those above
 * and below.
 */
export function fillEmptyTable(values: Tensor, seen: Tensor): Tensor {
  const alongRows = fillEmpty(values, seen);
  const [rows = 0, columns = 0] = values.shape;
  if (rows === 1) return alongRows;
  const seenRows = seen.to({ dtype: 'float32' }).amax(1).gt(0).unsqueeze(0).expand([columns, rows]);
  return fillEmpty(alongRows.transpose(0, 1), seenRows).transpose(0, 1);
}

/** Returns the whole part of a position as an index from 0 to `last`, also for NaN, which must not lead out of a table. */
export function indexOf(position: Tensor, last: number): Tensor {
  return ops.floor(position.detach()).to({ dtype: 'int64' }).clamp({ min: 0, max: last });
}
