// Prints diagnostics, for people with source line and caret, or as JSON; joins equal ones.
#include "support/diag.h"

#include "base/text.h"
#include "support/json_text.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace linnet {

std::string place_text(const SourceManager& sources, const DiagPlace& place) {
  if (!place.span) return place.name;
  const LineColumn at = sources.position(place.span->file, place.span->begin);
  return fmt::format("{}:{}:{}", sources.name(place.span->file), at.line, at.column);
}

namespace {

// A longer source line is shown as a window around the caret.
constexpr size_t kWidestExcerpt = 160;

std::string_view word(Severity severity) {
  switch (severity) {
  case Severity::kError:
    return "error";
  case Severity::kWarning:
    return "warning";
  case Severity::kRemark:
    return "remark";
  case Severity::kNote:
    return "note";
  }
  return "error";
}

std::string_view escape(Severity severity) {
  switch (severity) {
  case Severity::kError:
    return "\x1b[1;31m";
  case Severity::kWarning:
    return "\x1b[1;35m";
  case Severity::kRemark:
    return "\x1b[1;34m";
  case Severity::kNote:
    return "\x1b[1;36m";
  }
  return "";
}

// What a terminal can show of a source line: tabs become spaces, control and invalid bytes
// U+FFFD. `columns[c]` is the byte where column c begins in the result.
struct ShownLine {
  std::string text;
  std::vector<size_t> columns;
};

ShownLine shown_line(std::string_view line) {
  ShownLine shown;
  for (size_t i = 0; i < line.size();) {
    CodePoint c = code_point(line, i);
    size_t start = shown.text.size();
    if (c.value == '\t') {
      for (size_t next = (shown.columns.size() / 8 + 1) * 8; shown.columns.size() < next;) {
        shown.columns.push_back(shown.text.size());
        shown.text += ' ';
      }
    } else {
      bool plain = c.value >= 0x20 && c.value != 0x7f && !(c.value == 0xfffd && c.length == 1);
      std::string_view glyph = plain ? line.substr(i, c.length) : "\xef\xbf\xbd";
      shown.text += glyph;
      for (size_t w = display_width(glyph); w > 0; --w)
        shown.columns.push_back(start);
    }
    i += c.length;
  }
  shown.columns.push_back(shown.text.size());
  return shown;
}

struct Printer {
  const SourceManager& sources;
  bool colour;
  std::string out;

  std::string paint(std::string_view escape, std::string_view text) const {
    return colour ? fmt::format("{}{}\x1b[0m", escape, text) : std::string(text);
  }

  void excerpt(Span span) {
    LineColumn at = sources.position(span.file, span.begin);
    uint32_t start = sources.line_start(span.file, span.begin);
    std::string_view line = sources.line(span.file, span.begin);
    ShownLine shown = shown_line(line);
    size_t width = shown.columns.size() - 1;
    size_t begin = std::min<size_t>(at.column - 1, width);
    // A span that goes on past the line is underlined to the line's end.
    size_t end_byte = std::clamp<size_t>(span.end, span.begin, start + line.size()) - start;
    size_t end = std::max(begin + 1, std::min(display_width(line.substr(0, end_byte)), width));
    size_t from = 0, to = width;
    if (width > kWidestExcerpt) {
      from = begin > kWidestExcerpt / 2 ? begin - kWidestExcerpt / 2 : 0;
      to = std::min(width, from + kWidestExcerpt);
      end = std::max(begin + 1, std::min(end, to));
    }
    std::string_view text =
        std::string_view(shown.text)
            .substr(shown.columns[from], shown.columns[to] - shown.columns[from]);
    std::string_view left = from > 0 ? "…" : "", right = to < width ? "…" : "";
    std::string number = fmt::format("{:>4}", at.line);
    out += fmt::format("{} | {}{}{}\n", number, left, text, right);
    std::string caret = "^" + std::string(end - begin - 1, '~');
    out += fmt::format("{} | {}{}\n", std::string(number.size(), ' '),
                       std::string(begin - from + (from > 0), ' '), paint("\x1b[1;32m", caret));
  }

