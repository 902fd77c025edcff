// linnet new digits|series|table DIR: a small project to begin with.
#include "cli/session.h"

#include "base/io/file.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <sys/stat.h>

extern "C" {
extern const char linnet_embedded_new_digits_begin[], linnet_embedded_new_digits_end[];
extern const char linnet_embedded_new_series_begin[], linnet_embedded_new_series_end[];
extern const char linnet_embedded_new_table_begin[], linnet_embedded_new_table_end[];
extern const char linnet_embedded_new_series_data_begin[], linnet_embedded_new_series_data_end[];
extern const char linnet_embedded_new_table_data_begin[], linnet_embedded_new_table_data_end[];
}

namespace linnet::cli {
namespace {

struct File {
  std::string_view name;
  const char* begin;
  const char* end;
};

struct Template {
  std::string_view kind;
  std::vector<std::string_view> next;  // what to do with it, in this order; {0}: the folder
  std::vector<File> files;
};

std::vector<Template> templates() {
  return {
      {"digits",
       {"linnet train {0}/model.lin --data MNIST -o {0}/model.safetensors   # its files, or "
        "pictures in folders 0/ to 9/",
        "linnet compile {0}/model.lin --weights {0}/model.safetensors -o {0}/digits",
        "{0}/digits PICTURE.png"},
       {{"model.lin", linnet_embedded_new_digits_begin, linnet_embedded_new_digits_end}}},
      {"series",
       {"linnet train {0}/model.lin --data {0}/data.csv -o {0}/model.safetensors",
        "linnet compile {0}/model.lin --weights {0}/model.safetensors -o {0}/forecast",
        "{0}/forecast {0}/data.csv --steps 12"},
       {{"model.lin", linnet_embedded_new_series_begin, linnet_embedded_new_series_end},
        {"data.csv", linnet_embedded_new_series_data_begin, linnet_embedded_new_series_data_end}}},
      {"table",
       {"linnet train {0}/model.lin --data {0}/data.csv -o {0}/model.safetensors",
        "linnet compile {0}/model.lin --weights {0}/model.safetensors -o {0}/kind",
        "{0}/kind {0}/data.csv"},
       {{"model.lin", linnet_embedded_new_table_begin, linnet_embedded_new_table_end},
        {"data.csv", linnet_embedded_new_table_data_begin, linnet_embedded_new_table_data_end}}}};
}

// As a shell takes it: in quotes where it has other than the usual characters.
std::string quoted(const std::string& path) {
  const bool plain = std::ranges::all_of(path, [](unsigned char c) {
    return std::isalnum(c) || c >= 128 ||
           std::string_view("/._-+").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return path;
  std::string text = "'";
  for (const char c : path)
    text += c == '\'' ? "'\\''" : std::string(1, c);
  return text + "'";
}

Status make(Session& session, const std::string& kind, const std::string& folder) {
  if (mkdir(folder.c_str(), 0777) != 0) {
    session.error(fmt::format("{}: {}", folder, std::strerror(errno)), Status::kBadCall,
                  "name a folder that does not exist yet, in one that does");
    return Status::kBadCall;
  }
  for (const Template& row : templates()) {
    if (row.kind != kind) continue;
    for (const File& file : row.files) {
      const std::string path = folder + "/" + std::string(file.name);
      const std::string_view text(file.begin, static_cast<size_t>(file.end - file.begin));
      if (const auto done = write_file(path, text); !done) {
        session.error(done.error().message, Status::kMachine);
        return Status::kMachine;
      }
      fmt::print("{}\n", path);
    }
    fmt::print("next:\n");
    for (const std::string_view line : row.next)
      fmt::print("  {}\n", fmt::format(fmt::runtime(line), quoted(folder)));
  }
  return Status::kDone;
}

}  // namespace

void add_new(CLI::App& app, Session& session) {
  auto kind = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("new", "Begin a model: digits, series or table");
  command->footer("linnet new digits my-digits");
  command->add_option("KIND", *kind, "digits, series or table")
      ->required()
      ->check(CLI::IsMember({"digits", "series", "table"}));
  command->add_option("DIR", *folder, "A folder that does not exist yet")->required();
  command->callback([&session, kind, folder] {
    session.command = [kind, folder](Session& s) { return make(s, *kind, *folder); };
  });
}

}  // namespace linnet::cli
