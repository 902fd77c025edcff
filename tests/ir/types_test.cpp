// Types, shapes and layouts as values and as text; attributes and what a double looks like.
#include "ir/attr.h"
#include "ir/type.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace linnet::ir {
namespace {

TEST(DTypes, HaveANameASizeAndAKind) {
  for (const DType dtype : {DType::kF32, DType::kF64, DType::kF16, DType::kBF16, DType::kI64,
                            DType::kI32, DType::kI8, DType::kU8, DType::kBool}) {
    EXPECT_EQ(dtype_from_name(name(dtype)), dtype);
    EXPECT_EQ(is_float(dtype) + is_integer(dtype) + (dtype == DType::kBool), 1) << name(dtype);
  }
  EXPECT_EQ(size_of(DType::kF64), 8);
  EXPECT_EQ(size_of(DType::kBF16), 2);
  EXPECT_EQ(size_of(DType::kBool), 1);
  EXPECT_FALSE(dtype_from_name("float").has_value());
}

TEST(Shapes, AreValidUpToARankAndASize) {
  EXPECT_TRUE(valid({}, DType::kF32));
  EXPECT_TRUE(valid({2, 0, 3}, DType::kF32));
  EXPECT_TRUE(valid(Shape(kMaxRank, 1), DType::kF32));
  EXPECT_FALSE(valid(Shape(kMaxRank + 1, 1), DType::kF32));
  EXPECT_FALSE(valid({-1}, DType::kF32));
  EXPECT_FALSE(valid({int64_t{1} << 62, 8}, DType::kF32));
  EXPECT_FALSE(valid({0, int64_t{1} << 62, int64_t{1} << 62}, DType::kF32)) << "its product";
  EXPECT_TRUE(valid({kMaxBytes / 4}, DType::kF32));
  EXPECT_FALSE(valid({kMaxBytes / 4 + 1}, DType::kF32));
}

TEST(Shapes, BroadcastAsNumpyDoes) {
  EXPECT_EQ(broadcast({2, 1, 3}, {4, 1}), (Shape{2, 4, 3}));
  EXPECT_EQ(broadcast({}, {2, 3}), (Shape{2, 3}));
  EXPECT_EQ(broadcast({1}, {0}), (Shape{0}));
  EXPECT_EQ(broadcast({2, 3}, {2}), std::nullopt);
  EXPECT_EQ(broadcast({3}, {2, 3}), (Shape{2, 3}));
}

TEST(Shapes, CountAndStride) {
  EXPECT_EQ(element_count({}), 1);
  EXPECT_EQ(element_count({2, 0}), 0);
  EXPECT_EQ(row_major_strides({2, 3, 4}), (std::vector<int64_t>{12, 4, 1}));
  EXPECT_EQ(to_string(Shape{2, 3}), "[2,3]");
}

TEST(Layouts, ReadBackAsTheyArePrinted) {
  for (const char* text : {"{nhwc}", "{chwn}", "{Nchw8n}", "{nChw16c}", "{nchw, c:8}",
                           "{nhwc, c:8, w:4}", "{nhwc, halo:0,1,0,1}", "{nchw, halo:1,2,3,4}",
                           "{Nchw8n, winograd:4}", "{nchw, winograd:2}"}) {
    const auto layout = layout_from_text(text, 4);
    ASSERT_TRUE(layout.has_value()) << text;
    EXPECT_EQ(to_string(*layout, 4), text);
  }
  EXPECT_EQ(to_string(Layout{}, 4), "");
}

TEST(Layouts, WrongTextsAreRefused) {
  for (const char* text : {"",
                           "{",
                           "nhwc",
                           "{nhw}",
                           "{nhwcc}",
                           "{nhww}",
                           "{nhwx}",
                           "{NChw8n}",
                           "{Nchw}",
                           "{Nchw8c}",
                           "{Nchw0n}",
                           "{Nchw9999999n}",
                           "{nchw, c}",
                           "{nchw, c:0}",
                           "{nchw, x:2}",
                           "{nchw8c}",
                           "{nhwc, halo:1,1,1}",
                           "{nhwc, halo:1,1,1,1,1}",
                           "{nhwc, halo:0,0,0,0}",
                           "{nhwc, halo:-1,1,1,1}",
                           "{nhwc, halo:1,1,1,1025}",
                           "{nChw8c, halo:1,1,1,1}",
                           "{nhwc, c:8, halo:1,1,1,1}",
                           "{nhwc, halo:1,1,1,1, c:8}",
                           "{nhcw, halo:1,1,1,1}",
                           "{Nchw8n, winograd:3}",
                           "{Nchw8n, winograd}",
                           "{Nchw8n, winograd:4, c:8}",
                           "{nchw, halo:1,1,1,1, winograd:4}",
                           "{nhwc, halo}"})
    EXPECT_FALSE(layout_from_text(text, 4).has_value()) << text;
  EXPECT_FALSE(layout_from_text("{c}", kMaxRank + 1).has_value());
  EXPECT_FALSE(layout_from_text("{ncw, halo:1,1,1,1}", 3).has_value());
  EXPECT_FALSE(layout_from_text("{ncw, winograd:4}", 3).has_value());
}

// [2, 5, 3, 4] with blocks of 8 channels: 5 channels take the room of 8.
TEST(Layouts, SayWhereAnElementLies) {
  Type type{DType::kF32, {2, 5, 3, 4}, *layout_from_text("{nChw8c}", 4)};
  EXPECT_EQ(type.stored_extent(1), 8);
  EXPECT_EQ(type.stored_strides(), (std::vector<int64_t>{96, 96, 32, 8}));
  EXPECT_EQ(type.stored_bytes(), 2 * 8 * 3 * 4 * 4);
  type.layout = *layout_from_text("{nhwc}", 4);
  EXPECT_EQ(type.stored_strides(), (std::vector<int64_t>{60, 1, 20, 5}));
  type.layout = *layout_from_text("{nchw, w:8}", 4);
  EXPECT_EQ(type.stored_extent(3), 8);
  EXPECT_EQ(type.stored_bytes(), 2 * 5 * 3 * 8 * 4);
  EXPECT_EQ(to_string(type), "f32[2,5,3,4]{nchw, w:8}");
  EXPECT_TRUE(type.same_logical({DType::kF32, {2, 5, 3, 4}, {}}));
  // 6 outputs in two blocks of 4; 36 points instead of 9 taps.
  const Type weight{DType::kF32, {6, 5, 3, 3}, *layout_from_text("{Nchw4n, winograd:4}", 4)};
  EXPECT_EQ(weight.stored_bytes(), 8 * 5 * 36 * 4);
  EXPECT_FALSE(weight.layout.is_row_major());
}

// [2, 5, 3, 4] with a row of zeros above, two columns of them left and one right.
TEST(Layouts, HaveAHaloAroundThePictures) {
  Type type{DType::kF32, {2, 5, 3, 4}, *layout_from_text("{nhwc, halo:1,2,0,1}", 4)};
  EXPECT_EQ(type.stored_extent(3), 4);
  EXPECT_EQ(type.stored_strides(), (std::vector<int64_t>{4 * 7 * 5, 1, 7 * 5, 5}));
  EXPECT_EQ(type.stored_bytes(), 2 * 4 * 7 * 5 * 4);
  EXPECT_EQ(type.first_stored(), 7 * 5 + 2 * 5);
  type.layout = *layout_from_text("{nchw, halo:1,2,0,1}", 4);
  EXPECT_EQ(type.stored_strides(), (std::vector<int64_t>{5 * 4 * 7, 4 * 7, 7, 1}));
  EXPECT_EQ(type.first_stored(), 7 + 2);
  EXPECT_FALSE(type.layout.is_row_major());
  EXPECT_EQ(type.layout.without_halo(), Layout{});
  EXPECT_EQ(type.layout, *layout_from_text("{nchw, halo:1,2,0,1}", 4));
}

TEST(Attributes, ShowWhatTheyAre) {
  EXPECT_EQ(to_string(Attr(int64_t{3})), "3");
  EXPECT_EQ(to_string(Attr(3.0)), "3.0");
  EXPECT_EQ(to_string(Attr(1e30)), "1e+30");
  EXPECT_EQ(to_string(Attr(std::numeric_limits<double>::infinity())), "inf");
  EXPECT_EQ(to_string(Attr(true)), "true");
  EXPECT_EQ(to_string(Attr(std::string("a\"b\\\n"))), "\"a\\\"b\\\\\\x0a\"");
  EXPECT_EQ(to_string(Attr(DType::kBF16)), "bf16");
  EXPECT_EQ(to_string(Attr(Enum{"tanh"})), "tanh");
  EXPECT_EQ(to_string(Attr(Ints{1, -2})), "[1, -2]");
  EXPECT_EQ(to_string(Attr(Doubles{1, 0.5})), "[1.0, 0.5]");
  EXPECT_EQ(to_string(Attr(Strings{"a", "b"})), "[\"a\", \"b\"]");
}

TEST(Attributes, AreOrderedByNameWhateverTheOrderTheyAreSetIn) {
  Attrs a, b;
  a.set("stride", Ints{1});
  a.set("padding", int64_t{2});
  a.set("bias", true);
  b.set("bias", true);
  b.set("padding", int64_t{1});
  b.set("stride", Ints{1});
  EXPECT_FALSE(a == b);
  b.set("padding", int64_t{2});
  EXPECT_TRUE(a == b);
  EXPECT_EQ(a.begin()->first, "bias");
  a.erase("padding");
  EXPECT_EQ(a.find("padding"), nullptr);
  a.erase("padding");
  EXPECT_NE(a.find("stride"), nullptr);
  EXPECT_EQ(a.get_or(Key<double>{"eps"}, 0.5), 0.5);
  EXPECT_EQ(a.get(Key<bool>{"bias"}), true);
}

}  // namespace
}  // namespace linnet::ir
