#include "base/io/safetensors.h"

#include "tests/base/files.h"

#include <algorithm>
#include <cstring>

namespace linnet {
namespace {

using testing::HasSubstr;

std::vector<uint8_t> file(const std::string& header, size_t data_bytes) {
  std::vector<uint8_t> bytes(8 + header.size() + data_bytes);
  const uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  std::copy(header.begin(), header.end(), bytes.begin() + 8);
  return bytes;
}

std::string refusal(const std::string& header, size_t data_bytes = 0) {
  return message(Safetensors::parse("w", file(header, data_bytes)));
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":[" + shape +
         "],\"data_offsets\":[" + offsets + "]}";
}

TEST(Safetensors, ReadsThePythonPackagesFile) {
  const Result<Safetensors> weights = Safetensors::read(data_path("lenet.safetensors"));
  ASSERT_TRUE(weights) << message(weights);
  EXPECT_EQ(weights->entries().size(), 10u);
  const Safetensors::Entry* kernel = weights->find("conv1.weight");
  ASSERT_NE(kernel, nullptr);
  EXPECT_EQ(kernel->shape, (std::vector<int64_t>{6, 1, 5, 5}));
  EXPECT_EQ(weights->tensor(*kernel).elements(), 150);
  EXPECT_EQ(weights->find("conv1"), nullptr);
}

TEST(Safetensors, WritesTheSameBytesInAnyOrder) {
  TestFolder folder;
  const float f[2] = {1, 2};
  const uint8_t u[3] = {7, 8, 9};
  const double d[1] = {0.5};
  const NamedTensor a{"b.weight", DType::kF32, {2, 1}, f}, b{"a", DType::kU8, {3}, u},
      c{"z\"é", DType::kF64, {}, d}, e{"empty", DType::kF32, {0, 4}, nullptr};
  ASSERT_TRUE(write_safetensors(folder / "1", {a, b, c, e}, {{"k2", "x\ny"}, {"k1", "v"}}));
  ASSERT_TRUE(write_safetensors(folder / "2", {e, c, b, a}, {{"k1", "v"}, {"k2", "x\ny"}}));
  const std::string bytes = text_of(folder / "1");
  EXPECT_EQ(bytes, text_of(folder / "2"));
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  EXPECT_EQ(length % 8, 0u);
  EXPECT_EQ(bytes.size(), 8 + length + 8 + 8 + 3);

  const Result<Safetensors> back = Safetensors::read(folder / "1");
  ASSERT_TRUE(back) << message(back);
  EXPECT_EQ(back->metadata(), (Metadata{{"k1", "v"}, {"k2", "x\ny"}}));
  ASSERT_EQ(back->entries().size(), 4u);
  EXPECT_EQ(back->entries()[0].name, "a");
  EXPECT_EQ(back->tensor(*back->find("b.weight")).as<float>()[1], 2.0f);
  EXPECT_EQ(back->tensor(*back->find("z\"é")).as<double>()[0], 0.5);
  EXPECT_EQ(back->tensor_as(*back->find("a"), DType::kF32).as<float>()[2], 9.0f);
  EXPECT_EQ(back->find("z\"é")->begin, 0u);
  EXPECT_FALSE(write_safetensors(folder / "3", {a, a}));
  EXPECT_FALSE(write_safetensors(folder / "3", {{"x", DType::kF32, {-1}, nullptr}}));
  EXPECT_EQ(folder.names().size(), 2u);
}

TEST(Safetensors, ConvertsStorageTypes) {
  std::vector<uint8_t> bytes =
      file("{" + entry("h", "F16", "1", "0,2") + "," + entry("b", "BF16", "1", "2,4") + "}", 4);
  const uint16_t halves[2] = {0x3c00, 0x4000};
  std::memcpy(bytes.data() + bytes.size() - 4, halves, 4);
  const Result<Safetensors> parsed = Safetensors::parse("w", bytes);
  ASSERT_TRUE(parsed) << message(parsed);
  EXPECT_EQ(parsed->tensor_as(*parsed->find("h"), DType::kF32).as<float>()[0], 1.0f);
  EXPECT_EQ(parsed->tensor_as(*parsed->find("b"), DType::kF32).as<float>()[0], 2.0f);
}

TEST(Safetensors, HeaderLength) {
  EXPECT_THAT(message(Safetensors::parse("w", {})), HasSubstr("too short"));
  std::vector<uint8_t> beyond = file("{}", 0);
  beyond[0] = 3;
  EXPECT_THAT(message(Safetensors::parse("w", beyond)), HasSubstr("does not fit"));
  for (size_t i = 0; i < 8; ++i)
    beyond[i] = 0xff;
  EXPECT_THAT(message(Safetensors::parse("w", beyond)), HasSubstr("at most 100 MB"));
  EXPECT_EQ(refusal("{}"), "");
  EXPECT_EQ(refusal("{}   "), "");
  EXPECT_THAT(refusal(" {}"), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(refusal(""), HasSubstr("does not begin with '{'"));
}

TEST(Safetensors, Layout) {
  const std::string a = entry("a", "F32", "2", "0,8");
  EXPECT_EQ(refusal("{" + a + "}", 8), "");
  EXPECT_THAT(refusal("{" + a + "}", 9), HasSubstr("1 bytes after the last tensor"));
  EXPECT_THAT(refusal("{" + a + "}", 7), HasSubstr("outside the file"));
  EXPECT_THAT(refusal("{" + entry("a", "F32", "2", "8,0") + "}", 8), HasSubstr("outside"));
  EXPECT_THAT(refusal("{" + entry("a", "F32", "3", "0,8") + "}", 8), HasSubstr("[3] of F32"));
  EXPECT_THAT(refusal("{" + a + "," + entry("b", "F32", "2", "4,12") + "}", 12),
              HasSubstr("\"b\" overlaps"));
  EXPECT_THAT(refusal("{" + a + "," + entry("b", "F32", "2", "0,8") + "}", 8),
              HasSubstr("overlaps"));
  EXPECT_THAT(refusal("{" + a + "," + entry("b", "F32", "1", "12,16") + "}", 16),
              HasSubstr("\"b\" lies behind a hole"));
  EXPECT_THAT(refusal("{" + a + "," + entry("a", "F32", "2", "8,16") + "}", 16),
              HasSubstr("two tensors are called \"a\""));
  EXPECT_THAT(refusal("{" + entry("a", "F32", "4294967296,4294967296", "0,0") + "}"),
              HasSubstr("does not take"));
  EXPECT_THAT(refusal("{" + entry("a", "F32", "2", "0,18446744073709551624") + "}", 8),
              HasSubstr("above 2^63"));
  EXPECT_THAT(refusal("{" + entry("a", "F8_E4M3", "8", "0,8") + "}", 8), HasSubstr("F8_E4M3"));
}

TEST(Safetensors, StrictJson) {
  for (const char* header :
       {"{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1}",
        "{\"a\":[]}",
        "{\"a\":{}}",
        "{}x",
        "{,}",
        "{\"a\":{},}",
        "{\"__metadata__\":{\"k\":1}}",
        "{\"__metadata__\":{\"k\":\"v\",}}",
        "{\"__metadata__\":{},\"__metadata__\":{}}",
        "{\"__metadata__\":{\"k\":\"v\",\"k\":\"w\"}}",
        "{\"\\ud800\":{}}",
        "{\"\\u12\":{}}",
        "{\"\\x\":{}}",
        "{\"a\n\":{}}",
        "{'a':{}}",
        "{\"\xC0\x80\":{}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[01],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}",
        "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}"})
    EXPECT_NE(refusal(header, 4), "") << header;
  EXPECT_THAT(refusal("{\"a\":" + std::string(100000, '[')), HasSubstr("expected '{'"));
  std::string dims = "1";
  for (int i = 0; i < 100; ++i)
    dims += ",1";
  EXPECT_THAT(refusal("{" + entry("a", "U8", dims, "0,1") + "}", 1), HasSubstr("32 dimensions"));
}

TEST(Safetensors, EscapesInNames) {
  const Result<Safetensors> parsed = Safetensors::parse(
      "w", file("{" + entry("\\u00e9\\ud83d\\ude00\\/", "U8", "0", "0,0") + "}", 0));
  ASSERT_TRUE(parsed) << message(parsed);
  EXPECT_EQ(parsed->entries()[0].name, "é😀/");
}

// Cutting a file anywhere, or changing any byte of its header, ends in a message or success.
TEST(Safetensors, DamagedAnywhere) {
  const std::vector<uint8_t> whole =
      file("{\"__metadata__\":{\"k\":\"v\"}," + entry("a", "F32", "2", "0,8") + "}", 8);
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(
        Safetensors::parse("w", {whole.begin(), whole.begin() + static_cast<long>(length)}));
  for (size_t at = 0; at < whole.size(); ++at) {
    for (char value : {'\0', '"', '{', '}', '[', '9', '\\', '\xff'}) {
      std::vector<uint8_t> changed = whole;
      changed[at] = static_cast<uint8_t>(value);
      const Result<Safetensors> parsed = Safetensors::parse("w", changed);
      for (size_t i = 0; parsed && i < parsed->entries().size(); ++i)
        EXPECT_EQ(parsed->bytes(parsed->entries()[i]).size() % 4, 0u);
    }
  }
}

}  // namespace
}  // namespace linnet
