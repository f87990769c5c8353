// Exports the image work of the loader: decoding PNGs and making training samples from decoded images. Each call runs
// in the calling thread, on bytes that JavaScript owns; the loader's worker threads handle different samples in
// parallel.

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "constants.h"
#include "exports.h"
#include "images/png.h"
#include "kernels/augment_image.h"
#include "napi.h"

namespace coarsely {

namespace {

/// Refers to the elements of a typed array.
template <typename Element>
struct View {
  Element* data = nullptr;
  size_t length = 0;
};

template <typename Element>
View<Element> viewOf(napi_env env, napi_value value, napi_typedarray_type expected, const char* name) {
  napi_typedarray_type type;
  View<Element> view;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &view.length, &data, nullptr, nullptr) != napi_ok ||
      type != expected) {
    throw std::runtime_error(std::string("expected ") + name + ", received " + describe(env, value));
  }
  view.data = static_cast<Element*>(data);
  return view;
}

View<uint8_t> bytesOf(napi_env env, napi_value value) {
  return viewOf<uint8_t>(env, value, napi_uint8_array, "a Uint8Array");
}
View<int32_t> integersOf(napi_env env, napi_value value) {
  return viewOf<int32_t>(env, value, napi_int32_array, "an Int32Array");
}
View<float> floatsOf(napi_env env, napi_value value) {
  return viewOf<float>(env, value, napi_float32_array, "a Float32Array");
}

/// Throws when an array is too short for what is read from it or written to it.
void expectLength(bool enough, const char* name) {
  if (!enough) throw std::runtime_error(std::string("expected ") + name + " to be longer, received too few elements");
}

void expectWidth(int64_t width) {
  if (width < 1) throw std::runtime_error("expected a width of 1 or more, received " + std::to_string(width));
}

/// Throws when a source position lies outside [0, limit).
void expectInside(const int32_t* positions, size_t count, int64_t limit) {
  const auto outside = [&](int32_t position) { return position < 0 || position >= limit; };
  const auto* wrong = std::find_if(positions, positions + count, outside);
  if (wrong == positions + count) return;
  throw std::runtime_error("expected source positions from 0 to " + std::to_string(limit - 1) + ", received " +
                           std::to_string(*wrong));
}

/// readPngHeader(file) verifies the file's checksums and returns [width, height, colorType, channels, hasMetadata], or
/// null for a file that this decoder does not support.
napi_value readPngHeader(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto file = bytesOf(env, arguments.values[0]);
  Png png;
  if (!openPng({file.data, file.length}, Checksums::kVerified, png)) return null(env);
  return fromIntegers(env, std::vector<int64_t>{png.width, png.height, png.colorType, png.channels, png.hasMetadata});
  COARSELY_END("readPngHeader")
}

/// decodePngRows(file, output, firstRow, rowCount) fills output [rowCount, width * channels]. The file must be one that
/// readPngHeader accepted.
napi_value decodePngRows(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<4> arguments(env, info);
  const auto file = bytesOf(env, arguments.values[0]);
  const auto output = bytesOf(env, arguments.values[1]);
  const auto first = toInteger(env, arguments.values[2]), count = toInteger(env, arguments.values[3]);
  Png png;
  if (!openPng({file.data, file.length}, Checksums::kTrusted, png))
    throw std::runtime_error("expected a PNG of 8 bits per channel, received another file");
  if (first < 0 || count < 0 || first + count > png.height) {
    throw std::runtime_error("expected rows within the image's " + std::to_string(png.height) + ", received " +
                             std::to_string(count) + " from row " + std::to_string(first));
  }
  expectLength(output.length >= static_cast<size_t>(count) * png.width * png.channels, "output");
  coarsely::decodePngRows(png, static_cast<uint32_t>(first), static_cast<uint32_t>(count), output.data);
  return undefined(env);
  COARSELY_END("decodePngRows")
}

/// Splits an array [3, length] into both source positions and the weight of the second.
Taps tapsOf(View<int32_t> taps, int64_t limit) {
  const auto length = static_cast<int64_t>(taps.length / 3);
  expectInside(taps.data, 2 * length, limit);
  return {taps.data, taps.data + length, taps.data + 2 * length, length};
}

