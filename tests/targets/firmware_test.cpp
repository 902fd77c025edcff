// Libraries for Cortex-M and RISC-V without an operating system: what they compute on boards, what
// they call, and where they lie.
#include "tests/targets/networks.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kTools = "/usr/lib/llvm-22/bin/";
const std::string kLenet = "$S/models/lenet.lin --weights $S/models/data/lenet.safetensors";
const std::vector<std::string> kFirmware = {"cortex-m4",  "cortex-m7",      "cortex-m33",
                                            "cortex-m55", "cortex-m55-mve", "riscv32"};

class Firmware : public OnMachines {
protected:
  // Symbols that NAME lacks and docs/targets.md does not list.
  std::string undefined(const std::string& file) {
    EXPECT_EQ(run(kTools + "llvm-nm -u -j " + file + " | sort -u"), 0) << err_;
    // Of libgcc and compiler-rt; memset is the one function of libc.
    static const std::regex kListed(
        "net_constants|memset|__aeabi_mem(set|clr)[48]?|"
        "__aeabi_(dadd|dsub|dmul|ddiv|dcmp(eq|lt|le|ge|gt|un)|f2d|d2f|d2lz|f2lz|l2d|l2f|d2iz|i2d|"
        "ldivmod|lmul)|"
        "__(add|sub|mul|div)df3|__(eq|ne|lt|le|gt|ge|unord)df2|__extendsfdf2|__truncdfsf2|"
        "__fix[sd]fdi|__floatdi[sd]f|__fixdfsi|__floatsidf|__divdi3|__moddi3");
    std::istringstream symbols(out_);
    std::string others;
    for (std::string symbol; std::getline(symbols, symbol);) {
      if (!symbol.empty() && symbol.back() != ':' && !std::regex_match(symbol, kListed))
        others += " " + symbol;
    }
    return others;
  }
};

TEST_F(Firmware, AnswersHaveTheBitsOfThisMachineOnBoards) {
  for (const char* name : {"lenet", "functions", "latent_ar"})
    expect_same_bits(network(name), {"cortex-m4", "cortex-m33", "cortex-m55-mve"});
}

// Run by `make test-targets`.
class FirmwareWhole : public Firmware {};

TEST_F(FirmwareWhole, NetworksHaveTheSameBitsOnAllBoards) {
  for (const Network& network : networks())
    expect_same_bits(network,
                     {"cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55", "cortex-m55-mve"});
}

TEST_F(Firmware, NetworksCallNothingOfLibcButMemset) {
  for (const std::string& target : kFirmware) {
    for (const Network& network : {network("lenet"), network("functions"), network("latent_ar")}) {
      ASSERT_EQ(linnet("compile " + network.model + " " + network.flags +
                       " --emit lib --name net --target " + target + " -o net.a"),
                0)
          << err_;
      EXPECT_EQ(undefined("net.a"), "") << network.name << " on " << target;
    }
  }
}

// Each module of a text file of cases.
std::vector<std::string> modules_of(const std::string& text) {
  std::vector<std::string> modules;
  for (size_t at = text.find("lir 1\n"); at != std::string::npos;) {
    const size_t end = std::min(text.find("// -----", at), text.size());
    modules.push_back(text.substr(at, end - at));
    at = text.find("lir 1\n", end);
  }
  return modules;
}

TEST_F(FirmwareWhole, NoOpCallsAnythingOfLibcButMemset) {
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(LINNET_SOURCE_DIR "/tests/ops"))
    if (entry.path().extension() == ".lir") files.insert(entry.path());
  int compiled = 0;
  for (const std::string& target : kFirmware) {
    for (const std::filesystem::path& file : files) {
      const auto bytes = read_file(file.string());
      ASSERT_TRUE(bytes);
      for (const std::string& module : modules_of({bytes->begin(), bytes->end()})) {
        write("case.lir", module);
        const int status =
            linnet("compile case.lir --emit obj --name net --target " + target + " -o net.o");
        if (status != 0) {  // a wrong module, or one that no target computes
          EXPECT_THAT(status, testing::AnyOf(1, 3)) << file << module << err_;
          continue;
        }
        ++compiled;
        EXPECT_EQ(undefined("net.o"), "") << target << ": " << file << "\n" << module;
      }
    }
  }
  EXPECT_GT(compiled, 1000);
}

