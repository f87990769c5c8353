export { type DiagnoseOptions, defaultSample, diagnoseDataset } from './diagnose.js';
export type {
  ClassCoverage,
  Diagnosis,
  Finding,
  FindingCode,
  LabelComparison,
  LabelledPart,
  LabelSetDiagnosis,
  ProposedClass,
  ProposedClasses,
  SizeSummary,
  SplitDiagnosis,
  Verdict,
} from './diagnosis.js';
