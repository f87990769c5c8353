export {
  type CandidateGrid,
  candidateAt,
  candidateCount,
  candidateGrid,
  type ImageCandidates,
  pixelOf,
} from './candidates.js';
export { type ChoosePointsOptions, type ChosenPoint, choosePoints } from './choose-points.js';
export { ClassTally, type DatasetKnowledge, type FeatureReferences } from './knowledge.js';
export {
  type SuggestionComponent,
  type SuggestionStrategy,
  suggestionStrategies,
  type WeightedTerm,
} from './strategies.js';
export { type SuggestPointsOptions, suggestPoints } from './suggest-points.js';
export { type SuggestTasksOptions, suggestTasks, type TaskSummary } from './suggest-tasks.js';
export type { SuggestionSummary } from './suggestion-summary.js';
export type { Term, TermContext, TermScores } from './term.js';