// Constants stay in flash, and no data has to be written.
TEST_F(Firmware, ConstantsAreReadOnlyAndNothingIsWritten) {
  ASSERT_EQ(linnet("compile " + kLenet + " --emit lib --target cortex-m33 --name net -o net.a"), 0)
      << err_;
  ASSERT_EQ(run(kTools + "llvm-readelf -S -W net.a"), 0);
  EXPECT_THAT(out_,
              testing::ContainsRegex("\\.rodata +PROGBITS +[0-9a-f]+ [0-9a-f]+ 03c780 00 +A "));
  EXPECT_THAT(out_, Not(HasSubstr(" WA ")));
}

// Weights in external flash, code in ITCM: a linker script finds them by name, the board runs them.
TEST_F(Firmware, SectionsHaveTheNamesThatAreAskedFor) {
  const std::string sections = " --section-code .itcm --section-constants .qspi";
  ASSERT_EQ(linnet("compile " + kLenet + " --emit lib --target cortex-m33 --name net -o net.a" +
                   sections),
            0)
      << err_;
  EXPECT_THAT(text("net.h"), HasSubstr("Code is in the section .itcm, constants are in .qspi."));
  ASSERT_EQ(run(kTools + "llvm-readelf -S -W net.a"), 0);
  EXPECT_THAT(out_, testing::ContainsRegex("\\.itcm +PROGBITS .* AX "));
  EXPECT_THAT(out_, testing::ContainsRegex("\\.qspi +PROGBITS +[0-9a-f]+ [0-9a-f]+ 03c780 00 +A "));
  EXPECT_THAT(out_, Not(testing::ContainsRegex("\\.text\\.[a-z]|\\.rodata")));
  const Machine& m33 = machine("cortex-m33");
  const Network& lenet = network("lenet");
  const std::string expected = hash(lenet, m33);
  Network placed = lenet;
  placed.flags += sections;
  EXPECT_EQ(hash(placed, m33), expected);
  ASSERT_EQ(run(kTools + "llvm-nm program | grep -e ' net_run$' -e ' net_constants$'"), 0);
  EXPECT_THAT(out_, testing::ContainsRegex("80[0-9a-f]{6} [rR] net_constants"));
  EXPECT_THAT(out_, testing::ContainsRegex("1000[0-9a-f]{4} T net_run"));
}

TEST_F(Firmware, NamesOfSectionsAreChecked) {
  const auto compile = [&](const std::string& flags) {
    return linnet("compile $S/models/ar.lin --emit lib -o net.a " + flags);
  };
  EXPECT_EQ(compile("--target cortex-m33 --section-code 'my code'"), 2);
  EXPECT_THAT(err_, HasSubstr("a section's name has letters, digits and . _ -"));
  EXPECT_EQ(compile("--target cortex-m33 --section-constants .bss.weights"), 2);
  EXPECT_THAT(err_, HasSubstr("sections .bss… have another purpose"));
  EXPECT_EQ(compile("--target cortex-m33 --section-code .a --section-constants .a"), 2);
  EXPECT_THAT(err_, HasSubstr("code and constants cannot share the section .a"));
  EXPECT_EQ(compile("--target wasm32 --section-code .itcm"), 3);
  EXPECT_THAT(err_, HasSubstr("--section-code: wasm32 has no ELF sections"));
  EXPECT_FALSE(exists("net.a"));
}

// 64-bit ELF is written by hand, not by LLVM.
TEST_F(Firmware, SectionsOfThisMachineToo) {
  ASSERT_EQ(linnet("compile " + kLenet +
                   " --emit lib --target x86-64-v3 --name net -o net.a "
                   "--section-code .text.net --section-constants .rodata.net"),
            0)
      << err_;
  ASSERT_EQ(run(kTools + "llvm-readelf -S -W net.a"), 0);
  EXPECT_THAT(out_, testing::ContainsRegex("\\.text\\.net +PROGBITS .* AX "));
  EXPECT_THAT(out_, testing::ContainsRegex("\\.rodata\\.net +PROGBITS .* A "));
}

