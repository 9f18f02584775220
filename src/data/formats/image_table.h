// CSV files that name images.

#pragma once

#include <memory>
#include <string>

#include "tare/data/dataset.h"
#include "tare/data/images.h"

namespace tare::data {

/// The column of image files of a CSV file: `file`, `file_name`, `filename`, `path`, `image_path` or
/// `image`, in this order, where the first sample's ends as images do (.jpg, .jpeg, .png, .webp,
/// .bmp). "" where there is none, and for what is no CSV file.
std::string ImageColumnOf(const std::string& path);

/// Opens the images that a column of `table` names, relative to the folder of the CSV file `path`.
/// Errors  those of MakeImageDataset(); of the column, when a sample has no file in it.
Result<std::unique_ptr<Dataset>> OpenImageTable(const std::string& path, const std::string& column,
                                                std::unique_ptr<Dataset> table,
                                                const ImageForm& form);

/// The digest of the CSV file and of the images that it names.
Result<std::string> DigestOfImageTable(const std::string& path, const std::string& column,
                                       const Dataset& table);

}  // namespace tare::data
