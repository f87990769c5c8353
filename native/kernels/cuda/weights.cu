// Launches the kernels of ARM's weights and of weight normalization; see weights_kernels.h.

#include "launch.h"
#include "launchers.h"
#include "weights_sequence.h"

namespace coarsely::cuda {

int64_t weightsSpace(int64_t pixels) {
  return 2 * 2 * threadsFor(pixels);
}

int64_t weightsBackwardSpace(int64_t pixels, bool arm) {
  return 1 + 2 * (arm ? armParameterCount : 1) * threadsFor(pixels);
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
