// Samples that are read when they are needed: the same bits as in memory, bounded memory, and files
// that change meanwhile.
#include "tests/training/training.h"

#include "base/io/npy.h"
#include "base/philox.h"

#include <gmock/gmock.h>

#include <cstring>
#include <vector>

namespace linnet {
namespace {

using testing::HasSubstr;

class Streaming : public Training {
protected:
  static double number(uint32_t stream, int64_t i) {
    return philox_uniform_f64(1, stream, 0, static_cast<uint64_t>(i));
  }
  void arrays(const std::string& name, DType dtype, std::vector<int64_t> shape, double scale) {
    Tensor tensor = make_tensor(dtype, std::move(shape));
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      const double value = number(1, i) * scale;
      convert(DType::kF64, &value, dtype, tensor.data.data() + i * size_of(dtype), 1);
    }
    ASSERT_TRUE(write_npy(folder_ + "/" + name, tensor));
  }
  // Trains with samples in memory and without: products, states and logs are equal.
  void expect_same_bits(const std::string& data, const std::string& more = "") {
    const std::string train = "train m.lin --data " + data + " --json --quiet " + more;
    ASSERT_EQ(linnet(train + " -o a --log-steps a.csv"), 0) << err_;
    const std::string held = out_;
    ASSERT_EQ(linnet(train + " -o b --log-steps b.csv --data-memory 1"), 0) << err_;
    EXPECT_EQ(held.substr(held.find("\"train\"")), out_.substr(out_.find("\"train\"")));
    EXPECT_EQ(text("a"), text("b"));
    EXPECT_EQ(text("a.ckpt"), text("b.ckpt"));
    EXPECT_EQ(text("a.csv"), text("b.csv"));
    EXPECT_NE(text("a"), "");
  }
  // Of two classes, of pictures.
  void picture_model(const std::string& train) {
    write("m.lin",
          "model m(x: f32[N, 1, 8, 8]) -> kind: f32[N, 10] {\n  layer fc = linear(10)\n"
          "  x |> flatten |> fc\n}\ndata m {\n  x: image(color: gray, scale: 1/255, mean: 0.2)\n"
          "  kind: classes(labels: 0..9)\n}\n"
          "train m { loss: cross_entropy; optimizer: sgd(lr: 0.1); " +
              train + " }\n");
  }
};

TEST_F(Streaming, PicturesOfArrays) {
  run("mkdir d");
  arrays("d/x.npy", DType::kU8, {5000, 12, 10}, 255);
  arrays("d/kind.npy", DType::kU8, {5000}, 10);
  picture_model("batch: 32; epochs: 2; validation: 0.2");
  expect_same_bits("d");
  expect_same_bits("d", "--data-order file --dtype f64");
  picture_model("batch: 32; epochs: 2; validation: 0.2; shards: 4");
  expect_same_bits("d", "--threads 2");
  // Broken off and gone on with, in the other way each time.
  const std::string flags = "train m.lin --data d --quiet -o c ";
  ASSERT_EQ(linnet(flags + "--steps 100"), 0) << err_;
  const std::string whole = text("c");
  ASSERT_EQ(linnet(flags + "--steps 37 --data-memory 1"), 0) << err_;
  ASSERT_EQ(linnet(flags + "--steps 100 --resume c"), 0) << err_;
  EXPECT_EQ(text("c"), whole);
}

TEST_F(Streaming, PicturesOfMnist) {
  picture_model("batch: 32; epochs: 2; validation: 0.2");
  constexpr int64_t kCount = 6000;
  std::string pictures = {0, 0, 8, 3, 0, 0, kCount >> 8, kCount & 255, 0, 0, 0, 8, 0, 0, 0, 8};
  std::string labels = {0, 0, 8, 1, 0, 0, kCount >> 8, kCount & 255};
  for (int64_t i = 0; i < kCount * 64; ++i)
    pictures += static_cast<char>(number(1, i) * 256);
  for (int64_t i = 0; i < kCount; ++i)
    labels += static_cast<char>(i % 10);
  run("mkdir d");
  write("d/train-images-idx3-ubyte", pictures);
  write("d/train-labels-idx1-ubyte", labels);
  expect_same_bits("d");
  // Headers that are not true, or lie about sizes whose product is.
  const auto refused = [&](const std::string& header) {
    write("d/train-images-idx3-ubyte", header);
    EXPECT_EQ(linnet("train m.lin --data d"), 1);
    return err_;
  };
  pictures[4] = 1;
  EXPECT_THAT(refused(pictures), HasSubstr("the IDX header says [16783216, 8, 8], the file holds "
                                           "384000 bytes of data"));
  EXPECT_THAT(refused({0, 0, 8, 3, 127, 0, 0, 0, 0, 0, 0, 0, 127, 0, 0, 0}),
              HasSubstr("pictures of 2130706432 x 0 pixels; 1 to 67 million can be read"));
  EXPECT_THAT(
      refused({0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0}),
      HasSubstr("pictures of 7 channels; 1 to 4 can be read"));
}

TEST_F(Streaming, PicturesInFolders) {
  write("m.lin", "model m(x: f32[N, 1, 160, 160]) -> kind: f32[N, 2] {\n  layer fc = linear(2)\n"
                 "  x |> flatten |> fc\n}\ndata m {\n  x: image(color: gray, scale: 1/255)\n"
                 "  kind: classes(labels: [\"red\", \"blue\"])\n}\n"
                 "train m { loss: cross_entropy; batch: 4; epochs: 2; optimizer: sgd(lr: 0.01); "
                 "validation: 0.2 }\n");
  run("mkdir -p d/red d/blue; for i in 0 1 2 3 4 5 6 7; do cp $S/models/data/digits/$i.png d/red; "
      "cp $S/models/data/digits/$i.png d/blue; done");
  expect_same_bits("d");
  // A picture of many that cannot be decoded is met when it is needed.
  write("d/red/3.png", "no picture");
  EXPECT_EQ(linnet("train m.lin --data d --quiet --data-memory 1 -o w"), 1);
  EXPECT_THAT(err_, HasSubstr("d/red/3.png: neither a PNG nor a JPEG picture"));
  EXPECT_FALSE(exists("w"));
}

TEST_F(Streaming, TablesAndTheirScales) {
  write("m.lin", "model m(x: f32[N, 2], size: f32[N, 3]) -> (y: f32[N, 1], kind: f32[N, 2]) {\n"
                 "  layer a = linear(1)\n  layer b = linear(2)\n  (a(x), b(size))\n}\n"
                 "data m {\n  x: table(columns: [\"u\", \"v\"], scale: standard)\n"
                 "  size: onehot(\"size\", categories: [\"s\", \"m\", \"l\"])\n"
                 "  y: value(\"y\")\n  kind: classes(labels: [\"no\", \"yes\"])\n}\n"
                 "train m { loss: mse(y) + cross_entropy(kind); batch: 64; epochs: 2; validation: "
                 "0.1; optimizer: adam(lr: 0.01) }\n");
  std::string csv = "u,size,v,kind,y\n";
  for (int64_t i = 0; i < 50'000; ++i) {
    const double u = number(1, i), v = 100 * number(2, i);
    csv += std::to_string(u) + (i % 3 ? ",s," : ",\"m\",") + std::to_string(v) +
           (u > 0.5 ? ",yes," : ",no,") + std::to_string(u + v) + "\n";
    if (i % 1000 == 0) csv += "\n";
  }
  write("d.csv", csv);
  expect_same_bits("d.csv");
  // A fault is found before training, wherever it is.
  write("d.csv", csv + "1,s,1,yes,many\n");
  for (const char* memory : {"1", "1000"}) {
    EXPECT_EQ(linnet(std::string("train m.lin --data d.csv -o w --data-memory ") + memory), 1);
    EXPECT_THAT(err_, HasSubstr("d.csv: row 50052, column 5 (y): \"many\" is not a number"));
    EXPECT_FALSE(exists("w.ckpt"));
  }
}

TEST_F(Streaming, Series) {
  write("m.lin", "model m(x: f32[N, 64]) -> next: f32[N, 1] {\n  layer a = linear(1)\n  a(x)\n}\n"
                 "data m {\n  x: series(column: \"x\", scale: standard)\n  next: ahead(x)\n}\n"
                 "train m { loss: mse; batch: 64; epochs: 2; validation: 0.1; optimizer: sgd(lr: "
                 "0.01) }\n");
  std::string csv = "x\n";
  for (int64_t i = 0; i < 10'000; ++i)
    csv += std::to_string(number(1, i)) + "\n";
  write("d.csv", csv);
  expect_same_bits("d.csv");
}

// ---- memory, and files that change

class LargeArrays : public Streaming {
protected:
  // A gigabyte of zeros that takes no room on the disk: 1,000 samples of a mebibyte.
  void SetUp() override {
    Streaming::SetUp();
    run("mkdir d");
    write("m.lin",
          "model m(x: f32[N, 262144]) -> y: f32[N, 1] {\n  layer a = linear(1)\n  a(x)\n}\n"
          "train m { loss: mse; batch: 4; epochs: 1; validation: 0.1; optimizer: sgd(lr: "
          "0.1) }\n");
    const std::vector<int64_t> shape{1000, 262144};
    const std::string header = npy_header(DType::kF32, shape);
    write("d/x.npy", header);
    run("truncate -s " + std::to_string(static_cast<int64_t>(header.size()) + (1000LL << 20)) +
        " d/x.npy");
    arrays("d/y.npy", DType::kF32, {1000, 1}, 1);
    ASSERT_EQ(linnet("train m.lin --emit exe -o t"), 0) << err_;
  }
};

TEST_F(LargeArrays, TrainInAFractionOfTheirSize) {
  ASSERT_EQ(run("ulimit -v 150000; ./t --data d --json --quiet"), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"train\":{\"n\":900,"));
  EXPECT_NE(run("ulimit -v 150000; ./t --data d --quiet --data-memory 2000"), 0);
}

// Whatever it is that the loop reads, it ends with the file's name, and the checkpoint is good.
TEST_F(LargeArrays, CutOffWhileTraining) {
  ASSERT_EQ(
      run("cp --sparse=always -r d e; cp -p e/x.npy x.npy; "
          "{ timeout 300 ./t --data e --quiet --steps 100000000 2> err; echo $?; } > status & "
          "while [ ! -e m.safetensors.ckpt ]; do sleep 0.05; done; "
          "truncate -s 100M e/x.npy; wait"),
      0)
      << err_;
  EXPECT_EQ(text("status"), "1\n");
  EXPECT_THAT(text("err"), HasSubstr("error: e/x.npy: was changed while it was in use: it had "));
  EXPECT_FALSE(exists("m.safetensors"));
  // Headers that claim more than there is are refused as ever.
  EXPECT_EQ(run("./t --data e"), 1);
  EXPECT_THAT(err_, HasSubstr("e/x.npy: [1000, 262144] of f32 takes 1048576000 bytes, the file "
                              "holds "));
}

}  // namespace
}  // namespace linnet
