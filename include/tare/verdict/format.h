// Numbers as people read them, by unit.

#pragma once

#include <string>

#include "tare/verdict/gate.h"

namespace tare::verdict {

/// Whether a minus is typeset (prose, Markdown) or ASCII (the terminal).
enum class Minus { kTypeset, kAscii };

/// "92.41 %", "0.923", "2.1x", "0.81 ms", "1.9 MB", "0.0015 nats".
std::string FormatValue(double value, Unit unit);

/// "[2.0, 2.2]", "[1.05, 1.31]": the ends of an interval of values; the unit stands once, before
/// it.
std::string FormatInterval(double low, double high, Unit unit);

/// A difference with its sign: "−0.08 points", "+0.003". `with_unit` false leaves the unit out.
enum class WithUnit { kNo, kYes };
std::string FormatDifference(double value, Unit unit, WithUnit with_unit, Minus minus);

/// `value` with about `digits` significant digits and no exponent.
std::string Significant(double value, int digits);

/// "95" for 0.95, "97.5" for 0.975.
std::string Percent(double share);

}  // namespace tare::verdict
