// The command line of a produced executable.
#pragma once

#include "base/result.h"

#include "base/abi/model.h"

#include <string>
#include <vector>

namespace linnet::runtime {

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> inputs;  // --input NAME=F.npy
  std::string output_dir;           // "": outputs are printed
  int64_t steps = 1;                // of a forecast
  int64_t batch = 0;                // 0: as large as was compiled
  int64_t threads = 0;              // 0: as many as was compiled
  int64_t last = 0;                 // origins of a backtest; 0: all
  std::string evaluate;             // samples whose answers are known
  std::string plot, load_state, save_state;
  bool follow = false;
  bool backtest = false;
  bool json = false;
  bool bench = false;
  bool help = false;
  bool version = false;
  bool licenses = false;
};

[[nodiscard]] Result<Options> parse_options(int argc, char** argv);

// Texts for people, by what the model's `data` declares.
[[nodiscard]] std::string usage(const linnet_model_v1& model, const std::string& program);
[[nodiscard]] std::string version(const linnet_model_v1& model);
[[nodiscard]] const char* licenses();

}  // namespace linnet::runtime
