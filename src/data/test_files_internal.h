// Help for the tests of this module.

#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "tare/core/file.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Path of a file that tests/formats/make_data.py wrote.
inline std::string StoredFile(const std::string& name) { return "tests/formats/data/" + name; }

inline std::string StoredBytes(const std::string& name) {
  return ReadFile(StoredFile(name)).value();
}

/// Opens a stored file, which must work.
inline std::unique_ptr<Dataset> OpenStored(const std::string& name) {
  auto dataset = OpenDataset(StoredFile(name));
  EXPECT_TRUE(dataset) << dataset.error().what;
  return dataset ? *std::move(dataset) : nullptr;
}

/// Opens a CSV file of this text, which must work.
inline std::unique_ptr<Dataset> OpenCsv(std::string text, const std::string& name = "x.csv") {
  auto dataset = OpenBytes(Format::kCsv, std::move(text), name);
  EXPECT_TRUE(dataset) << dataset.error().what;
  return dataset ? *std::move(dataset) : nullptr;
}

inline std::vector<int64_t> AllSamples(const Dataset& dataset) {
  std::vector<int64_t> samples(static_cast<size_t>(dataset.num_samples()));
  std::iota(samples.begin(), samples.end(), int64_t{0});
  return samples;
}

/// Reads a whole array, which must work.
inline Tensor ReadAll(const Dataset& dataset, std::string_view array) {
  auto tensor = dataset.Read(array, AllSamples(dataset));
  EXPECT_TRUE(tensor) << tensor.error().what;
  return tensor ? *std::move(tensor) : Tensor();
}

inline std::vector<std::string> ArrayNames(const Dataset& dataset) {
  std::vector<std::string> names;
  for (const ArrayInfo& info : dataset.arrays()) names.push_back(info.name);
  return names;
}

/// A folder with one file in it.
class FileWith {
 public:
  FileWith(const std::string& name, std::string_view content)
      : folder_(TemporaryFolder::Create().value()), path_(folder_.path() + "/" + name) {
    EXPECT_TRUE(WriteFileAtomic(path_, content));
  }
  const std::string& path() const { return path_; }

 private:
  TemporaryFolder folder_;
  std::string path_;
};

}  // namespace tare::data
