// Resizing with a filter as wide as what a new pixel covers.

#pragma once

#include <cstdint>

#include "data/images/decode.h"

namespace tare::data {

/// Returns the image at another size, by a triangle filter that widens with the scale (bilinear,
/// antialiased): the same bytes as Pillow's Image.resize((width, height), Image.BILINEAR), and so as
/// torchvision's Resize on images.
///
///   out[x] = sum_i w_i in[i] / sum_i w_i,  w_i = max(0, 1 - |i + 0.5 - (x + 0.5) s| / max(s, 1)),
///   s = old / new; rows first, then columns, rounded to 8 bits in between, w in 22-bit fixed point
///
/// OpenCV's INTER_LINEAR looks at two pixels whatever the scale: at a quarter of the size it answers
/// something else, noisier than what a model was trained on.
///
/// Edge    the same size gives the same image.
/// Cost    O(new pixels * (3 + 2 s)) for each direction.
/// Source  Pillow, src/libImaging/Resample.c (MIT-CMU), precompute_coeffs() and ImagingResample*_8bpc()
Pixels Resampled(const Pixels& image, int64_t width, int64_t height);

/// Returns `height` rows and `width` columns from `top`, `left` on, which must be inside.
Pixels Cropped(const Pixels& image, int64_t top, int64_t left, int64_t width, int64_t height);

}  // namespace tare::data
