// Classes by name: files in folders named like the labels, and labels in messages.
#pragma once

#include "base/result.h"

#include "base/abi/model.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace linnet::runtime {

// "'red', 'green', 'blue'"; of more than eight the first six and "… (40 in all)".
[[nodiscard]] std::string quoted_list(const std::vector<std::string>& names);
[[nodiscard]] std::string quoted_list(const char* const* names, int64_t count);

struct LabelledFile {
  std::string path;
  int64_t label = 0;
};

// Which files of a folder are samples, and what they are called in messages.
struct FileKind {
  bool (*is_one)(const std::string& name);
  const char* what;  // "PNG or JPEG picture"
};

// What a class without a folder, or with an empty one, is.
enum class MissingClass { kError, kAllowed };

// Every file of the kind in the folders of `root`, which are named like the labels: by label, then
// by name. A folder that is no label is an error that lists both sides, and so is a label without a
// folder, or a folder without such files, where `missing` says so. Hidden folders (".cache") and
// those named in `beside` ("test") are no classes unless a label is called so.
[[nodiscard]] Result<std::vector<LabelledFile>>
labelled_files(const std::string& root, const linnet_classes_v1& classes, const FileKind& kind,
               MissingClass missing = MissingClass::kError,
               std::span<const std::string> beside = {});

// One label for each of `count` pictures of the IDX file `pictures`; a label that the model has no
// class for is an error.
[[nodiscard]] Result<std::vector<uint8_t>> read_idx_labels(const std::string& path,
                                                           const std::string& pictures,
                                                           int64_t count,
                                                           const linnet_classes_v1& classes);

}  // namespace linnet::runtime
