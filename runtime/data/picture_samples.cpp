// Reads MNIST's files, folders of pictures by class, and pairs of pictures.

#include "base/io/file.h"
#include "base/io/idx.h"
#include "runtime/data/labels.h"
#include "runtime/data/picture.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"

#include <algorithm>
#include <cstring>

namespace linnet::runtime::train {
namespace {

// Pictures of an IDX file; their labels, one byte each, are in memory.
class IdxPictures final : public Source {
public:
  static Result<std::shared_ptr<IdxPictures>> open(const std::string& path,
                                                   const linnet_trainer_v1& trainer) {
    LINNET_TRY_ASSIGN(auto file, DataFile::open(path));
    LINNET_TRY_ASSIGN(const auto& layout, idx_layout(file));
    const std::vector<int64_t>& shape = layout.shape;
    if (shape.size() != 3 && shape.size() != 4)
      return fail("%s: pictures are expected, not rank %zu", path.c_str(), shape.size());
    LINNET_TRY(check_picture_size(path, shape[1], shape[2]));
    const int64_t channels = shape.size() > 3 ? shape[3] : 1;
    if (channels < 1 || channels > 4)
      return fail("%s: pictures of %lld channels; 1 to 4 can be read", path.c_str(),
                  static_cast<long long>(channels));
    auto pictures = std::make_shared<IdxPictures>(std::move(file), trainer);
    pictures->begin_ = layout.begin;
    pictures->count_ = shape[0];
    pictures->height_ = static_cast<int>(shape[1]);
    pictures->width_ = static_cast<int>(shape[2]);
    pictures->channels_ = static_cast<int>(channels);
    return pictures;
  }
  IdxPictures(DataFile file, const linnet_trainer_v1& trainer)
      : file_(std::move(file)), ports_{trainer.inputs, nullptr} {
    if (trainer.target_count > 0) ports_[1] = trainer.targets;
  }

  [[nodiscard]] int64_t count() const { return count_; }
  Result<void> read_labels(const std::string& path) {
    LINNET_TRY_ASSIGN(labels_, read_idx_labels(path, file_.path(), count_, *ports_[1]->classes));
    return {};
  }

  Result<void> fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const override {
    if (!labels_.empty() && to.size() > 1 && to[1]) {
      for (size_t i = 0; i < which.size(); ++i) {
        const int64_t label = labels_[static_cast<size_t>(which[i])];
        std::memcpy(to[1] + i * sizeof label, &label, sizeof label);
      }
    }
    std::vector<PictureDecoder> decoders;
    for (size_t i = 0; i < to.size(); ++i) {
      if (to[i] && ports_[i]->image)
        decoders.emplace_back(*ports_[i], dtype_of_abi(ports_[i]->dtype), to[i]);
    }
    if (decoders.empty()) return {};
    const int64_t bytes = int64_t{height_} * width_ * channels_;
    std::vector<uint8_t> read;
    for (size_t at = 0; at < which.size();) {
      const int64_t run = run_from(which, at, std::max<int64_t>(kReadBytes / bytes, 1));
      read.resize(std::max(read.size(), static_cast<size_t>(run * bytes)));
      LINNET_TRY(file_.read(begin_ + which[at] * bytes,
                            std::span(read).first(static_cast<size_t>(run * bytes))));
      for (int64_t i = 0; i < run; ++i) {
        for (PictureDecoder& decoder : decoders)
          decoder.pixels(static_cast<int64_t>(at) + i, read.data() + i * bytes, height_, width_,
                         channels_);
      }
      at += static_cast<size_t>(run);
    }
    return file_.check_unchanged();
  }
  void expect(int64_t first, int64_t count) const override {
    const int64_t bytes = int64_t{height_} * width_ * channels_;
    file_.expect(begin_ + first * bytes, count * bytes);
  }
  bool may_be_wrong(size_t port) const override {
    return ports_[port]->image && !pixels_are_finite(*ports_[port]->image);
  }
  bool in_a_row() const override { return true; }

private:
  DataFile file_;
  const linnet_port_v1* ports_[2];  // input and target
  int64_t begin_ = 0, count_ = 0;
  int height_ = 0, width_ = 0, channels_ = 0;
  std::vector<uint8_t> labels_;
};

// Pictures in files of their own, and what they are to become: pictures too, or classes.
class PictureFiles final : public Source {
public:
  PictureFiles(const linnet_trainer_v1& trainer, std::vector<LabelledFile> files)
      : ports_{trainer.inputs, trainer.target_count > 0 ? trainer.targets : nullptr},
        files_(std::move(files)) {}
  // targets[i]: of file i; "": itself.
  PictureFiles(const linnet_trainer_v1& trainer, std::vector<LabelledFile> files,
               std::vector<std::string> targets)
      : PictureFiles(trainer, std::move(files)) {
    targets_ = std::move(targets);
  }

