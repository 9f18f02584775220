#include <algorithm>

#include "data/feed_fit.h"
#include "tare/core/text.h"
#include "tare/data/feed.h"

namespace tare::data {
namespace {

bool MayBeChannels(int64_t extent) { return extent == 1 || extent == 3; }

// Whose options are given; nothing where none are.
Result<const InputBinding*> BindingWithOptions(std::span<const InputBinding> bindings) {
  const InputBinding* found = nullptr;
  for (const InputBinding& binding : bindings) {
    if (binding.images == ImageOptions()) continue;
    if (found != nullptr && found->input != binding.input) {
      return InvalidArgument(StrCat("inputs '", found->input, "' and '", binding.input,
                                    "' both say how images are made, and samples have one image"),
                             "keep one of the two");
    }
    found = &binding;
  }
  return found;
}

Result<const ValueInfo*> InputOfImages(std::span<const ValueInfo> inputs,
                                       const InputBinding* binding) {
  if (binding != nullptr && !binding->input.empty()) {
    const auto at = std::ranges::find(inputs, binding->input, &ValueInfo::name);
    if (at != inputs.end()) return &*at;
    std::vector<std::string> names;
    for (const ValueInfo& input : inputs) names.push_back(input.name);
    return NotFound(
        StrCat("the model has no input '", binding->input, "'; it has ", Join(names, ", ")),
        "use one of these names");
  }
  for (const size_t rank : {size_t{4}, size_t{3}}) {
    for (const ValueInfo& input : inputs) {
      if (input.shape.size() == rank) return &input;
    }
  }
  return static_cast<const ValueInfo*>(nullptr);
}

ImageAxes AxesOf(std::span<const int64_t> image, ImageAxes said) {
  if (said != ImageAxes::kAny) return said;
  const bool is_last = MayBeChannels(image[2]) && !MayBeChannels(image[0]);
  return is_last ? ImageAxes::kChannelsLast : ImageAxes::kChannelsFirst;
}

}  // namespace

Result<ImageForm> ImageFormOf(std::span<const ValueInfo> inputs,
                              std::span<const InputBinding> bindings) {
  TARE_TRY(const InputBinding* binding, BindingWithOptions(bindings));
  TARE_TRY(const ValueInfo* input, InputOfImages(inputs, binding));
  ImageForm form;
  if (binding != nullptr) form.options = binding->images;
  const bool is_image = input != nullptr && (input->shape.size() == 4 || input->shape.size() == 3);
  if (!is_image) return form;
  form.input = input->name;
  const auto image = std::span(input->shape).last(3);
  const auto side = [&](size_t axis) { return std::max<int64_t>(0, image[axis]); };
  if (input->shape.size() == 3 && !MayBeChannels(image[0]) && !MayBeChannels(image[2])) {
    form.channels = 1;
    form.has_channels = false;
    form.size = {side(2), side(1)};
    return form;
  }
  form.options.axes = AxesOf(image, form.options.axes);
  const bool is_first = form.options.axes == ImageAxes::kChannelsFirst;
  const int64_t channels = image[is_first ? 0 : 2];
  if (channels >= 0 && !MayBeChannels(channels)) {
    return InvalidArgument(StrCat("input '", input->name, "' takes ", InputText(*input), ": ",
                                  channels, " channels, and images have 3 or 1"),
                           "say where the channels are: --layout nchw or --layout nhwc; other "
                           "channels come from arrays, such as .npy");
  }
  if (channels > 0) form.channels = channels;
  form.size = is_first ? ImageSize{side(2), side(1)} : ImageSize{side(1), side(0)};
  return form;
}

}  // namespace tare::data
