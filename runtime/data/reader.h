// Where samples come from: one reader for each way in which they lie in files.
#pragma once

#include "base/result.h"
#include "runtime/data/samples.h"

#include <cmath>

namespace linnet::runtime::train {

// Of the data at `path`, what is asked for.
struct Part {
  const linnet_trainer_v1& trainer;
  const std::string& path;
  bool test = false;               // what training never sees
  double validation = 0;           // so much of the samples will be set apart
  std::vector<Scale> scales = {};  // known; a reader that must learn one before it reads adds it
  int64_t overlap = 0;             // samples before those set apart that share rows with them

  // Samples set apart of so many.
  [[nodiscard]] int64_t apart_of(int64_t count) const {
    return static_cast<int64_t>(std::floor(static_cast<double>(count) * validation));
  }
};

using Found = Result<std::optional<Samples>>;  // nullopt: there is no test part

struct Reader {
  // By what the ports declare; without targets by the inputs alone.
  bool (*reads)(const linnet_trainer_v1&) = nullptr;
  // Samples in the order of the files. Errors name the file or folder.
  Found (*read)(Part&) = nullptr;
  // Of what `path` names itself, for evaluation. nullptr: its test part, else all of it.
  Found (*read_whole)(Part&) = nullptr;
  // Does it read what is true of such an output? nullptr: of any.
  bool (*compares)(const linnet_port_v1& output) = nullptr;
  bool one_target = false;  // of the first such output alone
  bool one_file = false;    // the samples are one CSV file; of a folder, test.csv
  bool any = false;         // reads whatever no other does
  // What an executable's help says: of a file that it answers ("FILE.csv          an answer for
  // each row"; nullptr: such models have help of their own), and of the data that --evaluate takes.
  const char* answers = nullptr;
  const char* evaluates = nullptr;
};

// The first that reads the trainer's ports, in the order of base/abi/data.def.
[[nodiscard]] Reader reader_of(const linnet_trainer_v1& trainer);
// The same for what lies at `path`: a folder of NAME.npy is read as such, whatever ports declare.
[[nodiscard]] Reader reader_of(const linnet_trainer_v1& trainer, const std::string& path);
// The same for a model's inputs alone.
[[nodiscard]] Reader reader_of(const linnet_model_v1& model);

// The CSV file of a part: PATH itself is the training data. "": there is none.
[[nodiscard]] std::string csv_of(const Part& part);

// Functions rather than constants, which set one member after the other: tables of addresses, also
// those of an initialiser, would have to be relocated in each program.
namespace readers {
#define LINNET_DATA(name)
#define LINNET_READER(name) [[nodiscard]] Reader name();
#include "base/abi/data.def"
#undef LINNET_READER
#undef LINNET_DATA
}  // namespace readers

}  // namespace linnet::runtime::train
