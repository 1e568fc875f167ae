// A captcha: four characters, drawn as outlines with some noise, as an SVG picture.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "base/random.hpp"
#include "base/result.hpp"

namespace coterie::chat {

class Captcha {
 public:
  struct Picture {
    std::string text;  // What a person reads; compared without case.
    std::string svg;   // 100 by 35.
  };

  // Finds a font on this machine. Error "captcha_font_missing" says where it has looked.
  static Result<std::unique_ptr<Captcha>> open(Random& random);
  ~Captcha();

  // Any thread; one drawing at a time.
  Picture draw();

 private:
  struct Font;
  Captcha(Random& random, std::unique_ptr<Font> font);

  Random& random_;
  std::unique_ptr<Font> font_;
};

}  // namespace coterie::chat
