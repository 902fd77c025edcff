#include "runtime/answer.h"
#include "runtime/io/file.h"
#include "runtime/io/idx.h"
#include "runtime/io/image.h"
#include "runtime/io/npy.h"
#include "runtime/io/utf8.h"
#include "runtime/ports.h"
#include "runtime/tasks.h"

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
        decoding_(decoding_of(*port_.image)), classes_(classes_output(model.abi())) {}

  Result<void> run() {
    std::vector<std::string> pictures;
    for (size_t i = 0; i < options_.files.size(); ++i) {
      const std::string& path = options_.files[i];
      if (is_folder(path)) {
        auto names = list_folder(path);
        if (!names) return tl::unexpected(names.error());
        for (const std::string& name : *names) {
          if (is_picture(name)) pictures.push_back(path + "/" + name);
        }
        continue;
      }
      auto bytes = read_file(path);
      if (!bytes) return tl::unexpected(bytes.error());
      if (!looks_like_idx(*bytes)) {
        pictures.push_back(path);
        continue;
      }
      LINNET_TRY(show(pictures));
      pictures.clear();
      // The file after the images holds their labels, if it is of one dimension.
      std::string labels;
      if (i + 1 < options_.files.size() && is_labels(options_.files[i + 1]))
        labels = options_.files[++i];
      LINNET_TRY(run_idx(path, *bytes, labels.empty() ? labels_beside(path) : labels));
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

  // Outputs for samples of `chunk` in inputs_.
  Result<std::vector<Tensor>> answers(std::span<const Tensor> inputs, int64_t samples) {
    std::vector<Tensor> outputs;
    for (int64_t i = 0; i < model_.abi().output_count; ++i)
      outputs.push_back(Model::make(model_.abi().outputs[i], samples));
    LINNET_TRY(model_.run(inputs, outputs, samples));
    return outputs;
  }

  Result<void> show(const std::vector<std::string>& paths) {
    size_t widest = 0;
    for (const std::string& path : paths)
      widest = std::max(widest, path.size());
    for (const std::string& path : paths) {
      auto image = read_image(path);
      if (!image) return tl::unexpected(image.error());
      std::vector<Tensor> inputs = {Model::make(port_, 1)};
      decode_image(*image, decoding_, static_cast<int>(port_.image->height),
                   static_cast<int>(port_.image->width), inputs[0].as<float>().data());
      auto outputs = answers(inputs, 1);
      if (!outputs) return tl::unexpected(outputs.error());
      print(path, widest, *outputs);
    }
    return {};
  }

  void print(const std::string& path, size_t widest, std::vector<Tensor>& outputs) const {
    if (classes_ < 0) {
      print_values(path, outputs);
      return;
    }
    const auto values = outputs[static_cast<size_t>(classes_)].as<float>();
    const ClassAnswer answer = classify(values.data(), static_cast<int64_t>(values.size()),
                                        *model_.abi().outputs[classes_].classes);
    if (options_.json) {
      std::printf("{\"file\":\"%s\",\"label\":\"%s\",\"index\":%lld,\"probability\":%.6f}\n",
                  json_escaped(path).c_str(), json_escaped(answer.label).c_str(),
                  static_cast<long long>(answer.index), answer.probability);
    } else {
      std::printf("%-*s  %s  %5.1f %%\n", static_cast<int>(widest), path.c_str(),
                  answer.label.c_str(), 100 * answer.probability);
    }
  }

  void print_values(const std::string& path, std::vector<Tensor>& outputs) const {
    std::printf(options_.json ? "{\"file\":\"%s\"" : "%s",
                options_.json ? json_escaped(path).c_str() : path.c_str());
    for (size_t i = 0; i < outputs.size(); ++i) {
      std::printf(options_.json ? ",\"%s\":[" : "  %s", model_.abi().outputs[i].name);
      const char* separator = options_.json ? "" : " ";
      for (float value : outputs[i].as<float>()) {
        std::printf("%s%s", separator, number_text(value).c_str());
        separator = options_.json ? "," : " ";
      }
      if (options_.json) std::printf("]");
    }
    std::printf(options_.json ? "}\n" : "\n");
  }

  Result<void> run_idx(const std::string& path, std::span<const uint8_t> bytes,
                       const std::string& labels_path) {
    auto images = parse_idx(path, bytes);
    if (!images) return tl::unexpected(images.error());
    if (images->shape.size() < 3)
      return fail("%s: images have three dimensions, this has %zu", path.c_str(),
                  images->shape.size());
    const int64_t count = images->shape[0];
    std::vector<uint8_t> labels;
    if (!labels_path.empty()) {
      auto read = read_idx(labels_path);
      if (!read) return tl::unexpected(read.error());
      if (read->shape.size() != 1 || read->shape[0] != count)
        return fail("%s: %lld labels are expected, one for each image of %s", labels_path.c_str(),
                    static_cast<long long>(count), path.c_str());
      labels = read->data;
    }
    int64_t correct = 0;
    std::vector<std::pair<int64_t, std::vector<Tensor>>> chunks;
    for (int64_t done = 0; done < count; done += kChunk) {
      const int64_t samples = std::min(kChunk, count - done);
      auto outputs = run_chunk(*images, done, samples);
      if (!outputs) return tl::unexpected(outputs.error());
      auto scored = score(*outputs, labels, path, done, samples);
      correct += scored;
      progress(done + samples, count);
    }
    if (!labels.empty() && classes_ >= 0) report(count, correct);
    return {};
  }

  Result<std::vector<Tensor>> run_chunk(const Tensor& images, int64_t first, int64_t samples) {
    const int height = static_cast<int>(images.shape[1]);
    const int width = static_cast<int>(images.shape[2]);
    const int channels = images.shape.size() > 3 ? static_cast<int>(images.shape[3]) : 1;
    const int64_t bytes = int64_t{height} * width * channels;
    std::vector<Tensor> inputs = {Model::make(port_, samples)};
    float* out = inputs[0].as<float>().data();
    for (int64_t i = 0; i < samples; ++i) {
      decode_pixels(images.data.data() + (first + i) * bytes, int64_t{width} * channels, height,
                    width, channels, decoding_, static_cast<int>(port_.image->height),
                    static_cast<int>(port_.image->width), out + i * Model::elements(port_));
    }
    return answers(inputs, samples);
  }

  // Counts right answers, or prints each where there are no labels.
  int64_t score(std::vector<Tensor>& outputs, const std::vector<uint8_t>& labels,
                const std::string& path, int64_t first, int64_t samples) const {
    int64_t correct = 0;
    for (int64_t i = 0; i < samples; ++i) {
      if (labels.empty() || classes_ < 0) {
        std::vector<Tensor> one;
        for (int64_t k = 0; k < model_.abi().output_count; ++k) {
          one.push_back(Model::make(model_.abi().outputs[k], 1));
          Tensor& tensor = one.back();
          const auto& all = outputs[static_cast<size_t>(k)].data;
          std::copy_n(all.begin() + i * static_cast<int64_t>(tensor.data.size()),
                      tensor.data.size(), tensor.data.begin());
        }
        print(format("%s[%lld]", path.c_str(), static_cast<long long>(first + i)), 0, one);
        continue;
      }
      const linnet_port_v1& port = model_.abi().outputs[classes_];
      const int64_t each = Model::elements(port);
      const float* values = outputs[static_cast<size_t>(classes_)].as<float>().data() + i * each;
      correct +=
          classify(values, each, *port.classes).index == labels[static_cast<size_t>(first + i)];
    }
    return correct;
  }

  void report(int64_t count, int64_t correct) const {
    const double accuracy = count ? static_cast<double>(correct) / static_cast<double>(count) : 0;
    if (options_.json) {
      std::printf("{\"n\":%lld,\"correct\":%lld,\"accuracy\":%.6f}\n",
                  static_cast<long long>(count), static_cast<long long>(correct), accuracy);
    } else {
      std::printf("%lld of %lld right, accuracy %.2f %%\n", static_cast<long long>(correct),
                  static_cast<long long>(count), 100 * accuracy);
    }
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
  ImageDecoding decoding_;
  int64_t classes_;
};

}  // namespace

Result<void> run_images(const Model& model, const Options& options) {
  return ImageTask(model, options).run();
}

}  // namespace linnet::runtime
