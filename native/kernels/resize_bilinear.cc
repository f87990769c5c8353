// Defines coarsely::resize_bilinear (align_corners = false) and implements it for channels-last maps on the CPU.
// libtorch's backward scatters pixel by pixel and takes a sixth of a training step. Here forward and backward treat
// rows and columns separately: whole rows are combined at once, which vectorizes for any number of channels, and each
// input pixel gathers its gradient, which makes the result deterministic.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <vector>

#include "resize_axis.h"
#include "vectorized.h"

namespace coarsely {

namespace {

COARSELY_VECTORIZED
void blend(float* out, const float* a, const float* b, float share, int64_t count) {
  const float rest = 1.0f - share;
  for (int64_t i = 0; i < count; ++i) out[i] = rest * a[i] + share * b[i];
}

COARSELY_VECTORIZED
void accumulate(float* out, const float* a, float weight, int64_t count) {
  for (int64_t i = 0; i < count; ++i) out[i] += weight * a[i];
}

COARSELY_VECTORIZED
void stretchRow(float* out, const float* row, const ResizePoints& columns, int64_t channels) {
  const auto width = static_cast<int64_t>(columns.share.size());
  for (int64_t x = 0; x < width; ++x) {
    const float share = columns.share[x];
    const float rest = 1.0f - share;
    const float* a = row + columns.first[x] * channels;
    const float* b = row + columns.second[x] * channels;
    float* target = out + x * channels;
    for (int64_t c = 0; c < channels; ++c) target[c] = rest * a[c] + share * b[c];
  }
}

COARSELY_VECTORIZED
void gatherRow(float* out, const float* row, const ResizePoints& columns, int64_t channels) {
  const auto width = static_cast<int64_t>(columns.share.size());
  for (int64_t x = 0; x < width; ++x) {
    const float share = columns.share[x];
    const float rest = 1.0f - share;
    const float* source = row + x * channels;
    float* a = out + columns.first[x] * channels;
    for (int64_t c = 0; c < channels; ++c) a[c] += rest * source[c];
    float* b = out + columns.second[x] * channels;
    for (int64_t c = 0; c < channels; ++c) b[c] += share * source[c];
  }
}

at::Tensor channelsLast(const at::Tensor& tensor) {
  return tensor.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor emptyMaps(at::IntArrayRef shape) {
  return at::empty(shape, at::TensorOptions().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
}

/// Returns the least number of rows of `rowElements` floats for which another thread pays off.
int64_t grainOf(int64_t rowElements) {
  return std::max<int64_t>(1, 32768 / std::max<int64_t>(1, rowElements));
}

void checkResize(const at::Tensor& input, at::IntArrayRef size) {
  TORCH_CHECK(input.dim() == 4 && size.size() == 2 && size[0] > 0 && size[1] > 0 && input.numel() > 0,
              "expected maps [N,C,H,W] and a size [height,width], received shape ", input.sizes(), " and size ", size);
}

/// Resizes maps to the rows that `rows` describes, whose input rows must lie within the maps.
at::Tensor resizeTo(const at::Tensor& input, const ResizePoints& rows, int64_t width) {
  const auto maps = channelsLast(input);
  const int64_t count = maps.size(0), channels = maps.size(1), inputHeight = maps.size(2), inputWidth = maps.size(3);
  const auto height = static_cast<int64_t>(rows.share.size());
  auto output = emptyMaps({count, channels, height, width});
  const ResizePoints columns(inputWidth, width);
  const auto* source = maps.data_ptr<float>();
  auto* target = output.data_ptr<float>();
  const int64_t inputRow = inputWidth * channels, outputRow = width * channels;

  at::parallel_for(0, count * height, grainOf(outputRow), [&](int64_t begin, int64_t end) {
    // Caches the two resized input rows around the current output row, which consecutive rows mostly share. `stretched`
    // does not overwrite the row `spare`, which the same output row needs.
    std::vector<float> buffers[2] = {std::vector<float>(outputRow), std::vector<float>(outputRow)};
    int64_t held[2] = {-1, -1};
    const auto stretched = [&](int64_t row, int64_t spare) -> const float* {
      for (int i = 0; i < 2; ++i) {
        if (held[i] == row) return buffers[i].data();
      }
      const int slot = held[0] == spare ? 1 : 0;
      stretchRow(buffers[slot].data(), source + row * inputRow, columns, channels);
      held[slot] = row;
      return buffers[slot].data();
    };
    for (int64_t i = begin; i < end; ++i) {
      const int64_t y = i % height, image = i / height * inputHeight;
      const int64_t first = image + rows.first[y], second = image + rows.second[y];
      const float* a = stretched(first, second);
      const float* b = stretched(second, first);
      blend(target + i * outputRow, a, b, rows.share[y], outputRow);
    }
  });
  return output;
}

at::Tensor resizeBilinear(const at::Tensor& input, at::IntArrayRef size) {
  checkResize(input, size);
  return resizeTo(input, ResizePoints(input.size(2), size[0]), size[1]);
}

/// Returns rows [output_rows[0], output_rows[0] + output_rows[1]) of resize_bilinear's result for maps of
/// `input_height` rows, of which `input` holds those from `first_input_row` on.
at::Tensor resizeBilinearRows(const at::Tensor& input, int64_t firstInputRow, int64_t inputHeight,
                              at::IntArrayRef outputRows, at::IntArrayRef size) {
  checkResize(input, size);
  TORCH_CHECK(outputRows.size() == 2 && outputRows[0] >= 0 && outputRows[1] > 0 && outputRows[1] <= size[0] &&
                  outputRows[0] <= size[0] - outputRows[1],
              "expected [first,count] of rows within a height of ", size[0], ", received ", outputRows);
  ResizePoints rows(inputHeight, size[0], outputRows[0], outputRows[1]);
  for (auto* positions : {&rows.first, &rows.second}) {
    for (auto& position : *positions) {
      position -= firstInputRow;
      TORCH_CHECK(position >= 0 && position < input.size(2), "expected input rows from ", firstInputRow, " to ",
                  firstInputRow + input.size(2) - 1, ", but the result needs row ", position + firstInputRow);
    }
  }
  return resizeTo(input, rows, size[1]);
}

at::Tensor resizeBilinearBackward(const at::Tensor& gradient, at::IntArrayRef inputShape) {
  const auto maps = channelsLast(gradient);
  const int64_t count = maps.size(0), channels = maps.size(1), height = maps.size(2), width = maps.size(3);
  const int64_t inputHeight = inputShape[2], inputWidth = inputShape[3];
  auto output = emptyMaps(inputShape);
  const ResizePoints rows(inputHeight, height), columns(inputWidth, width);
  const auto* source = maps.data_ptr<float>();
  auto* target = output.data_ptr<float>();
  const int64_t inputRow = inputWidth * channels, outputRow = width * channels;

  // The output rows that read an input row are consecutive: [from, to).
  std::vector<int64_t> from(inputHeight, height), to(inputHeight, 0);
  for (int64_t y = 0; y < height; ++y) {
    for (const int64_t row : {rows.first[y], rows.second[y]}) {
      from[row] = std::min(from[row], y);
      to[row] = std::max(to[row], y + 1);
    }
  }

  const int64_t grain = grainOf(outputRow * std::max<int64_t>(1, height / inputHeight));
  at::parallel_for(0, count * inputHeight, grain, [&](int64_t begin, int64_t end) {
    std::vector<float> sum(outputRow);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i % inputHeight, image = i / inputHeight * height;
      std::fill(sum.begin(), sum.end(), 0.0f);
      for (int64_t y = from[row]; y < to[row]; ++y) {
        float weight = 0;
        if (rows.first[y] == row) weight += 1.0f - rows.share[y];
        if (rows.second[y] == row) weight += rows.share[y];
        accumulate(sum.data(), source + (image + y) * outputRow, weight, outputRow);
      }
      float* out = target + i * inputRow;
      std::fill(out, out + inputRow, 0.0f);
      gatherRow(out, sum.data(), columns, channels);
    }
  });
  return output;
}

class ResizeBilinear : public torch::autograd::Function<ResizeBilinear> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input, at::IntArrayRef size) {
    at::AutoDispatchBelowADInplaceOrView below;
    context->saved_data["shape"] = input.sizes().vec();
    context->saved_data["type"] = static_cast<int64_t>(input.scalar_type());
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("coarsely::resize_bilinear", "")
                               .typed<at::Tensor(const at::Tensor&, at::IntArrayRef)>();
    return op.call(input, size);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    static const auto op = c10::Dispatcher::singleton()
                               .findSchemaOrThrow("coarsely::resize_bilinear_backward", "")
                               .typed<at::Tensor(const at::Tensor&, at::IntArrayRef)>();
    const auto shape = context->saved_data["shape"].toIntVector();
    const auto type = static_cast<at::ScalarType>(context->saved_data["type"].toInt());
    return {op.call(gradients[0], shape).to(type), at::Tensor()};
  }
};

at::Tensor resizeBilinearWithGradient(const at::Tensor& input, at::IntArrayRef size) {
  return ResizeBilinear::apply(input, size);
}

}  // namespace

TORCH_LIBRARY(coarsely, library) {
  library.def("resize_bilinear(Tensor input, int[2] size) -> Tensor");
  library.def(
      "resize_bilinear_rows(Tensor input, int first_input_row, int input_height, int[2] output_rows, int[2] size) -> "
      "Tensor");
  library.def("resize_bilinear_backward(Tensor gradient, int[] input_shape) -> Tensor");
}

TORCH_LIBRARY_IMPL(coarsely, CPU, library) {
  library.impl("resize_bilinear", resizeBilinear);
  library.impl("resize_bilinear_rows", resizeBilinearRows);
  library.impl("resize_bilinear_backward", resizeBilinearBackward);
}

TORCH_LIBRARY_IMPL(coarsely, Autograd, library) {
  library.impl("resize_bilinear", resizeBilinearWithGradient);
}

}  // namespace coarsely
