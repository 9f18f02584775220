// Numbers as people read them, by unit. What is not finite reads "undefined" everywhere here.

#pragma once

#include <string>

#include "tare/verdict/gate.h"

namespace tare::verdict {

/// Whether a minus is typeset (prose, Markdown) or ASCII (the terminal).
enum class Minus { kTypeset, kAscii };

/// "92.41 %", "0.923", "2.1x", "0.81 ms", "1.9 MB", "0.0015 nats".
///
/// Units    `value` as evidence has it: a ratio is in [0, 1], bytes are bytes, latency is in ms.
/// Edge     close to 0 or 1 a ratio gets a third digit, and a score just below 1 five, so that what
///          differs does not read the same; times below 0.995 have no "x"; bytes below 0 are 0.
std::string FormatValue(double value, Unit unit);

/// "[2.0, 2.2]", "[1.05, 1.31]": the ends of an interval of values; the unit stands once, before
/// it.
std::string FormatInterval(double low, double high, Unit unit);

/// A difference with its sign: "−0.08 points", "+0.003".
///
/// Units    of ratios percentage points, of nats and ms their own; all others have no name.
/// Edge     what rounds to 0 has no sign; differences too small for the usual digits get two more.
enum class WithUnit { kNo, kYes };
std::string FormatDifference(double value, Unit unit, WithUnit with_unit, Minus minus);

/// `value` with `digits` significant digits and no exponent: more where the whole part needs them,
/// and at most 12 behind the point.
std::string Significant(double value, int digits);

/// "95" for 0.95, "97.5" for 0.975: at most three digits behind the point.
std::string Percent(double share);

}  // namespace tare::verdict
