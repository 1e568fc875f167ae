// Decision: an application's answer to the question whether a client may open a session.
//
//   .allow_request = [](const net::Request& request, engineio::Decision decision) {
//     request.fields.has("Authorization") ? decision.accept() : decision.refuse("Who are you?");
//   }
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace coterie::engineio {

// Usable once, from any thread, at once or later: the first call counts. One that is lost refuses.
class Decision {
 public:
  // Gets the words of a refusal; nullopt: accepted. Called once, from any thread.
  using Settle = std::function<void(std::optional<std::string> refusal)>;
  explicit Decision(Settle settle) : open_(std::make_shared<Open>(std::move(settle))) {}

  void accept() const { open_->make(std::nullopt); }
  void refuse(std::string message = std::string(default_refusal)) const {
    open_->make(std::move(message));
  }

 private:
  static constexpr const char* default_refusal = "Forbidden";

  struct Open {
    explicit Open(Settle its_settle) : settle(std::move(its_settle)) {}
    ~Open() { make(default_refusal); }
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

    void make(std::optional<std::string> refusal) {
      if (!is_made.exchange(true)) std::exchange(settle, nullptr)(std::move(refusal));
    }

    Settle settle;
    std::atomic<bool> is_made = false;
  };

  std::shared_ptr<Open> open_;
};

}  // namespace coterie::engineio
