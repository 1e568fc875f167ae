// One line per fact: thin words over spdlog, usable from any thread.
//
// Messages are for operators: a sentence with the facts, never a secret. set_level() is called
// once at start; the library itself logs nothing below warn, unless a signal asks for it.
// SPDX-License-Identifier: MIT
#pragma once

#include <spdlog/spdlog.h>

#include <utility>

namespace coterie::log {

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::debug(format, std::forward<Args>(args)...);
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::info(format, std::forward<Args>(args)...);
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::warn(format, std::forward<Args>(args)...);
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  spdlog::error(format, std::forward<Args>(args)...);
}

}  // namespace coterie::log
