// Computes an inverted residual block (Sandler et al. 2018) in one pass: a convolution by pixels to many channels, one
// with a filter per channel, and one by pixels back to few. The many channels are four fifths of the memory that layers
// one by one would write and read. Here they exist for a few rows and some of the channels at a time, which stay in a
// core's cache: rows are expanded, filtered, and added to the output by their part of the last product.
//
// Each number is computed by the same operations in the same order, however rows and channels are divided, so results
// do not depend on the number of threads.
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include "depthwise_row.h"
#include "packed_convolution.h"
#include "pixel_product.h"

namespace coarsely {

namespace {

/// Counts the numbers of float32 that rows and weights of a stripe may take of a core's cache.
constexpr int64_t rowBudget = 96 * 1024, weightBudget = 64 * 1024;
/// Counts the numbers of a band's sums, where the output is not float32 and cannot hold them.
constexpr int64_t sumBudget = 256 * 1024;

COARSELY_VECTORIZED
void filterRow(const DepthwiseGeometry& geometry, const float* const* rows, int64_t inputStride,
               const DepthwiseFilters& filters, float* out, int64_t end, Activation activation) {
  depthwiseRow(geometry, rows, inputStride, filters, out, filters.channels, 0, end, activation);
}

COARSELY_VECTORIZED
void filterRow(const DepthwiseGeometry& geometry, const float* const* rows, int64_t inputStride,
               const DepthwiseFilters& filters, Bfloat16Bits* out, int64_t end, Activation activation) {
  depthwiseRow(geometry, rows, inputStride, filters, out, filters.channels, 0, end, activation);
}

COARSELY_VECTORIZED
void toFloats(const Bfloat16Bits* from, float* to, int64_t count) {
  COARSELY_INDEPENDENT
  for (int64_t i = 0; i < count; ++i) to[i] = toFloat(from[i]);
}

COARSELY_VECTORIZED
void toBfloat16(const float* from, Bfloat16Bits* to, int64_t count) {
  COARSELY_INDEPENDENT
  for (int64_t i = 0; i < count; ++i) to[i] = fromFloat<Bfloat16Bits>(from[i]);
}

void toFloats(const float* from, float* to, int64_t count) {
  std::memcpy(to, from, count * sizeof(float));
}

/// Holds the sizes of one call, and how it is divided.
struct Plan {
  int64_t inputHeight, inputWidth, outputHeight, outputWidth;
  /// Counts the vectors of channels of a chunk, and the output rows of a stripe.
  int64_t chunkVectors, stripeRows;
  /// Counts the input rows that a stripe reads.
  int64_t stripeInputRows;
};

class InvertedResidual final : public PackedConvolution {
 public:
  InvertedResidual(const at::Tensor& expandWeight, const at::Tensor& expandBias, const at::Tensor& depthwiseWeight,
                   const at::Tensor& depthwiseBias, const at::Tensor& projectWeight, const at::Tensor& projectBias,
                   ConvolutionGeometry geometry, Activation activation)
      : depthwise_(depthwiseWeight),
        geometry_(std::move(geometry)),
        activation_(activation),
        expands_(expandWeight.defined()) {
    const int64_t hidden = depthwise_.size(0);
    const bool pairs = depthwise_.scalar_type() == at::kBFloat16 && multipliesBfloat16();
    // A pixel of an odd number of bfloat16 channels has no whole pairs.
    const bool expandsPairs = pairs && expands_ && expandWeight.size(1) % 2 == 0;
    productType_ = pairs ? at::kBFloat16 : at::kFloat;
    expansionType_ = expandsPairs ? at::kBFloat16 : at::kFloat;
    hidden_ = (hidden + vectorLanes - 1) / vectorLanes * vectorLanes;
    // Without an expansion the matrix only divides the channels into chunks.
    const auto noWeight = at::zeros({hidden, 1}, at::kFloat), noBias = at::zeros({hidden}, at::kFloat);
    expand_ = expands_ ? PackedMatrix(expandWeight.flatten(1), expandBias, expandWeight.size(1), expansionType_)
                       : PackedMatrix(noWeight, noBias, 1, at::kFloat);
    inputChannels_ = expands_ ? expandWeight.size(1) : hidden;
    project_ = PackedMatrix(projectWeight.flatten(1), projectBias, hidden_, productType_);
    taps_ = at::zeros({depthwise_.size(2) * depthwise_.size(3), hidden_}, at::kFloat);
    taps_.narrow(1, 0, hidden).copy_(depthwise_.flatten(1).t());
    bias_ = at::zeros({hidden_}, at::kFloat);
    bias_.narrow(0, 0, hidden).copy_(depthwiseBias);
  }

