// The table of machines: instruction sets, their registers, and what serves them.
#include "codegen/object/target.h"

#include <array>

namespace linnet::codegen {
namespace {

// Of Linux: executables carry the run-time that cmake/product_runtime.cmake makes.
constexpr uint8_t kAll = kSharedLibrary | kExecutable;

passes::TargetInfo machine(std::string name, int64_t vector_bytes, int64_t vector_registers,
                           bool fma, int64_t l1_bytes = 32 << 10, int64_t l2_bytes = 1 << 20) {
  return {std::move(name), vector_bytes, vector_registers, fma, l1_bytes, l2_bytes};
}

TargetRecord x86(std::string_view name, std::string_view about, int level, std::string halide,
                 int64_t vector_bytes, int64_t vector_registers) {
  return {.name = name,
          .about = about,
          .triple = "x86_64-unknown-linux-gnu",
          .cpu = name,
          .halide = std::move(halide),
          .level = level,
          .info = machine(std::string(name), vector_bytes, vector_registers, level >= 3),
          .products = kAll,
          .compiler = "cc",
          .package = "gcc"};
}

// Where there are no vectors, 32 registers count as 8 of four numbers each: LLVM takes vectors
// apart, and sums have the order they have in vectors of 128 bits.
constexpr int64_t kNoVectors = 8;

TargetRecord cortex_m(std::string_view name, std::string_view about, std::string_view triple,
                      std::string_view flags, int64_t vector_registers) {
  return {.name = name,
          .about = about,
          .architecture = Architecture::kArm,
          .format = ObjectFormat::kElf32,
          .triple = triple,
          .cpu = name,
          .features = name == "cortex-m55" ? "-mve,-mve.fp" : "",
          .halide = "arm-32-noos-no_neon",
          .pointer_bytes = 4,
          .info = machine(std::string(name), 16, vector_registers, true, 16 << 10, 128 << 10),
          .vectors = false,
          .rounds = name != "cortex-m4",
          .doubles = name == "cortex-m7" || name == "cortex-m55",
          .compiler = "arm-none-eabi-gcc",
          .flags = flags,
          .package = "gcc-arm-none-eabi",
          .emulator = "qemu-system-arm"};
}

// Helium's vectors: LLVM's comparisons there take a NaN for less than anything, and the machine a
// denormal number for zero, which is why cortex-m55 has none.
TargetRecord helium() {
  TargetRecord record =
      cortex_m("cortex-m55", "Armv8.1-M with Helium (MVE); not for NaN, denormals",
               "thumbv8.1m.main-none-unknown-eabihf", "-mcpu=cortex-m55 -mfloat-abi=hard", 8);
  record.name = "cortex-m55-mve";
  record.info.name = record.name;
  record.features = "";
  record.vectors = true;
  return record;
}

TargetRecord riscv64(std::string_view name, std::string_view about, std::string_view features,
                     int64_t vector_registers) {
  return {.name = name,
          .about = about,
          .architecture = Architecture::kRiscV,
          .triple = "riscv64-unknown-linux-gnu",
          .cpu = "generic-rv64",
          .features = features,
          .abi = "lp64d",
          // Halide's own RISC-V counts on one length of vectors; its plain code fits all from 128
          // bits on.
          .halide = "arm-64-linux-no_neon",
          .info = machine(std::string(name), 16, vector_registers, true),
          .vectors = vector_registers != kNoVectors,
          .products = kAll,
          .compiler = "riscv64-linux-gnu-gcc",
          .package = "g++-riscv64-linux-gnu",
          .emulator = "qemu-riscv64-static"};
}

TargetRecord riscv32() {
  return {.name = "riscv32",
          .about = "RV32IMAFC, bare metal",
          .architecture = Architecture::kRiscV,
          .format = ObjectFormat::kElf32,
          .triple = "riscv32-unknown-none-elf",
          .cpu = "generic-rv32",
          .features = "+m,+a,+f,+c",
          .abi = "ilp32f",
          .halide = "arm-32-noos-no_neon",
          .pointer_bytes = 4,
          .info = machine("riscv32", 16, kNoVectors, true, 16 << 10, 128 << 10),
          .vectors = false,
          .doubles = false};
}

TargetRecord wasm(std::string_view name, std::string_view about, std::string_view features,
                  std::string halide, int64_t vector_registers) {
  return {.name = name,
          .about = about,
          .architecture = Architecture::kWasm,
          .format = ObjectFormat::kWasm,
          .triple = "wasm32-unknown-unknown",
          .cpu = "generic",
          .features = features,
          .halide = std::move(halide),
          .pointer_bytes = 4,
          .info = machine(std::string(name), 16, vector_registers, false),
          .vectors = vector_registers != kNoVectors,
          .products = kWasmModule,
          .compiler = "wasm-ld",
          .package = "lld-22",
          .emulator = "node"};
}

}  // namespace

std::span<const TargetRecord> targets() {
  static const std::array kTargets = {
      x86("x86-64-v4", "AVX-512: Skylake-X, Zen 4 and later", 4,
          "x86-64-linux-sse41-avx-avx2-fma-f16c-avx512-avx512_skylake", 64, 32),
      x86("x86-64-v3", "AVX2 and FMA: Haswell, Zen and later", 3,
          "x86-64-linux-sse41-avx-avx2-fma-f16c", 32, 16),
      x86("x86-64-v2", "SSE4.2: Nehalem, Silvermont and later", 2, "x86-64-linux-sse41", 16, 16),
      TargetRecord{.name = "aarch64",
                   .about = "Armv8-A with NEON: Raspberry Pi 3 and later, Graviton, Jetson",
                   .architecture = Architecture::kAArch64,
                   .triple = "aarch64-unknown-linux-gnu",
                   .cpu = "generic",
                   .features = "+neon,+fp-armv8",
                   .halide = "arm-64-linux",
                   .info = machine("aarch64", 16, 32, true),
                   .products = kAll,
                   .compiler = "aarch64-linux-gnu-gcc",
                   .package = "g++-aarch64-linux-gnu",
                   .emulator = "qemu-aarch64-static"},
      TargetRecord{.name = "aarch64-apple-darwin",
                   .about = "Apple M1 and later, macOS: objects",
                   .architecture = Architecture::kAArch64,
                   .format = ObjectFormat::kMachO,
                   .triple = "aarch64-apple-darwin",
                   .cpu = "apple-m1",
                   .halide = "arm-64-osx",
                   .info = machine("aarch64-apple-darwin", 16, 32, true, 128 << 10, 12 << 20)},
      TargetRecord{.name = "x86_64-pc-windows-msvc",
                   .about = "Windows with AVX2 and FMA: objects",
                   .format = ObjectFormat::kCoff,
                   .triple = "x86_64-pc-windows-msvc",
                   .cpu = "x86-64-v3",
                   .halide = "x86-64-windows-sse41-avx-avx2-fma-f16c",
                   .level = 3,
                   .info = machine("x86_64-pc-windows-msvc", 32, 16, true)},
      riscv64("riscv64", "RV64GC, without vectors", "+m,+a,+f,+d,+c", kNoVectors),
      riscv64("riscv64-v", "RV64GCV, vectors of 128 bits or more", "+m,+a,+f,+d,+c,+v,+zvl128b",
              32),
      wasm("wasm32", "WebAssembly 2.0 without SIMD", "+bulk-memory", "wasm-32-wasmrt", kNoVectors),
      wasm("wasm32-simd128", "WebAssembly with 128-bit SIMD: browsers since 2023, Node 16",
           "+simd128,+bulk-memory", "wasm-32-wasmrt-wasm_simd128", 16),
      cortex_m("cortex-m4", "Armv7E-M with the FPU of single precision",
               "thumbv7em-none-unknown-eabihf",
               "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard", kNoVectors),
      cortex_m("cortex-m7", "Armv7E-M with the FPU of double precision",
               "thumbv7em-none-unknown-eabihf", "-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard",
               kNoVectors),
      cortex_m("cortex-m33", "Armv8-M with the FPU of single precision",
               "thumbv8m.main-none-unknown-eabihf",
               "-mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard", kNoVectors),
      cortex_m("cortex-m55", "Armv8.1-M with the FPU of double precision",
               "thumbv8.1m.main-none-unknown-eabihf", "-mcpu=cortex-m55+nomve -mfloat-abi=hard",
               kNoVectors),
      helium(),
      riscv32()};
  return kTargets;
}

}  // namespace linnet::codegen
