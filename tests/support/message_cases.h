// Cases of what is said of wrong input, as text files, and the search of the sources for messages
// that no case gets.
#pragma once

#include "base/io/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::messages {

inline std::string text_of(const std::string& path) {
  const auto bytes = read_file(path);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "no file " + path;
}

// The paths of a folder's files whose names end so, sorted.
inline std::vector<std::string> files(const std::string& folder, std::string_view ending) {
  std::vector<std::string> names;
  const auto all = list_folder(folder);
  for (const std::string& name : all.value_or(std::vector<std::string>{})) {
    if (name.ends_with(ending)) names.push_back(folder + name);
  }
  std::ranges::sort(names);
  return names;
}

// "messages/lexer.txt" as "lexer", for the name of a test.
inline std::string stem(const std::string& path) {
  const size_t begin = path.rfind('/') + 1;
  return path.substr(begin, path.rfind('.') - begin);
}

// ---- cases

struct Case {
  std::string title, input, expected;
};

// `=== TITLE`, the input, `--->`, what is said of it.
inline std::vector<Case> cases_of(const std::string& text) {
  std::vector<Case> cases;
  std::istringstream in(text);
  bool said = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      cases.push_back({line.substr(4), "", ""});
      said = false;
    } else if (line == "--->") {
      said = true;
    } else if (!cases.empty()) {
      (said ? cases.back().expected : cases.back().input) += line + "\n";
    }
  }
  return cases;
}

// Each case of the file gets what it expects; with LINNET_UPDATE_MESSAGES=1 what it gets is
// written down instead, and the reviewer reads the diff.
inline void expect_cases(const std::string& path,
                         const std::function<std::string(const Case&)>& said_of) {
  std::vector<Case> cases = cases_of(text_of(path));
  ASSERT_FALSE(cases.empty()) << path;
  const bool update = std::getenv("LINNET_UPDATE_MESSAGES") != nullptr;
  for (Case& test : cases) {
    const std::string said = said_of(test);
    if (!update) {
      EXPECT_EQ(said, test.expected) << test.title << "\n" << test.input;
    }
    test.expected = said;
  }
  if (!update) return;
  std::ofstream out(path, std::ios::binary);
  for (const Case& test : cases)
    out << "=== " << test.title << "\n" << test.input << "--->\n" << test.expected;
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

// The lines that the cases of a folder expect.
inline std::vector<std::string> expected_lines(const std::string& folder) {
  std::vector<std::string> lines;
  for (const std::string& path : files(folder, ".txt")) {
    for (const Case& test : cases_of(text_of(path))) {
      const auto more = lines_of(test.expected);
      lines.insert(lines.end(), more.begin(), more.end());
    }
  }
  return lines;
}

// ---- the messages in the sources

struct Literal {
  std::string text;
  size_t line = 0;
  size_t at = 0;  // of its quote in the source
};

// The string literals of a C++ source, adjacent ones joined; comments and includes left out.
inline std::vector<Literal> literals_of(const std::string& source) {
  std::vector<Literal> literals;
  size_t line = 1;
  size_t joined = std::string::npos;  // only blanks since a literal's end
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t'; };
  for (size_t i = 0; i < source.size(); ++i) {
    const char c = source[i];
    if (c == '\n') ++line;
    if (blank(c)) continue;
    if (source.compare(i, 2, "//") == 0 || source.compare(i, 8, "#include") == 0) {
      i = source.find('\n', i) - 1;
    } else if (source.compare(i, 3, "R\"(") == 0) {
      i = source.find(")\"", i) + 1;
    } else if (c == '\'' &&
               (i == 0 || std::isalnum(static_cast<unsigned char>(source[i - 1])) == 0)) {
      for (++i; source[i] != '\''; ++i)
        i += source[i] == '\\' ? 1 : 0;
    } else if (c == '"') {
      const size_t begin = i;
      std::string text;
      for (++i; source[i] != '"'; ++i) {
        if (source[i] != '\\') {
          text += source[i];
        } else {
          ++i;
          text += source[i] == 'n' ? '\n' : source[i];
        }
      }
      if (joined != std::string::npos) {
        literals.back().text += text;
      } else {
        literals.push_back({text, line, begin});
      }
      joined = i;
      continue;
    }
    joined = std::string::npos;
  }
  return literals;
}

// The fixed pieces between the places of a format; `{{` and `}}` are braces.
inline std::vector<std::string> pieces_of(const std::string& format) {
  std::vector<std::string> pieces{""};
  for (size_t i = 0; i < format.size(); ++i) {
    const bool twice = i + 1 < format.size() && format[i] == format[i + 1];
    if ((format[i] == '{' || format[i] == '}') && twice) {
      pieces.back() += format[i++];
    } else if (format[i] == '{' && format.find('}', i) != std::string::npos) {
      i = format.find('}', i);
      pieces.emplace_back();
    } else if (format[i] == '\n') {
      pieces.emplace_back();
    } else {
      pieces.back() += format[i];
    }
  }
  return pieces;
}

inline bool holds(const std::string& line, const std::vector<std::string>& pieces) {
  size_t at = 0;
  for (const std::string& piece : pieces) {
    at = line.find(piece, at);
    if (at == std::string::npos) return false;
    at += piece.size();
  }
  return true;
}

struct Search {
  size_t messages = 0;
  std::string missing;  // "ir/read.cpp:36: "…"", a line each
};

// The literals with a blank in them (a message has one, a name none) that stand in no line; with
// `within` only those of statements that hold it, such as "error(".
inline Search search(const std::vector<std::string>& sources, const std::vector<std::string>& lines,
                     const std::set<std::string>& others, std::string_view within = "") {
  Search found;
  const std::string root = std::string(LINNET_SOURCE_DIR) + "/";
  for (const std::string& path : sources) {
    const std::string source = text_of(path);
    for (const Literal& literal : literals_of(source)) {
      const size_t end = source.rfind(';', literal.at);  // of the statement before
      const size_t begin = end == std::string::npos ? 0 : end;
      if (source.substr(begin, literal.at - begin).find(within) == std::string::npos) continue;
      if (literal.text.find(' ') == std::string::npos || others.contains(literal.text)) continue;
      ++found.messages;
      const std::vector<std::string> pieces = pieces_of(literal.text);
      const bool known = std::ranges::any_of(lines, [&](const std::string& line) {
        return holds(line, pieces) || line.find(literal.text) != std::string::npos;
      });
      if (!known)
        found.missing += path.substr(root.size()) + ":" + std::to_string(literal.line) + ": \"" +
                         literal.text + "\"\n";
    }
  }
  return found;
}

}  // namespace linnet::messages
