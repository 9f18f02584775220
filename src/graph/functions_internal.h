// Model-local functions: a file may hold operators of its own, written as graphs.

#pragma once

#include <onnx/onnx_pb.h>

#include "tare/core/result.h"

namespace tare::graph::internal {

/// Puts the nodes of model-local functions in the place of their calls, nested ones and those in bodies
/// too, and removes the functions: what is left are operators that everything else knows.
///
/// Values and nodes of a call get names of their own ("<call>/<name>"); attributes that refer to those
/// of the function take the call's value, else the function's default, else they are left out.
///
/// Edge     no functions: unchanged. Opsets that only functions import are added to the model's; where
///          both import one, the model's counts, as in the runtime.
/// Errors   kDataLoss: a function calls itself, or a call has more inputs or outputs than it;
///          kUnsupported: more than 500,000 nodes come out.
/// Source   ONNX IR specification, "Functions"; attributes: FunctionProto.attribute_proto (IR 9).
Result<void> InlineFunctions(onnx::ModelProto& model);

}  // namespace tare::graph::internal
