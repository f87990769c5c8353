// ARM's weights and the normalisation of weights on a GPU; see arm_threads.h.

#include "launch.h"
#include "launchers.h"
#include "weight_passes.h"

namespace coarsely::cuda {

int64_t weightsSpace(int64_t pixels) { return 2 * 2 * walkersFor(pixels); }

int64_t weightsBackwardSpace(int64_t pixels, bool arm) {
  return 1 + 2 * (arm ? armParameterCount : 1) * walkersFor(pixels);
}

int weightsForward(const WeighedPixels& pixels, float* weights, double* sums, double* space, Stream stream) {
  const auto run = [stream](const auto& body, int64_t count) { forEach(body, count, stream); };
  runWeightsForward(run, pixels, weights, sums, space);
  return cudaGetLastError();
}

int weightsBackward(const WeighedPixels& pixels, const WeightsGradient& gradient, double* space, Stream stream) {
  const auto run = [stream](const auto& body, int64_t count) { forEach(body, count, stream); };
  runWeightsBackward(run, pixels, gradient, space);
  return cudaGetLastError();
}

}  // namespace coarsely::cuda
