// Computes tiles of pixels and columns whose sums stay in registers: as many as the processor has.
#include "pixel_product.h"

#include <algorithm>

namespace coarsely {

namespace {

/// Loads the first `lanes` numbers of a vector; the others are zero.
COARSELY_INLINE Floats loadLanes(const float* from, int64_t lanes) {
  if (lanes >= vectorLanes) return load(from);
  Floats values{};
  if (lanes == vectorLanes / 2) std::memcpy(&values, from, sizeof(values) / 2);
  else std::memcpy(&values, from, lanes * sizeof(float));
  return values;
}

/// Stores the first `lanes` numbers of a vector.
COARSELY_INLINE void storeLanes(float* to, Floats values, int64_t lanes) {
  if (lanes >= vectorLanes) store(to, values);
  else if (lanes == vectorLanes / 2) std::memcpy(to, &values, sizeof(values) / 2);
  else std::memcpy(to, &values, lanes * sizeof(float));
}

/// Holds what the tiles of one group of columns share.
struct Columns {
  const float* weights;
  const float* bias;
  /// Is the place of the columns in a pixel of the output.
  int64_t offset;
  /// Counts the columns that exist.
  int64_t count;
};

template <int64_t pixels, int64_t vectors>
COARSELY_INLINE void computeTile(const PixelProduct& product, const Columns& columns, int64_t firstPixel) {
  const int64_t stride = product.inputStride, depth = product.depthEnd - product.depthBegin;
  const float* input = product.input + firstPixel * stride;
  float* output = product.output + firstPixel * product.outputStride + columns.offset;
  Floats sums[pixels][vectors];
#pragma GCC unroll 16
  for (int64_t v = 0; v < vectors; ++v) {
#pragma GCC unroll 16
    for (int64_t p = 0; p < pixels; ++p) {
      sums[p][v] = product.accumulate
                       ? loadLanes(output + p * product.outputStride + v * vectorLanes, columns.count - v * vectorLanes)
                       : load(columns.bias + v * vectorLanes);
    }
  }
  const float* weights = columns.weights;
  for (int64_t k = 0; k < depth; ++k, weights += vectors * vectorLanes) {
    Floats row[vectors];
#pragma GCC unroll 16
    for (int64_t v = 0; v < vectors; ++v) row[v] = load(weights + v * vectorLanes);
#pragma GCC unroll 16
    for (int64_t p = 0; p < pixels; ++p) {
      const Floats value = broadcast(input[p * stride + k]);
#pragma GCC unroll 16
      for (int64_t v = 0; v < vectors; ++v) sums[p][v] += value * row[v];
    }
  }
#pragma GCC unroll 16
  for (int64_t v = 0; v < vectors; ++v) {
    const int64_t lanes = columns.count - v * vectorLanes;
#pragma GCC unroll 16
    for (int64_t p = 0; p < pixels; ++p) {
      const int64_t place = p * product.outputStride + v * vectorLanes;
      Floats sum = sums[p][v];
      if (product.residual) {
        sum += loadLanes(product.residual + firstPixel * product.outputStride + columns.offset + place, lanes);
      }
      storeLanes(output + place, activate(sum, product.activation), lanes);
    }
  }
}

/// Computes pixels from `firstPixel` on in tiles of `pixels`, and what remains in smaller tiles.
template <int64_t pixels, int64_t vectors>
COARSELY_INLINE void computeTiles(const PixelProduct& product, const Columns& columns, int64_t firstPixel) {
  for (; firstPixel + pixels <= product.pixels; firstPixel += pixels) {
    computeTile<pixels, vectors>(product, columns, firstPixel);
  }
  if constexpr (pixels > 1) computeTiles<pixels / 2, vectors>(product, columns, firstPixel);
}

/// `sums` is the number of vectors that may stay in registers.
template <int64_t sums>
COARSELY_INLINE void computeGroups(const PackedMatrix& matrix, const PixelProduct& product) {
  const int64_t first = matrix.groups()[product.groupBegin].first;
  for (size_t g = product.groupBegin; g < product.groupEnd; ++g) {
    const auto& group = matrix.groups()[g];
    const Columns columns{matrix.weights(group, product.depthBegin), matrix.bias() + group.first * vectorLanes,
                          (group.first - first) * vectorLanes, matrix.columns() - group.first * vectorLanes};
    switch (group.vectors) {
      case 1: computeTiles<sums / 2, 1>(product, columns, 0); break;
      case 2: computeTiles<sums / 2, 2>(product, columns, 0); break;
      default: computeTiles<sums / 3, 3>(product, columns, 0);
    }
  }
}

COARSELY_VECTORIZED
void computeNarrow(const PackedMatrix& matrix, const PixelProduct& product) {
  computeGroups<6>(matrix, product);
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
/// AVX-512 has 32 registers of a whole vector each.
__attribute__((target("arch=x86-64-v4"))) void computeWide(const PackedMatrix& matrix, const PixelProduct& product) {
  computeGroups<24>(matrix, product);
}

bool isWide() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#else
void computeWide(const PackedMatrix& matrix, const PixelProduct& product) {
  computeNarrow(matrix, product);
}

bool isWide() {
  return false;
}
#endif

}  // namespace

PackedMatrix::PackedMatrix(const at::Tensor& matrix, const at::Tensor& bias, int64_t paddedDepth)
    : depth_(paddedDepth), columns_(matrix.size(0)) {
  const int64_t count = vectors(), padded = count * vectorLanes;
  auto rows = at::zeros({depth_, padded}, matrix.options().dtype(at::kFloat));
  rows.narrow(0, 0, matrix.size(1)).narrow(1, 0, columns_).copy_(matrix.t());
  bias_ = at::zeros({padded}, rows.options());
  bias_.narrow(0, 0, columns_).copy_(bias);
  std::vector<at::Tensor> packed;
  for (int64_t first = 0; first < count;) {
    const int64_t left = count - first, vectors = left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3;
    groups_.push_back({first, vectors});
    packed.push_back(rows.narrow(1, first * vectorLanes, vectors * vectorLanes).reshape({-1}));
    first += vectors;
  }
  weights_ = at::cat(packed);
}

void multiply(const PackedMatrix& matrix, const PixelProduct& product) {
  static const bool wide = isWide();
  if (wide) computeWide(matrix, product);
  else computeNarrow(matrix, product);
}

}  // namespace coarsely
