export type { Figure, FigureFile } from './figure.js';
export {
  type FigureKind,
  type FigureOptions,
  figureKinds,
  type WrittenFigure,
  writeFigure,
} from './write-figure.js';
