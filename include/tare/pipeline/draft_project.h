// A first tare.yaml, filled in from what a model and a data file hold.

#pragma once

#include <string>
#include <vector>

#include "tare/core/result.h"

namespace tare::pipeline {

struct DraftRequest {
  std::string model_path;
  std::string data_path;  ///< "" for none: the file then names a place holder
  std::string test_path;  ///< a test set of its own; "": the test is a part of the data
  std::string out_path = "tare.yaml";  ///< paths in the file begin at its folder
  double time_limit_s = 120;
};

/// What was taken, and why.
struct Guess {
  std::string about;  ///< "task", "label", "input", "scaling", "split"
  std::string what;
};

struct Draft {
  std::string text;          ///< the file
  bool is_complete = false;  ///< runs as it is; otherwise the text says what is missing
  std::string missing;
  std::vector<Guess> guesses;  ///< in the order of the file; none without data
};

/// Drafts a project with comments.
///
///   label           the integer or text array [N] that feeds no input; by name (label, labels, y,
///                   target, class) where there are several
///   preprocessing   of 8-bit images for a float input: with labels, the usual ways are tried on
///                   some samples and the one under which the model is right most often is taken
///   splits          one file gives all three, without overlap; with test_path, that gives the test
///
/// Errors   those of reading model and data.
/// Threads  fully: the model is first tried in a child process, by tare/core/child.h.
Result<Draft> DraftProject(const DraftRequest& request);

}  // namespace tare::pipeline
