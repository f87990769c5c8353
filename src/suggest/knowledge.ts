/** Holds what is known of a whole dataset while questions are chosen image by image. */

/** Counts the questions about each class, so that later images ask about those that were asked about least. */
export class ClassTally {
  /** Holds for each class the sum of its likelihoods over the questions so far, which need not be whole numbers. */
  readonly asked: Float64Array;

  /** @param prior stands for questions that were asked before the first one, in the shares that classes have */
  constructor(prior: ArrayLike<number>) {
    this.asked = Float64Array.from(prior);
  }

  /** Returns how much each class needs questions, from 0 to 1: 1/2 for one that has had its equal share. */
  needs(): Float64Array {
    const classCount = this.asked.length;
    const total = this.asked.reduce((sum, count) => sum + count, 0);
    if (total === 0) return new Float64Array(classCount).fill(1);
    return this.asked.map((count) => 1 / (1 + (classCount * count) / total));
  }

  /** Adds a question, by the likelihood of each class. */
  add(likelihoods: Float32Array): void {
    for (const [index, likelihood] of likelihoods.entries()) {
      this.asked[index] = (this.asked[index] as number) + likelihood;
    }
  }
}

/** Holds features of labeled pixels of the dataset, from which the novelty of others is measured. */
export interface FeatureReferences {
  /** Holds the features row by row, [references, features]. */
  readonly features: Float32Array;
  readonly featureCount: number;
  /** Gives the mean distance between two labeled pixels, the unit of distances between features. */
  readonly typicalDistance: number;
}

/** Holds what strategies know of the dataset. */
export interface DatasetKnowledge {
  readonly tally: ClassTally;
  /** Is null where no term of the strategy reads features. */
  readonly references: FeatureReferences | null;
}
