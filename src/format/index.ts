export {
  counted,
  formatBytes,
  formatCount,
  formatDifference,
  formatDuration,
  formatNumber,
  formatPercent,
} from './numbers.js';
export { formatTable } from './table.js';
