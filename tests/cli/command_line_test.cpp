// The command line itself: options anywhere, help, misspelt names, completion, the manual.
#include "tests/cli/command.h"

#include <gmock/gmock.h>

#include <regex>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kSmall =
    "model m(x: f32[N, 4]) -> y: f32[N, 3] { layer fc = linear(3); x |> fc |> softmax }\n";

TEST_F(Command, MisspeltPassesAreErrorsWithASuggestion) {
  const std::string no_pass = "no pass 'fuse_pol'; ";
  const std::string no_end = "no phase or pass 'fuse_pol'; the phases are imported, training, "
                             "canonical, fused, scheduled, planned; ";
  for (const auto& [flag, message] :
       std::vector<std::pair<std::string, std::string>>{{"--stop-after", no_end},
                                                        {"--explain", no_pass},
                                                        {"--disable-pass", no_pass},
                                                        {"--after", no_end}}) {
    EXPECT_EQ(linnet("dump $S/models/ar.lin " + flag + " fuse_pol"), 2) << flag;
    EXPECT_EQ(out_, "");
    EXPECT_THAT(err_,
                StartsWith("error: " + flag + ": " + message + "the passes are widen_floats, str"));
    EXPECT_THAT(err_, HasSubstr("plan_memory\nhelp: did you mean 'fuse_pool'?\n"));
  }
  EXPECT_EQ(linnet("compile nothing.lin --explain fuse_pool,canonicalise"), 2);
  EXPECT_THAT(err_, HasSubstr("did you mean 'canonicalize'?"));
  EXPECT_EQ(linnet("opt x.lir --passes=fuse_pol"), 2);
  EXPECT_THAT(err_, HasSubstr("--passes: no pass 'fuse_pol'"));
}

// Each pass without which there is no code says so; the others may be left out.
TEST_F(Command, WhatCannotBeCompiledWithoutAPassNamesIt) {
  write("m.lin", kSmall);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"--disable-pass freeze_parameters", "freeze_parameters: it makes parameters constants"},
      {"--disable-pass expand_ops", "expand_ops: it writes ops as smaller ones that have code"},
      {"--disable-pass choose_schedules", "choose_schedules: it says how each kernel is computed"},
      {"--disable-pass outline_kernels", "outline_kernels: it makes each group a function"},
      {"--disable-pass plan_memory", "plan_memory: it gives every value an address, and %x has"},
      {"--disable-pass group_kernels --disable-pass fuse_epilogue",
       "group_kernels: it puts every op into a kernel"},
      {"--pass-limit 0", "expand_ops: it writes"},
      {"--stop-after fuse_pool", "group_kernels: it puts every op into a kernel"},
      {"--stop-after fused", "choose_schedules: it says"}};
  for (const auto& [flags, why] : cases) {
    EXPECT_EQ(linnet("compile m.lin --emit obj -o m.o " + flags), 2) << flags;
    EXPECT_THAT(err_, HasSubstr("there is no code for a module without pass " + why)) << flags;
    EXPECT_FALSE(exists("m.o"));
  }
  EXPECT_EQ(linnet("compile m.lin --emit obj -o m.o --disable-pass canonicalize,drop_dead"), 0)
      << err_;
  EXPECT_EQ(linnet("run m.lin --disable-pass plan_memory"), 2);
  EXPECT_EQ(linnet("dump m.lin --disable-pass plan_memory --after plan_memory"), 0) << err_;
}

