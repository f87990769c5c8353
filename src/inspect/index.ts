export type {
  ClassCoverage,
  DatasetInspection,
  Finding,
  FindingCode,
  LabelComparison,
  LabeledPart,
  LabelSetInspection,
  PointComparison,
  PointsInspection,
  ProposedClass,
  ProposedClasses,
  SizeSummary,
  SplitInspection,
  Verdict,
} from './dataset-inspection.js';
export { type DatasetInspectionOptions, inspectDataset } from './inspect-dataset.js';
