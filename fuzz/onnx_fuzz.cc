// Any bytes as an ONNX file: read, written and read again gives the same bytes; the rewrites that
// need no runtime end without a crash. The walk that finds a model's files without reading it misses
// none that the reader looks for.

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

#include "tare/core/file.h"
#include "tare/graph/canonical.h"
#include "tare/graph/index.h"
#include "tare/graph/onnx.h"

namespace {

// ModelFiles() asks for a file, and external data is looked for beside it.
const tare::TemporaryFolder& Folder() {
  static const auto folder = tare::TemporaryFolder::Create();
  TARE_CHECK(folder.has_value());
  return *folder;
}

std::string Written(std::string_view bytes) {
  std::string path = Folder().path() + "/model.onnx";
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kMaxBytes = 1 << 16;  // beyond it only time is found
  if (size > kMaxBytes) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto files = tare::graph::ModelFiles(Written(bytes));
  auto model = tare::graph::ParseOnnx(bytes, "fuzz", Folder().path());
  if (!model) {
    TARE_CHECK(!model.error().next_step.empty());
    const bool looked_for_data = model.error().code == tare::ErrorCode::kNotFound;
    TARE_CHECK(!looked_for_data || !files || files->size() > 1);
    return 0;
  }
  const auto written = tare::graph::SerializeOnnx(*model);
  TARE_CHECK(written.has_value());
  const auto again = tare::graph::ParseOnnx(*written, "fuzz", Folder().path());
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
