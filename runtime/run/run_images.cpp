// Pictures, folders of them and IDX files through a model of one picture: answers, or accuracy
// where the classes are known.
#include "base/io/file.h"
#include "base/io/idx.h"
#include "runtime/answers/answer.h"
#include "runtime/data/labels.h"
#include "runtime/data/picture.h"
#include "runtime/data/ports.h"
#include "runtime/run/tasks.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace linnet::runtime {
namespace {

constexpr int64_t kChunk = 256;  // samples decoded at a time

class ImageTask {
public:
  ImageTask(const Model& model, const Options& options)
      : model_(model), options_(options), port_(model.abi().inputs[0]),
        classes_(classes_output(model.abi())) {}

  Result<void> run() {
    std::vector<std::string> pictures;
    for (size_t i = 0; i < options_.files.size(); ++i) {
      const std::string& path = options_.files[i];
      if (is_folder(path)) {
        LINNET_TRY(folder(path, pictures));
        continue;
      }
      LINNET_TRY_ASSIGN(const auto& bytes, read_file(path));
      if (!looks_like_idx(bytes)) {
        pictures.push_back(path);
        continue;
      }
      LINNET_TRY(show(pictures));
      pictures.clear();
      // The file after the images holds their labels, if it is of one dimension.
      std::string labels;
      if (i + 1 < options_.files.size() && is_labels(options_.files[i + 1]))
        labels = options_.files[++i];
      LINNET_TRY(run_idx(path, bytes, labels.empty() ? labels_beside(path) : labels));
    }
    return show(pictures);
  }

private:
  static bool is_labels(const std::string& path) {
    const auto bytes = read_file(path);
    if (!bytes || !looks_like_idx(*bytes)) return false;
    const auto tensor = parse_idx(path, *bytes);
    return tensor && tensor->shape.size() == 1;
  }

  // Pictures of the folder go to `pictures`. Of folders in it that are called like labels the
  // accuracy is printed; of others the pictures are answered too.
  Result<void> folder(const std::string& path, std::vector<std::string>& pictures) {
    const size_t before = pictures.size();
    LINNET_TRY_ASSIGN(const auto& names, list_folder(path));
    std::vector<std::string> folders;
    bool labelled = false;
    for (const std::string& name : names) {
      if (!is_folder(path + "/" + name)) {
        if (is_picture(name)) pictures.push_back(path + "/" + name);
      } else if (name.front() != '.') {
        folders.push_back(name);
        labelled = labelled || is_label(name);
      }
    }
    if (labelled) {
      LINNET_TRY(show(pictures));
      pictures.clear();
      return class_folders(path);
    }
    for (const std::string& folder : folders) {
      LINNET_TRY_ASSIGN(const auto& inside, list_folder(path + "/" + folder));
      for (const std::string& name : inside) {
        if (is_picture(name)) pictures.push_back(path + "/" + folder + "/" + name);
      }
    }
    if (pictures.size() > before) return {};
    const std::string wanted =
        classes_ < 0 ? "" : " (labels: " + quoted_list(classes().labels, classes().count) + ")";
    return fail("%s: no picture to look at: neither a .png, .jpg or .jpeg in it or in its folders, "
                "nor a folder called like a label%s",
                path.c_str(), wanted.c_str());
  }

  [[nodiscard]] const linnet_classes_v1& classes() const {
    return *model_.abi().outputs[classes_].classes;
  }
  [[nodiscard]] bool is_label(const std::string& name) const {
    if (classes_ < 0) return false;
    const auto end = classes().labels + classes().count;
    return std::find(classes().labels, end, name) != end;
  }

  // Outputs for `samples` samples.
  Result<std::vector<Tensor>> answers(std::span<const Tensor> inputs, int64_t samples) {
    std::vector<Tensor> outputs;
    for (int64_t i = 0; i < model_.abi().output_count; ++i)
      outputs.push_back(Model::make(model_.abi().outputs[i], samples));
    LINNET_TRY(model_.run(inputs, outputs, samples));
    return outputs;
  }

  Result<std::vector<Tensor>> answers_to(std::span<const LabelledFile> files) {
    const auto samples = static_cast<int64_t>(files.size());
    std::vector<Tensor> inputs = {Model::make(port_, samples)};
    PictureDecoder decoder(port_, inputs[0].dtype, inputs[0].data.data());
    for (int64_t i = 0; i < samples; ++i) {
      LINNET_TRY_ASSIGN(const auto& image, read_image(files[static_cast<size_t>(i)].path));
      decoder.image(i, image);
    }
    return answers(inputs, samples);
  }

  Result<void> show(const std::vector<std::string>& paths) {
    size_t widest = 0;
    for (const std::string& path : paths)
      widest = std::max(widest, path.size());
    for (const std::string& path : paths) {
      const LabelledFile one{path, 0};
      LINNET_TRY_ASSIGN(const auto& outputs, answers_to({&one, 1}));
      print(path, widest, outputs, 0);
    }
    return {};
  }

