// Image files as a dataset.

#pragma once

#include <memory>

#include "data/images/image_files.h"
#include "tare/data/dataset.h"
#include "tare/data/images.h"

namespace tare::data {

/// Opens image files as arrays: `image`, uint8 of the form, and `label`, class numbers with the names
/// of the classes, where the files have labels; or beside the columns of `table`, of which
/// `path_column` gives way to the images.
///
/// Every head is read here: a broken or strange file, and sizes that do not become one, end it. The
/// pixels are decoded when they are asked for, on all processors; the first 64 MiB of them are kept.
///
/// Labels   whole numbers as names that are not those of the order ("1", "10", "2") are ambiguous:
///          the array is skipped, with the reason.
/// Errors   those of ReadImageHead(); kInvalidArgument: the images do not become one size, or not
///          the one that the model takes; a crop is larger than an image; kResourceExhausted: an
///          image becomes too large.
Result<std::unique_ptr<Dataset>> MakeImageDataset(ImageFiles images, const ImageForm& form,
                                                  std::unique_ptr<Dataset> table = nullptr,
                                                  const std::string& path_column = "");

}  // namespace tare::data
