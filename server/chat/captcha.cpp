// SPDX-License-Identifier: MIT
#include "chat/captcha.hpp"

#include <fmt/format.h>
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H

#include <array>
#include <iterator>
#include <mutex>

namespace coterie::chat {

namespace {

constexpr std::size_t characters = 4;
constexpr int noise_lines = 4;
constexpr int width = 100;
constexpr int height = 35;
// Without those that look alike.
constexpr std::string_view alphabet = "abcdefghkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

constexpr std::array font_paths{
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
};

// A whole number from `low` to `high`, both included.
int draw_number(Random& random, int low, int high) {
  std::array<unsigned char, 2> bytes;
  random.fill(bytes);
  return low + (bytes[0] * 256 + bytes[1]) % (high - low + 1);
}

// Turns an outline's segments into the commands of an SVG path, at an offset and y downwards.
struct PathWriter {
  std::string path;
  double x;
  double y;

  std::string point(const FT_Vector* at) const {
    return fmt::format("{:.1f} {:.1f}", x + static_cast<double>(at->x) / 64,
                       y - static_cast<double>(at->y) / 64);
  }
  static PathWriter& of(void* user) { return *static_cast<PathWriter*>(user); }

  static int move_to(const FT_Vector* to, void* user) {
    of(user).path += "M" + of(user).point(to);
    return 0;
  }
  static int line_to(const FT_Vector* to, void* user) {
    of(user).path += "L" + of(user).point(to);
    return 0;
  }
  static int conic_to(const FT_Vector* control, const FT_Vector* to, void* user) {
    of(user).path += "Q" + of(user).point(control) + " " + of(user).point(to);
    return 0;
  }
  static int cubic_to(const FT_Vector* first, const FT_Vector* second, const FT_Vector* to,
                      void* user) {
    of(user).path +=
        "C" + of(user).point(first) + " " + of(user).point(second) + " " + of(user).point(to);
    return 0;
  }
};

}  // namespace

struct Captcha::Font {
  ~Font() {
    if (face) FT_Done_Face(face);
    if (library) FT_Done_FreeType(library);
  }
  std::mutex mutex;  // A face is for one thread at a time.
  FT_Library library = nullptr;
  FT_Face face = nullptr;
};

Captcha::Captcha(Random& random, std::unique_ptr<Font> font)
    : random_(random), font_(std::move(font)) {}
Captcha::~Captcha() = default;

Result<std::unique_ptr<Captcha>> Captcha::open(Random& random) {
  auto font = std::make_unique<Font>();
  if (FT_Init_FreeType(&font->library) != 0)
    return Error("captcha_font_missing", "FreeType failed");
  for (const char* path : font_paths) {
    if (FT_New_Face(font->library, path, 0, &font->face) == 0) {
      FT_Set_Pixel_Sizes(font->face, 0, 24);
      return std::unique_ptr<Captcha>(new Captcha(random, std::move(font)));
    }
  }
  return Error("captcha_font_missing",
               fmt::format("no font for captchas (install fonts-dejavu-core); looked at {}",
                           fmt::join(font_paths, ", ")));
}

Captcha::Picture Captcha::draw() {
  Picture picture;
  picture.text = random_string(random_, characters, alphabet);
  std::string shapes;
  for (int i = 0; i < noise_lines; ++i) {
    shapes += fmt::format(
        R"(<path d="M{} {}C{} {} {} {} {} {}" stroke="#{:x}{:x}{:x}" fill="none"/>)",
        draw_number(random_, 0, 20), draw_number(random_, 0, height), draw_number(random_, 10, 50),
        draw_number(random_, 0, height), draw_number(random_, 50, 90),
        draw_number(random_, 0, height), draw_number(random_, 80, width),
        draw_number(random_, 0, height), draw_number(random_, 4, 10), draw_number(random_, 4, 10),
        draw_number(random_, 4, 10));
  }
  const std::lock_guard lock(font_->mutex);
  for (std::size_t i = 0; i < characters; ++i) {
    if (FT_Load_Char(font_->face, static_cast<FT_ULong>(picture.text[i]),
                     FT_LOAD_NO_BITMAP | FT_LOAD_NO_HINTING) != 0) {
      continue;
    }
    PathWriter writer{{},
                      8.0 + 22.0 * static_cast<double>(i) + draw_number(random_, -2, 2),
                      26.0 + draw_number(random_, -3, 3)};
    FT_Outline_Funcs functions{
        PathWriter::move_to, PathWriter::line_to, PathWriter::conic_to, PathWriter::cubic_to, 0, 0};
    FT_Outline_Decompose(&font_->face->glyph->outline, &functions, &writer);
    shapes += fmt::format(
        R"svg(<path fill="#{:x}{:x}{:x}" transform="rotate({} {} 18)" d="{}"/>)svg",
        draw_number(random_, 1, 6), draw_number(random_, 1, 6), draw_number(random_, 1, 6),
        draw_number(random_, -15, 15), 18 + 22 * static_cast<int>(i), writer.path);
  }
  picture.svg = fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{1}" )"
                            R"(viewBox="0,0,{0},{1}">{2}</svg>)",
                            width, height, shapes);
  return picture;
}

}  // namespace coterie::chat