TEST_F(Command, OptionsMayStandBeforeTheModel) {
  EXPECT_EQ(linnet("check --set p=9 $S/models/ar.lin"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("f32[1,9]"));
  EXPECT_EQ(linnet("check --set p=9 --bind N=2 --model ar $S/models/ar.lin"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("f32[2,9]"));
}

TEST_F(Command, MisspeltOptionsGetASuggestion) {
  EXPECT_EQ(linnet("compile --weigths f.safetensors m.lin"), 2);
  EXPECT_EQ(err_,
            "error: linnet compile has no option --weigths\nhelp: did you mean '--weights'?\n");
  EXPECT_EQ(linnet("check --bacth=3"), 2);
  EXPECT_EQ(err_, "error: linnet check has no option --bacth\nhelp: did you mean '--batch'?\n");
  EXPECT_EQ(linnet("check a.lin b.lin"), 2);
  EXPECT_EQ(err_, "error: linnet check takes no further 'b.lin'\n"
                  "help: usage: linnet check MODEL [options]\n");
  EXPECT_EQ(linnet("--diagnostics json check"), 2);
  EXPECT_THAT(err_, HasSubstr("\"message\":\"MODEL is required\""));
}

TEST_F(Command, EveryCommandHasHelpWithAnExample) {
  EXPECT_EQ(linnet(""), 0);
  const std::string overview = out_;
  EXPECT_EQ(linnet("help"), 0);
  EXPECT_EQ(out_, overview);
  EXPECT_EQ(linnet("help compil"), 2);
  EXPECT_THAT(err_, HasSubstr("did you mean 'compile'?"));
  std::smatch found;
  const size_t begin = overview.find("Commands:\n");
  std::string rest = overview.substr(begin, overview.find("\n\n", begin) - begin);
  int commands = 0;
  for (const std::regex name("\n  ([a-z]+) "); std::regex_search(rest, found, name); ++commands) {
    EXPECT_EQ(linnet("help " + found[1].str()), 0);
    const std::string help = out_;
    EXPECT_THAT(help, HasSubstr("\nUsage: linnet " + found[1].str()));
    EXPECT_THAT(help, HasSubstr("\nExample:\n")) << "give " << found[1] << " a footer";
    EXPECT_EQ(linnet(found[1].str() + " --help"), 0);
    EXPECT_EQ(out_, help);
    rest = found.suffix();
  }
  EXPECT_GE(commands, 14);
  EXPECT_EQ(linnet("help compile"), 0);
  EXPECT_THAT(out_, HasSubstr("\nPass options:\n"));
  EXPECT_THAT(out_, HasSubstr("(default: exe)"));
  EXPECT_EQ(out_.find("(default: -1)"), std::string::npos);
}

// groff has nothing to complain of, and all commands are there.
TEST_F(Command, TheManualIsMadeOfTheOptions) {
  EXPECT_EQ(linnet("help --man"), 0);
  EXPECT_THAT(out_, StartsWith(".TH LINNET 1"));
  for (const char* part : {".SS linnet compile MODEL [options]", "\\fB\\-\\-weights\\fR",
                           "(default: exe)", ".SH EXIT STATUS"})
    EXPECT_THAT(out_, HasSubstr(part));
  if (std::system("command -v groff >/dev/null") != 0) return;
  EXPECT_EQ(run("" LINNET_COMMAND " help --man | groff -man -Tutf8 -ww -z"), 0);
  EXPECT_EQ(err_, "");
}

TEST_F(Command, BashCompletesCommandsOptionsPassesAndFiles) {
  write("model.lin", kSmall);
  const auto complete = [&](const std::string& words, int at) {
    EXPECT_EQ(run("bash -c 'source " + folder_ + "/script; COMP_WORDS=(" + words +
                  "); COMP_CWORD=" + std::to_string(at) + "; _linnet; echo ${COMPREPLY[@]}'"),
              0)
        << err_;
    return out_;
  };
  ASSERT_EQ(linnet("completion bash"), 0);
  write("script", out_);
  EXPECT_EQ(complete("linnet comp", 1), "compile completion\n");
  EXPECT_EQ(complete("linnet compile --weig", 2), "--weights --weights-dtype\n");
  EXPECT_EQ(complete("linnet compile m.lin --emit s", 4), "shared\n");
  EXPECT_EQ(complete("linnet dump m.lin --explain fuse_p", 4), "fuse_pool fuse_prologue\n");
  EXPECT_EQ(complete("linnet dump m.lin --explain drop_dead,fuse_po", 4), "drop_dead,fuse_pool\n");
  EXPECT_EQ(complete("linnet compile mod", 2), "model.lin\n");
  for (const std::string shell : {"zsh", "fish"}) {
    EXPECT_EQ(linnet("completion " + shell), 0);
    EXPECT_THAT(out_, HasSubstr("plan_memory"));
    EXPECT_THAT(out_, HasSubstr("exe lib shared obj"));
    if (std::system(("command -v " + shell + " >/dev/null").c_str()) == 0) {
      EXPECT_EQ(run(shell + " -n out.txt"), 0) << err_;
    }
  }
  EXPECT_EQ(linnet("completion tcsh"), 2);
}

}  // namespace
}  // namespace linnet