  at::Tensor run(const at::Tensor& input, const Epilogue& epilogue) const override {
    TORCH_CHECK(input.size(1) == inputChannels_, "expected maps of ", inputChannels_, " channels, received ",
                input.sizes());
    const auto [height, width] = outputSize(input, depthwise_, geometry_);
    auto output = at::empty({input.size(0), project_.columns(), height, width},
                            input.options().memory_format(at::MemoryFormat::ChannelsLast));
    TORCH_CHECK(!epilogue.residual.defined() || epilogue.residual.sizes() == output.sizes(),
                "expected a residual of the output's shape ", output.sizes(), ", received ", epilogue.residual.sizes());
    if (input.scalar_type() == at::kFloat) {
      compute(input.data_ptr<float>(), output.data_ptr<float>(), input, output, epilogue);
    } else {
      compute(static_cast<const Bfloat16Bits*>(input.data_ptr()), static_cast<Bfloat16Bits*>(output.data_ptr()), input,
              output, {at::Tensor(), epilogue.residual.defined() ? Activation::None : epilogue.activation});
      if (epilogue.residual.defined()) applyEpilogue(output, epilogue);
    }
    return output;
  }

 private:
  /// Returns the input rows that `outputRows` consecutive rows of the output read.
  int64_t rowsUnder(int64_t outputRows) const {
    return (outputRows - 1) * geometry_.stride[0] + (depthwise_.size(2) - 1) * geometry_.dilation[0] + 1;
  }

  /// Chooses the widest chunk whose rows and weights fit, for four rows at least where that is possible, and then as
  /// many rows as fit.
  Plan planFor(const at::Tensor& input, const at::Tensor& output) const {
    Plan plan{input.size(2), input.size(3), output.size(2), output.size(3), 0, 1, 0};
    const auto numbers = [&](int64_t vectors, int64_t rows) {
      const int64_t read = std::min(rowsUnder(rows), plan.inputHeight);
      return vectors * vectorLanes * (read * plan.inputWidth + rows * plan.outputWidth);
    };
    const int64_t total = expand_.vectors(), rows = std::min<int64_t>(4, plan.outputHeight);
    const int64_t weights = (expand_.depth() + project_.columns()) * vectorLanes;
    plan.chunkVectors = std::clamp<int64_t>(weightBudget / weights / 3 * 3, std::min<int64_t>(3, total), total);
    while (plan.chunkVectors > 3 && numbers(plan.chunkVectors, rows) > rowBudget) plan.chunkVectors -= 3;
    while (plan.stripeRows < plan.outputHeight && numbers(plan.chunkVectors, plan.stripeRows + 1) <= rowBudget) {
      ++plan.stripeRows;
    }
    plan.stripeInputRows = std::min(rowsUnder(plan.stripeRows), plan.inputHeight);
    return plan;
  }

