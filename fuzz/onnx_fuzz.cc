// Any bytes as an ONNX file: read, written and read again gives the same bytes; the rewrites that
// need no runtime end without a crash. The walk that finds a model's files without reading it takes
// what the reader takes.

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

#include "tare/core/file.h"
#include "tare/graph/canonical.h"
#include "tare/graph/index.h"
#include "tare/graph/onnx.h"

namespace {

// ModelFiles() asks for a file.
const std::string& PathOf(std::string_view bytes) {
  static const auto folder = tare::TemporaryFolder::Create();
  TARE_CHECK(folder.has_value());
  static const std::string path = folder->path() + "/model.onnx";
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMaxBytes = 1 << 16;  // beyond it only time is found
  if (size > kMaxBytes) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // No folder of that name exists: external data always ends in an error.
  auto model = tare::graph::ParseOnnx(bytes, "fuzz", "/nonexistent-folder");
  const auto files = tare::graph::ModelFiles(PathOf(bytes));
  if (!model) {
    TARE_CHECK(!model.error().next_step.empty());
    return 0;
  }
  TARE_CHECK(files.has_value() && files->size() == 1);
  const auto written = tare::graph::SerializeOnnx(*model);
  TARE_CHECK(written.has_value());
  const auto again = tare::graph::ParseOnnx(*written, "fuzz", "/nonexistent-folder");
  TARE_CHECK(again.has_value());
  TARE_CHECK(*tare::graph::SerializeOnnx(*again) == *written);

  tare::graph::NameNodes(model->graph);
  static_cast<void>(tare::graph::RaiseOpset(*model));
  tare::graph::LiftConstants(*model);
  tare::graph::RemoveIdentities(model->graph);
  tare::graph::FoldChannelConstants(model->graph);
  static_cast<void>(tare::graph::SortNodes(model->graph));
  tare::graph::Prune(model->graph);
  static_cast<void>(tare::graph::ModelDigest(*model));
  return 0;
}