  void print(const std::string& name, size_t widest, const std::vector<Tensor>& outputs,
             int64_t sample) const {
    Answer answer(options_.json);
    answer.text("file", name.c_str(), widest);
    answer.outputs(model_.abi(), outputs, sample);
    answer.print();
  }

  Result<void> class_folders(const std::string& path) {
    LINNET_TRY_ASSIGN(const auto& files,
                      labelled_files(path, classes(), kPictures, MissingClass::kAllowed));
    if (files.empty())
      return fail("%s: no .png, .jpg or .jpeg is in its folders called like labels (%s)",
                  path.c_str(), quoted_list(classes().labels, classes().count).c_str());
    const auto count = static_cast<int64_t>(files.size());
    int64_t correct = 0;
    for (int64_t done = 0; done < count; done += kChunk) {
      const int64_t samples = std::min(kChunk, count - done);
      const auto some =
          std::span(files).subspan(static_cast<size_t>(done), static_cast<size_t>(samples));
      LINNET_TRY_ASSIGN(const auto& outputs, answers_to(some));
      for (int64_t i = 0; i < samples; ++i)
        correct += answer_of(outputs, i) == some[static_cast<size_t>(i)].label;
      progress(done + samples, count);
    }
    report(count, correct);
    return {};
  }

  [[nodiscard]] int64_t answer_of(const std::vector<Tensor>& outputs, int64_t sample) const {
    const int64_t each = elements_of(model_.abi().outputs[classes_]);
    return classify(outputs[static_cast<size_t>(classes_)], sample * each, each, classes()).index;
  }

  Result<void> run_idx(const std::string& path, std::span<const uint8_t> bytes,
                       const std::string& labels_path) {
    LINNET_TRY_ASSIGN(const auto& images, parse_idx(path, bytes));
    if (images.shape.size() < 3)
      return fail("%s: images have three dimensions, this has %zu", path.c_str(),
                  images.shape.size());
    const int64_t count = images.shape[0];
    std::vector<uint8_t> labels;
    if (!labels_path.empty() && classes_ >= 0) {
      LINNET_TRY_ASSIGN(labels, read_idx_labels(labels_path, path, count, classes()));
    }
    int64_t correct = 0;
    for (int64_t done = 0; done < count; done += kChunk) {
      const int64_t samples = std::min(kChunk, count - done);
      LINNET_TRY_ASSIGN(const auto& outputs, run_chunk(images, done, samples));
      for (int64_t i = 0; i < samples; ++i) {
        if (labels.empty()) {
          print(format("%s[%lld]", path.c_str(), static_cast<long long>(done + i)), 0, outputs, i);
        } else {
          correct += answer_of(outputs, i) == labels[static_cast<size_t>(done + i)];
        }
      }
      progress(done + samples, count);
    }
    if (!labels.empty()) report(count, correct);
    return {};
  }

  Result<std::vector<Tensor>> run_chunk(const Tensor& images, int64_t first, int64_t samples) {
    const int height = static_cast<int>(images.shape[1]);
    const int width = static_cast<int>(images.shape[2]);
    const int channels = images.shape.size() > 3 ? static_cast<int>(images.shape[3]) : 1;
    const int64_t bytes = int64_t{height} * width * channels;
    std::vector<Tensor> inputs = {Model::make(port_, samples)};
    PictureDecoder decoder(port_, inputs[0].dtype, inputs[0].data.data());
    for (int64_t i = 0; i < samples; ++i)
      decoder.pixels(i, images.data.data() + (first + i) * bytes, height, width, channels);
    return answers(inputs, samples);
  }

  void report(int64_t count, int64_t correct) const {
    const double accuracy = count ? static_cast<double>(correct) / static_cast<double>(count) : 0;
    Answer answer(options_.json);
    answer.sentence("%lld of %lld right, accuracy %.2f %%", static_cast<long long>(correct),
                    static_cast<long long>(count), 100 * accuracy);
    answer.count("n", count);
    answer.count("correct", correct);
    answer.fixed("accuracy", accuracy, 6);
    answer.print();
  }

  // Long work on a terminal shows how far it is.
  static void progress(int64_t done, int64_t count) {
    if (count < 20 * kChunk || isatty(STDERR_FILENO) != 1) return;
    std::fprintf(stderr, "\r%3lld %%%s", static_cast<long long>(100 * done / count),
                 done == count ? "\n" : "");
  }

  const Model& model_;
  const Options& options_;
  const linnet_port_v1& port_;
  int64_t classes_;
};

}  // namespace

Result<void> run_images(const Model& model, const Options& options) {
  return ImageTask(model, options).run();
}

}  // namespace linnet::runtime
