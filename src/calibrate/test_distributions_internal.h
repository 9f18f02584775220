// Distributions that the tests draw from: bulks with thin and heavy tails, on one side and on both,
// points of mass, and outliers of up to 1,000 deviations. Tests only.

#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tare/calibrate/observer.h"
#include "tare/core/random.h"

namespace tare::calibrate::internal {

inline double DrawGauss(Random& random) {
  const double radius = std::sqrt(-2 * std::log(1 - random.Uniform()));
  return radius * std::cos(6.283185307179586 * random.Uniform());
}

inline double DrawLaplace(Random& random) {
  const double sign = random.Uniform() < 0.5 ? -1 : 1;
  return -sign * std::log(1 - random.Uniform());
}

inline double DrawStudentT3(Random& random) {
  double chi = 0;
  for (int i = 0; i < 3; ++i) {
    const double x = DrawGauss(random);
    chi += x * x;
  }
  return DrawGauss(random) / std::sqrt(chi / 3);
}

struct TestDistribution {
  std::string name;
  double (*draw)(Random&);
};

inline const std::vector<TestDistribution>& TestDistributions() {
  static const std::vector<TestDistribution> all{
      {"gauss", DrawGauss},
      {"laplace", DrawLaplace},
      {"relu", [](Random& r) { return std::max(0.0, DrawGauss(r)); }},
      {"relu6 of 4 gauss", [](Random& r) { return std::clamp(4 * DrawGauss(r), 0.0, 6.0); }},
      {"silu of 2 gauss",
       [](Random& r) {
         const double x = 2 * DrawGauss(r);
         return x / (1 + std::exp(-x));
       }},
      {"student t 3", DrawStudentT3},
      {"gauss, 1e-4 x 30", [](Random& r) { return (r.Uniform() < 1e-4 ? 30 : 1) * DrawGauss(r); }},
      {"gauss, 1 % x 40", [](Random& r) { return (r.Uniform() < 0.01 ? 40 : 1) * DrawGauss(r); }},
      {"gauss, 1e-5 at 1000",
       [](Random& r) {
         return r.Uniform() < 1e-5 ? 1000 * (1 + 0.1 * r.Uniform()) : DrawGauss(r);
       }},
      {"gauss, 1e-6 at -1000", [](Random& r) { return r.Uniform() < 1e-6 ? -1000 : DrawGauss(r); }},
      {"image levels", [](Random& r) { return (r.Below(256) / 255.0 - 0.4914) / 0.2023; }},
      {"minus relu, offset", [](Random& r) { return -std::max(0.0, DrawGauss(r) + 1); }},
  };
  return all;
}

inline std::vector<float> Draw(double (*draw)(Random&), size_t size, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(size);
  for (float& value : values) value = static_cast<float>(draw(random));
  return values;
}

inline Observer ObserverOf(std::span<const float> values, size_t batch = 8000) {
  Observer observer;
  for (size_t i = 0; i < values.size(); i += batch) {
    observer.Observe(values.subspan(i, std::min(batch, values.size() - i)));
  }
  return observer;
}

}  // namespace tare::calibrate::internal
