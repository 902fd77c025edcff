// Reads folders of files by class, and refuses those that do not fit the model's labels.
#include "runtime/data/labels.h"

#include "base/io/file.h"
#include "base/io/idx.h"

#include <algorithm>

namespace linnet::runtime {

std::string quoted_list(const std::vector<std::string>& names) {
  constexpr size_t kMost = 8, kShown = 6;
  std::string text;
  const size_t shown = names.size() > kMost ? kShown : names.size();
  for (size_t i = 0; i < shown; ++i)
    text += (i ? ", '" : "'") + names[i] + "'";
  if (shown < names.size()) text += format(", … (%zu in all)", names.size());
  return text.empty() ? "none" : text;
}

std::string quoted_list(const char* const* names, int64_t count) {
  return quoted_list(std::vector<std::string>(names, names + count));
}

Result<std::vector<LabelledFile>> labelled_files(const std::string& root,
                                                 const linnet_classes_v1& classes,
                                                 const FileKind& kind, MissingClass missing,
                                                 std::span<const std::string> beside) {
  const std::vector<std::string> labels(classes.labels, classes.labels + classes.count);
  const auto is_label = [&](const std::string& name) {
    return std::ranges::find(labels, name) != labels.end();
  };
  LINNET_TRY_ASSIGN(const auto& names, list_folder(root));
  std::vector<std::string> folders, unknown, absent;
  for (const std::string& name : names) {
    if (!is_folder(root + "/" + name)) continue;
    const bool aside = name.front() == '.' || std::ranges::find(beside, name) != beside.end();
    if (aside && !is_label(name)) continue;
    folders.push_back(name);
    if (!is_label(name)) unknown.push_back(name);
  }
  for (const std::string& label : labels) {
    if (std::ranges::find(folders, label) == folders.end()) absent.push_back(label);
  }
  if (missing == MissingClass::kAllowed) absent.clear();
  if (!unknown.empty() || !absent.empty()) {
    std::string what;
    if (!unknown.empty()) what += "no label is called " + quoted_list(unknown);
    if (!absent.empty())
      what +=
          (what.empty() ? "there is no folder " : "; there is no folder ") + quoted_list(absent);
    return fail("%s: the folders are not the model's classes: %s (labels: %s; folders: %s); rename "
                "the folders, or say their names in classes(labels: [...])",
                root.c_str(), what.c_str(), quoted_list(labels).c_str(),
                quoted_list(folders).c_str());
  }
  std::vector<LabelledFile> files;
  for (int64_t label = 0; label < classes.count; ++label) {
    if (std::ranges::find(folders, labels[static_cast<size_t>(label)]) == folders.end()) continue;
    const std::string folder = root + "/" + classes.labels[label];
    LINNET_TRY_ASSIGN(const auto& inside, list_folder(folder));
    const size_t before = files.size();
    for (const std::string& name : inside) {
      if (kind.is_one(name)) files.push_back({folder + "/" + name, label});
    }
    if (files.size() == before && missing == MissingClass::kError)
      return fail("%s: no %s is in this folder, so nothing can be learnt or told of the class '%s'",
                  folder.c_str(), kind.what, classes.labels[label]);
  }
  return files;
}

Result<std::vector<uint8_t>> read_idx_labels(const std::string& path, const std::string& pictures,
                                             int64_t count, const linnet_classes_v1& classes) {
  LINNET_TRY_ASSIGN(auto labels, read_idx(path));
  if (labels.shape.size() != 1 || labels.shape[0] != count)
    return fail("%s: %lld labels are expected, one for each picture of %s", path.c_str(),
                static_cast<long long>(count), pictures.c_str());
  for (size_t i = 0; i < labels.data.size(); ++i) {
    if (labels.data[i] >= classes.count)
      return fail("%s: sample %zu has label %d, but the model has %lld classes: 0 to %lld (%s)",
                  path.c_str(), i, labels.data[i], static_cast<long long>(classes.count),
                  static_cast<long long>(classes.count - 1),
                  quoted_list(classes.labels, classes.count).c_str());
  }
  return std::move(labels.data);
}

}  // namespace linnet::runtime
