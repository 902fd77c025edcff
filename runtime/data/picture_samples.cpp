// Reads MNIST's files, folders of pictures by class, and pairs of pictures.

#include "base/io/file.h"
#include "base/io/idx.h"
#include "runtime/data/labels.h"
#include "runtime/data/picture.h"
#include "runtime/data/ports.h"
#include "runtime/data/reader.h"

#include <algorithm>

namespace linnet::runtime::train {
namespace {

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
      LINNET_TRY_ASSIGN(auto images, read_idx(path_));
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
    LINNET_TRY_ASSIGN(const auto& images, read_idx(images_path));
    if (images.shape.size() != 3 && images.shape.size() != 4)
      return fail("%s: pictures are expected, not rank %zu", images_path.c_str(),
                  images.shape.size());
    const int64_t count = images.shape[0];
    Samples samples = empty_samples(t_, count);
    const auto decode = [&](const linnet_port_v1& port, Tensor& to) {
      PictureDecoder decoder(port, to);
      const int height = static_cast<int>(images.shape[1]),
                width = static_cast<int>(images.shape[2]);
      const int channels = images.shape.size() > 3 ? static_cast<int>(images.shape[3]) : 1;
      const int64_t bytes = int64_t{height} * width * channels;
      for (int64_t i = 0; i < count; ++i)
        decoder.pixels(i, images.data.data() + i * bytes, height, width, channels);
    };
    decode(t_.inputs[0], samples.inputs[0]);
    if (t_.targets[0].image) {
      decode(t_.targets[0], samples.targets[0]);
      return samples;
    }
    LINNET_TRY(idx_labels(images_path, labels_path, samples));
    return samples;
  }

  Result<void> idx_labels(const std::string& images_path, const std::string& labels_path,
                          Samples& samples) const {
    LINNET_TRY_ASSIGN(const auto& labels, read_idx_labels(labels_path, images_path, samples.count,
                                                          *t_.targets[0].classes));
    for (size_t i = 0; i < labels.size(); ++i)
      samples.targets[0].as<int64_t>()[i] = labels[i];
    return {};
  }

  // The test part may lack a class: what it holds is still a sample of what will come.
  Found classes(const std::string& root, const std::vector<std::string>& beside) {
    const linnet_classes_v1& classes = *t_.targets[0].classes;
    LINNET_TRY_ASSIGN(const auto& files,
                      labelled_files(root, classes, kPictures,
                                     test_ ? MissingClass::kAllowed : MissingClass::kError,
                                     beside));
    if (files.empty())
      return fail("%s: there is no picture in a folder called like a label (%s)", root.c_str(),
                  quoted_list(classes.labels, classes.count).c_str());
    Samples samples = empty_samples(t_, static_cast<int64_t>(files.size()));
    PictureDecoder decoder(t_.inputs[0], samples.inputs[0]);
    for (size_t i = 0; i < files.size(); ++i) {
      LINNET_TRY_ASSIGN(const auto& image, read_image(files[i].path));
      decoder.image(static_cast<int64_t>(i), image);
      samples.targets[0].as<int64_t>()[i] = files[i].label;
    }
    return samples;
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
    std::vector<std::string> from, to;
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
        from.push_back(root + "/" + input + "/" + name);
        to.push_back(root + "/" + target + "/" + name);
      }
    } else {
      LINNET_TRY(own_targets(root, beside, from));
      to = from;
    }
    if (from.empty()) return fail("%s: there is no PNG or JPEG picture in it", root.c_str());
    return decode(from, to);
  }

  static Result<void> own_targets(const std::string& root, const std::vector<std::string>& beside,
                                  std::vector<std::string>& files) {
    auto names = list_folder(root);
    LINNET_TRY(names);
    for (const std::string& name : *names) {
      const std::string path = root + "/" + name;
      if (!is_folder(path)) {
        if (is_picture(name)) files.push_back(path);
        continue;
      }
      if (name.front() == '.' || std::ranges::find(beside, name) != beside.end()) continue;
      auto inside = pictures_in(path);
      LINNET_TRY(inside);
      for (const std::string& picture : *inside)
        files.push_back(path + "/" + picture);
    }
    return {};
  }

  Found decode(const std::vector<std::string>& from, const std::vector<std::string>& to) {
    Samples samples = empty_samples(t_, static_cast<int64_t>(from.size()));
    PictureDecoder inputs(t_.inputs[0], samples.inputs[0]),
        targets(t_.targets[0], samples.targets[0]);
    for (size_t i = 0; i < from.size(); ++i) {
      LINNET_TRY_ASSIGN(Image image, read_image(from[i]));
      inputs.image(static_cast<int64_t>(i), image);
      if (to[i] != from[i]) {
        LINNET_TRY_ASSIGN(image, read_image(to[i]));
      }
      targets.image(static_cast<int64_t>(i), image);
    }
    return samples;
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
