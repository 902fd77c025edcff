#include "base/io/npy.h"

#include "tests/base/files.h"

namespace linnet {
namespace {

using testing::HasSubstr;

std::vector<uint8_t> npy(const std::string& dictionary, const std::string& data, int version = 1) {
  std::string text("\x93NUMPY", 6);
  text += static_cast<char>(version);
  text += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    text += static_cast<char>(dictionary.size() >> (8 * i) & 0xff);
  return bytes_of_text(text + dictionary + data);
}

std::string refusal(const std::string& dictionary, const std::string& data = "") {
  return message(parse_npy("x.npy", npy(dictionary, data)));
}

TEST(Npy, EveryTypeReadsBack) {
  TestFolder folder;
  for (int i = 0; i < kDTypes; ++i) {
    const auto dtype = dtype_of_abi(i);
    if (dtype == DType::kBF16) continue;
    for (const std::vector<int64_t>& shape :
         {std::vector<int64_t>{}, {3}, {2, 3}, {0, 4}, {1, 2, 3, 4}}) {
      Tensor tensor = make_tensor(dtype, shape);
      for (size_t k = 0; k < tensor.data.size(); ++k)
        tensor.data[k] = static_cast<uint8_t>(k * 7);
      ASSERT_TRUE(write_npy(folder / "t.npy", tensor));
      const Result<Tensor> back = read_npy(folder / "t.npy");
      ASSERT_TRUE(back) << message(back);
      EXPECT_EQ(back->dtype, dtype);
      EXPECT_EQ(back->shape, shape);
      EXPECT_EQ(back->data, tensor.data);
    }
  }
}

TEST(Npy, DataBeginsAtAMultipleOf64) {
  EXPECT_EQ(npy_header(DType::kF32, std::vector<int64_t>{1, 10}).size() % 64, 0u);
  EXPECT_EQ(npy_header(DType::kF32, {}).size() % 64, 0u);
  EXPECT_THAT(npy_header(DType::kF32, std::vector<int64_t>{5}), HasSubstr("'shape': (5,), }"));
}

TEST(Npy, BrainFloatsAreWrittenAsF32) {
  TestFolder folder;
  Tensor tensor = make_tensor(DType::kBF16, {1});
  tensor.as<uint16_t>()[0] = 0x3f80;
  ASSERT_TRUE(write_npy(folder / "b.npy", tensor));
  EXPECT_EQ(read_npy(folder / "b.npy")->as<float>()[0], 1.0f);
}

TEST(Npy, Versions2And3AndOddSpellings) {
  const std::string header = "{\"shape\":(2L,),'fortran_order':False ,'descr':'<u1'}";
  for (int version : {1, 2, 3}) {
    const Result<Tensor> tensor = parse_npy("x", npy(header, "ab", version));
    ASSERT_TRUE(tensor) << message(tensor);
    EXPECT_EQ(tensor->data, bytes_of_text("ab"));
  }
}

TEST(Npy, ReadsWhatNumpyWrote) {
  const Result<Tensor> logits = read_npy(data_path("lenet_test_logits.npy"));
  ASSERT_TRUE(logits) << message(logits);
  EXPECT_EQ(logits->dtype, DType::kF32);
  EXPECT_EQ(logits->shape, (std::vector<int64_t>{360, 10}));
}

TEST(Npy, Refusals) {
  const std::string tail = ", 'shape': (2,), }";
  EXPECT_THAT(refusal("{'descr': '<f4', 'fortran_order': True" + tail, "12345678"),
              HasSubstr("numpy.ascontiguousarray"));
  EXPECT_THAT(refusal("{'descr': '>f4', 'fortran_order': False" + tail, "12345678"),
              HasSubstr("big-endian"));
  EXPECT_THAT(refusal("{'descr': '<c8', 'fortran_order': False" + tail), HasSubstr("type <c8"));
  EXPECT_THAT(refusal("{'descr': '|O', 'fortran_order': False" + tail), HasSubstr("type |O"));
  EXPECT_THAT(refusal("{'descr': [('a', '<f4')], 'fortran_order': False" + tail),
              HasSubstr("x.npy"));
  EXPECT_THAT(refusal("{'descr': '<f4', 'fortran_order': False" + tail, "1234567"),
              HasSubstr("takes 8 bytes, the file holds 7"));
  EXPECT_THAT(refusal("{'descr': '<f4', 'fortran_order': False" + tail, "123456789"),
              HasSubstr("takes 8 bytes, the file holds 9"));
  EXPECT_THAT(refusal("{'descr': '<f8', 'fortran_order': False, 'shape': "
                      "(4294967296, 4294967296), }"),
              HasSubstr("impossible shape"));
  EXPECT_THAT(refusal("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
              HasSubstr("impossible shape"));
}

TEST(Npy, DamagedHeaders) {
  EXPECT_THAT(message(parse_npy("x", {})), HasSubstr("not an .npy"));
  EXPECT_THAT(message(parse_npy("x", bytes_of_text("PK\x03\x04 zip"))), HasSubstr("numpy.save"));
  for (const char* header :
       {"", "{", "{'descr'", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}"})
    EXPECT_THAT(refusal(header, "1234"), HasSubstr("header cannot be read")) << header;
  std::vector<uint8_t> whole = npy("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "1234");
  ASSERT_TRUE(parse_npy("x", whole));
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(parse_npy("x", std::span(whole).first(length))) << length;
  whole[6] = 4;
  EXPECT_THAT(message(parse_npy("x", whole)), HasSubstr("version 4.0"));
}

}  // namespace
}  // namespace linnet
