// Each call works in the calling thread alone, on bytes that JavaScript owns: parallel work is spread by samples.
#include "images.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/augment_image.h"
#include "napi.h"
#include "png.h"

namespace coarsely {

namespace {

template <typename Element>
struct View {
  Element* data = nullptr;
  size_t length = 0;
};

template <typename Element>
View<Element> viewOf(napi_env env, napi_value value, napi_typedarray_type expected) {
  napi_typedarray_type type;
  View<Element> view;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &view.length, &data, nullptr, nullptr) != napi_ok || type != expected) {
    throw std::runtime_error("expected a typed array of another kind");
  }
  view.data = static_cast<Element*>(data);
  return view;
}

View<uint8_t> bytesOf(napi_env env, napi_value value) { return viewOf<uint8_t>(env, value, napi_uint8_array); }
View<int32_t> integersOf(napi_env env, napi_value value) { return viewOf<int32_t>(env, value, napi_int32_array); }
View<float> floatsOf(napi_env env, napi_value value) { return viewOf<float>(env, value, napi_float32_array); }

void expectRoom(bool enough, const char* what) {
  if (!enough) throw std::runtime_error(std::string("expected more room for ") + what);
}

/// pngForm(file) -> [width, height, colourType, channels, adorned], or null for a file that the decoder does not take
napi_value pngForm(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<1> arguments(env, info);
  const auto file = bytesOf(env, arguments.values[0]);
  Png png;
  if (!openPng({file.data, file.length}, Checksums::kVerified, png)) return null(env);
  return fromIntegers(env, std::vector<int64_t>{png.width, png.height, png.colourType, png.channels, png.adorned});
  COARSELY_END("decodePng")
}

/// decodePng(file, output, firstRow, rowCount) fills output [rowCount, width · channels]; pngForm took the file before
napi_value decodePng(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<4> arguments(env, info);
  const auto file = bytesOf(env, arguments.values[0]);
  const auto output = bytesOf(env, arguments.values[1]);
  const auto first = toInteger(env, arguments.values[2]), count = toInteger(env, arguments.values[3]);
  Png png;
  if (!openPng({file.data, file.length}, Checksums::kTrusted, png)) throw std::runtime_error("not a PNG of 8 bits a channel");
  if (first < 0 || count < 0 || first + count > png.height) throw std::runtime_error("rows beyond the image");
  expectRoom(output.length >= static_cast<size_t>(count) * png.width * png.channels, "the rows");
  decodePngRows(png, static_cast<uint32_t>(first), static_cast<uint32_t>(count), output.data);
  return undefined(env);
  COARSELY_END("decodePng")
}

Taps tapsOf(View<int32_t> taps, int64_t limit) {
  const auto length = static_cast<int64_t>(taps.length / 3);
  const auto outside = [&](int32_t place) { return place < 0 || place >= limit; };
  if (std::any_of(taps.data, taps.data + 2 * length, outside)) throw std::runtime_error("taps beyond the image");
  return {taps.data, taps.data + length, taps.data + 2 * length, length};
}

/// augmentImage(image, sourceWidth, columns, rows, colours, values, output, planeWidth). `columns` and `rows` are
/// [3, length]: both taps and the weight. `colours` holds 256 bytes of a table, then 257 for each change of HSV: a table
/// of saturations and the hue's shift + 128; empty for no colours.
napi_value augment(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<8> arguments(env, info);
  const auto& value = arguments.values;
  const auto image = bytesOf(env, value[0]), colours = bytesOf(env, value[4]);
  const auto values = floatsOf(env, value[5]), output = floatsOf(env, value[6]);
  AugmentedImage work{};
  work.image = image.data;
  work.sourceWidth = toInteger(env, value[1]);
  work.planeWidth = toInteger(env, value[7]);
  if (work.sourceWidth < 1 || work.planeWidth < 1) throw std::runtime_error("expected widths above 0");
  work.columns = tapsOf(integersOf(env, value[2]), work.sourceWidth);
  work.rows = tapsOf(integersOf(env, value[3]), static_cast<int64_t>(image.length) / (3 * work.sourceWidth));
  work.planeHeight = static_cast<int64_t>(output.length) / (3 * work.planeWidth);
  expectRoom(values.length == 768, "values");
  expectRoom(work.columns.length <= work.planeWidth && work.rows.length <= work.planeHeight, "the crop");
  work.values = values.data;
  work.output = output.data;
  if (colours.length >= 256) {
    work.table = colours.data;
    for (size_t at = 256; at + 257 <= colours.length; at += 257) {
      work.changes.push_back({colours.data + at, static_cast<int32_t>(colours.data[at + 256]) - 128});
    }
  }
  augmentImage(work);
  return undefined(env);
  COARSELY_END("augmentImage")
}

