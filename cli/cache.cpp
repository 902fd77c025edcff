// linnet cache: where what was compiled is kept, how much there is; --clear removes it.
#include "codegen/cache/cache.h"
#include "cli/session.h"
#include "cli/text_table.h"
#include "support/json_text.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace linnet::cli {
namespace {

struct CacheFlags {
  std::string folder;
  bool clear = false, json = false;
};

Status run(Session& session, const CacheFlags& flags) {
  const bool own = flags.folder.empty();
  auto cache = own ? codegen::Cache::open_own() : codegen::Cache::open(flags.folder);
  if (!cache) {
    const std::string folder = codegen::Cache::own_folder();
    std::string why = cache.error();
    if (why.empty() && folder.empty()) why = "neither XDG_CACHE_HOME nor HOME is set";
    if (why.empty()) why = folder + ": cannot be written";
    session.error("there is no cache: " + why, Status::kMachine,
                  "set XDG_CACHE_HOME, or name a folder with --cache");
    return Status::kMachine;
  }
  const std::string folder = own ? codegen::Cache::own_folder() : flags.folder;
  const auto contents = cache->contents();
  if (flags.clear) cache->trim(0);
  const int64_t limit = codegen::Cache::limit();
  if (flags.json) {
    const nlohmann::ordered_json json = {{"path", folder},
                                         {"entries", contents.entries},
                                         {"bytes", contents.bytes},
                                         {"limit", limit},
                                         {"cleared", flags.clear}};
    fmt::print("{}\n", json_text(json));
    return Status::kDone;
  }
  fmt::print("{}\n{}{} {}, {}{}\n", folder, flags.clear ? "removed " : "", contents.entries,
             contents.entries == 1 ? "entry" : "entries", size_text(contents.bytes),
             flags.clear ? "" : " of at most " + size_text(limit));
  return Status::kDone;
}

}  // namespace

void add_cache_command(CLI::App& app, Session& session) {
  auto flags = std::make_shared<CacheFlags>();
  CLI::App* command = app.add_subcommand("cache", "Show or clear the cache of compiled code");
  command->footer("linnet cache --clear");
  command->add_option("--cache", flags->folder, "Cache folder instead of the user's own")
      ->type_name("DIR");
  command->add_flag("--clear", flags->clear, "Remove all entries");
  command->add_flag("--json", flags->json, "One JSON object: path, entries, bytes, limit");
  command->callback(
      [&session, flags] { session.command = [flags](Session& s) { return run(s, *flags); }; });
}

}  // namespace linnet::cli
