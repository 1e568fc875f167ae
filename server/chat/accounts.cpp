// SPDX-License-Identifier: MIT
#include "chat/accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/check.hpp"

namespace coterie::chat {

namespace {

using std::chrono_literals::operator""h;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""s;
using storage::Driver;

constexpr std::chrono::seconds session_life = 24h;
constexpr std::chrono::seconds code_life = 180s;
constexpr std::chrono::seconds code_pause = 60s;  // Between two mails to one address.
constexpr std::chrono::seconds attempts_window = 15min;
constexpr std::int64_t attempts_per_account = 10;
constexpr std::int64_t attempts_per_address = 200;
constexpr std::int64_t mails_per_address = 200;
constexpr std::int64_t tries_per_mail_code = 5;
constexpr auto belief = 1s;
constexpr auto belief_while_away = 5min;
constexpr std::size_t known_max = 100'000;

constexpr std::string_view digits = "0123456789";

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

// Keys of our own begin with "coterie:"; the others are the seed system's.
std::string account_attempts(std::string_view login_name) {
  return "coterie:attempts:account:" + lower(login_name);
}
std::string address_attempts(std::string_view address) {
  return fmt::format("coterie:attempts:address:{}", address);
}
std::string mail_code_key(std::string_view email) {
  return fmt::format("register-code:{}", email);
}
std::string mail_tries_key(std::string_view email) {
  return fmt::format("coterie:register-tries:{}", email);
}
std::string captcha_key(std::string_view uid) {
  return fmt::format("login-code:{}", uid);
}

}  // namespace

Result<void> Accounts::send_code(const std::string& email, const std::string& address) {
  const std::string key = mail_code_key(email);
  const auto before = parts_.ttl.get(key);
  if (!before) return before.error();
  if (*before && (*before)->left > code_life - code_pause) return Error("too_soon");
  const auto taken = parts_.database.read(
      [&](Driver& db) -> Result<bool> { return storage::email_exists(db, email); });
  if (!taken) return taken.error();
  if (*taken) return Error("email_taken");
  const auto mails = parts_.ttl.count("coterie:mails:address:" + address, attempts_window);
  if (!mails) return mails.error();
  if (mails->value > mails_per_address) {
    return Error("too_many_attempts", std::to_string(mails->left.count()));
  }
  const std::string code = random_string(parts_.random, 6, digits);
  if (auto stored = parts_.ttl.put(key, code, code_life); !stored) return stored;
  if (auto fresh = parts_.ttl.remove(mail_tries_key(email)); !fresh) return fresh;
  auto sent = parts_.mailer.send_code(email, code);
  if (sent) return {};
  if (auto removed = parts_.ttl.remove(key); !removed) return removed;
  return sent;
}

// A code dies after five wrong tries, so that it cannot be guessed.
Result<void> Accounts::check_mail_code(const Registration& registration) {
  const std::string key = mail_code_key(registration.email);
  const auto expected = parts_.ttl.get(key);
  if (!expected) return expected.error();
  if (!*expected) return Error("mail_code_wrong");
  if ((*expected)->value == registration.code) return {};
  const auto tries = parts_.ttl.count(mail_tries_key(registration.email), code_life);
  if (!tries) return tries.error();
  if (tries->value >= tries_per_mail_code) {
    if (auto removed = parts_.ttl.remove(key); !removed) return removed;
  }
  return Error("mail_code_wrong");
}

Result<void> Accounts::register_account(const Registration& registration) {
  if (auto checked = check_mail_code(registration); !checked) return checked;
  User user;
  user.username = registration.username;
  user.email = registration.email;
  user.nickname = "ying#" + random_id(parts_.random, 8);
  // Looked up before hashing, which is slow; the table's own constraints decide.
  const auto taken = parts_.database.read(
      [&](Driver& db) -> Result<bool> { return storage::username_exists(db, user.username); });
  if (!taken) return taken.error();
  if (*taken) return Error("username_taken");
  user.password = parts_.passwords.hash(registration.password);
  if (const auto inserted = insert(std::move(user)); !inserted) return inserted.error();
  // The account is there, whatever becomes of its code: that dies by itself, and is of no use.
  (void)parts_.ttl.remove(mail_code_key(registration.email));
  return {};
}

Result<User> Accounts::insert(User user) {
  user.create_at = user.update_at = parts_.clock.wall();
  auto inserted = parts_.database.write([&](Driver& db) -> Result<User> {
    if (storage::username_exists(db, user.username)) return Error("username_taken");
    if (storage::email_exists(db, user.email)) return Error("email_taken");
    storage::insert_user(db, user);
    return user;
  });
  if (!inserted && inserted.error().code == "unique_violation") return Error("username_taken");
  return inserted;
}

Result<std::string> Accounts::captcha(const std::string& uid) {
  COTERIE_CHECK(parts_.captcha != nullptr);
  auto picture = parts_.captcha->draw();
  if (auto stored = parts_.ttl.put(captcha_key(uid), picture.text, code_life); !stored) {
    return stored.error();
  }
  return std::move(picture.svg);
}

Result<void> Accounts::check_attempts(const std::string& key, std::int64_t limit) {
  const auto attempts = parts_.ttl.get(key);
  if (!attempts) return attempts.error();
  if (*attempts && std::stoll((*attempts)->value) >= limit) {
    return Error("too_many_attempts", std::to_string((*attempts)->left.count()));
  }
  return {};
}

// Only what is wrong counts: a store that is away for a minute must not close every account.
Error Accounts::wrong_log_in(const LogIn& log_in, const std::string& address, Error error) {
  if (error.code != "account_unknown" && error.code != "password_wrong") return error;
  const auto by_account = parts_.ttl.count(account_attempts(log_in.login_name), attempts_window);
  const auto by_address = parts_.ttl.count(address_attempts(address), attempts_window);
  if (!by_account) return by_account.error();
  if (!by_address) return by_address.error();
  return error;
}

Result<User> Accounts::find_account(const LogIn& log_in) {
  const auto found = parts_.database.read([&](Driver& db) -> Result<std::optional<User>> {
    return storage::find_user_to_log_in(db, log_in.login_name);
  });
  if (!found) return found.error();
  if (!*found) return Error("account_unknown");
  const auto verdict = parts_.passwords.verify((*found)->password, log_in.password);
  if (!verdict.is_right) return Error("password_wrong");
  if (verdict.is_outdated) {
    const std::string hash = parts_.passwords.hash(log_in.password);
    const auto replaced = parts_.database.write([&](Driver& db) -> Result<void> {
      storage::set_password(db, (*found)->id, hash, parts_.clock.wall());
      return {};
    });
    if (!replaced) return replaced.error();
  }
  return **found;
}

Result<Accounts::LoggedIn> Accounts::log_in(const LogIn& log_in, const std::string& address) {
  for (const auto& [key, limit] :
       {std::pair(account_attempts(log_in.login_name), attempts_per_account),
        std::pair(address_attempts(address), attempts_per_address)}) {
    if (const auto checked = check_attempts(key, limit); !checked) return checked.error();
  }
  // Taken, not read: right or wrong, a captcha is used up.
  const auto expected = parts_.ttl.take(captcha_key(log_in.uid));
  if (!expected) return expected.error();
  if (!*expected || lower((*expected)->value) != lower(log_in.code)) return Error("captcha_wrong");
  auto user = find_account(log_in);
  if (!user) return wrong_log_in(log_in, address, user.error());
  if (auto cleared = parts_.ttl.remove(account_attempts(log_in.login_name)); !cleared) {
    return cleared.error();
  }
  auto token = open_session(user->id);
  if (!token) return token.error();
  return LoggedIn{std::move(*user), std::move(*token)};
}

Result<std::string> Accounts::open_session(std::int64_t user_id) {
  std::string token = parts_.tokens.issue(user_id);
  auto stored = parts_.ttl.put(token, std::to_string(user_id), session_life);
  if (!stored) return stored.error();
  return token;
}

Result<void> Accounts::log_out(const Actor& actor) {
  auto removed = parts_.ttl.remove(actor.token);
  forget(actor.token);
  if (removed) parts_.announcements.revoked(actor.token);
  return removed;
}

void Accounts::remember(const std::string& token, std::int64_t user_id, std::chrono::seconds left) {
  const TimePoint now = parts_.clock.now();
  const Known fact{user_id, now + std::min<Duration>(belief, left),
                   now + std::min<Duration>(belief_while_away, left)};
  known_.with([&](auto& known) {
    if (known.size() >= known_max) known.clear();  // A cache: it fills again by itself.
    known[token] = fact;
  });
}

std::optional<Accounts::Known> Accounts::recall(const std::string& token) const {
  return known_.with([&](const auto& known) -> std::optional<Known> {
    const auto found = known.find(token);
    if (found == known.end()) return std::nullopt;
    return found->second;
  });
}

void Accounts::forget(const std::string& token) {
  known_.with([&](auto& known) { known.erase(token); });
}

Result<Actor> Accounts::authenticate(const std::string& token) {
  const TimePoint now = parts_.clock.now();
  const auto known = recall(token);
  if (known && now < known->until) return Actor{known->user_id, token};
  const auto user_id = parts_.tokens.verify(token);
  if (!user_id) return Error("unauthorized");
  const auto session = parts_.ttl.get(token);
  if (!session) {
    if (known && now < known->until_unproven) return Actor{known->user_id, token};
    return session.error();
  }
  if (!*session || (*session)->value != std::to_string(*user_id)) {
    forget(token);
    return Error("unauthorized");
  }
  remember(token, *user_id, (*session)->left);
  return Actor{*user_id, token};
}

Result<void> Accounts::sweep(const std::vector<std::string>& watched) {
  known_.with([now = parts_.clock.now()](auto& known) {
    std::erase_if(known, [now](const auto& each) { return each.second.until_unproven <= now; });
  });
  return parts_.ttl.sweep(watched, [this](const std::string& token) {
    forget(token);
    parts_.announcements.revoked(token);
  });
}

Result<User> Accounts::profile(const Actor& actor) {
  auto found = parts_.database.read([&](Driver& db) -> Result<std::optional<User>> {
    return storage::find_user(db, actor.user_id);
  });
  if (!found) return found.error();
  if (!*found) return Error("user_unknown");
  parts_.files.link((*found)->avatar);
  return std::move(**found);
}

Result<void> Accounts::update_profile(const Actor& actor, const storage::UserChange& change) {
  const auto updated = parts_.database.write([&](Driver& db) -> Result<void> {
    storage::update_user(db, actor.user_id, change, parts_.clock.wall());
    return {};
  });
  if (!updated && updated.error().code == "unique_violation") return Error("username_taken");
  parts_.authors.forget(actor.user_id);
  return updated;
}

Result<void> Accounts::set_avatar(const Actor& actor, std::int64_t file_id) {
  const auto set = parts_.database.write([&](Driver& db) -> Result<void> {
    storage::set_avatar(db, actor.user_id, file_id, parts_.clock.wall());
    return {};
  });
  parts_.authors.forget(actor.user_id);
  return set;
}

Result<User> Accounts::add_user(const NewUser& user) {
  User row;
  row.username = user.username;
  row.email = user.email.empty() ? user.username + "@localhost" : user.email;
  row.nickname = user.username;
  row.password = parts_.passwords.hash(user.password);
  row.is_admin = user.is_admin;
  return insert(std::move(row));
}

Result<std::vector<User>> Accounts::list_users() {
  return parts_.database.read(
      [](Driver& db) -> Result<std::vector<User>> { return storage::all_users(db); });
}

Result<void> Accounts::change_password(const std::string& username, const std::string& password) {
  const std::string hash = parts_.passwords.hash(password);
  return parts_.database.write([&](Driver& db) -> Result<void> {
    const auto user = storage::find_user_to_log_in(db, username);
    if (!user) return Error("account_unknown");
    storage::set_password(db, user->id, hash, parts_.clock.wall());
    return {};
  });
}

Result<std::string> Accounts::issue_token(const std::string& username) {
  const auto user = parts_.database.read([&](Driver& db) -> Result<std::optional<User>> {
    return storage::find_user_to_log_in(db, username);
  });
  if (!user) return user.error();
  if (!*user) return Error("account_unknown");
  return open_session((*user)->id);
}

}  // namespace coterie::chat