  Result<void> fill(std::span<const int64_t> which, std::span<uint8_t* const> to) const override {
    const auto decoder = [&](size_t port) -> std::optional<PictureDecoder> {
      if (port >= to.size() || !to[port] || !ports_[port]->image) return std::nullopt;
      return PictureDecoder(*ports_[port], dtype_of_abi(ports_[port]->dtype), to[port]);
    };
    auto inputs = decoder(0), targets = decoder(1);
    for (size_t i = 0; i < which.size(); ++i) {
      const auto file = static_cast<size_t>(which[i]);
      const int64_t at = static_cast<int64_t>(i);
      const bool own = targets && targets_[file].empty();
      Image image;
      if (inputs || own) {
        LINNET_TRY_ASSIGN(image, read_image(files_[file].path));
      }
      if (inputs) inputs->image(at, image);
      if (targets && !own) {
        LINNET_TRY_ASSIGN(image, read_image(targets_[file]));
      }
      if (targets) targets->image(at, image);
      if (!targets && to.size() > 1 && to[1])
        std::memcpy(to[1] + i * sizeof(int64_t), &files_[file].label, sizeof(int64_t));
    }
    return {};
  }
  bool may_be_wrong(size_t port) const override {
    return ports_[port]->image && !pixels_are_finite(*ports_[port]->image);
  }

private:
  const linnet_port_v1* ports_[2];  // input and target
  std::vector<LabelledFile> files_;
  std::vector<std::string> targets_;
};

class Pictures {
public:
  explicit Pictures(const Part& part) : t_(part.trainer), path_(part.path), test_(part.test) {}

  Found read() {
    if (!is_folder(path_))
      return fail("%s: a folder with MNIST's files or with pictures is expected", path_.c_str());
    const std::string stem = test_ ? "t10k" : "train";
    for (const char* separator : {"-", "."}) {
      const std::string images = path_ + "/" + stem + "-images" + separator + "idx3-ubyte";
      if (file_exists(images))
        return idx(images, path_ + "/" + stem + "-labels" + separator + "idx1-ubyte");
      if (file_exists(images + ".gz"))
        return fail("%s.gz: unpack it first: gunzip %s.gz", images.c_str(), images.c_str());
    }
    std::string root = path_ + (test_ ? "/test" : "/train");
    std::vector<std::string> beside;
    if (!is_folder(root)) {
      if (test_) return std::nullopt;
      root = path_;
      beside.emplace_back("test");
    }
    return t_.targets[0].classes ? classes(root, beside) : pairs(root, beside);
  }

  Found read_whole() {
    if (!is_folder(path_)) {
      LINNET_TRY(IdxPictures::open(path_, t_));
      const std::string labels = labels_beside(path_);
      if (labels.empty() && !t_.targets[0].image)
        return fail("%s: no labels lie beside it (…-labels-idx1-ubyte), so there is nothing to "
                    "compare with",
                    path_.c_str());
      return idx(path_, labels);
    }
    auto found = read();
    if (!found || *found) return found;
    const std::string images = path_ + "/train-images-idx3-ubyte";
    const std::string folder = path_ + "/train";
    const bool idx_there = file_exists(images);
    if (idx_there || is_folder(folder))
      return fail("%s: there is no test part in it, t10k-images-idx3-ubyte or test/; to measure "
                  "what was trained on, name %s",
                  path_.c_str(), idx_there ? images.c_str() : folder.c_str());
    return t_.targets[0].classes ? classes(path_, {}) : pairs(path_, {});
  }

private:
  Found idx(const std::string& images_path, const std::string& labels_path) {
    LINNET_TRY_ASSIGN(const auto& pictures, IdxPictures::open(images_path, t_));
    if (t_.target_count > 0 && !t_.targets[0].image) LINNET_TRY(pictures->read_labels(labels_path));
    return samples_of(t_, pictures->count(), pictures);
  }

