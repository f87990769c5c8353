// Runs the kernels of weights in order. `run(body, count)` is a launch on a GPU, or a loop in a test.
#pragma once

#include <utility>

#include "launchers.h"
#include "weights_kernels.h"

namespace coarsely::cuda {

/// Sums rows of `width` numbers into `result`. Overwrites the rows, which lie in `space`, and needs as much space again
/// behind them.
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
  const int64_t threads = threadsFor(count);
  run(WeighPixels{points, valid, parameters, weights, space, count, threads, p}, threads);
  addRows(run, space, threads, 2, sums);
  run(ScaleWeights{weights, sums, count, threads, p}, threads);
}

template <typename Run>
void runWeightsBackward(const Run& run, const WeighedPixels& pixels, const WeightsGradient& gradient, double* space) {
  const auto& [count, p, valid, points, parameters] = pixels;
  const auto& [above, weights, sums, pointsGradient, parametersGradient] = gradient;
  const int64_t threads = threadsFor(count);
  double* product = space;
  run(MultiplyGradient{above, weights, space + 1, count, threads}, threads);
  addRows(run, space + 1, threads, 1, product);
  if (parameters == nullptr) {
    run(NormalizeBackward{above, weights, valid, sums, product, pointsGradient, count, threads, p}, threads);
    return;
  }
  run(ArmBackward{above, weights, valid, sums, product, points, parameters, space + 1, pointsGradient, count, threads,
                  p},
      threads);
  addRows(run, space + 1, threads, armParameterCount, parametersGradient);
}

}  // namespace coarsely::cuda
