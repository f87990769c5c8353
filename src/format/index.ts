export {
  counted,
  formatBytes,
  formatCount,
  formatDifference,
  formatDuration,
  formatNumber,
  formatPercent,
  type NumberFormat,
  type PercentFormat,
} from './numbers.js';
export { formatTable } from './table.js';
