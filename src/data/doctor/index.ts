export { type DiagnoseOptions, defaultSample, diagnoseDataset } from './diagnose.js';
export type {
  ClassCoverage,
  DatasetPartName,
  Diagnosis,
  Finding,
  FindingCode,
  LabelComparison,
  LabelSetDiagnosis,
  ProposedClass,
  ProposedClasses,
  SizeSummary,
  SplitDiagnosis,
  Verdict,
} from './diagnosis.js';