struct LabelWindow {
  const uint8_t* labels;
  int64_t width;
  View<int32_t> columns;
  View<int32_t> rows;
};

LabelWindow windowOf(napi_env env, const napi_value* value) {
  const auto labels = bytesOf(env, value[0]);
  LabelWindow window{labels.data, toInteger(env, value[1]), integersOf(env, value[2]), integersOf(env, value[3])};
  if (window.width < 1) throw std::runtime_error("expected a width above 0");
  const int64_t height = static_cast<int64_t>(labels.length) / window.width;
  const auto outside = [](View<int32_t> taps, int64_t limit) {
    return std::any_of(taps.data, taps.data + taps.length, [&](int32_t tap) { return tap < 0 || tap >= limit; });
  };
  if (outside(window.columns, window.width) || outside(window.rows, height)) {
    throw std::runtime_error("taps beyond the labels");
  }
  return window;
}

/// gatherLabels(labels, width, columns, rows, output, rowLength): the labels at these columns of these rows
napi_value gatherLabels(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<6> arguments(env, info);
  const auto [labels, width, columns, rows] = windowOf(env, arguments.values);
  const auto output = bytesOf(env, arguments.values[4]);
  const auto rowLength = static_cast<size_t>(toInteger(env, arguments.values[5]));
  expectRoom(columns.length <= rowLength && rows.length * rowLength <= output.length, "the labels");
  for (size_t y = 0; y < rows.length; ++y) {
    const uint8_t* source = labels + rows.data[y] * width;
    uint8_t* target = output.data + y * rowLength;
    for (size_t x = 0; x < columns.length; ++x) target[x] = source[columns.data[x]];
  }
  return undefined(env);
  COARSELY_END("gatherLabels")
}

/// countLabels(labels, width, columns, rows, counts): how often each of 256 labels stands at these places
napi_value countLabels(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<5> arguments(env, info);
  const auto [labels, width, columns, rows] = windowOf(env, arguments.values);
  const auto counts = integersOf(env, arguments.values[4]);
  expectRoom(counts.length == 256, "counts");
  // Neighbours mostly agree, and a sum that waits for itself is slow: four of them take turns.
  std::vector<int32_t> sums(4 * 256);
  for (size_t y = 0; y < rows.length; ++y) {
    // An enlarged map repeats its rows.
    int32_t times = 1;
    while (y + 1 < rows.length && rows.data[y + 1] == rows.data[y]) ++y, ++times;
    const uint8_t* source = labels + rows.data[y] * width;
    for (size_t x = 0; x < columns.length; ++x) sums[(x & 3) << 8 | source[columns.data[x]]] += times;
  }
  for (int i = 0; i < 256; ++i) counts.data[i] = sums[i] + sums[256 + i] + sums[512 + i] + sums[768 + i];
  return undefined(env);
  COARSELY_END("countLabels")
}

/// mapBytes(samples, stride, meanings, output): the meaning of every stride-th sample; gives the first place whose
/// meaning is negative, or -1
napi_value mapBytes(napi_env env, napi_callback_info info) {
  COARSELY_BEGIN
  Arguments<4> arguments(env, info);
  const auto samples = bytesOf(env, arguments.values[0]), output = bytesOf(env, arguments.values[3]);
  const auto stride = static_cast<size_t>(toInteger(env, arguments.values[1]));
  const auto meanings = integersOf(env, arguments.values[2]);
  expectRoom(meanings.length == 256 && stride > 0 && output.length * stride <= samples.length, "meanings");
  int32_t least = 0;
  for (size_t i = 0; i < output.length; ++i) {
    const int32_t meaning = meanings.data[samples.data[i * stride]];
    least = std::min(least, meaning);
    output.data[i] = static_cast<uint8_t>(meaning);
  }
  if (least == 0) return fromDouble(env, -1);
  size_t place = 0;
  while (meanings.data[samples.data[place * stride]] >= 0) ++place;
  return fromDouble(env, static_cast<double>(place));
  COARSELY_END("mapBytes")
}

}  // namespace

void exportImages(napi_env env, napi_value exports) {
  exportFunction(env, exports, "pngForm", pngForm);
  exportFunction(env, exports, "decodePng", decodePng);
  exportFunction(env, exports, "augmentImage", augment);
  exportFunction(env, exports, "gatherLabels", gatherLabels);
  exportFunction(env, exports, "countLabels", countLabels);
  exportFunction(env, exports, "mapBytes", mapBytes);
}

}  // namespace coarsely
