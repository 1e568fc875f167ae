// SPDX-License-Identifier: MIT
#include "app/recent_trouble.hpp"

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>

namespace coterie::app {

namespace {

constexpr std::size_t remembered = 50;  // As many as somebody would read.

std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> memory() {
  static const auto sink = std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(remembered);
  return sink;
}

api::Trouble told(const spdlog::details::log_msg_buffer& line) {
  const auto level = spdlog::level::to_string_view(line.level);
  return {std::chrono::time_point_cast<WallTime::duration>(line.time),
          std::string(level.data(), level.size()),
          std::string(line.payload.data(), line.payload.size())};
}

}  // namespace

void remember_trouble() {
  memory()->set_level(spdlog::level::warn);
  spdlog::default_logger()->sinks().push_back(memory());
}

std::vector<api::Trouble> recent_trouble() {
  const auto lines = memory()->last_raw();
  std::vector<api::Trouble> list;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) list.push_back(told(*line));
  return list;
}

}  // namespace coterie::app
