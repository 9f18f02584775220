#include "tare/verdict/format.h"

#include <algorithm>
#include <cmath>

#include "tare/core/text.h"

namespace tare::verdict {
namespace {

// Digits behind the point of a share in percent: more where it stands close to 0 or 1.
int PercentDigits(double share) {
  const double away = std::min(std::abs(share), std::abs(1 - share));
  return away < 0.0005 && away > 0 ? 3 : 2;
}

// 1.05, 2.1, 12.3: near 1 each hundredth matters.
std::string Times(double value) { return Fixed(value, value < 1.995 ? 2 : 1); }

}  // namespace

std::string FormatInterval(double low, double high, Unit unit) {
  const auto number = [&](double value) {
    if (!std::isfinite(value)) return std::string("undefined");
    if (unit == Unit::kTimes) return Times(value);
    if (unit == Unit::kRatio) return Fixed(100 * value, PercentDigits(value));
    return FormatValue(value, unit);
  };
  return StrCat("[", number(low), ", ", number(high), "]");
}

std::string Significant(double value, int digits) {
  if (!std::isfinite(value)) return "undefined";
  if (value == 0) return "0";
  const int magnitude = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return Fixed(value, std::clamp(digits - 1 - magnitude, 0, 12));
}

std::string Percent(double share) {
  std::string text = Fixed(100 * share, 3);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string FormatValue(double value, Unit unit) {
  if (!std::isfinite(value)) return "undefined";
  switch (unit) {
    case Unit::kRatio:
      return StrCat(Fixed(100 * value, PercentDigits(value)), " %");
    case Unit::kScore:
      return std::abs(1 - value) < 0.01 && value < 1 ? Fixed(value, 5) : Fixed(value, 3);
    case Unit::kTimes:
      return value < 0.995 ? Fixed(value, 2) : StrCat(Times(value), "x");
    case Unit::kMs:
      return StrCat(Significant(value, 3), " ms");
    case Unit::kBytes:
      return HumanBytes(static_cast<int64_t>(std::clamp(value, 0.0, 9e18)));
    case Unit::kNats:
      return StrCat(Significant(value, 3), " nats");
    case Unit::kJoules:
      return StrCat(Significant(value, 3), " J");
    case Unit::kPerSecond:
      return StrCat(Significant(value, 3), "/s");
    case Unit::kDb:
      return StrCat(Fixed(value, 1), " dB");
    case Unit::kNumber:
      return Significant(value, 3);
  }
  return Significant(value, 3);
}

std::string FormatDifference(double value, Unit unit, WithUnit with_unit, Minus minus) {
  if (!std::isfinite(value)) return "undefined";
  const double size = std::abs(value);
  std::string number;
  std::string_view name;
  if (unit == Unit::kRatio) {
    number = Fixed(100 * size, size > 0 && size < 0.00005 ? 4 : 2);
    name = " points";
  } else if (unit == Unit::kScore) {
    number = Fixed(size, size > 0 && size < 0.0005 ? 5 : 3);
  } else {
    number = size == 0 ? "0" : Significant(size, 3);
    if (unit == Unit::kNats) name = " nats";
    if (unit == Unit::kMs) name = " ms";
  }
  const bool is_zero = number.find_first_not_of("0.") == std::string::npos;
  const std::string_view negative = minus == Minus::kTypeset ? "\u2212" : "-";
  const std::string_view sign = is_zero ? "" : value < 0 ? negative : "+";
  return StrCat(sign, number, with_unit == WithUnit::kYes ? name : "");
}

}  // namespace tare::verdict