  template <typename T>
  void compute(const T* source, T* target, const at::Tensor& input, const at::Tensor& output,
               const Epilogue& epilogue) const {
    constexpr bool isFloat = sizeof(T) == sizeof(float);
    const Plan plan = planFor(input, output);
    const int64_t columns = project_.columns(), rowNumbers = plan.outputWidth * columns;
    const int64_t bandRows =
        isFloat ? plan.outputHeight : std::clamp<int64_t>(sumBudget / rowNumbers, 1, plan.outputHeight);
    const int64_t chunk = (plan.chunkVectors + 2) * vectorLanes;
    const int64_t expanded = plan.stripeInputRows * plan.inputWidth * chunk;
    const int64_t filtered = plan.stripeRows * plan.outputWidth * chunk;
    const int64_t converted =
        isFloat || expansionType_ == at::kBFloat16 ? 0 : plan.stripeInputRows * plan.inputWidth * inputChannels_;
    const int64_t scratchNumbers = expanded + filtered + converted + (isFloat ? 0 : bandRows * rowNumbers);
    const auto scratch = at::empty({at::get_num_threads() * scratchNumbers}, at::kFloat);
    const int64_t grain = std::max<int64_t>(1, (1 << 16) / (plan.outputWidth * hidden_));
    at::parallel_for(0, input.size(0) * plan.outputHeight, grain, [&](int64_t begin, int64_t end) {
      float* memory = scratch.data_ptr<float>() + at::get_thread_num() * scratchNumbers;
      for (int64_t row = begin; row < end;) {
        const int64_t image = row / plan.outputHeight, first = row % plan.outputHeight;
        const int64_t last = std::min({plan.outputHeight, first + end - row, first + bandRows});
        const T* from = source + image * plan.inputHeight * plan.inputWidth * inputChannels_;
        const int64_t place = row * rowNumbers;
        Buffers<T> buffers{from, memory, memory + expanded, memory + expanded + filtered, nullptr, nullptr};
        if constexpr (isFloat) {
          buffers.sums = target + place;
          if (epilogue.residual.defined()) buffers.residual = epilogue.residual.data_ptr<float>() + place;
        } else {
          buffers.sums = buffers.converted + converted;
        }
        computeBand(plan, buffers, first, last, epilogue.activation);
        if constexpr (!isFloat) toBfloat16(buffers.sums, target + place, (last - first) * rowNumbers);
        row += last - first;
      }
    });
  }

  /// Holds where a band reads and writes. `sums` and `residual` begin with its first row.
  template <typename T>
  struct Buffers {
    const T* image;
    float *expanded, *filtered, *converted, *sums;
    const float* residual;
  };

  /// Computes output rows [begin, end) of one image, chunk by chunk.
  template <typename T>
  void computeBand(const Plan& plan, const Buffers<T>& buffers, int64_t begin, int64_t end,
                   Activation activation) const {
    const auto& groups = expand_.groups();
    for (size_t group = 0; group < groups.size();) {
      size_t next = group;
      int64_t vectors = 0;
      while (next < groups.size() && (vectors == 0 || vectors + groups[next].vectors <= plan.chunkVectors)) {
        vectors += groups[next++].vectors;
      }
      computeChunk(plan, buffers, begin, end, group, next, activation);
      group = next;
    }
  }

