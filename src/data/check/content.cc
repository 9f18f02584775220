// What of a dataset's samples is compared, and how: chosen from dtype, shape and the texts.

#include <algorithm>

#include "data/check/image_hash_internal.h"
#include "data/convert.h"
#include "data/splits_internal.h"
#include "tare/core/text.h"
#include "tare/data/check/duplicates.h"

namespace tare::data {
namespace {

constexpr int64_t kTextsLookedAt = 256;
constexpr double kBytesOfADocument = 16;
constexpr int64_t kRowsAtATime = 65536;

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// What a dataset offers, without the label, or what was asked for of it.
struct Offer {
  std::vector<const ArrayInfo*> arrays;
  std::vector<std::string> texts;
};

Result<Offer> OfferOf(const Dataset& dataset, const ContentRequest& request) {
  const std::vector<std::string> text_columns = dataset.text_columns();
  for (const std::string& name : request.arrays) {
    if (Contains(text_columns, name)) continue;
    TARE_TRY_VOID(dataset.Find(name));
  }
  const auto is_wanted = [&](const std::string& name) {
    return name != request.label && (request.arrays.empty() || Contains(request.arrays, name));
  };
  Offer offer;
  for (const ArrayInfo& info : dataset.arrays()) {
    if (is_wanted(info.name)) offer.arrays.push_back(&info);
  }
  for (const std::string& name : text_columns) {
    if (is_wanted(name)) offer.texts.push_back(name);
  }
  return offer;
}

Result<bool> IsDocument(const Dataset& dataset, const std::string& column) {
  const int64_t count = std::min(kTextsLookedAt, dataset.num_samples());
  std::vector<int64_t> samples;
  for (int64_t i = 0; i < count; ++i) samples.push_back(i * dataset.num_samples() / count);
  TARE_TRY(const auto texts, dataset.ReadTexts(column, samples));
  double bytes = 0;
  for (const std::string& text : texts) bytes += static_cast<double>(text.size());
  return bytes >= kBytesOfADocument * static_cast<double>(count);
}

// 0, 1, 2, ... or 1, 2, 3, ...: a number of the sample says nothing about its content.
Result<bool> CountsSamples(const Dataset& dataset, const ArrayInfo& info) {
  if (!info.sample_shape.empty() || IsFloat(info.dtype) || !info.classes.empty()) return false;
  if (info.dtype == DType::kBool || dataset.num_samples() < 3) return false;
  const std::string columns[] = {info.name};
  int64_t first = 0;
  // A few first: in most columns they tell.
  for (int64_t begin = 0, end = 4; begin < dataset.num_samples();
       begin = end, end += kRowsAtATime) {
    const auto samples = NumbersFrom(begin, std::min(end, dataset.num_samples()));
    TARE_TRY(const Tensor values, dataset.ReadColumns(columns, samples));
    if (values.dtype() != DType::kInt64) return false;
    const auto numbers = values.data<int64_t>();
    if (begin == 0) first = numbers[0];
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (numbers[i] - first != samples[i]) return false;
    }
  }
  return true;
}

Result<std::vector<std::string>> Documents(const Dataset& dataset, const Offer& offer, bool all) {
  std::vector<std::string> documents;
  for (const std::string& name : offer.texts) {
    TARE_TRY(const bool is_document, IsDocument(dataset, name));
    if (all || is_document) documents.push_back(name);
  }
  return documents;
}

std::vector<std::string> Images(const Offer& offer) {
  std::vector<std::string> images;
  for (const ArrayInfo* info : offer.arrays) {
    if (internal::LayoutOf(info->sample_shape) && CanConvert(info->dtype, DType::kFloat64))
      images.push_back(info->name);
  }
  return images;
}

Result<void> ChooseTable(const Dataset& dataset, const Offer& offer, const ContentRequest& request,
                         Content& content) {
  for (const ArrayInfo* info : offer.arrays) {
    bool is_number_of_sample = false;
    if (request.arrays.empty() && offer.arrays.size() > 1) {
      TARE_TRY(is_number_of_sample, CountsSamples(dataset, *info));
      is_number_of_sample |=
          std::ssize(info->classes) == dataset.num_samples() && dataset.num_samples() > 2;
    }
    if (is_number_of_sample) {
      content.left_out.push_back(
          StrCat(info->name, ": it is another in every sample, as a number or name of it"));
    } else if (!CanConvert(info->dtype, DType::kFloat64)) {
      content.left_out.push_back(
          StrCat(info->name, ": ", DTypeName(info->dtype), " cannot be compared as numbers"));
    } else {
      content.arrays.push_back(info->name);
    }
  }
  return {};
}

std::string ListedArrays(const std::vector<std::string>& names) {
  constexpr size_t kMost = 6;
  std::vector<std::string> shown(
      names.begin(), names.begin() + static_cast<ptrdiff_t>(std::min(names.size(), kMost)));
  if (names.size() > kMost) shown.push_back(StrCat("... ", names.size(), " in all"));
  return Join(shown, ", ");
}

}  // namespace

Result<Content> ContentOf(const Dataset& dataset, const ContentRequest& request) {
  TARE_TRY(const Offer offer, OfferOf(dataset, request));
  const auto may_be = [&](NearMethod method) {
    return !request.method || *request.method == method;
  };
  Content content;
  if (may_be(NearMethod::kText)) {
    TARE_TRY(content.arrays, Documents(dataset, offer, request.method.has_value()));
    content.method = NearMethod::kText;
  }
  if (content.arrays.empty() && may_be(NearMethod::kImage)) {
    content.arrays = Images(offer);
    content.method = NearMethod::kImage;
  }
  if (content.arrays.empty() && may_be(NearMethod::kTable)) {
    content.method = NearMethod::kTable;
    TARE_TRY_VOID(ChooseTable(dataset, offer, request, content));
  }
  if (content.arrays.empty()) {
    const std::string kind = request.method ? StrCat(" as ", NearMethodName(*request.method)) : "";
    return InvalidArgument(
        StrCat(dataset.source(), " has nothing to compare", kind,
               dataset.skipped().empty() ? "" : StrCat("; ", dataset.skipped()[0].error.what)),
        "name arrays of numbers, images or columns of text that are there");
  }
  content.description =
      StrCat(NearMethodName(content.method), " of ", ListedArrays(content.arrays));
  if (content.method == NearMethod::kTable) return content;
  for (const ArrayInfo* info : offer.arrays) {
    if (Contains(content.arrays, info->name)) continue;
    content.left_out.push_back(StrCat(info->name, ": not ", NearMethodName(content.method)));
  }
  return content;
}

Result<Content> ContentOfSplit(const Split& split, const ContentRequest& request) {
  if (split.arrays.empty()) return ContentOf(*split.dataset, request);
  ContentRequest all = request;
  all.arrays = split.arrays;
  TARE_TRY(Content content, ContentOf(*split.dataset, all));
  if (content.arrays.size() == split.arrays.size()) return content;
  all.method = NearMethod::kTable;
  TARE_TRY(content, ContentOf(*split.dataset, all));
  content.arrays = split.arrays;
  return content;
}

}  // namespace tare::data
