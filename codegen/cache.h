// What was compiled before: a folder of files that processes may share. Two kinds of entries: the
// bitcode of a kernel, and the object of a whole module. A model that shares kernels with another
// one finds these; a model met again finds both.
#pragma once

#include "codegen/target.h"
#include "ir/graph.h"

#include <tl/expected.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace linnet::codegen {

class Cache {
public:
  // The folder, made if its parent is there; otherwise why it cannot be used.
  [[nodiscard]] static tl::expected<Cache, std::string> open(const std::string& folder);

  // The bytes stored under this key. An entry that is not what was stored there (cut short,
  // changed, another key's) is as good as none, and the next store() replaces it.
  [[nodiscard]] std::optional<std::string> find(const std::string& key) const;
  // The entry appears whole or not at all, whoever else writes the same one at the same time.
  void store(const std::string& key, std::string_view bytes);
  // Why an entry could not be written, "" if all could: no reason for a compilation to fail.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

private:
  explicit Cache(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
  std::string trouble_;
};

// All that decides the kernel's bitcode: its text with values numbered (shapes, types, memory,
// schedule; no name of the user's), the target, and the builds of Halide, LLVM and linnet.
// SHA-256, hexadecimal.
[[nodiscard]] std::string kernel_key(const ir::Graph& kernel, const Target& target);

// All that decides the object: the module before optimisation, as bitcode, the target, the builds.
[[nodiscard]] std::string object_key(std::string_view bitcode, const Target& target);

}  // namespace linnet::codegen