  /// Adds what the channels of some groups contribute to output rows [begin, end).
  template <typename T>
  void computeChunk(const Plan& plan, const Buffers<T>& buffers, int64_t begin, int64_t end, size_t groupBegin,
                    size_t groupEnd, Activation activation) const {
    const auto& groups = expand_.groups();
    const int64_t firstChannel = groups[groupBegin].first * vectorLanes;
    const auto& lastGroup = groups[groupEnd - 1];
    const int64_t channels = (lastGroup.first + lastGroup.vectors) * vectorLanes - firstChannel;
    const bool isFirst = groupBegin == 0, isLast = groupEnd == groups.size();
    const bool direct = !expands_ && sizeof(T) == sizeof(float) && hidden_ == inputChannels_;
    const int64_t kernelHeight = depthwise_.size(2), stride = geometry_.stride[0], padding = geometry_.padding[0];
    const DepthwiseGeometry geometry{kernelHeight,         depthwise_.size(3),    geometry_.stride[1],
                                     geometry_.padding[1], geometry_.dilation[1], plan.inputWidth};
    const DepthwiseFilters filters{taps_.data_ptr<float>() + firstChannel, hidden_,
                                   bias_.data_ptr<float>() + firstChannel, channels};
    std::vector<const float*> rows(kernelHeight);
    int64_t heldBegin = 0, heldEnd = 0;
    for (int64_t y = begin; y < end; y += plan.stripeRows) {
      const int64_t stripeEnd = std::min(y + plan.stripeRows, end);
      const int64_t first = std::clamp<int64_t>(y * stride - padding, 0, plan.inputHeight);
      const int64_t last =
          std::clamp<int64_t>(y * stride - padding + rowsUnder(stripeEnd - y), first, plan.inputHeight);
      if (!direct) {
        const int64_t rowNumbers = plan.inputWidth * channels, kept = std::max<int64_t>(0, heldEnd - first);
        if (kept > 0) {
          std::memmove(buffers.expanded, buffers.expanded + (first - heldBegin) * rowNumbers,
                       kept * rowNumbers * sizeof(float));
        }
        if (first + kept < last) {
          expandRows(plan, buffers, first + kept, last, buffers.expanded + kept * rowNumbers, groupBegin, groupEnd);
        }
        heldBegin = first;
        heldEnd = std::max(last, first + kept);
      }
      for (int64_t row = y; row < stripeEnd; ++row) {
        for (int64_t dy = 0; dy < kernelHeight; ++dy) {
          const int64_t from = row * stride - padding + dy * geometry_.dilation[0];
          rows[dy] = from < 0 || from >= plan.inputHeight ? nullptr
                     : direct                             ? reinterpret_cast<const float*>(buffers.image) +
                                    from * plan.inputWidth * inputChannels_ + firstChannel
                              : buffers.expanded + (from - heldBegin) * plan.inputWidth * channels;
        }
        const int64_t rowPlace = (row - y) * plan.outputWidth * channels,
                      pixelStride = direct ? inputChannels_ : channels;
        if (productType_ == at::kFloat) {
          filterRow(geometry, rows.data(), pixelStride, filters, buffers.filtered + rowPlace, plan.outputWidth,
                    activation_);
        } else {
          filterRow(geometry, rows.data(), pixelStride, filters,
                    reinterpret_cast<Bfloat16Bits*>(buffers.filtered) + rowPlace, plan.outputWidth, activation_);
        }
      }
      const int64_t place = (y - begin) * plan.outputWidth * project_.columns();
      const auto project = [&](const auto* filtered) {
        using In = std::remove_const_t<std::remove_pointer_t<decltype(filtered)>>;
        multiply(project_, PixelProduct<In>{filtered, channels, (stripeEnd - y) * plan.outputWidth, firstChannel,
                                            firstChannel + channels, 0, project_.groups().size(), buffers.sums + place,
                                            project_.columns(), !isFirst,
                                            isLast && buffers.residual ? buffers.residual + place : nullptr,
                                            isLast ? activation : Activation::None});
      };
      if (productType_ == at::kFloat) project(static_cast<const float*>(buffers.filtered));
      else project(reinterpret_cast<const Bfloat16Bits*>(buffers.filtered));
    }
  }

  /// Writes input rows [begin, end) to `to`, [rows, width, channels of the groups]: expanded, or as they are.
  template <typename T>
  void expandRows(const Plan& plan, const Buffers<T>& buffers, int64_t begin, int64_t end, float* to, size_t groupBegin,
                  size_t groupEnd) const {
    const auto& groups = expand_.groups();
    const int64_t pixels = (end - begin) * plan.inputWidth, firstChannel = groups[groupBegin].first * vectorLanes;
    const int64_t channels = (groups[groupEnd - 1].first + groups[groupEnd - 1].vectors) * vectorLanes - firstChannel;
    const T* from = buffers.image + begin * plan.inputWidth * inputChannels_;
    if (!expands_) {
      const int64_t existing = std::min(channels, inputChannels_ - firstChannel);
      for (int64_t pixel = 0; pixel < pixels; ++pixel) {
        toFloats(from + pixel * inputChannels_ + firstChannel, to + pixel * channels, existing);
        std::fill(to + pixel * channels + existing, to + (pixel + 1) * channels, 0.0f);
      }
      return;
    }
    const auto expand = [&](const auto* numbers) {
      using In = std::remove_const_t<std::remove_pointer_t<decltype(numbers)>>;
      multiply(expand_, PixelProduct<In>{numbers, inputChannels_, pixels, 0, inputChannels_, groupBegin, groupEnd, to,
                                         channels, false, nullptr, activation_});
    };
    if constexpr (sizeof(T) == sizeof(float)) {
      expand(from);
    } else if (expansionType_ == at::kBFloat16) {
      expand(from);
    } else {
      toFloats(from, buffers.converted, pixels * inputChannels_);
      expand(static_cast<const float*>(buffers.converted));
    }
  }

