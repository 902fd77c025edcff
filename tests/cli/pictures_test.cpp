// What an executable makes of folders of pictures and of IDX files.
#include "tests/cli/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace linnet {
namespace {

using testing::HasSubstr;

constexpr const char* kLenet =
    "compile $S/models/lenet.lin --weights $S/models/data/lenet.safetensors -o lenet";

// A 3 that lies among the 8s is the one mistake.
TEST_F(Command, FoldersOfClassesGiveTheAccuracy) {
  ASSERT_EQ(linnet(kLenet), 0) << err_;
  ASSERT_EQ(run("D=$S/models/data/digits; mkdir -p in/3 in/8 in/.cache && cp $D/3.png in/3 && "
                "cp $D/8.png in/8 && cp $D/3.png in/8/wrong.png"),
            0);
  EXPECT_EQ(run("./lenet in"), 0) << err_;
  EXPECT_EQ(out_, "2 of 3 right, accuracy 66.67 %\n");
  EXPECT_EQ(run("./lenet --json in"), 0) << err_;
  EXPECT_EQ(out_, "{\"n\":3,\"correct\":2,\"accuracy\":0.666667}\n");
  // A folder that is no class beside those that are.
  ASSERT_EQ(run("mkdir in/eleven"), 0);
  EXPECT_EQ(run("./lenet in"), 1);
  EXPECT_EQ(out_, "");
  EXPECT_THAT(err_, HasSubstr("no label is called 'eleven'"));
}

TEST_F(Command, FoldersThatAreNoClassesAreAnsweredPictureByPicture) {
  ASSERT_EQ(linnet(kLenet), 0) << err_;
  ASSERT_EQ(run("D=$S/models/data/digits; mkdir -p in/monday in/friday && cp $D/3.png in/monday && "
                "cp $D/8.png in/friday && cp $D/1.png in"),
            0);
  EXPECT_EQ(run("./lenet in"), 0) << err_;
  EXPECT_EQ(out_, "in/1.png         1   99.1 %\nin/friday/8.png  8  100.0 %\n"
                  "in/monday/3.png  3  100.0 %\n");
}

TEST_F(Command, FoldersWithoutPicturesAreErrors) {
  ASSERT_EQ(linnet(kLenet), 0) << err_;
  ASSERT_EQ(run("mkdir -p none other/sub named/3 && touch other/sub/x.gif"), 0);
  for (const char* folder : {"none", "other"}) {
    EXPECT_EQ(run(std::string("./lenet ") + folder), 1);
    EXPECT_EQ(out_, "");
    EXPECT_EQ(err_, std::string("error: ") + folder +
                        ": no picture to look at: neither a .png, .jpg or .jpeg in it or in its "
                        "folders, nor a folder called like a label (labels: '0', '1', '2', '3', "
                        "'4', '5', … (10 in all))\n");
  }
  EXPECT_EQ(run("./lenet named"), 1);
  EXPECT_THAT(err_, HasSubstr("no .png, .jpg or .jpeg is in its folders called like labels"));
}

// A label that the model has no class for is no wrong answer, but a wrong file.
TEST_F(Command, LabelsOutOfRangeAreErrors) {
  ASSERT_EQ(linnet(kLenet), 0) << err_;
  ASSERT_EQ(run("D=$S/models/data/digits; cp $D/t10k-* . && "
                "printf '\\013' | dd of=t10k-labels-idx1-ubyte bs=1 seek=12 conv=notrunc"),
            0);
  EXPECT_EQ(run("./lenet t10k-images-idx3-ubyte"), 1);
  EXPECT_THAT(err_, HasSubstr("sample 4 has label 11, but the model has 10 classes"));
}

TEST_F(Command, ExecutablesOfF64ReadWhatThoseOfF32Read) {
  ASSERT_EQ(linnet(std::string(kLenet) + " --dtype f64"), 0) << err_;
  EXPECT_EQ(run("./lenet $S/models/data/digits/t10k-images-idx3-ubyte"), 0) << err_;
  EXPECT_EQ(out_, "357 of 360 right, accuracy 99.17 %\n");
  ASSERT_EQ(linnet("compile $S/models/ar.lin --set p=9 --weights "
                   "$S/models/data/ar9_sunspots.safetensors --dtype f64 -o ar"),
            0);
  EXPECT_EQ(run("./ar $S/models/data/sunspots.csv --steps 1"), 0);
  EXPECT_THAT(out_, HasSubstr("2009  26.57"));
}

// Columns that an output declares each have their own scale, and a JSON key is there once.
TEST_F(Command, OutputsOfSeveralColumnsKeepTheirOwnScales) {
  write("two.lin", R"(model two(x: f32[N, 2]) -> (y: f32[N, 2], z: f32[N, 3]) {
  (x * 1, concat(x, sum(x, dim: 1, keepdim: true), dim: 1))
}
data two {
  x: table(columns: ["a", "b"], scale: raw)
  y: table(columns: ["c", "d"], scale: standard, mean: [100, 200], std: [1, 10])
}
)");
  write("rows.csv", "a,b\n1,2\n-1,0\n");
  ASSERT_EQ(linnet("compile two.lin -o two"), 0) << err_;
  ASSERT_EQ(run("./two rows.csv"), 0) << err_;
  EXPECT_EQ(out_, "1  101  220  z 1 2 3\n2  99  200  z -1 0 -1\n");
  ASSERT_EQ(run("./two rows.csv --json"), 0) << err_;
  EXPECT_EQ(out_, "{\"file\":\"rows.csv\",\"row\":1,\"c\":101,\"d\":220,\"z\":[1,2,3]}\n"
                  "{\"file\":\"rows.csv\",\"row\":2,\"c\":99,\"d\":200,\"z\":[-1,0,-1]}\n");
}

}  // namespace
}  // namespace linnet
