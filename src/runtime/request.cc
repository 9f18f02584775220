#include "tare/runtime/request.h"

#include <filesystem>

namespace tare::runtime {

void WritePath(const std::string& path, ByteWriter& writer) {
  std::error_code error;
  const bool own = path.starts_with("/dev/") || path.starts_with("/proc/");
  const auto real = own ? std::filesystem::canonical(path, error) : std::filesystem::path();
  writer.Text(real.empty() ? path : real.string());
}

void WriteSession(const SessionOptions& options, ByteWriter& writer) {
  writer.Number(options.num_threads);
  writer.Number(static_cast<int64_t>(options.optimization));
  writer.Number(std::ssize(options.custom_op_libraries));
  for (const std::string& library : options.custom_op_libraries) writer.Text(library);
  writer.Text(options.optimized_model_path);
  writer.Text(options.profile_prefix);
  writer.Text(options.external_data_folder);
  writer.Number(options.prepack ? 1 : 0);
}

SessionOptions ReadSession(ByteReader& reader) {
  SessionOptions options;
  options.num_threads = static_cast<int>(reader.Number());
  options.optimization = static_cast<Optimization>(reader.Number());
  for (int64_t i = reader.Number(); i > 0 && reader.ok(); --i)
    options.custom_op_libraries.emplace_back(reader.Text());
  options.optimized_model_path = reader.Text();
  options.profile_prefix = reader.Text();
  options.external_data_folder = reader.Text();
  options.prepack = reader.Number() != 0;
  return options;
}

void WriteInputs(std::span<const NamedTensor> inputs, ByteWriter& writer) {
  writer.Number(std::ssize(inputs));
  for (const NamedTensor& input : inputs) {
    writer.Text(input.name);
    writer.Number(static_cast<int64_t>(input.value.dtype()));
    writer.Number(input.value.rank());
    for (const int64_t extent : input.value.shape()) writer.Number(extent);
    const auto bytes = input.value.bytes();
    writer.Text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
}

Result<std::vector<NamedTensor>> ReadInputs(ByteReader& reader) {
  std::vector<NamedTensor> inputs;
  for (int64_t i = reader.Number(); i > 0 && reader.ok(); --i) {
    NamedTensor input;
    input.name = reader.Text();
    const auto dtype = static_cast<DType>(reader.Number());
    Shape shape;
    for (int64_t rank = reader.Number(); rank > 0 && reader.ok(); --rank)
      shape.push_back(reader.Number());
    const auto text = reader.Text();
    const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
    TARE_TRY(input.value, Tensor::FromBytes(dtype, shape, {bytes, bytes + text.size()}));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

}  // namespace tare::runtime
