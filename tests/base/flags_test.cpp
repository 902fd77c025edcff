// The flags of products: what is taken, and one clear message for each wrong call.
#include "base/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace linnet {
namespace {

using testing::ElementsAre;

struct Values {
  bool json = false;
  std::string plot;
  std::vector<std::string> inputs;
  int64_t steps = 1;
  int64_t epochs = 0;
  uint64_t seed = 0;
};

Result<std::vector<std::string>> parse(Values& v, std::vector<std::string> arguments) {
  const Flag flags[] = {{"--json", &v.json, "for machines"},
                        {"--plot", "F.svg", &v.plot},
                        {"--input", "NAME=F.npy", &v.inputs},
                        {"--steps", "K", &v.steps, "of a forecast", 1000},
                        {"--seed", "N", &v.seed},
                        {"--epochs", "N", &v.epochs},
                        {"-o", "F", &v.plot}};
  std::vector<char*> argv = {nullptr};
  for (std::string& argument : arguments)
    argv.push_back(argument.data());
  return parse_flags(flags, static_cast<int>(argv.size()), argv.data());
}

std::string refusal(std::vector<std::string> arguments) {
  Values v;
  const auto parsed = parse(v, std::move(arguments));
  if (parsed) return "taken";
  EXPECT_EQ(parsed.error().status, Status::kBadCall);
  return parsed.error().message;
}

TEST(Flags, ValuesGoWhereTheTableSays) {
  Values v;
  const auto others = parse(v, {"a.csv", "--json", "--plot=p.svg", "--input", "x=a.npy",
                                "--input=y=b.npy", "--steps", "7", "-", "--", "--json"});
  ASSERT_TRUE(others) << others.error().message;
  EXPECT_THAT(*others, ElementsAre("a.csv", "-", "--json"));
  EXPECT_TRUE(v.json);
  EXPECT_EQ(v.plot, "p.svg");
  EXPECT_THAT(v.inputs, ElementsAre("x=a.npy", "y=b.npy"));
  EXPECT_EQ(v.steps, 7);
}

TEST(Flags, TheLargestSeedIsTaken) {
  Values v;
  ASSERT_TRUE(parse(v, {"--seed", "18446744073709551615"}));
  EXPECT_EQ(v.seed, UINT64_MAX);
  EXPECT_EQ(refusal({"--seed", "18446744073709551616"}),
            "--seed takes a whole number from 0 on, not '18446744073709551616'");
}

TEST(Flags, AWrongCallIsRefusedInOneLine) {
  EXPECT_EQ(refusal({"--jsno"}), "no option '--jsno'; --help lists them");
  EXPECT_EQ(refusal({"--jsno=3"}), "no option '--jsno'; --help lists them");
  EXPECT_EQ(refusal({"--plot"}), "--plot needs F.svg");
  EXPECT_EQ(refusal({"-o"}), "-o needs F");
  EXPECT_EQ(refusal({"--json=no"}), "--json takes no value, not 'no'");
  for (const char* text : {"0", "1001", "-1", "+1", " 1", "1x", "", "1.5", "1e3"})
    EXPECT_EQ(refusal({"--steps", text}),
              std::string("--steps takes a whole number from 1 to 1000, not '") + text + "'");
}

TEST(Flags, ANumberWithoutBoundHasNoneInItsMessage) {
  EXPECT_EQ(refusal({"--epochs", "few"}), "--epochs takes a whole number from 1 on, not 'few'");
  EXPECT_EQ(refusal({"--epochs", "9223372036854775808"}),
            "--epochs takes a whole number from 1 on, not '9223372036854775808'");
}

TEST(Flags, HelpIsALineForEach) {
  Values v;
  EXPECT_EQ(Flag("--steps", "K", &v.steps, "of a forecast").help(),
            "  --steps K              of a forecast\n");
  EXPECT_EQ(Flag("--json", &v.json, "for machines").help(),
            "  --json                 for machines\n");
}

Result<int> half(int number) {
  if (number % 2 != 0) return fail("%d is odd", number);
  return number / 2;
}

Result<int> quarter(int number) {
  LINNET_TRY_ASSIGN(const int once, half(number));
  int twice = 0;
  LINNET_TRY_ASSIGN(twice, half(once));
  return twice;
}

TEST(Result, TryAssignGivesTheValueOrTheError) {
  EXPECT_EQ(quarter(12), 3);
  EXPECT_EQ(quarter(6).error().message, "3 is odd");
  EXPECT_EQ(quarter(5).error().message, "5 is odd");
  EXPECT_EQ(quarter(5).error().status, Status::kBadInput);
}

}  // namespace
}  // namespace linnet
