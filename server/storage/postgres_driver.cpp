// SPDX-License-Identifier: MIT
#include "storage/postgres_driver.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/blocking.hpp"
#include "base/check.hpp"

namespace coterie::storage {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::chrono::seconds grace{2};                  // The server's own timeout comes first.
constexpr std::chrono::seconds connect_timeout{5};

bool is_good(const PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

class PostgresRow final : public Row {
 public:
  PostgresRow(const PGresult* result, int row) : result_(result), row_(row) {}

  bool is_null(int column) const override { return PQgetisnull(result_, row_, column) != 0; }
  std::int64_t int64(int column) const override {
    std::int64_t value = 0;
    const std::string_view digits = view(column);
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
  std::string text(int column) const override { return std::string(view(column)); }
  WallTime time(int column) const override { return parse_timestamp(view(column)); }

 private:
  std::string_view view(int column) const {
    return {PQgetvalue(result_, row_, column),
            static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }

  const PGresult* result_;
  const int row_;
};

// Values as texts that end with a NUL, which is how they are sent.
class Bound {
 public:
  explicit Bound(std::span<const Value> values) : texts_(values.size()), pointers_(values.size()) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (write(texts_[i], values[i])) pointers_[i] = texts_[i].c_str();
    }
  }
  const char* const* get() const { return pointers_.data(); }

 private:
  static bool write(std::string& text, const Value& value) {
    return std::visit(
        [&]<class T>(const T& bound) {
          if constexpr (std::is_same_v<T, std::int64_t>) {
            text = std::to_string(bound);
          } else if constexpr (std::is_same_v<T, std::string_view>) {
            text = bound;
            for (std::size_t at = 0; (at = text.find('\0', at)) != std::string::npos;) {
              text.replace(at, 1, replacement);
            }
          } else if constexpr (std::is_same_v<T, WallTime>) {
            text = to_iso8601(bound);
          } else {
            return false;
          }
          return true;
        },
        value.get());
  }

  std::vector<std::string> texts_;
  std::vector<const char*> pointers_;
};

// Classes and codes of SQLSTATE (PostgreSQL, appendix A).
std::string_view code_of(std::string_view state) {
  if (state == "23505") return "unique_violation";
  if (state == "23503") return "foreign_key_violation";
  if (state == "40001" || state == "40P01" || state == "55P03") return "storage_busy";
  if (state == "53100") return "storage_full";
  if (state.starts_with("28") || state == "3D000") return "storage_refused";
  // Without a state the connection itself has failed; 57P: the server is going or coming.
  if (state.empty() || state.starts_with("08") || state.starts_with("57P") || state == "53300") {
    return "storage_unavailable";
  }
  return "storage_failed";
}

// "28P01" of "… FATAL:  28P01: password authentication failed …": there is no other way to learn
// why a server has not let us in.
std::string_view state_in(std::string_view message) {
  constexpr std::string_view mark = ":  ";
  for (std::size_t at = 0; (at = message.find(mark, at)) != std::string_view::npos;) {
    at += mark.size();
    const std::string_view state = message.substr(at, 5);
    const bool is_state = std::ranges::all_of(
        state, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    if (is_state && message.substr(std::min(at + 5, message.size())).starts_with(": "))
      return state;
  }
  return {};
}

// Why there is no connection, without where in the server's source that was found.
Error why_not_connected(std::string_view message) {
  std::string_view code = code_of(state_in(message));
  // The library itself is not content with the server's TLS, and has no code for it.
  const bool is_about_tls = message.find("SSL") != std::string_view::npos ||
                            message.find("certificate") != std::string_view::npos;
  if (state_in(message).empty() && is_about_tls) code = "storage_refused";
  return {code, std::string(message.substr(0, message.find("\nLOCATION:")))};
}

const char* sslmode_of(DatabaseTls::Mode mode) {
  switch (mode) {
    case DatabaseTls::Mode::off:
      return "disable";
    case DatabaseTls::Mode::prefer:
      return "prefer";
    case DatabaseTls::Mode::require:
      return "require";
    case DatabaseTls::Mode::verify:
      break;
  }
  return "verify-full";
}

}  // namespace

std::string numbered_parameters(std::string_view sql) {
  std::string result;
  result.reserve(sql.size() + 16);
  char quote = '\0';
  int count = 0;
  for (const char c : sql) {
    if (quote == '\0' && c == '?') {
      result += fmt::format("${}", ++count);
      continue;
    }
    if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    }
    result += c;
  }
  return result;
}

WallTime parse_timestamp(std::string_view text) {
  // Year, month, day, hour, minute, second: each ends where the next separator stands.
  std::array<int, 6> fields{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto [next, problem] = std::from_chars(at, end, fields[i]);
    if (problem != std::errc() || fields[i] < 0) return {};
    at = next;
    if (i + 1 < fields.size()) {
      if (at == end) return {};
      ++at;
    }
  }
  int milliseconds = 0;
  if (at != end && *at == '.') {
    ++at;
    for (int weight = 100; at != end && *at >= '0' && *at <= '9'; ++at, weight /= 10) {
      milliseconds += weight * (*at - '0');
    }
  }
  const std::chrono::year_month_day date{std::chrono::year(fields[0]),
                                         std::chrono::month(static_cast<unsigned>(fields[1])),
                                         std::chrono::day(static_cast<unsigned>(fields[2]))};
  if (!date.ok()) return {};
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(fields[3]) +
         std::chrono::minutes(fields[4]) + std::chrono::seconds(fields[5]) +
         std::chrono::milliseconds(milliseconds);
}

void PostgresDriver::Finish::operator()(pg_conn* connection) const {
  PQfinish(connection);
}
void PostgresDriver::Clear::operator()(pg_result* result) const {
  PQclear(result);
}

PostgresDriver::PostgresDriver(const Settings& settings)
    : answer_timeout_(settings.answer_timeout) {
  COTERIE_CHECK(may_block());
  const std::string port = std::to_string(settings.port);
  const auto milliseconds = std::chrono::milliseconds(settings.answer_timeout).count();
  const std::string options =
      fmt::format("-c timezone=UTC -c datestyle=ISO -c statement_timeout={}", milliseconds);
  // A server that vanishes is noticed by the system: what was sent must be confirmed in this time.
  const std::string silence = std::to_string(milliseconds ? milliseconds : 30'000);
  const std::string authority =
      settings.tls.mode == DatabaseTls::Mode::verify ? settings.tls.authority_file() : "";
  const std::array keywords{"host",
                            "port",
                            "user",
                            "password",
                            "dbname",
                            "client_encoding",
                            "application_name",
                            "tcp_user_timeout",
                            "keepalives_idle",
                            "options",
                            "sslmode",
                            "sslrootcert",
                            static_cast<const char*>(nullptr)};
  const std::array values{settings.host.c_str(),
                          port.c_str(),
                          settings.user.c_str(),
                          settings.password.c_str(),
                          settings.database.c_str(),
                          "UTF8",
                          "coterie",
                          silence.c_str(),
                          "15",
                          options.c_str(),
                          sslmode_of(settings.tls.mode),
                          authority.c_str(),
                          static_cast<const char*>(nullptr)};
  connect(keywords.data(), values.data());
  COTERIE_CHECK(PQsetnonblocking(connection_.get(), 1) == 0);
  // "NOTICE: table exists already" is nothing that anybody wants to read.
  PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
}

void PostgresDriver::connect(const char* const* keywords, const char* const* values) {
  connection_.reset(PQconnectStartParams(keywords, values, 0));
  PGconn* connection = connection_.get();
  COTERIE_CHECK(connection != nullptr);
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  TimePoint last = system_clock().now() + connect_timeout;
  if (answer_timeout_.count() != 0) last = std::min(last, system_clock().now() + answer_timeout_);
  auto state =
      PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
    pollfd socket{PQsocket(connection), POLLIN, 0};
    if (state == PGRES_POLLING_WRITING) socket.events = POLLOUT;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(last - system_clock().now());
    if (left.count() <= 0) {
      throw DriverFailure(Error("storage_unavailable", "the server does not answer"));
    }
    ::poll(&socket, 1, static_cast<int>(left.count()));
    if (socket.revents != 0) state = PQconnectPoll(connection);
  }
  if (state != PGRES_POLLING_OK) {
    throw DriverFailure(why_not_connected(PQerrorMessage(connection)));
  }
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
}

void PostgresDriver::execute(std::string_view sql, std::span<const Value> values,
                             const OnRow& on_row) {
  COTERIE_CHECK(may_block());
  const std::string& name = prepare(sql);
  const Bound bound(values);
  const Outcome result =
      answer(PQsendQueryPrepared(connection_.get(), name.c_str(), static_cast<int>(values.size()),
                                 bound.get(), nullptr, nullptr, 0));
  check(result.get());
  if (!on_row) return;
  const int rows = PQntuples(result.get());
  for (int row = 0; row < rows; ++row) on_row(PostgresRow(result.get(), row));
}

std::int64_t PostgresDriver::insert(std::string_view sql, std::span<const Value> values) {
  std::int64_t id = 0;
  execute(std::string(sql) + R"( RETURNING "id")", values,
          [&id](const Row& row) { id = row.int64(0); });
  return id;
}

const std::string& PostgresDriver::prepare(std::string_view sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  std::string name = "s" + std::to_string(statements_.size());
  const Outcome result = answer(
      PQsendPrepare(connection_.get(), name.c_str(), numbered_parameters(sql).c_str(), 0, nullptr));
  check(result.get());
  return statements_.emplace(std::string(sql), std::move(name)).first->second;
}

void PostgresDriver::commit() {
  const Outcome result = command("COMMIT");
  // A transaction in which a statement had failed is rolled back, and that is no error here.
  if (std::string_view(PQcmdStatus(result.get())) != "COMMIT") {
    throw DriverFailure(Error("storage_failed", "the transaction had failed before its COMMIT"));
  }
}

void PostgresDriver::rollback() noexcept {
  try {
    command("ROLLBACK");
  } catch (const DriverFailure&) {
    // The connection has broken, and the server rolls back by itself.
  }
}

PostgresDriver::Outcome PostgresDriver::command(const char* sql) {
  COTERIE_CHECK(may_block());
  Outcome result = answer(PQsendQuery(connection_.get(), sql));
  check(result.get());
  return result;
}

// The answer to what was sent. PQexec() would wait for ever on a server that has gone silent.
PostgresDriver::Outcome PostgresDriver::answer(int was_sent) {
  if (was_sent == 0) check(nullptr);
  const TimePoint last = answer_timeout_.count() == 0
                             ? TimePoint::max()
                             : system_clock().now() + answer_timeout_ + grace;
  for (Outcome result;;) {
    await_answer(last);
    Outcome next(PQgetResult(connection_.get()));
    if (!next) return result;
    // Of a connection that has broken two may come: the first says why.
    if (!result || is_good(result.get())) result = std::move(next);
  }
}

// Returns when PQgetResult() would not block; what has failed it will tell.
void PostgresDriver::await_answer(TimePoint last) {
  using std::chrono::milliseconds;
  for (;;) {
    const int unsent = PQflush(connection_.get());
    if (unsent < 0 || PQisBusy(connection_.get()) == 0) return;
    pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
    if (unsent > 0) socket.events |= POLLOUT;
    const auto left = std::chrono::ceil<milliseconds>(last - system_clock().now()).count();
    if (left <= 0) {
      is_silent_ = true;
      throw DriverFailure(Error("storage_unavailable", "the server does not answer"));
    }
    ::poll(&socket, 1, static_cast<int>(std::min<std::int64_t>(left, 1 << 30)));
    if ((socket.revents & ~POLLOUT) != 0 && PQconsumeInput(connection_.get()) == 0) return;
  }
}

void PostgresDriver::check(const pg_result* result) {
  if (is_good(result)) return;
  const char* state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
  const std::string_view code = code_of(state ? state : "");
  throw DriverFailure(Error(code, PQerrorMessage(connection_.get())));
}

bool PostgresDriver::is_broken() const {
  return is_silent_ || PQstatus(connection_.get()) != CONNECTION_OK;
}

}  // namespace coterie::storage
