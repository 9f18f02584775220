// What token classification and ranking measure of a sample, whether models run or lines are read.

#pragma once

#include <span>
#include <string>

#include "evaluate/samples/sample_evaluation_internal.h"
#include "tare/core/result.h"
#include "tare/scores/ranking_scores.h"

namespace tare::evaluate {

/// token_accuracy and, where classes are tags (BIO, BIOES), f1_micro, precision_micro and
/// recall_micro of entities.
SampleSchema TokenSchema(bool with_entities);
/// Fills a row of TokenSchema(with_entities) from the tags of one sample.
/// Errors  as ScoreSpans(); without entities, tags are any text.
Result<void> MeasureTokens(std::span<const std::string> truths, std::span<const std::string> found,
                           bool with_entities, std::span<double> row);

/// mrr, precision_at_1, recall_at_1, recall_at_10 and ndcg_at_10: means over queries.
SampleSchema RankingSchema();
/// Fills a row of RankingSchema() from what ScoreRetrieval() gives for k = 1 and k = 10.
void MeasureRanking(const scores::RetrievalScore& one, const scores::RetrievalScore& ten,
                    std::span<double> row);

}  // namespace tare::evaluate