  void print(const Diagnostic& d) {
    const std::string place = place_text(sources, d.place);
    if (!place.empty()) out += paint("\x1b[1m", place + ":") + " ";
    out += fmt::format("{} {}\n", paint(escape(d.severity), fmt::format("{}:", word(d.severity))),
                       paint("\x1b[1m", d.message));
    if (d.place.span) excerpt(*d.place.span);
    for (const Diagnostic& note : d.notes)
      print(note);
    if (!d.remedy.empty()) out += fmt::format("{} {}\n", paint("\x1b[1;32m", "help:"), d.remedy);
  }
};

nlohmann::ordered_json to_json(const Diagnostic& d, const SourceManager& sources) {
  nlohmann::ordered_json object{{"severity", word(d.severity)}};
  if (d.place.span) {
    LineColumn begin = sources.position(d.place.span->file, d.place.span->begin);
    LineColumn end = sources.position(d.place.span->file, d.place.span->end);
    object["file"] = sources.name(d.place.span->file);
    object["line"] = begin.line;
    object["column"] = begin.column;
    object["end_line"] = end.line;
    object["end_column"] = end.column;
    object["offset"] = d.place.span->begin;  // bytes: what an editor counts, it makes of them
    object["end_offset"] = d.place.span->end;
  } else if (!d.place.name.empty()) {
    object["place"] = d.place.name;
  }
  object["message"] = d.message;
  if (!d.remedy.empty()) object["help"] = d.remedy;
  for (const Diagnostic& note : d.notes)
    object["notes"].push_back(to_json(note, sources));
  return object;
}

bool same_message(const Diagnostic& a, const Diagnostic& b) {
  return a.severity == b.severity && a.place.span == b.place.span && a.place.name == b.place.name &&
         a.message == b.message;
}

}  // namespace

Diagnostic& Diagnostic::note(Span span, std::string text) {
  Diagnostic n;
  n.severity = Severity::kNote;
  n.place.span = span;
  n.message = std::move(text);
  notes.push_back(std::move(n));
  return *this;
}

Diagnostic& Diagnostic::help(std::string text) {
  if (!text.empty()) remedy = std::move(text);
  return *this;
}

Diagnostic& Diagnostics::error(Span span, std::string message) {
  Diagnostic d;
  d.place.span = span;
  d.message = std::move(message);
  return report(std::move(d));
}

Diagnostic& Diagnostics::warning(Span span, std::string message) {
  Diagnostic d;
  d.severity = Severity::kWarning;
  d.place.span = span;
  d.message = std::move(message);
  return report(std::move(d));
}

Diagnostic& Diagnostics::report(Diagnostic diagnostic) {
  bool is_error = diagnostic.severity == Severity::kError;
  for (const Diagnostic& known : diagnostics_)
    if (same_message(known, diagnostic)) return overflow_ = std::move(diagnostic);
  if (is_error) status_ = std::max(status_, diagnostic.status);
  if (diagnostic.severity == Severity::kRemark)  // all were asked for
    return diagnostics_.emplace_back(std::move(diagnostic));
  size_t& kept = is_error ? errors_ : warnings_;
  if (kept >= kMaxErrors) {
    if (is_error) ++dropped_;
    return overflow_ = std::move(diagnostic);
  }
  ++kept;
  return diagnostics_.emplace_back(std::move(diagnostic));
}

std::string Diagnostics::text(bool colour) const {
  Printer printer{*sources_, colour, {}};
  for (const Diagnostic& d : diagnostics_)
    printer.print(d);
  if (dropped_ > 0)
    printer.out +=
        fmt::format("… and {} more error{} not shown\n", dropped_, dropped_ == 1 ? "" : "s");
  return std::move(printer.out);
}

std::string Diagnostics::json() const {
  std::string out;
  for (const Diagnostic& d : diagnostics_) {
    out += json_text(to_json(d, *sources_)) + "\n";
  }
  return out;
}

}  // namespace linnet
