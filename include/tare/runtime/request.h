// What a child process needs to run a model, as bytes.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "tare/core/bytes.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"

namespace tare::runtime {

/// A path that means the same file in another process of this machine: /dev/stdin and its like do
/// not.
void WritePath(const std::string& path, ByteWriter& writer);

void WriteSession(const SessionOptions& options, ByteWriter& writer);
SessionOptions ReadSession(ByteReader& reader);

void WriteInputs(std::span<const NamedTensor> inputs, ByteWriter& writer);
/// Errors  kInvalidArgument: a tensor whose bytes do not fit its shape.
Result<std::vector<NamedTensor>> ReadInputs(ByteReader& reader);

}  // namespace tare::runtime
