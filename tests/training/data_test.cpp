// What training reads: classes by name, pictures as targets, and data that do not fit.
#include "tests/training/training.h"

#include "base/io/image.h"

#include <gmock/gmock.h>

namespace linnet {
namespace {

using testing::HasSubstr;
using testing::Not;

class TrainingData : public Training {
protected:
  // A model of two classes that trains in milliseconds.
  void two_classes(const std::string& labels) {
    write("cc.lin",
          "model cc(image: f32[N, 1, 4, 4]) -> kind: f32[N, 2] {\n  layer fc = linear(2)\n"
          "  image |> flatten |> fc\n}\n"
          "data cc {\n  image: image(color: gray, scale: 1/255)\n  kind: classes(labels: [" +
              labels +
              "])\n}\ntrain cc { loss: cross_entropy; batch: 2; epochs: 1; optimizer: sgd(lr: 0.1) "
              "}\n");
  }
  // So many pictures in a folder.
  void pictures(const std::string& folder, int count) {
    run("mkdir -p " + folder);
    for (int i = 0; i < count; ++i)
      run("cp $S/models/data/digits/" + std::to_string(i) + ".png " + folder + "/");
  }
  const std::string train_ = "train cc.lin --data p -o w.safetensors ";
};

TEST_F(TrainingData, UnknownAndMissingClassesAreErrors) {
  two_classes("\"red\", \"blue\"");
  pictures("p/red", 2);
  pictures("p/green", 2);
  EXPECT_EQ(linnet(train_), 1);
  EXPECT_THAT(err_, HasSubstr("p: the folders are not the model's classes: no label is called "
                              "'green'; there is no folder 'blue' (labels: 'red', 'blue'; folders: "
                              "'green', 'red'); rename the folders"));
  EXPECT_FALSE(exists("w.safetensors"));
  run("mv p/green p/blue && mkdir p/grey");
  EXPECT_EQ(linnet(train_), 1);
  EXPECT_THAT(err_, HasSubstr("no label is called 'grey' (labels:"));
  run("rmdir p/grey && mkdir -p p/.cache");
  pictures("p/test/red", 1);
  EXPECT_EQ(linnet(train_), 0) << err_;
  run("mv p/blue away");
  EXPECT_EQ(linnet(train_), 1);
  EXPECT_THAT(err_, HasSubstr("there is no folder 'blue' (labels:"));
  run("mkdir p/blue");
  EXPECT_EQ(linnet(train_), 1);
  EXPECT_THAT(err_, HasSubstr("p/blue: no PNG or JPEG picture is in this folder"));
  run("rm -r p/blue p/red");
  EXPECT_EQ(linnet(train_), 1);
  EXPECT_THAT(err_, HasSubstr("there is no folder 'red', 'blue' (labels: 'red', 'blue'; folders: "
                              "none)"));
}

// Those of the test part may be fewer, but not others.
TEST_F(TrainingData, TestFoldersAreClassesToo) {
  two_classes("\"red\", \"blue\"");
  for (const char* folder : {"p/train/red", "p/train/blue", "p/test/red"})
    pictures(folder, 2);
  ASSERT_EQ(linnet(train_), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("note: no test sample is of the class 'blue'\n"));
  pictures("p/test/purple", 1);
  EXPECT_EQ(linnet(train_), 1);
  EXPECT_THAT(err_, HasSubstr("p/test: the folders are not the model's classes: no label is called "
                              "'purple'"));
}

TEST_F(TrainingData, LabelsOutOfRangeAreErrors) {
  write("m.lin", "model m(x: f32[N, 1]) -> kind: f32[N, 2] {\n  layer fc = linear(2)\n  fc(x)\n}\n"
                 "data m {\n  x: table(columns: [\"x\"], scale: raw)\n"
                 "  kind: classes(labels: [\"red\", \"blue\"])\n}\n"
                 "train m { loss: cross_entropy; batch: 2; epochs: 1; optimizer: sgd(lr: 0.1) }\n");
  write("d.csv", "x,kind\n1,red\n2,green\n");
  EXPECT_EQ(linnet("train m.lin --data d.csv"), 1);
  EXPECT_THAT(err_, HasSubstr("d.csv: row 3, column 2 (kind): 'green' is none of the 2 classes "
                              "('red', 'blue')"));
  write("d.csv", "x,kind\n1,red\n2,red\n");
  ASSERT_EQ(linnet("train m.lin --data d.csv"), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("note: no training sample is of the class 'blue'"));
  // Digits have ten labels.
  two_classes("\"zero\", \"one\"");
  EXPECT_EQ(linnet("train cc.lin --data $S/models/data/digits"), 1);
  EXPECT_THAT(err_, HasSubstr("train-labels-idx1-ubyte: sample "));
  EXPECT_THAT(err_, HasSubstr("but the model has 2 classes: 0 to 1 ('zero', 'one')"));
}

// An autoencoder: every picture is its own target, wherever in the folder it lies.
TEST_F(TrainingData, APictureIsATarget) {
  const std::string pair =
      "data m {\n  noisy: image(color: gray, scale: 1/255)\n"
      "  clean: image(color: gray, scale: 1/255)\n}\n"
      "train m { loss: mse; batch: 2; epochs: 30; optimizer: adam(lr: 0.02) }\n";
  write("m.lin", "model m(noisy: f32[N, 1, 8, 8]) -> clean: f32[N, 16] {\n  layer fc = linear(16)\n"
                 "  noisy |> flatten |> fc\n}\n" +
                     pair);
  pictures("p/a", 2);
  pictures("p", 4);
  ASSERT_EQ(linnet("train m.lin --data p --json --quiet"), 0) << err_;
  const std::string six = "\"train\":{\"n\":6,\"loss\":";
  ASSERT_THAT(out_, HasSubstr(six));
  EXPECT_LT(std::atof(out_.c_str() + out_.find(six) + six.size()), 0.01) << out_;
  EXPECT_THAT(out_, Not(HasSubstr("accuracy")));
  // Two folders called like input and output hold pairs.
  pictures("q/train/noisy", 3);
  EXPECT_EQ(linnet("train m.lin --data q"), 1);
  EXPECT_THAT(err_, HasSubstr("q/train: there is a folder 'noisy' and none 'clean'"));
  pictures("q/train/clean", 4);
  EXPECT_EQ(linnet("train m.lin --data q"), 1);
  EXPECT_THAT(err_, HasSubstr("q/train/clean/3.png: there is no picture of this name in "
                              "q/train/noisy"));
  run("rm q/train/clean/3.png; cp q/train/noisy/0.png q/train/clean/1.png");
  run("cp q/train/noisy/0.png q/train/clean/2.png");
  ASSERT_EQ(linnet("train m.lin --data q --json --quiet --batch 3 --epochs 300"), 0) << err_;
  // One clean picture for all: a bias learns it.
  EXPECT_THAT(out_, HasSubstr("\"train\":{\"n\":3,\"loss\":"));
}

}  // namespace
}  // namespace linnet
