// Content hashes for headers and `--version`.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace linnet::codegen {

// SHA-256 in hexadecimal.
[[nodiscard]] std::string sha256(std::string_view bytes);

// Of weights, piece by piece: BLAKE3, for which half a gigabyte is a fifth of a second.
class LargeHash {
public:
  LargeHash();
  ~LargeHash();
  LargeHash(const LargeHash&) = delete;
  LargeHash& operator=(const LargeHash&) = delete;

  void update(std::string_view bytes);
  [[nodiscard]] std::string hexadecimal() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace linnet::codegen