  // The test part may lack a class: what it holds is still a sample of what will come.
  Found classes(const std::string& root, const std::vector<std::string>& beside) {
    const linnet_classes_v1& classes = *t_.targets[0].classes;
    LINNET_TRY_ASSIGN(
        auto files, labelled_files(root, classes, kPictures,
                                   test_ ? MissingClass::kAllowed : MissingClass::kError, beside));
    if (files.empty())
      return fail("%s: there is no picture in a folder called like a label (%s)", root.c_str(),
                  quoted_list(classes.labels, classes.count).c_str());
    const auto count = static_cast<int64_t>(files.size());
    return samples_of(t_, count, std::make_shared<const PictureFiles>(t_, std::move(files)));
  }

  // Names of the pictures in a folder.
  static Result<std::vector<std::string>> pictures_in(const std::string& folder) {
    auto names = list_folder(folder);
    if (names) std::erase_if(*names, [](const std::string& name) { return !is_picture(name); });
    return names;
  }

  // Two folders called like input and output hold pictures of the same names; else every picture of
  // the folder, and of those in it, is its own target.
  Found pairs(const std::string& root, const std::vector<std::string>& beside) {
    const std::string input = t_.inputs[0].name, target = t_.targets[0].name;
    const bool two = is_folder(root + "/" + input), both = is_folder(root + "/" + target);
    if (two != both)
      return fail("%s: there is a folder '%s' and none '%s', which would hold pictures of the same "
                  "names; without either, every picture is its own target",
                  root.c_str(), two ? input.c_str() : target.c_str(),
                  two ? target.c_str() : input.c_str());
    std::vector<LabelledFile> from;
    std::vector<std::string> to;
    if (two) {
      const auto a = pictures_in(root + "/" + input), b = pictures_in(root + "/" + target);
      LINNET_TRY(a);
      LINNET_TRY(b);
      for (const auto* side : {&*a, &*b}) {
        const auto& other = side == &*a ? *b : *a;
        const auto alone = std::ranges::find_if(
            *side, [&](const std::string& n) { return !std::ranges::binary_search(other, n); });
        if (alone != side->end())
          return fail("%s/%s/%s: there is no picture of this name in %s/%s", root.c_str(),
                      (side == &*a ? input : target).c_str(), alone->c_str(), root.c_str(),
                      (side == &*a ? target : input).c_str());
      }
      for (const std::string& name : *a) {
        from.push_back({root + "/" + input + "/" + name});
        to.push_back(root + "/" + target + "/" + name);
      }
    } else {
      LINNET_TRY(own_targets(root, beside, from));
      to.resize(from.size());
    }
    if (from.empty()) return fail("%s: there is no PNG or JPEG picture in it", root.c_str());
    const auto count = static_cast<int64_t>(from.size());
    return samples_of(t_, count,
                      std::make_shared<const PictureFiles>(t_, std::move(from), std::move(to)));
  }

  static Result<void> own_targets(const std::string& root, const std::vector<std::string>& beside,
                                  std::vector<LabelledFile>& files) {
    auto names = list_folder(root);
    LINNET_TRY(names);
    for (const std::string& name : *names) {
      const std::string path = root + "/" + name;
      if (!is_folder(path)) {
        if (is_picture(name)) files.push_back({path});
        continue;
      }
      if (name.front() == '.' || std::ranges::find(beside, name) != beside.end()) continue;
      auto inside = pictures_in(path);
      LINNET_TRY(inside);
      for (const std::string& picture : *inside)
        files.push_back({path + "/" + picture});
    }
    return {};
  }

  const linnet_trainer_v1& t_;
  const std::string& path_;
  bool test_;
};

bool compares(const linnet_port_v1& output) {
  return output.classes || output.image;
}

bool reads(const linnet_trainer_v1& trainer) {
  if (trainer.input_count != 1 || !trainer.inputs[0].image) return false;
  return trainer.target_count == 0 || (trainer.target_count == 1 && compares(trainer.targets[0]));
}

Found read(Part& part) {
  return Pictures(part).read();
}

Found read_whole(Part& part) {
  return Pictures(part).read_whole();
}

}  // namespace

Reader readers::picture() {
  Reader reader;
  reader.reads = reads;
  reader.read = read;
  reader.read_whole = read_whole;
  reader.compares = compares;
  reader.one_target = true;
  reader.evaluates = "a folder of class folders or MNIST's files, an IDX file";
  return reader;
}

}  // namespace linnet::runtime::train
