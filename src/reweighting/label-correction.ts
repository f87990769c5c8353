/**
 * Corrects labels during training (Liu et al., ADELE, CVPR 2022): once the training IoU of a class has flattened, its pixels
 * which the network is sure to be of another class are learned as that class. Where trimming leaves a pixel out, this
 * replaces its label.
 */

import { z } from 'zod';
import type { Collectives } from '../distributed/index.js';
import { OperationError } from '../errors/index.js';
import { formatNumber } from '../format/index.js';
import { ignoreIndex } from '../losses/internal.js';
import { Buffer, Module } from '../nn/index.js';
import { parseOptions } from '../registry/index.js';
import { autocast, cat, full, noGrad, ops, type Tensor, tensorFrom, tidy, zeros } from '../torch/index.js';
import { type CurvePoint, fitEarlyLearning, slopeChange } from './early-learning-curve.js';

/** Accepts the options of a correction in a config. */
export const labelCorrectionSection = z.strictObject({
  threshold: z
    .number()
    .min(0)
    .lt(1)
    .default(0.8)
    .describe('Likelihood of another class above which a pixel is learned as that class.'),
  slopeChange: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.9)
    .describe(
      'Share by which the slope of the training IoU of a class has to fall, against that at the first moment, before its ' +
        'labels are corrected.',
    ),
  moments: z
    .int()
    .min(4)
    .default(50)
    .describe('Number of equal parts of the run; the curve of a class has the training IoU of each.'),
});

/** Configures `LabelCorrection`. */
export interface LabelCorrectionOptions extends z.input<typeof labelCorrectionSection> {
  readonly classCount: number;
  /** Names the classes in notices; null, the default, names them by their index. */
  readonly classNames?: readonly string[] | null;
}

/** Holds what is known of the pixels of a part of a batch. */
export interface LabelCorrectionInput {
  /** Labels, [N,H,W] int64, 255 where ignored. */
  readonly labelsNHW: Tensor;
  /** Logits of the network that learns, at the labels' size, [N,C,H,W]. */
  readonly logitsNCHW: Tensor;
  /** Logits by which labels are replaced, such as those of a teacher; by default those of the network. */
  readonly referenceNCHW?: Tensor;
  /** Share of the run's steps that have been taken, from 0 to 1; all parts of a step have the same. */
  readonly progress: number;
  /** Are the processes that train together, so that all correct the same classes. */
  readonly processGroup?: Collectives | null;
  /** Is false for a part that will be seen again in this step, whose predictions then are not counted; true by default. */
  readonly counts?: boolean;
}

/** Replaces labels of the classes whose training IoU has flattened. It is a module, so that its state is saved. */
export class LabelCorrection extends Module {
  readonly threshold: number;
  readonly slopeChange: number;
  readonly moments: number;
  /** Counts of this moment by class: rightly predicted, predicted and labeled pixels, [3,C]. */
  readonly matches: Buffer;
  /** Training IoU by moment and class, [M,C]; NaN where a class was neither predicted nor labeled, and in moments to come. */
  readonly curve: Buffer;
  /** Is 1 for classes whose labels are corrected, [C]. */
  readonly started: Buffer;
  /** Counts of the labeled pixels of the last step and of those whose label was replaced, [2]. */
  readonly pixels: Buffer;
  /** Index of the moment that is being counted, [1]. */
  readonly moment: Buffer;
  readonly #classNames: readonly string[] | null;
  #progress: number | null = null;
  #notice: string | null = null;

  /**
   * Creates the correction with an empty curve.
   *
   * @throws {OperationError} when an option is out of range
   */
  constructor({ classCount, classNames = null, ...options }: LabelCorrectionOptions) {
    super();
    const parsed = parseOptions('LabelCorrection', labelCorrectionSection, options);
    this.threshold = parsed.threshold;
    this.slopeChange = parsed.slopeChange;
    this.moments = parsed.moments;
    this.#classNames = classNames;
    this.matches = new Buffer(zeros([3, classCount], { dtype: 'float64' }));
    this.curve = new Buffer(full([this.moments, classCount], { value: Number.NaN, dtype: 'float32' }));
    this.started = new Buffer(zeros([classCount], { dtype: 'float32' }));
    this.pixels = new Buffer(zeros([2], { dtype: 'float32' }));
    this.moment = new Buffer(zeros([1], { dtype: 'float32' }));
  }

  /** Gives the share of the labeled pixels of the last step whose label was replaced; reading it waits for the device. */
  get correctedShare(): number | null {
    const [labeled = 0, replaced = 0] = Array.from(this.pixels.toTypedArray(), Number);
    return labeled === 0 ? null : replaced / labeled;
  }

