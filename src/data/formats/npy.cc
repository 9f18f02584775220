#include "data/formats/npy.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tare::data {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr int64_t kMaxNumpyRank = 32;  // numpy's NPY_MAXDIMS before 2.0

Error CorruptHeader(const std::string& name, std::string_view what) {
  return DataLoss(StrCat("the .npy header of ", name, " ", what),
                  "make or download the file again; numpy.save writes a valid one");
}

Error NotNumeric(const std::string& name, std::string_view descr, std::string_view what) {
  return Unsupported(StrCat(name, " has numpy type '", descr, "', ", what),
                     "save the array with a type of bool, int8 to int64, uint8 to uint64, or "
                     "float16 to float64");
}

// Reads the literal {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Result<ArrayLayout> Read() {
    ArrayLayout layout;
    std::array<bool, 3> seen{};
    TARE_TRY_VOID(Expect('{'));
    while (!Take('}')) {
      TARE_TRY(const std::string key, Text());
      TARE_TRY_VOID(Expect(':'));
      const int which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : -1;
      if (which < 0)
        return CorruptHeader(name_, StrCat("has the unknown key '", key.substr(0, 40), "'"));
      if (std::exchange(seen[static_cast<size_t>(which)], true)) {
        return CorruptHeader(name_, StrCat("has the key '", key, "' twice"));
      }
      if (which == 0) TARE_TRY_VOID(ReadType(layout));
      if (which == 1) TARE_TRY_VOID(ReadOrder(layout));
      if (which == 2) TARE_TRY_VOID(ReadShape(layout));
      if (!Take(',') && Peek() != '}') return CorruptHeader(name_, "is not a Python dictionary");
    }
    if (!std::ranges::all_of(seen, std::identity())) {
      return CorruptHeader(name_, "lacks 'descr', 'fortran_order' or 'shape'");
    }
    if (Peek() != '\0') return CorruptHeader(name_, "goes on behind its dictionary");
    return layout;
  }

 private:
  char Peek() {
    const size_t next = text_.find_first_not_of(" \t\n");
    text_.remove_prefix(std::min(next, text_.size()));
    return text_.empty() ? '\0' : text_[0];
  }
  bool Take(char c) {
    if (Peek() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  Result<void> Expect(char c) {
    if (Take(c)) return {};
    return CorruptHeader(name_, StrCat("has no '", c, "' where one belongs"));
  }
  Result<std::string> Text() {
    const char quote = Peek();
    if (quote != '\'' && quote != '"')
      return CorruptHeader(name_, "has no quoted text where one belongs");
    const size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) return CorruptHeader(name_, "has a text without end");
    std::string text(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return text;
  }
  bool TakeWord(std::string_view word) {
    Peek();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  Result<void> ReadOrder(ArrayLayout& layout) {
    layout.is_fortran_order = TakeWord("True");
    if (layout.is_fortran_order || TakeWord("False")) return {};
    return CorruptHeader(name_, "has a 'fortran_order' that is neither True nor False");
  }

  Result<void> ReadShape(ArrayLayout& layout) {
    TARE_TRY_VOID(Expect('('));
    while (!Take(')')) {
      Peek();
      int64_t extent = -1;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
      if (error != std::errc() || extent < 0) {
        return CorruptHeader(name_,
                             StrCat("has the impossible extent '", text_.substr(0, 24), "'"));
      }
      text_.remove_prefix(static_cast<size_t>(end - text_.data()));
      Take('L');  // Python 2 wrote long integers so
      layout.shape.push_back(extent);
      if (std::ssize(layout.shape) > kMaxNumpyRank)
        return CorruptHeader(name_, "has more than 32 axes");
      if (!Take(',') && Peek() != ')') return CorruptHeader(name_, "has a broken 'shape'");
    }
    return {};
  }

  Result<void> ReadType(ArrayLayout& layout) {
    if (Peek() == '[') {
      return NotNumeric(name_, "structured", "a record of fields: save each field as an array");
    }
    TARE_TRY(const std::string descr, Text());
    if (descr.find('O') != std::string::npos) {
      return NotNumeric(name_, descr, "Python objects, which tare never unpickles");
    }
    // The order of bytes: numpy writes '<' or '>', and '|' where there is none (single bytes).
    const bool has_order =
        !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
    const std::string_view type = std::string_view(descr).substr(has_order ? 1 : 0);
    layout.is_big_endian = has_order && descr[0] == '>';
    constexpr std::array<std::pair<std::string_view, DType>, 12> kTypes{{{"b1", DType::kBool},
                                                                         {"i1", DType::kInt8},
                                                                         {"i2", DType::kInt16},
                                                                         {"i4", DType::kInt32},
                                                                         {"i8", DType::kInt64},
                                                                         {"u1", DType::kUint8},
                                                                         {"u2", DType::kUint16},
                                                                         {"u4", DType::kUint32},
                                                                         {"u8", DType::kUint64},
                                                                         {"f2", DType::kFloat16},
                                                                         {"f4", DType::kFloat32},
                                                                         {"f8", DType::kFloat64}}};
    for (const auto& [text, dtype] : kTypes) {
      if (type == text) layout.dtype = dtype;
    }
    if (layout.dtype != DType::kUndefined) return {};
    const bool is_text = type.starts_with('U') || type.starts_with('S');
    return NotNumeric(name_, descr.substr(0, 24),
                      is_text ? "text: save class numbers, for example by numpy.unique(...,"
                                " return_inverse=True)"
                              : "which tare does not read");
  }

  std::string_view text_;
  const std::string& name_;
};

uint32_t LittleEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

}  // namespace

Result<ArrayLayout> ParseNpyHeader(std::string_view prefix, const std::string& name) {
  if (!prefix.starts_with(kMagic)) {
    return DataLoss(StrCat(name, " is not a .npy array: it does not begin with \\x93NUMPY"),
                    "make or download the file again");
  }
  if (prefix.size() < 10) return CorruptHeader(name, "is cut off");
  const int version = static_cast<uint8_t>(prefix[6]);
  if (version < 1 || version > 3) {
    return Unsupported(StrCat(name, " is .npy of version ", version, "; 1 to 3 are read"),
                       "save it with numpy.save");
  }
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t begin = 8 + length_bytes;
  if (prefix.size() < begin) return CorruptHeader(name, "is cut off");
  const uint32_t length = LittleEndian(prefix.substr(8, length_bytes));
  if (begin + length > static_cast<size_t>(kMaxNpyHeaderBytes)) {
    return CorruptHeader(name, StrCat("claims ", length, " bytes"));
  }
  if (prefix.size() < begin + length) return CorruptHeader(name, "is cut off");
  TARE_TRY(ArrayLayout layout, HeaderReader(prefix.substr(begin, length), name).Read());
  layout.offset = static_cast<int64_t>(begin + length);
  return layout;
}

Result<std::unique_ptr<Dataset>> OpenNpy(const ByteSourcePtr& source, ByteSourcePtr file,
                                         const std::string& array_name) {
  TARE_TRY(const std::string prefix, ReadPrefix(*source, kMaxNpyHeaderBytes));
  TARE_TRY(const ArrayLayout layout, ParseNpyHeader(prefix, source->name()));
  TARE_TRY(StoredArray array, StoredArray::Create(array_name, layout, source));
  std::vector<StoredArray> arrays;
  arrays.push_back(std::move(array));
  return MakeStoredDataset(std::move(arrays), {}, std::move(file));
}

}  // namespace tare::data