  at::Tensor depthwise_, taps_, bias_;
  PackedMatrix expand_, project_;
  ConvolutionGeometry geometry_;
  Activation activation_;
  bool expands_;
  /// Are the types of the numbers that the two products multiply.
  at::ScalarType productType_, expansionType_;
  int64_t hidden_ = 0, inputChannels_ = 0;
};

at::Tensor packInvertedResidual(const c10::optional<at::Tensor>& expandWeight,
                                const c10::optional<at::Tensor>& expandBias, const at::Tensor& depthwiseWeight,
                                const at::Tensor& depthwiseBias, const at::Tensor& projectWeight,
                                const at::Tensor& projectBias, at::IntArrayRef stride, at::IntArrayRef padding,
                                at::IntArrayRef dilation, const std::string& activation) {
  const int64_t hidden = depthwiseWeight.size(0);
  const bool expands = expandWeight.has_value() && expandWeight->defined();
  const auto type = depthwiseWeight.scalar_type();
  TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "expected weights of float32 or bfloat16, received ", type);
  TORCH_CHECK(
      depthwiseWeight.dim() == 4 && depthwiseWeight.size(1) == 1 && depthwiseBias.sizes() == at::IntArrayRef({hidden}),
      "expected filters [hidden,1,height,width] and a bias [hidden], received shapes ", depthwiseWeight.sizes(),
      " and ", depthwiseBias.sizes());
  const auto isPointwise = [](const at::Tensor& weight) {
    return weight.dim() == 4 && weight.size(2) == 1 && weight.size(3) == 1;
  };
  TORCH_CHECK(isPointwise(projectWeight) && projectWeight.size(1) == hidden &&
                  projectBias.sizes() == at::IntArrayRef({projectWeight.size(0)}),
              "expected a projection [out,hidden,1,1] and a bias [out], received shapes ", projectWeight.sizes(),
              " and ", projectBias.sizes());
  TORCH_CHECK(!expands || (isPointwise(*expandWeight) && expandWeight->size(0) == hidden && expandBias.has_value() &&
                           expandBias->sizes() == at::IntArrayRef({hidden})),
              "expected an expansion [hidden,in,1,1] and a bias [hidden], received another shape");
  at::AutoDispatchBelowADInplaceOrView below;
  const auto plain = [](const c10::optional<at::Tensor>& tensor) {
    return tensor.has_value() && tensor->defined() ? tensor->detach().contiguous() : at::Tensor();
  };
  return wrapPacked(
      std::make_shared<InvertedResidual>(plain(expandWeight), plain(expandBias), plain(depthwiseWeight),
                                         plain(depthwiseBias), plain(projectWeight), plain(projectBias),
                                         ConvolutionGeometry{stride.vec(), padding.vec(), dilation.vec(), hidden},
                                         activationOf(activation)),
      depthwiseWeight);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(coarsely, library) {
  library.def(
      "pack_inverted_residual(Tensor? expand_weight, Tensor? expand_bias, Tensor depthwise_weight, "
      "Tensor depthwise_bias, Tensor project_weight, Tensor project_bias, int[2] stride, int[2] padding, "
      "int[2] dilation, str activation) -> Tensor");
}

TORCH_LIBRARY_IMPL(coarsely, CPU, library) {
  library.impl("pack_inverted_residual", packInvertedResidual);
}

}  // namespace coarsely
