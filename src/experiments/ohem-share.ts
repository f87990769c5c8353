/** Holds the share of a batch's pixels that OHEM keeps at least: openseg's 100 000 of two crops of 512×1024. */
export const ohemShare = 100_000 / (2 * 512 * 1024);
