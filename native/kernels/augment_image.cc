// Implements OpenCV's 8-bit bilinear resizing and HSV conversions in its fixed-point and float32 arithmetic, bit for
// bit. The crop is computed one row at a time as three planes of 32-bit integers, which stay in the first-level cache
// and let the compiler vectorize every loop.
#include "augment_image.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "constants.h"
#include "vectorized.h"

namespace coarsely {

namespace {

constexpr int32_t kShift = 12, kHalf = 1 << (kShift - 1), kHueCircle = 180;

/// Holds OpenCV's fixed-point reciprocals of value and of chroma.
struct HsvTables {
  int32_t saturation[256] = {};
  int32_t hue[256] = {};

  HsvTables() {
    for (int i = 1; i < 256; ++i) {
      saturation[i] = static_cast<int32_t>(std::nearbyint((255 << kShift) / static_cast<double>(i)));
      hue[i] = static_cast<int32_t>(std::nearbyint((kHueCircle << kShift) / (6.0 * i)));
    }
  }
};

struct Hsv {
  const HsvTables& tables;
  const int32_t* saturations;
  int32_t hueShift;
};

/// Packs the RGB bytes of a row to one word per pixel.
COARSELY_VECTORIZED_EXACT
void packRow(int32_t* __restrict words, const uint8_t* __restrict bytes, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    words[i] = bytes[3 * i] | bytes[3 * i + 1] << 8 | bytes[3 * i + 2] << 16;
  }
}

COARSELY_VECTORIZED_EXACT
void blendColumns(int32_t* out, const int32_t* __restrict words, const Taps& columns) {
  const int64_t width = columns.length;
  int32_t* __restrict red = out, * __restrict green = out + width, * __restrict blue = out + 2 * width;
  const int32_t* __restrict before = columns.before, * __restrict after = columns.after;
  const int32_t* __restrict weights = columns.weights;
  for (int64_t x = 0; x < width; ++x) {
    const int32_t a = words[before[x]], b = words[after[x]], weight = weights[x], rest = resizeWeightOne - weight;
    red[x] = (a & 255) * rest + (b & 255) * weight;
    green[x] = (a >> 8 & 255) * rest + (b >> 8 & 255) * weight;
    blue[x] = (a >> 16 & 255) * rest + (b >> 16 & 255) * weight;
  }
}

COARSELY_VECTORIZED_EXACT
void blendRows(int32_t* out, const int32_t* upper, const int32_t* lower, int32_t weight, int64_t count) {
  const int32_t rest = resizeWeightOne - weight;
  for (int64_t x = 0; x < count; ++x) {
    out[x] = ((((upper[x] >> 4) * rest) >> 16) + (((lower[x] >> 4) * weight) >> 16) + 2) >> 2;
  }
}

COARSELY_VECTORIZED_EXACT
void applyTable(int32_t* __restrict out, const int32_t* __restrict bytes, const int32_t* __restrict table,
                int64_t count) {
  for (int64_t x = 0; x < count; ++x) out[x] = table[bytes[x]];
}

/// Changes saturation and hue of three planes of `width` pixels.
COARSELY_VECTORIZED_EXACT
void changeHsv(int32_t* out, const int32_t* row, int64_t width, const Hsv& hsv) {
  COARSELY_EXACT
  const int32_t* __restrict reds = row, * __restrict greens = row + width, * __restrict blues = row + 2 * width;
  int32_t* __restrict newReds = out, * __restrict newGreens = out + width, * __restrict newBlues = out + 2 * width;
  const int32_t* __restrict saturationFactors = hsv.tables.saturation, * __restrict hueFactors = hsv.tables.hue;
  const int32_t* __restrict saturations = hsv.saturations;
  const int32_t hueShift = hsv.hueShift;
  const float byte = 1.0f / 255.0f, sixthOfCircle = 6.0f / 180.0f;
  for (int64_t x = 0; x < width; ++x) {
    const int32_t red = reds[x], green = greens[x], blue = blues[x];
    const int32_t more = red > green ? red : green, less = red < green ? red : green;
    const int32_t value = more > blue ? more : blue, least = less < blue ? less : blue;
    const int32_t chroma = value - least;
    const int32_t saturation = saturations[(chroma * saturationFactors[value] + kHalf) >> kShift];
    const int32_t byGreen = blue - red + 2 * chroma, byBlue = red - green + 4 * chroma;
    const int32_t other = value == green ? byGreen : byBlue;
    const int32_t sector = value == red ? green - blue : other;
    int32_t hue = (sector * hueFactors[chroma] + kHalf) >> kShift;
    hue += hue < 0 ? kHueCircle : 0;
    hue += hueShift;
    hue += hue < 0 ? kHueCircle : 0;
    hue -= hue >= kHueCircle ? kHueCircle : 0;

    const float position = static_cast<float>(hue) * sixthOfCircle;
    const auto sixth = static_cast<int32_t>(position);
    const float within = position - static_cast<float>(sixth);
    const float strength = static_cast<float>(saturation) * byte, brightness = static_cast<float>(value) * byte;
    const float toFall = strength * within, toRise = strength * (1.0f - within);
    const auto low = static_cast<int32_t>(std::nearbyint(brightness * (1.0f - strength) * 255.0f));
    const auto falling = static_cast<int32_t>(std::nearbyint(brightness * (1.0f - toFall) * 255.0f));
    const auto rising = static_cast<int32_t>(std::nearbyint(brightness * (1.0f - toRise) * 255.0f));
    // The sixths of the circle go from red through yellow, green, cyan, blue and magenta back to red.
    int32_t newRed = low, newGreen = low, newBlue = low;
    newRed = sixth == 1 ? falling : newRed;
    newRed = sixth == 4 ? rising : newRed;
    newRed = sixth == 0 ? value : newRed;
    newRed = sixth == 5 ? value : newRed;
    newGreen = sixth == 3 ? falling : newGreen;
    newGreen = sixth == 0 ? rising : newGreen;
    newGreen = sixth == 1 ? value : newGreen;
    newGreen = sixth == 2 ? value : newGreen;
    newBlue = sixth == 5 ? falling : newBlue;
    newBlue = sixth == 2 ? rising : newBlue;
    newBlue = sixth == 3 ? value : newBlue;
    newBlue = sixth == 4 ? value : newBlue;
    newReds[x] = newRed;
    newGreens[x] = newGreen;
    newBlues[x] = newBlue;
  }
}

COARSELY_VECTORIZED_EXACT
void lookUp(float* __restrict out, const int32_t* __restrict bytes, const float* __restrict values, int64_t count) {
  for (int64_t x = 0; x < count; ++x) out[x] = values[bytes[x]];
}

std::vector<int32_t> widened(const uint8_t* table) {
  return std::vector<int32_t>(table, table + 256);
}

}  // namespace

