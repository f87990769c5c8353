export { type FillLabelsOptions, type FillSummary, fillLabels } from './fill-labels.js';
export { completeLabels, type LabelGrid, type MeanFieldOptions, meanFieldDefaults } from './mean-field.js';
export { trainFilled } from './train-filled.js';