  /**
   * Returns the labels to learn from, [N,H,W] int64, and counts the network's predictions for the curves of the classes.
   *
   * @throws {OperationError} when the maps do not fit each other
   */
  correct(input: LabelCorrectionInput): Tensor {
    const { labelsNHW, logitsNCHW, referenceNCHW = logitsNCHW, progress, counts = true } = input;
    const [images, , ...size] = logitsNCHW.shape;
    if (String([images, ...size]) !== String(labelsNHW.shape) || referenceNCHW.numel !== logitsNCHW.numel) {
      throw new OperationError(
        `LabelCorrection.correct: expected logits of [N,C,${labelsNHW.shape.slice(1).join(',')}], received ` +
          `[${logitsNCHW.shape.join(',')}] and [${referenceNCHW.shape.join(',')}]`,
      );
    }
    if (this.#progress !== progress) this.#beginStep(progress);
    return noGrad(() =>
      autocast({ device: labelsNHW.device, enabled: false }, () =>
        tidy(() => {
          const validNHW = labelsNHW.ne(ignoreIndex);
          const classes = labelsNHW.where(validNHW, 0);
          const [surestNHW, otherNHW] = mostLikely(referenceNCHW);
          const startedNHW = this.started.indexSelect(0, classes.flatten()).reshape(labelsNHW.shape).gt(0);
          const replacedNHW = startedNHW
            .logicalAnd(validNHW)
            .logicalAnd(surestNHW.gt(this.threshold))
            .logicalAnd(otherNHW.ne(labelsNHW));
          if (counts) {
            const ownNHW = referenceNCHW === logitsNCHW ? otherNHW : logitsNCHW.argmax(1);
            this.#count(input, { validNHW, ownNHW, replacedNHW });
          }
          return otherNHW.where(replacedNHW, labelsNHW);
        }),
      ),
    );
  }

  override loadStateDict(...given: Parameters<Module['loadStateDict']>): ReturnType<Module['loadStateDict']> {
    // Which moment is being counted is then in the state that was loaded.
    this.#progress = null;
    return super.loadStateDict(...given);
  }

  /** Returns a sentence about the classes whose correction has begun, once; null when there are none. */
  takeNotice(): string | null {
    const notice = this.#notice;
    this.#notice = null;
    return notice;
  }

  /** Adds what the network predicts for the labeled pixels of all processes. */
  #count(
    { labelsNHW, processGroup }: LabelCorrectionInput,
    {
      validNHW,
      ownNHW,
      replacedNHW,
    }: { readonly validNHW: Tensor; readonly ownNHW: Tensor; readonly replacedNHW: Tensor },
  ): void {
    const [, classCount = 0] = this.matches.shape;
    const { device } = validNHW;
    const countedIn = (classesNHW: Tensor, whereNHW: Tensor) =>
      ops
        .scatterAdd(
          zeros([classCount + 1], { dtype: 'float64', device }),
          0,
          classesNHW.where(whereNHW, classCount).flatten(),
          full([classesNHW.numel], { value: 1, dtype: 'float64', device }),
        )
        .narrow(0, 0, classCount);
    const own = cat(
      [
        countedIn(ownNHW, validNHW.logicalAnd(ownNHW.eq(labelsNHW))),
        countedIn(ownNHW, validNHW),
        countedIn(labelsNHW, validNHW),
        replacedNHW.sum().to({ dtype: 'float64' }).reshape([1]),
      ],
      0,
    );
    const sums = processGroup?.sumOverRanks(own) ?? own;
    this.matches.add_(sums.narrow(0, 0, 3 * classCount).reshape([3, classCount]));
    const labeled = sums
      .narrow(0, 2 * classCount, classCount)
      .sum()
      .reshape([1]);
    this.pixels.add_(cat([labeled, sums.narrow(0, 3 * classCount, 1)], 0).to({ dtype: 'float32' }));
  }

  /** Ends the moment that is being counted when the step belongs to another one. */
  #beginStep(progress: number): void {
    const present = this.#momentAt(progress);
    // The host waits for the device once after a start or a resume, and then at the end of each moment.
    const counted = this.#progress === null ? this.moment.item() : this.#momentAt(this.#progress);
    this.#progress = progress;
    tidy(() =>
      noGrad(() => {
        this.pixels.mul_(0);
        if (present === counted) return;
        this.#endMoment(counted);
        this.moment.copy_(full([1], { value: present, dtype: 'float32' }));
      }),
    );
  }

  /** Returns the index of the moment that a step belongs to; a share such as 29/50 may have been rounded down. */
  #momentAt(progress: number): number {
    return Math.min(this.moments - 1, Math.floor(progress * this.moments + 1e-9));
  }

  /** Adds the IoU of a moment to the curves, and begins with the classes whose curve has flattened. */
  #endMoment(moment: number): void {
    const [right, predicted, labeled] = [0, 1, 2].map((row) => this.matches.select(0, row)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    // 0 / 0 is NaN for a class that is not there.
    const iou = right.div(predicted.add(labeled).sub(right));
    this.curve.select(0, moment).copy_(iou);
    this.matches.mul_(0);
    const [, classCount = 0] = this.curve.shape;
    const curve = Array.from(this.curve.toTypedArray(), Number);
    const started = Array.from(this.started.toTypedArray(), Number);
    const begun: string[] = [];
    for (let label = 0; label < classCount; label++) {
      if (started[label] === 1) continue;
      const points = Array.from(
        { length: moment + 1 },
        (_, place): CurvePoint => ({
          time: place + 1,
          iou: curve[place * classCount + label] as number,
        }),
      ).filter((point) => Number.isFinite(point.iou));
      const fit = points.at(-1)?.time === moment + 1 ? fitEarlyLearning(points) : null;
      if (fit === null || slopeChange(fit, moment + 1) <= this.slopeChange) continue;
      started[label] = 1;
      begun.push(
        `${this.#classNames?.[label] ?? `class ${label}`} (${formatNumber(points.at(-1)?.iou ?? 0)})`,
      );
    }
    if (begun.length === 0) return;
    this.started.copy_(tensorFrom(started, { dtype: 'float32', shape: [classCount] }));
    this.#notice = `labels are corrected from here on where the network is sure of another class, as the training IoU has flattened: ${begun.join(', ')}`;
  }
}

/** Returns the likelihood of the likeliest class, [N,H,W] float32, and that class, [N,H,W] int64. */
function mostLikely(logitsNCHW: Tensor): readonly [Tensor, Tensor] {
  const likelihoods = logitsNCHW.to({ dtype: 'float32' }).softmax(1);
  return [likelihoods.amax(1), logitsNCHW.argmax(1)];
}