void augmentImage(const AugmentedImage& work) {
  static const HsvTables tables;
  const auto& [image, sourceWidth, columns, rows, table, changes, values, output, planeWidth, planeHeight] = work;
  const int64_t width = columns.length, plane = planeWidth * planeHeight;
  if (width == 0) return;
  const auto [leftmost, beyond] = std::minmax_element(columns.before, columns.before + width);
  const int64_t first = *leftmost, last = std::max(*beyond, *std::max_element(columns.after, columns.after + width));
  std::vector<int32_t> words(sourceWidth), row(3 * width), other(3 * width);
  const std::vector<int32_t> widerTable = table ? widened(table) : std::vector<int32_t>();
  std::vector<std::vector<int32_t>> saturations;
  for (const auto& change : changes) saturations.push_back(widened(change.saturations));

  // Caches the two horizontally resized source rows around the current row, which consecutive rows mostly share.
  std::vector<int32_t> stretched[2] = {std::vector<int32_t>(3 * width), std::vector<int32_t>(3 * width)};
  int64_t held[2] = {-1, -1};
  const auto sourceRow = [&](int64_t wanted, int64_t spare) -> const int32_t* {
    for (int i = 0; i < 2; ++i) {
      if (held[i] == wanted) return stretched[i].data();
    }
    const int slot = held[0] == spare ? 1 : 0;
    packRow(words.data() + first, image + 3 * (wanted * sourceWidth + first), last - first + 1);
    blendColumns(stretched[slot].data(), words.data(), columns);
    held[slot] = wanted;
    return stretched[slot].data();
  };
  for (int64_t y = 0; y < rows.length; ++y) {
    const int32_t* upper = sourceRow(rows.before[y], rows.after[y]);
    const int32_t* lower = sourceRow(rows.after[y], rows.before[y]);
    blendRows(row.data(), upper, lower, rows.weights[y], 3 * width);
    if (table) {
      applyTable(other.data(), row.data(), widerTable.data(), 3 * width);
      row.swap(other);
    }
    for (size_t i = 0; i < changes.size(); ++i) {
      changeHsv(other.data(), row.data(), width, {tables, saturations[i].data(), changes[i].hueShift});
      row.swap(other);
    }
    for (int64_t channel = 0; channel < 3; ++channel) {
      lookUp(output + channel * plane + y * planeWidth, row.data() + channel * width, values + 256 * channel, width);
    }
  }
}

}  // namespace coarsely
