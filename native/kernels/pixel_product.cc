// Computes tiles of pixels and columns whose sums stay in registers: as many as the processor has.
#include "pixel_product.h"

namespace coarsely {

namespace {

/// `sums` is the number of vectors that may stay in registers.
template <int64_t sums, typename In>
COARSELY_INLINE void computeGroups(const PackedMatrix& matrix, const PixelProduct<In>& product) {
  const int64_t first = matrix.groups()[product.groupBegin].first;
  for (size_t g = product.groupBegin; g < product.groupEnd; ++g) {
    const auto& group = matrix.groups()[g];
    const Columns<In> columns{matrix.weights<In>(group, product.depthBegin), matrix.bias() + group.first * vectorLanes,
                              (group.first - first) * vectorLanes, matrix.columns() - group.first * vectorLanes};
    switch (group.vectors) {
      case 1: computeTiles<sums / 2, 1>(product, columns, 0); break;
      case 2: computeTiles<sums / 2, 2>(product, columns, 0); break;
      default: computeTiles<sums / 3, 3>(product, columns, 0);
    }
  }
}

COARSELY_VECTORIZED
void computeNarrow(const PackedMatrix& matrix, const PixelProduct<float>& product) {
  computeGroups<6>(matrix, product);
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
// AVX-512 has 32 registers of a whole vector each.
__attribute__((target("arch=x86-64-v4"))) void computeWide(const PackedMatrix& matrix,
                                                           const PixelProduct<float>& product) {
  computeGroups<18>(matrix, product);
}

__attribute__((target("arch=x86-64-v4"))) void computePairs(const PackedMatrix& matrix,
                                                            const PixelProduct<Bfloat16Bits>& product) {
  computeGroups<18>(matrix, product);
}

bool isWide() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool hasPairs() {
  return isWide() && __builtin_cpu_supports("avx512bf16");
}
#else
void computeWide(const PackedMatrix& matrix, const PixelProduct<float>& product) {
  computeNarrow(matrix, product);
}

void computePairs(const PackedMatrix&, const PixelProduct<Bfloat16Bits>&) {}

bool isWide() {
  return false;
}

bool hasPairs() {
  return false;
}
#endif

}  // namespace

bool multipliesBfloat16() {
  static const bool multiplies = hasPairs();
  return multiplies;
}

PackedMatrix::PackedMatrix(const at::Tensor& matrix, const at::Tensor& bias, int64_t paddedDepth, at::ScalarType type)
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
    const auto group = rows.narrow(1, first * vectorLanes, vectors * vectorLanes);
    // Pairs of rows lie together for the instruction that multiplies pairs.
    packed.push_back(type == at::kFloat
                         ? group.reshape({-1})
                         : group.reshape({depth_ / 2, 2, vectors * vectorLanes}).transpose(1, 2).reshape({-1}));
    first += vectors;
  }
  weights_ = at::cat(packed).to(type);
}

void multiply(const PackedMatrix& matrix, const PixelProduct<float>& product) {
  static const bool wide = isWide();
  if (wide) computeWide(matrix, product);
  else computeNarrow(matrix, product);
}

void multiply(const PackedMatrix& matrix, const PixelProduct<Bfloat16Bits>& product) {
  TORCH_INTERNAL_ASSERT_DEBUG_ONLY(multipliesBfloat16());
  computePairs(matrix, product);
}

}  // namespace coarsely
