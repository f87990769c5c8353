// The order of the passes over weights, whoever runs them: `run(body, count)` is a launch on a GPU, a loop in a test.
#pragma once

#include <utility>

#include "arm_threads.h"
#include "launchers.h"

namespace coarsely::cuda {

/// Adds up rows of `width` numbers into `result`; reads and overwrites `rows * width` numbers of space, and needs as many
/// again behind them.
template <typename Run>
void addRows(const Run& run, double* space, int64_t rows, int64_t width, double* result) {
  double *from = space, *to = space + rows * width;
  for (; rows > sumStep; rows = rowsAfterStep(rows)) {
    run(SumRows{from, to, rows, width}, rowsAfterStep(rows) * width);
    std::swap(from, to);
  }
  run(SumRows{from, result, rows, width}, width);
}

template <typename Run>
void runWeightsForward(const Run& run, const WeighedPixels& pixels, float* weights, double* sums, double* space) {
  const auto& [count, p, valid, points, parameters] = pixels;
  const int64_t walkers = walkersFor(count);
  run(WeighPixels{points, valid, parameters, weights, space, count, walkers, p}, walkers);
  addRows(run, space, walkers, 2, sums);
  run(ScaleWeights{weights, sums, count, walkers, p}, walkers);
}

template <typename Run>
void runWeightsBackward(const Run& run, const WeighedPixels& pixels, const WeightsGradient& gradient, double* space) {
  const auto& [count, p, valid, points, parameters] = pixels;
  const auto& [above, weights, sums, toPoints, toParameters] = gradient;
  const int64_t walkers = walkersFor(count);
  double* product = space;
  run(MultiplyGradient{above, weights, space + 1, count, walkers}, walkers);
  addRows(run, space + 1, walkers, 1, product);
  if (parameters == nullptr) {
    run(NormaliseBackward{above, weights, valid, sums, product, toPoints, count, walkers, p}, walkers);
    return;
  }
  run(ArmBackward{above, weights, valid, sums, product, points, parameters, space + 1, toPoints, count, walkers, p},
      walkers);
  addRows(run, space + 1, walkers, armParameterCount, toParameters);
}

}  // namespace coarsely::cuda
