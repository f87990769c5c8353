// Implements the conversion with transpositions of 16 x 16 numbers, which read and write both layouts in whole vectors.
#include "pixel_loss_rows.h"

#include <algorithm>

#include "vectorized.h"

namespace coarsely {

namespace {

/// Rounds a number of classes up to whole vectors.
constexpr int64_t padded(int64_t classes) {
  return roundUp(classes, vectorLanes);
}

/// Reads part of a row as pixels [count, padded classes], with zeros as padding.
template <typename Value>
COARSELY_INLINE void readPixels(const MapsView& maps, const RowPart& part, float* pixels) {
  const int64_t count = part.end - part.begin, width = padded(maps.classes);
  const auto* source = reinterpret_cast<const Value*>(maps.data) + part.image * maps.imageStride +
                       part.row * maps.rowStride + part.begin * maps.pixelStride;
  if (maps.classStride == 1) {
    for (int64_t i = 0; i < count; ++i) {
      const Value* from = source + i * maps.pixelStride;
      float* to = pixels + i * width;
      for (int64_t c = 0; c < maps.classes; ++c) to[c] = static_cast<float>(from[c]);
      for (int64_t c = maps.classes; c < width; ++c) to[c] = 0;
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i) std::fill(pixels + i * width + maps.classes, pixels + (i + 1) * width, 0.0f);
  for (int64_t c = 0; c < maps.classes; ++c) {
    const Value* from = source + c * maps.classStride;
    for (int64_t i = 0; i < count; ++i) pixels[i * width + c] = static_cast<float>(from[i * maps.pixelStride]);
  }
}

template <typename Value>
COARSELY_INLINE void writePixels(const MapsView& maps, const RowPart& part, const float* pixels) {
  const int64_t count = part.end - part.begin, width = padded(maps.classes);
  auto* target = reinterpret_cast<Value*>(maps.data) + part.image * maps.imageStride + part.row * maps.rowStride +
                 part.begin * maps.pixelStride;
  if (maps.classStride == 1) {
    for (int64_t i = 0; i < count; ++i) {
      Value* to = target + i * maps.pixelStride;
      for (int64_t c = 0; c < maps.classes; ++c) to[c] = static_cast<Value>(pixels[i * width + c]);
    }
    return;
  }
  for (int64_t c = 0; c < maps.classes; ++c) {
    Value* to = target + c * maps.classStride;
    for (int64_t i = 0; i < count; ++i) to[i * maps.pixelStride] = static_cast<Value>(pixels[i * width + c]);
  }
}

template <typename Value>
COARSELY_INLINE void copyPlanes(const MapsView& maps, const RowPart& part, float* planes, int64_t stride) {
  const int64_t count = part.end - part.begin;
  const auto* source = reinterpret_cast<const Value*>(maps.data) + part.image * maps.imageStride +
                       part.row * maps.rowStride + part.begin;
  for (int64_t c = 0; c < maps.classes; ++c) {
    const Value* from = source + c * maps.classStride;
    float* to = planes + c * stride;
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<float>(from[i]);
    std::fill(to + count, to + roundUp(count, vectorLanes), 0.0f);
  }
}

template <typename Value>
COARSELY_INLINE void copyPlanesBack(const MapsView& maps, const RowPart& part, const float* planes, int64_t stride) {
  const int64_t count = part.end - part.begin;
  auto* target =
      reinterpret_cast<Value*>(maps.data) + part.image * maps.imageStride + part.row * maps.rowStride + part.begin;
  for (int64_t c = 0; c < maps.classes; ++c) {
    Value* to = target + c * maps.classStride;
    const float* from = planes + c * stride;
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<Value>(from[i]);
  }
}

// Calls the instance of a function template for the type of the maps, inside a function that is compiled for several
// instruction sets.
#define COARSELY_BY_TYPE(function, maps, ...)                             \
  switch ((maps).type) {                                                  \
    case at::kBFloat16: return function<at::BFloat16>(maps, __VA_ARGS__); \
    case at::kHalf: return function<at::Half>(maps, __VA_ARGS__);         \
    default: return function<float>(maps, __VA_ARGS__);                   \
  }

COARSELY_VECTORIZED
void read(const MapsView& maps, const RowPart& part, float* pixels){COARSELY_BY_TYPE(readPixels, maps, part, pixels)}

COARSELY_VECTORIZED
void write(const MapsView& maps, const RowPart& part,
           const float* pixels){COARSELY_BY_TYPE(writePixels, maps, part, pixels)}

COARSELY_VECTORIZED
void copyIn(const MapsView& maps, const RowPart& part, float* planes,
            int64_t stride){COARSELY_BY_TYPE(copyPlanes, maps, part, planes, stride)}

COARSELY_VECTORIZED
void copyOut(const MapsView& maps, const RowPart& part, const float* planes, int64_t stride) {
  COARSELY_BY_TYPE(copyPlanesBack, maps, part, planes, stride)
}

/// Transposes pixels to planes. `blend(x, c)` returns 16 classes from c on of pixel x.
template <typename Blend>
COARSELY_INLINE void toPlanes(int64_t classes, int64_t count, float* planes, int64_t stride, const Blend& blend) {
  for (int64_t c = 0; c < classes; c += vectorLanes) {
    const int64_t used = std::min(vectorLanes, classes - c);
    for (int64_t x = 0; x < count; x += vectorLanes) {
      Floats tile[vectorLanes];
      for (int64_t i = 0; i < vectorLanes; ++i) tile[i] = x + i < count ? blend(x + i, c) : Floats{};
      transpose(tile);
      for (int64_t i = 0; i < used; ++i) store(planes + (c + i) * stride + x, tile[i]);
    }
  }
}

COARSELY_VECTORIZED
void pixelsToPlanes(const float* pixels, int64_t classes, int64_t count, float* planes, int64_t stride) {
  const int64_t width = padded(classes);
  toPlanes(
      classes, count, planes,
      stride, [&](int64_t x, int64_t c) __attribute__((always_inline)) { return load(pixels + x * width + c); });
}

/// Resizes pixels horizontally into planes. `pixels` begins at input column `base`, the planes at output column
/// `begin`.
COARSELY_VECTORIZED
void stretchToPlanes(const float* pixels, int64_t base, const ResizePoints& columns, int64_t begin, int64_t count,
                     int64_t classes, float* planes, int64_t stride) {
  const int64_t width = padded(classes);
  const int64_t* first = columns.first.data() + begin;
  const int64_t* second = columns.second.data() + begin;
  const float* shares = columns.share.data() + begin;
  toPlanes(
      classes, count, planes, stride, [&](int64_t x, int64_t c) __attribute__((always_inline)) {
        const float share = shares[x];
        const float rest = 1.0f - share;
        return rest * load(pixels + (first[x] - base) * width + c) +
               share * load(pixels + (second[x] - base) * width + c);
      });
}

COARSELY_VECTORIZED
void planesToPixels(const float* planes, int64_t stride, int64_t classes, int64_t count, float* pixels) {
  const int64_t width = padded(classes);
  for (int64_t c = 0; c < classes; c += vectorLanes) {
    for (int64_t x = 0; x < count; x += vectorLanes) {
      Floats tile[vectorLanes];
      for (int64_t i = 0; i < vectorLanes; ++i) {
        tile[i] = c + i < classes ? load(planes + (c + i) * stride + x) : Floats{};
      }
      transpose(tile);
      for (int64_t i = 0; i < std::min(vectorLanes, count - x); ++i) store(pixels + (x + i) * width + c, tile[i]);
    }
  }
}

/// Sums output pixels into input pixels [from, to). Output columns are visited in ascending order, so the sum of an
/// input pixel stays in a register until the next one begins.
COARSELY_VECTORIZED
void gatherFromPlanes(const float* planes, int64_t stride, int64_t classes, const ResizePoints& columns, int64_t begin,
                      int64_t count, int64_t from, int64_t to, float* pixels) {
  const int64_t width = padded(classes);
  const int64_t* first = columns.first.data() + begin;
  const int64_t* second = columns.second.data() + begin;
  const float* shares = columns.share.data() + begin;
  std::fill(pixels, pixels + (to - from) * width, 0.0f);
  for (int64_t c = 0; c < classes; c += vectorLanes) {
    int64_t current = -1;
    Floats here{}, next{};
    const auto put = [&](int64_t pixel, Floats sum) __attribute__((always_inline)) {
      if (pixel >= from && pixel < to) store(pixels + (pixel - from) * width + c, sum);
    };
    for (int64_t x = 0; x < count; x += vectorLanes) {
      Floats tile[vectorLanes];
      for (int64_t i = 0; i < vectorLanes; ++i) {
        tile[i] = c + i < classes ? load(planes + (c + i) * stride + x) : Floats{};
      }
      transpose(tile);
      for (int64_t i = 0; i < std::min(vectorLanes, count - x); ++i) {
        const int64_t pixel = first[x + i];
        if (pixel != current) {
          if (current >= 0) put(current, here);
          if (current >= 0 && pixel > current + 1) put(current + 1, next);
          here = pixel == current + 1 ? next : Floats{};
          next = Floats{};
          current = pixel;
        }
        const float share = shares[x + i];
        here += (1.0f - share) * tile[i];
        // At the last column both input pixels are the same.
        if (second[x + i] == pixel) here += share * tile[i];
        else next += share * tile[i];
      }
    }
    put(current, here);
    put(current + 1, next);
  }
}

/// Returns the input pixels that a part of a resized row reads.
RowPart inputsOf(const RowPart& part, const ResizePoints& columns) {
  return {part.image, part.row, columns.first[part.begin], columns.second[part.end - 1] + 1};
}

}  // namespace

MapsView::MapsView(const at::Tensor& maps)
    : data(static_cast<char*>(maps.data_ptr())),
      type(maps.scalar_type()),
      classes(maps.size(1)),
      height(maps.size(2)),
      width(maps.size(3)),
      imageStride(maps.stride(0)),
      classStride(maps.stride(1)),
      rowStride(maps.stride(2)),
      pixelStride(maps.stride(3)) {}

int64_t planeStride(int64_t pixels) {
  const int64_t registers = roundUp(pixels, vectorLanes) / vectorLanes;
  return (registers % 2 == 0 ? registers + 1 : registers) * vectorLanes;
}

void readPlanes(const MapsView& maps, const RowPart& part, float* planes, int64_t stride, float* scratch) {
  if (maps.pixelStride == 1) return copyIn(maps, part, planes, stride);
  read(maps, part, scratch);
  pixelsToPlanes(scratch, maps.classes, part.end - part.begin, planes, stride);
}

void writePlanes(const MapsView& maps, const RowPart& part, const float* planes, int64_t stride, float* scratch) {
  if (maps.pixelStride == 1) return copyOut(maps, part, planes, stride);
  planesToPixels(planes, stride, maps.classes, part.end - part.begin, scratch);
  write(maps, part, scratch);
}

void readStretched(const MapsView& maps, const RowPart& part, const ResizePoints& columns, float* planes,
                   int64_t stride, float* scratch) {
  const RowPart inputs = inputsOf(part, columns);
  read(maps, inputs, scratch);
  stretchToPlanes(scratch, inputs.begin, columns, part.begin, part.end - part.begin, maps.classes, planes, stride);
}

void writeGathered(const MapsView& maps, const RowPart& part, const ResizePoints& columns, const float* planes,
                   int64_t stride, int64_t from, int64_t to, float* scratch) {
  gatherFromPlanes(planes, stride, maps.classes, columns, part.begin, part.end - part.begin, from, to, scratch);
  write(maps, {part.image, part.row, from, to}, scratch);
}

}  // namespace coarsely
