// linnet targets: the machines code can be generated for, as a table.
#include "cli/session.h"
#include "cli/text_table.h"
#include "codegen/object/target.h"
#include "support/json_text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace linnet::cli {
namespace {

using codegen::TargetRecord;

std::vector<std::string> products(const TargetRecord& row) {
  std::vector<std::string> words = {"obj", "lib"};
  const std::pair<uint8_t, const char*> more[] = {{codegen::kSharedLibrary, "shared"},
                                                  {codegen::kExecutable, "exe"},
                                                  {codegen::kWasmModule, "wasm"}};
  for (const auto& [bit, word] : more) {
    if ((row.products & bit) != 0) words.emplace_back(word);
  }
  return words;
}

void print_text() {
  TextTable table({"target", ">lanes", "fma", "products", "machines"});
  for (const TargetRecord& row : codegen::targets()) {

    table.row({std::string(row.name),
               row.vectors ? std::to_string(row.info.lanes(sizeof(float))) : "1",
               row.info.fma ? "yes" : "no", fmt::format("{}", fmt::join(products(row), " ")),
               std::string(row.about)});
  }
  fmt::print("{}\nA CPU's name may follow: --target aarch64:cortex-a72; alone it will do too, of "
             "x86-64 and AArch64.\n",
             table.text(terminal_columns()));
}

void print_json() {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const TargetRecord& row : codegen::targets()) {
    rows.push_back({{"target", row.name},
                    {"about", row.about},
                    {"triple", row.triple},
                    {"cpu", row.cpu},
                    {"features", row.features},
                    {"vector_bytes", row.vectors ? row.info.vector_bytes : 0},
                    {"vector_registers", row.info.vector_registers},
                    {"fma", row.info.fma},
                    {"products", products(row)},
                    {"compiler", row.compiler},
                    {"package", row.package},
                    {"emulator", row.emulator}});
  }
  fmt::print("{}\n", json_text(rows));
}

}  // namespace

void add_targets(CLI::App& app, Session& session) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("targets", "The machines code can be generated for");
  command->footer("linnet targets");
  command->add_flag("--json", *json, "One JSON array instead of the table");
  command->callback([&session, json] {
    session.command = [json](Session&) {
      *json ? print_json() : print_text();
      return Status::kDone;
    };
  });
}

}  // namespace linnet::cli
