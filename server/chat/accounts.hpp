// Accounts: mail codes, registration, captchas, log-in and log-out, profiles.
//
// A log-in is a token whose entry in the TTL store lives for 24 hours. Checking one is on the path
// of every request, so what was found is remembered for a second: a log-out elsewhere (another
// node, the command line) takes effect within that time, one through this object at once.
//
// WITHOUT THE STORE (Redis away) nobody can log in or out, and codes and captchas cannot be
// checked: the store's error. Who was proven less than five minutes before is believed on, unless
// the log-in would have expired since. So reading and sending go on through a restart of Redis, and
// a log-in that was ended elsewhere meanwhile works for five minutes at most. Sockets stay.
//
// Guessing is limited: a captcha and a mail code's tries can be used once and five times; wrong
// passwords are counted by account and by address.
//
// Any thread that may block.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"
#include "base/result.hpp"
#include "chat/actor.hpp"
#include "chat/announcements.hpp"
#include "chat/authors.hpp"
#include "chat/captcha.hpp"
#include "chat/files.hpp"
#include "chat/model.hpp"
#include "chat/passwords.hpp"
#include "chat/tokens.hpp"
#include "storage/database.hpp"
#include "storage/mailer.hpp"
#include "storage/ttl_store.hpp"
#include "storage/users.hpp"

namespace coterie::chat {

class Accounts {
 public:
  struct Parts {
    storage::Database& database;
    storage::TtlStore& ttl;
    storage::Mailer& mailer;
    Captcha* captcha;  // Null where nobody logs in by page: on the command line.
    Passwords& passwords;
    const Tokens& tokens;
    const Files& files;
    Authors& authors;
    const Announcements& announcements;
    const Clock& clock;
    Random& random;
  };

  explicit Accounts(Parts parts) : parts_(parts) {}

  struct Registration {
    std::string username;
    std::string email;
    std::string password;
    std::string code;
  };
  struct LogIn {
    std::string login_name;  // User name or mail address.
    std::string password;
    std::string code;  // What the captcha shows, in any case.
    std::string uid;   // Which captcha.
  };
  struct LoggedIn {
    User user;
    std::string token;
  };

  // `address` is the client's: who guesses too often is told to wait.
  Result<void> send_code(const std::string& email, const std::string& address);
  Result<void> register_account(const Registration& registration);
  Result<std::string> captcha(const std::string& uid);  // An SVG.
  Result<LoggedIn> log_in(const LogIn& log_in, const std::string& address);
  Result<void> log_out(const Actor& actor);

  Result<Actor> authenticate(const std::string& token);
  // Forgets what has expired, and announces which of the log-ins `watched` are over. To be called
  // now and then.
  Result<void> sweep(const std::vector<std::string>& watched);

  Result<User> profile(const Actor& actor);
  Result<void> update_profile(const Actor& actor, const storage::UserChange& change);
  Result<void> set_avatar(const Actor& actor, std::int64_t file_id);

  // For operators.
  struct NewUser {
    std::string username;
    std::string password;
    std::string email;  // Empty: "<username>@localhost".
    bool is_admin = false;
  };
  Result<User> add_user(const NewUser& user);
  Result<std::vector<User>> list_users();
  Result<void> change_password(const std::string& username, const std::string& password);
  Result<std::string> issue_token(const std::string& username);

 private:
  struct Known {
    std::int64_t user_id;
    TimePoint until;           // Believed without asking again.
    TimePoint until_unproven;  // Believed when nobody can be asked.
  };

  Result<std::string> open_session(std::int64_t user_id);
  Result<void> check_mail_code(const Registration& registration);
  Result<void> check_attempts(const std::string& key, std::int64_t limit);
  Result<User> find_account(const LogIn& log_in);
  Error wrong_log_in(const LogIn& log_in, const std::string& address, Error error);
  Result<User> insert(User user);
  void remember(const std::string& token, std::int64_t user_id, std::chrono::seconds left);
  std::optional<Known> recall(const std::string& token) const;
  void forget(const std::string& token);

  const Parts parts_;
  Guarded<std::unordered_map<std::string, Known>> known_;
};

}  // namespace coterie::chat
