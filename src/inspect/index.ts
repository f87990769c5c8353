export { type DiagnoseOptions, diagnoseDataset } from './diagnose.js';
export type {
  ClassCoverage,
  Diagnosis,
  Finding,
  FindingCode,
  LabelComparison,
  LabeledPart,
  LabelSetDiagnosis,
  ProposedClass,
  ProposedClasses,
  SizeSummary,
  SplitDiagnosis,
  Verdict,
} from './diagnosis.js';
