#include <algorithm>
#include <cstdint>
#include <string>

#include "graph/foreign_file_internal.h"

namespace tare::graph::internal {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kFromTorch =
    "export it from Python: torch.onnx.export(model, (sample,), \"model.onnx\", dynamo=True)";
constexpr std::string_view kFromKeras =
    "export it from Python: keras.saving.load_model(FILE).export(\"model.onnx\", format=\"onnx\")";
constexpr std::string_view kFromCheckpoint =
    "export the checkpoint that it belongs to: optimum-cli export onnx --model FOLDER OUT";

struct Signature {
  size_t at;
  std::string_view bytes;
  ForeignFile file;
};

constexpr Signature kSignatures[] = {
    {4,
     "TFL3"sv,
     {"a TensorFlow Lite model",
      "convert it: python -m tf2onnx.convert --tflite FILE --output model.onnx"}},
    {4,
     "ORTM"sv,
     {"a model in ONNX Runtime's own ORT format", "give the .onnx file that it was made from"}},
    {0, "GGUF"sv, {"a GGUF file, weights for llama.cpp", kFromCheckpoint}},
    {0,
     "version https://git-lfs"sv,
     {"a git-lfs pointer, the model itself was not fetched", "fetch it: git lfs pull"}},
    {0, "\x1f\x8b"sv, {"compressed with gzip", "unpack it first: gunzip FILE"}},
    {0, "\x28\xb5\x2f\xfd"sv, {"compressed with Zstandard", "unpack it first: unzstd FILE"}},
    {0,
     "\xfd"
     "7zXZ\0"sv,
     {"compressed with xz", "unpack it first: unxz FILE"}},
    {0, "\x89HDF\r\n\x1a\n"sv, {"an HDF5 file, as Keras 2 writes models", kFromKeras}},
    {0,
     "\x93NUMPY"sv,
     {"a NumPy array, not a model", "give the array as --data and the model first"}},
    {0,
     "<?xml"sv,
     {"an XML file, as OpenVINO writes models", "give the ONNX model that it was made from"}},
    {0,
     "<!DOCTYPE"sv,
     {"a web page, not the download",
      "download the model itself, from the page's link to the raw file"}},
    {0,
     "<!doctype"sv,
     {"a web page, not the download",
      "download the model itself, from the page's link to the raw file"}},
    {0,
     "<html"sv,
     {"a web page, not the download",
      "download the model itself, from the page's link to the raw file"}},
};

bool Has(std::string_view bytes, size_t at, std::string_view what) {
  return bytes.size() >= at + what.size() && bytes.substr(at, what.size()) == what;
}

// A zip archive by the name of a member. Names stand in the bytes as they are, at the start of each
// member and in the directory at the end.
ForeignFile KindOfZip(std::string_view bytes) {
  constexpr size_t kLooked = 1 << 20;
  const std::string_view head = bytes.substr(0, kLooked);
  const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), kLooked));
  const auto holds = [&](std::string_view name) {
    return head.find(name) != std::string_view::npos || tail.find(name) != std::string_view::npos;
  };
  if (holds("data.pkl")) return {"a PyTorch checkpoint", kFromTorch};
  if (holds("model.weights.h5")) return {"a Keras model", kFromKeras};
  if (holds(".npy"))
    return {"a NumPy archive, not a model", "give it as --data and the model first"};
  return {"a zip archive", "unpack it first: unzip FILE"};
}

// Eight bytes of length, then a JSON object of that length with a dtype for each tensor.
bool IsSafetensors(std::string_view bytes) {
  constexpr size_t kLengthBytes = 8;
  if (!Has(bytes, kLengthBytes, "{")) return false;
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i)
    length |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  if (length > bytes.size() - kLengthBytes) return false;
  const std::string_view header = bytes.substr(kLengthBytes, length);
  return header.find("\"dtype\"") != std::string_view::npos ||
         header.find("\"__metadata__\"") != std::string_view::npos;
}

}  // namespace

std::optional<ForeignFile> RecognizeForeign(std::string_view bytes) {
  for (const Signature& signature : kSignatures) {
    if (Has(bytes, signature.at, signature.bytes)) return signature.file;
  }
  if (Has(bytes, 0, "PK\x03\x04"sv)) return KindOfZip(bytes);
  // A pickle of protocol 2 to 5: \x80, then the number.
  if (Has(bytes, 0, "\x80"sv) && bytes.size() > 1 && bytes[1] >= 2 && bytes[1] <= 5)
    return ForeignFile{"a Python pickle, as older PyTorch writes checkpoints", kFromTorch};
  if (IsSafetensors(bytes))
    return ForeignFile{"a safetensors file, weights without a graph", kFromCheckpoint};
  return std::nullopt;
}

}  // namespace tare::graph::internal