TEST_F(Firmware, SoftwareDoublesAreNamedOnce) {
  write("wide.lir", "lir 1\n\nmodule wide\n\ngraph @predict(%x: f64[4]) {\n"
                    "  %y: f64[4] = exp(%x)\n  %z: f64[4] = add(%x, %y)\n  return z = %z\n}\n");
  ASSERT_EQ(linnet("compile wide.lir --emit lib --target cortex-m33 -o net.a"), 0) << err_;
  const std::string remark = "f64 on cortex-m33 is computed in software: %y = exp and 1 more";
  EXPECT_THAT(err_, HasSubstr("wide.lir:6:3: remark: " + remark));
  EXPECT_EQ(err_.find(remark), err_.rfind(remark));
  ASSERT_EQ(linnet("compile wide.lir --emit lib --target cortex-m7 -o net.a"), 0) << err_;
  EXPECT_THAT(err_, Not(HasSubstr("in software")));
  ASSERT_EQ(linnet("compile " + kLenet + " --emit lib --target cortex-m4 -o net.a"), 0) << err_;
  EXPECT_THAT(err_, Not(HasSubstr("in software")));
}

// Stands in for Arduino's core of the board.
constexpr const char* kArduino = R"(
#include <stdio.h>
#include <stdlib.h>
struct Terminal {
  void begin(long) {}
  void print(double value, int digits) {
    long whole = (long)(value * 1000000);
    printf("%s%ld.%06ld", whole < 0 ? "-" : "", labs(whole) / 1000000, labs(whole) % 1000000);
    (void)digits;
  }
  void print(char letter) { printf("%c", letter); }
  void print(const char* text) { printf("%s", text); }
  void println(const char* text) { printf("%s\n", text); }
  void println(unsigned long value) { printf("%lu\n", value); }
};
extern Terminal Serial;
unsigned long micros();
void delay(unsigned long);
)";
constexpr const char* kCore = R"(
#include <Arduino.h>
Terminal Serial;
unsigned long micros() { return 7; }
void delay(unsigned long) {}
#include SKETCH
int main() { setup(); loop(); return 0; }
)";

TEST_F(Firmware, ArduinoLibraryRunsItsSketchOnABoard) {
  const std::string pack = "$S/examples/arduino/pack.py " + kLenet + " --linnet " LINNET_COMMAND;
  ASSERT_EQ(run("python3 -B " + pack + " -o first.zip && python3 -B " + pack + " -o second.zip"), 0)
      << err_;
  ASSERT_EQ(run("cmp first.zip second.zip && cmake -E tar xf first.zip && find lenet -type f"), 0)
      << err_;
  for (const char* file : {"lenet/library.properties", "lenet/src/lenet.h",
                           "lenet/src/cortex-m33/fpv5-sp-d16-hard/liblenet.a",
                           "lenet/examples/lenet_time/lenet_time.ino", "lenet/zephyr/module.yml",
                           "lenet/zephyr/CMakeLists.txt"})
    EXPECT_THAT(out_, HasSubstr(file));
  write("Arduino.h", kArduino);
  write("core.cpp", kCore);
  const Machine& m33 = machine("cortex-m33");
  ASSERT_EQ(run(m33.link("-x c++ -fno-exceptions -fno-rtti -I. -Ilenet/src "
                         "-DSKETCH='\"lenet/examples/lenet_time/lenet_time.ino\"' core.cpp -x none "
                         "-Llenet/src/cortex-m33/fpv5-sp-d16-hard -llenet") +
                " && " + m33.run()),
            0)
      << err_ << out_;
  EXPECT_THAT(out_, testing::ContainsRegex("^(-?[0-9]+\\.[0-9]{6} ){10}in microseconds: 0\n$"));
}

TEST_F(Firmware, MissingToolsAreNamedWithTheirPackage) {
  ASSERT_EQ(run("PATH=/nowhere; " + machine("cortex-m4").run()), 4);
  EXPECT_THAT(err_, HasSubstr("cortex-m4: arm-none-eabi-gcc is missing: apt-get install "
                              "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"));
}

}  // namespace
}  // namespace linnet
