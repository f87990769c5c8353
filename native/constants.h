// Numbers that TypeScript and the kernels share. `npm run generate:ops` writes them to
// src/torch/generated/constants.ts, which reads documentation comments, `constexpr` numbers and `enum class` members.
#pragma once

#include <cstdint>

namespace coarsely {

/// Counts the hidden units in each of ARM's layers (section 4.2).
inline constexpr int armHiddenUnits = 4;

/// Counts ARM's parameters: weights and biases of layers 1-4-4-4-1.
inline constexpr int armParameterCount = 53;

/// Is added to every valid weight before normalization. It is below the last digit of any real weight, yet weights that
/// are all 0 become uniform.
inline constexpr float weightFloor = 1e-12f;

/// Numbers the pixel losses of `coarsely::pixel_loss`.
enum class LossKind : int64_t { CrossEntropy = 0, Gce = 1, Focal = 2, SmoothedCrossEntropy = 3 };

/// Numbers the confidence indicators of `coarsely::pixel_loss`.
enum class Indicator : int64_t { None = 0, Variance = 1, Entropy = 2 };

/// Is the q of generalized cross-entropy below which (1 - e^{-q l}) / q and l agree in every digit of a float32.
inline constexpr float gceCrossEntropyBelow = 1e-12f;

/// Keeps 1 - p_y of the focal loss away from 0, where the derivative of its power is infinite.
inline constexpr float focalLeastMiss = 1e-37f;

/// Is added to the norm of all gradients before clipping divides by it.
inline constexpr double clipEpsilon = 1e-6;

/// Is the sum of the weights of the two source pixels that a resized pixel is interpolated from.
inline constexpr int resizeWeightOne = 2048;

/// Counts the bytes of one change of hue and saturation: a table of 256 saturations and the shifted hue.
inline constexpr int hsvChangeBytes = 257;

/// Is added to a hue shift to store it in a byte.
inline constexpr int hueShiftOffset = 128;

}  // namespace coarsely
