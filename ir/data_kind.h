// What `data NAME { … }` may say of an input or an output: one record for each kind of data.
#pragma once

#include "ir/contract.h"
#include "ir/setting.h"
#include "ir/units.h"

#include "base/abi/model.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::ir {

// A declaration beside the port that it is about.
struct DataContext {
  const std::string& port;  // its name
  Settings settings;
  const Recipe& recipe;
  const Type& type;
  std::span<const std::string> inputs;  // names of the model's inputs, as far as they are known

  // Numbers of one sample, where dimension 0 is the batch.
  [[nodiscard]] int64_t sample_elements() const;
};

struct Fault {
  std::string message, remedy;
};

// A port of the contract, and those of the model's inputs.
struct UnitContext {
  const linnet_port_v1& port;
  const Type& type;
  std::span<const linnet_port_v1* const> inputs;
};

struct DataKind {
  std::string_view name;
  std::string_view doc;
  std::vector<Setting> settings;
  // What is wrong with a port of this shape; nullopt: nothing.
  std::optional<Fault> (*check)(const DataContext&) = nullptr;
  // Fills in what the product is told: the member of `port` (linnet_port_v1) that is this kind's.
  void (*resolve)(const DataContext&, Contract& port) = nullptr;
  // How the model's numbers follow from the data's. nullptr: they are the same.
  void (*units)(const UnitContext&, Units&) = nullptr;
  // What the numbers are to who calls the model from C; "": nothing can be said. `scale`: how they
  // are scaled, "" or with "; " or ", " before it. `macro`: begins the port's names in the header.
  std::string (*describe)(const UnitContext&, const Units&, const std::string& scale,
                          const std::string& macro) = nullptr;
  // What is allowed but hardly meant, of which setting; nullopt: nothing.
  struct Doubt {
    std::string_view setting;
    Fault fault;
  };
  std::optional<Doubt> (*doubt)(const Settings&) = nullptr;
};

// In the order of base/abi/data.def.
[[nodiscard]] std::span<const DataKind* const> all_data_kinds();
[[nodiscard]] const DataKind* find_data_kind(std::string_view name);

// A port under this name, with what `data` declares of it; `inputs` as in DataContext.
struct DeclaredPort {
  const DataKind* kind = nullptr;  // nullptr: a plain tensor
  Contract record;                 // linnet_port_v1
};
[[nodiscard]] DeclaredPort declared_port(const std::vector<Declaration>& data,
                                         const std::string& name, const Type& type, int64_t dtype,
                                         std::span<const std::string> inputs);

// Set on a declaration of classes whose output ends in a softmax over them.
inline constexpr Key<bool> kProbabilities{"probabilities"};

// The records, by name.
namespace data {
#define LINNET_DATA(name) extern const DataKind name;
#define LINNET_READER(name)
#include "base/abi/data.def"
#undef LINNET_READER
#undef LINNET_DATA
}  // namespace data

}  // namespace linnet::ir