/// augmentImage(image, sourceWidth, columns, rows, colors, values, output, planeWidth) resizes, distorts and normalizes
/// a crop. `columns` and `rows` [3, length] hold the source positions and weights of each output column and row.
/// `colors` holds a lookup table of 256 bytes and then hsvChangeBytes for each change of HSV (256 saturations and the
/// hue shift + hueShiftOffset); it is empty for no change of colors.
napi_value augment(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<8> arguments(env, info);
  const auto& value = arguments.values;
  const auto image = bytesOf(env, value[0]), colors = bytesOf(env, value[4]);
  const auto values = floatsOf(env, value[5]), output = floatsOf(env, value[6]);
  AugmentedImage work{};
  work.image = image.data;
  work.sourceWidth = toInteger(env, value[1]);
  work.planeWidth = toInteger(env, value[7]);
  expectWidth(work.sourceWidth);
  expectWidth(work.planeWidth);
  work.columns = tapsOf(integersOf(env, value[2]), work.sourceWidth);
  work.rows = tapsOf(integersOf(env, value[3]), static_cast<int64_t>(image.length) / (3 * work.sourceWidth));
  work.planeHeight = static_cast<int64_t>(output.length) / (3 * work.planeWidth);
  expectLength(values.length == 768, "values");
  expectLength(work.columns.length <= work.planeWidth && work.rows.length <= work.planeHeight, "output");
  work.values = values.data;
  work.output = output.data;
  if (colors.length >= 256) {
    work.table = colors.data;
    for (size_t at = 256; at + hsvChangeBytes <= colors.length; at += hsvChangeBytes) {
      work.changes.push_back({colors.data + at, static_cast<int32_t>(colors.data[at + 256]) - hueShiftOffset});
    }
  }
  augmentImage(work);
  return undefined(env);
  COARSELY_END("augmentImage")
}

/// Selects columns and rows of a label map.
struct LabelWindow {
  const uint8_t* labels;
  int64_t width;
  View<int32_t> columns;
  View<int32_t> rows;
};

LabelWindow windowOf(napi_env env, const napi_value* value) {
  const auto labels = bytesOf(env, value[0]);
  LabelWindow window{labels.data, toInteger(env, value[1]), integersOf(env, value[2]), integersOf(env, value[3])};
  expectWidth(window.width);
  expectInside(window.columns.data, window.columns.length, window.width);
  expectInside(window.rows.data, window.rows.length, static_cast<int64_t>(labels.length) / window.width);
  return window;
}

/// gatherLabels(labels, width, columns, rows, output, rowLength) copies the labels at the given columns and rows.
napi_value gatherLabels(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<6> arguments(env, info);
  const auto [labels, width, columns, rows] = windowOf(env, arguments.values);
  const auto output = bytesOf(env, arguments.values[4]);
  const auto rowLength = static_cast<size_t>(toInteger(env, arguments.values[5]));
  expectLength(columns.length <= rowLength && rows.length * rowLength <= output.length, "output");
  for (size_t y = 0; y < rows.length; ++y) {
    const uint8_t* source = labels + rows.data[y] * width;
    uint8_t* target = output.data + y * rowLength;
    for (size_t x = 0; x < columns.length; ++x) target[x] = source[columns.data[x]];
  }
  return undefined(env);
  COARSELY_END("gatherLabels")
}

/// countLabels(labels, width, columns, rows, counts) counts each of 256 labels at the given columns and rows.
napi_value countLabels(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<5> arguments(env, info);
  const auto [labels, width, columns, rows] = windowOf(env, arguments.values);
  const auto counts = integersOf(env, arguments.values[4]);
  expectLength(counts.length == 256, "counts");
  // Neighboring labels mostly agree. Four counters per label keep an addition from waiting for the one before.
  std::vector<int32_t> sums(4 * 256);
  for (size_t y = 0; y < rows.length; ++y) {
    // An enlarged map repeats its rows, which are counted once.
    int32_t times = 1;
    while (y + 1 < rows.length && rows.data[y + 1] == rows.data[y]) ++y, ++times;
    const uint8_t* source = labels + rows.data[y] * width;
    for (size_t x = 0; x < columns.length; ++x) sums[(x & 3) << 8 | source[columns.data[x]]] += times;
  }
  for (int i = 0; i < 256; ++i) counts.data[i] = sums[i] + sums[256 + i] + sums[512 + i] + sums[768 + i];
  return undefined(env);
  COARSELY_END("countLabels")
}

/// mapBytes(samples, stride, table, output) looks up every stride-th sample in a table of 256 and returns the first
/// index whose entry is negative, or -1.
napi_value mapBytes(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<4> arguments(env, info);
  const auto samples = bytesOf(env, arguments.values[0]), output = bytesOf(env, arguments.values[3]);
  const auto stride = static_cast<size_t>(toInteger(env, arguments.values[1]));
  const auto table = integersOf(env, arguments.values[2]);
  expectLength(table.length == 256 && stride > 0 && output.length * stride <= samples.length, "samples");
  int32_t least = 0;
  for (size_t i = 0; i < output.length; ++i) {
    const int32_t entry = table.data[samples.data[i * stride]];
    least = std::min(least, entry);
    output.data[i] = static_cast<uint8_t>(entry);
  }
  if (least == 0) return fromDouble(env, -1);
  size_t index = 0;
  while (table.data[samples.data[index * stride]] >= 0) ++index;
  return fromDouble(env, static_cast<double>(index));
  COARSELY_END("mapBytes")
}

}  // namespace

void exportImages(napi_env env, napi_value exports) {
  exportFunction(env, exports, "readPngHeader", readPngHeader);
  exportFunction(env, exports, "decodePngRows", decodePngRows);
  exportFunction(env, exports, "augmentImage", augment);
  exportFunction(env, exports, "gatherLabels", gatherLabels);
  exportFunction(env, exports, "countLabels", countLabels);
  exportFunction(env, exports, "mapBytes", mapBytes);
}

}  // namespace coarsely
