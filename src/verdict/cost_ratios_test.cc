#include <gtest/gtest.h>

#include "tare/verdict/evidence.h"

namespace tare::verdict {
namespace {

TEST(SetCostRatiosTest, LeavesOutWhatIsUnknown) {
  Evidence evidence;
  SetCostRatios(evidence);
  EXPECT_FALSE(evidence.cost.size_ratio);
  evidence.baseline.model_bytes = 1000;
  evidence.candidate.model_bytes = 250;
  SetCostRatios(evidence);
  EXPECT_EQ(evidence.cost.size_ratio, 0.25);
  EXPECT_FALSE(evidence.cost.memory_ratio);
}

TEST(SetCostRatiosTest, DividesEnergyByWhatWasRight) {
  Evidence evidence;
  evidence.baseline.metrics = {{"f1_macro", ShareEstimate(9, 10, 0.95)},
                               {"accuracy", ShareEstimate(4, 5, 0.95)}};
  evidence.candidate.metrics = {{"accuracy", ShareEstimate(0, 5, 0.95)}};
  for (Side* side : {&evidence.baseline, &evidence.candidate})
    side->energy = Energy{.status = "measured", .joules_per_sample = 2};
  SetCostRatios(evidence);
  EXPECT_DOUBLE_EQ(*evidence.baseline.energy->joules_per_correct,
                   2.5);                                        // 2 J a sample, 4 of 5 right
  EXPECT_FALSE(evidence.candidate.energy->joules_per_correct);  // nothing right: no number
  EXPECT_EQ(evidence.cost.energy_ratio, 1);

  evidence.candidate.metrics = {{"exact_match", ShareEstimate(1, 4, 0.95)}};
  evidence.candidate.energy->status = "estimated";
  SetCostRatios(evidence);
  EXPECT_DOUBLE_EQ(*evidence.candidate.energy->joules_per_correct, 8);
  EXPECT_FALSE(evidence.cost.energy_ratio);

  evidence.candidate.metrics = {
      {"rouge_l", ShareEstimate(1, 4, 0.95)}};  // a score, not a share of samples
  SetCostRatios(evidence);
  EXPECT_FALSE(evidence.candidate.energy->joules_per_correct);
}

}  // namespace
}  // namespace tare::verdict
