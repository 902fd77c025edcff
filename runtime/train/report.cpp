// Scores as text and as JSON.
#include "runtime/train/report.h"

#include "base/result.h"
#include "base/text.h"

#include <algorithm>
#include <cmath>

namespace linnet::runtime::train {
namespace {

std::string score_text(const char* name, const Score& score, bool interval) {
  std::string text = format("%-11s loss %.4f", name, score.loss);
  if (score.correct < 0) return text + "\n";
  text += format("  accuracy %.2f %% (%lld of %lld", 100 * score.accuracy(),
                 static_cast<long long>(score.correct), static_cast<long long>(score.count));
  if (interval) {
    const Interval bounds = wilson(score.correct, score.count);
    text += format("; 95 %% interval %.1f to %.1f %%", 100 * bounds.low, 100 * bounds.high);
  }
  return text + ")\n";
}

std::string score_json(const char* name, const Score& score) {
  std::string text = format("\"%s\":{\"n\":%lld,\"loss\":%.9g", name,
                            static_cast<long long>(score.count), score.loss);
  if (score.correct >= 0) {
    const Interval bounds = wilson(score.correct, score.count);
    text +=
        format(",\"correct\":%lld,\"accuracy\":%.6f,\"interval\":[%.6f,%.6f]",
               static_cast<long long>(score.correct), score.accuracy(), bounds.low, bounds.high);
  }
  return text + "}";
}

}  // namespace

std::string report_text(const TrainReport& report, bool json) {
  if (json) {
    std::string text =
        format("{\"steps\":%lld,\"epochs\":%lld,\"best_epoch\":%lld,\"stopped_early\":%s,"
               "\"output\":\"%s\",",
               static_cast<long long>(report.steps), static_cast<long long>(report.epochs),
               static_cast<long long>(report.best_epoch), report.stopped_early ? "true" : "false",
               json_escaped(report.output).c_str());
    text += score_json("train", report.train);
    if (report.validation) text += "," + score_json("validation", *report.validation);
    if (report.test) text += "," + score_json("test", *report.test);
    return text + "}\n";
  }
  std::string text = score_text("train", report.train, false);
  if (report.validation) text += score_text("validation", *report.validation, false);
  if (report.test) text += score_text("test", *report.test, true);
  if (!report.kept.empty()) text += format("%-11s %s\n", "kept", report.kept.c_str());
  return text + format("%-11s %s\n", "written", report.output.c_str());
}

}  // namespace linnet::runtime::train
