// What was compiled before: a folder of files that processes may share. Two kinds of entries: the
// bitcode of a kernel, and the object of a whole module. A model that shares kernels with another
// one finds these; a model met again finds both.
#pragma once

#include "base/result.h"
#include "codegen/object/target.h"
#include "ir/graph.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace linnet::codegen {

class Cache {
public:
  // What the entries may take altogether if LINNET_CACHE_LIMIT does not say otherwise.
  static constexpr int64_t kDefaultLimit = int64_t{1} << 30;

  // The folder, made if its parent is there; otherwise why it cannot be used.
  [[nodiscard]] static Result<Cache, std::string> open(const std::string& folder);
  // The user's own, made with its parents and for nobody else. Why not, if there can be none: the
  // text is empty where that is no fault (no home, one that cannot be written), and not where the
  // folder is a link, another user's, or open to others.
  [[nodiscard]] static Result<Cache, std::string> open_own();
  // $XDG_CACHE_HOME/linnet, else $HOME/.cache/linnet; "" without either.
  [[nodiscard]] static std::string own_folder();
  // LINNET_CACHE_LIMIT: bytes, or a number with K, M or G; kDefaultLimit without it or if it is
  // none.
  [[nodiscard]] static int64_t limit();

  Cache(Cache&& other) noexcept;
  Cache& operator=(Cache&& other) noexcept;
  ~Cache();  // trims, if anything was stored

  // The bytes stored under this key. An entry that is not what was stored there (cut short,
  // changed, another key's) is as good as none, and the next store() replaces it.
  [[nodiscard]] std::optional<std::string> find(const std::string& key) const;
  // The entry appears whole or not at all, whoever else writes the same one at the same time.
  void store(const std::string& key, std::string_view bytes);
  // Removes the entries used longest ago until all take at most `bytes`. Who reads one of them at
  // that time reads it to its end.
  void trim(int64_t bytes);

  struct Contents {
    int64_t entries = 0, bytes = 0;
  };
  [[nodiscard]] Contents contents() const;
  // Why an entry could not be written, "" if all could: no reason for a compilation to fail.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

private:
  Cache(std::string folder, int directory, bool own)
      : folder_(std::move(folder)), directory_(directory), own_(own) {}

  std::string folder_;
  int directory_ = -1;  // all is done relative to it: the path may come to mean another folder
  bool own_ = false;    // entries of other users are none
  bool stored_ = false;
  std::string trouble_;
};

// All that decides the kernel's bitcode: its text with values numbered (shapes, types, memory,
// schedule; no name of the user's), the target, and the builds of Halide, LLVM and linnet.
// SHA-256, hexadecimal.
[[nodiscard]] std::string kernel_key(const ir::Graph& kernel, const Target& target);

// All that decides the object: the module before optimisation, as bitcode, the target, the builds.
[[nodiscard]] std::string object_key(std::string_view bitcode, const Target& target);

}  // namespace linnet::codegen
