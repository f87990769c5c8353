export type { DoubtSource } from './doubtful-regions.js';
export {
  type ExportFormatName,
  type ExportLabelsOptions,
  type ExportSummary,
  exportLabels,
} from './export-labels.js';
