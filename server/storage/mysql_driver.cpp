// SPDX-License-Identifier: MIT
#include "storage/mysql_driver.hpp"

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/blocking.hpp"
#include "base/check.hpp"

namespace coterie::storage {

namespace {

constexpr std::chrono::seconds connect_timeout{5};
// DATETIME is UTC, quotes mean what the standard says, and what does not fit is refused.
constexpr const char* session =
    "SET SESSION time_zone = '+00:00', sql_mode = "
    "'ANSI_QUOTES,STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";
// A transaction sees what others have committed, as on PostgreSQL, and locks no gaps.
constexpr const char* session_isolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";

MYSQL_TIME to_mysql(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  MYSQL_TIME result{};
  result.time_type = MYSQL_TIMESTAMP_DATETIME;
  result.year = static_cast<unsigned>(static_cast<int>(date.year()));
  result.month = static_cast<unsigned>(date.month());
  result.day = static_cast<unsigned>(date.day());
  result.hour = static_cast<unsigned>(clock.hours().count());
  result.minute = static_cast<unsigned>(clock.minutes().count());
  result.second = static_cast<unsigned>(clock.seconds().count());
  result.second_part = static_cast<unsigned long>(clock.subseconds().count()) * 1000;
  return result;
}

WallTime from_mysql(const MYSQL_TIME& time) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(time.year)),
                                         std::chrono::month(time.month),
                                         std::chrono::day(time.day)};
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(time.hour) +
         std::chrono::minutes(time.minute) + std::chrono::seconds(time.second) +
         std::chrono::milliseconds(time.second_part / 1000);
}

// What a statement is given: the values must live until it has run.
class Bound {
 public:
  explicit Bound(std::span<const Value> values)
      : binds_(values.size()), numbers_(values.size()), times_(values.size()) {
    for (std::size_t i = 0; i < values.size(); ++i) bind(i, values[i]);
  }
  MYSQL_BIND* get() { return binds_.data(); }

 private:
  void bind(std::size_t i, const Value& value) {
    MYSQL_BIND& bind = binds_[i];
    std::visit(
        [&]<class T>(const T& bound) {
          if constexpr (std::is_same_v<T, std::int64_t>) {
            numbers_[i] = bound;
            bind.buffer_type = MYSQL_TYPE_LONGLONG;
            bind.buffer = &numbers_[i];
          } else if constexpr (std::is_same_v<T, std::string_view>) {
            bind.buffer_type = MYSQL_TYPE_STRING;
            bind.buffer = const_cast<char*>(bound.data());
            bind.buffer_length = bound.size();
          } else if constexpr (std::is_same_v<T, WallTime>) {
            times_[i] = to_mysql(bound);
            bind.buffer_type = MYSQL_TYPE_DATETIME;
            bind.buffer = &times_[i];
          } else {
            bind.buffer_type = MYSQL_TYPE_NULL;
          }
        },
        value.get());
  }

  std::vector<MYSQL_BIND> binds_;
  std::vector<std::int64_t> numbers_;
  std::vector<MYSQL_TIME> times_;
};

// What the columns of a type are fetched as. Printing each date and number costs more than the rest
// of a row.
enum_field_types fetched_as(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
      return MYSQL_TYPE_LONGLONG;
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
      return MYSQL_TYPE_DATETIME;
    default:
      return MYSQL_TYPE_STRING;
  }
}

// A row: numbers and dates as they are; text is copied when it is asked for, and so is a column
// that is asked for as something else (a number that is an enumeration, or a sum).
class MysqlRow final : public Row {
 public:
  explicit MysqlRow(MYSQL_STMT* statement)
      : statement_(statement),
        columns_(mysql_stmt_field_count(statement)),
        binds_(columns_.size()) {
    MYSQL_RES* described = mysql_stmt_result_metadata(statement_);
    COTERIE_CHECK(described != nullptr);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      Column& column = columns_[i];
      column.type = fetched_as(mysql_fetch_field_direct(described, static_cast<unsigned>(i))->type);
      MYSQL_BIND& bind = binds_[i];
      bind.buffer_type = column.type;
      bind.buffer = column.type == MYSQL_TYPE_DATETIME ? static_cast<void*>(&column.time)
                                                       : static_cast<void*>(&column.number);
      bind.length = &column.length;
      bind.is_null = &column.is_null;
    }
    mysql_free_result(described);
    mysql_stmt_bind_result(statement_, binds_.data());
  }

  bool is_null(int column) const override { return at(column).is_null != 0; }
  std::int64_t int64(int column) const override {
    if (is_null(column)) return 0;
    if (at(column).type == MYSQL_TYPE_LONGLONG) return at(column).number;
    std::int64_t value = 0;
    fetch(column, MYSQL_TYPE_LONGLONG, &value, sizeof value);
    return value;
  }
  std::string text(int column) const override {
    if (is_null(column)) return {};
    const bool is_text = at(column).type == MYSQL_TYPE_STRING;
    std::string value(is_text ? at(column).length : printed_max, '\0');
    const unsigned long length = fetch(column, MYSQL_TYPE_STRING, value.data(), value.size());
    value.resize(std::min<std::size_t>(value.size(), length));
    return value;
  }
  WallTime time(int column) const override {
    if (is_null(column)) return {};
    if (at(column).type == MYSQL_TYPE_DATETIME) return from_mysql(at(column).time);
    MYSQL_TIME value{};
    fetch(column, MYSQL_TYPE_DATETIME, &value, sizeof value);
    return from_mysql(value);
  }

 private:
  static constexpr std::size_t printed_max = 64;  // A date or a number as text.

  struct Column {
    enum_field_types type = MYSQL_TYPE_STRING;
    std::int64_t number = 0;
    MYSQL_TIME time{};
    unsigned long length = 0;
    my_bool is_null = 0;
  };
  const Column& at(int column) const { return columns_[static_cast<std::size_t>(column)]; }

  // How long the column is, which may be more than was asked for.
  unsigned long fetch(int column, enum_field_types type, void* buffer, std::size_t size) const {
    MYSQL_BIND bind{};
    unsigned long length = 0;
    my_bool is_null = 0;
    my_bool is_cut = 0;
    bind.buffer_type = type;
    bind.buffer = buffer;
    bind.buffer_length = size;
    bind.length = &length;
    bind.is_null = &is_null;
    bind.error = &is_cut;
    mysql_stmt_fetch_column(statement_, &bind, static_cast<unsigned>(column), 0);
    return length;
  }

  MYSQL_STMT* statement_;
  std::vector<Column> columns_;
  std::vector<MYSQL_BIND> binds_;
};

// The rows of a result are let go on every way out, or the connection could not be used again.
class Release {
 public:
  explicit Release(MYSQL_STMT* statement) : statement_(statement) {}
  ~Release() { mysql_stmt_free_result(statement_); }
  Release(const Release&) = delete;
  Release& operator=(const Release&) = delete;

 private:
  MYSQL_STMT* statement_;
};

std::string_view code_of(unsigned failure) {
  switch (failure) {
    case ER_DUP_ENTRY:
    case ER_DUP_KEY:
      return "unique_violation";
    case ER_NO_REFERENCED_ROW:
    case ER_NO_REFERENCED_ROW_2:
    case ER_ROW_IS_REFERENCED:
    case ER_ROW_IS_REFERENCED_2:
      return "foreign_key_violation";
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_LOCK_DEADLOCK:
    case ER_CHECKREAD:
      return "storage_busy";
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL:
      return "storage_full";
    case ER_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
    case ER_DBACCESS_DENIED_ERROR:
    case ER_BAD_DB_ERROR:
    case ER_HOST_NOT_PRIVILEGED:
    case CR_SSL_CONNECTION_ERROR:
      return "storage_refused";
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_CONNECTION_KILLED:
    case ER_SERVER_SHUTDOWN:
    case ER_NORMAL_SHUTDOWN:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED:
      return "storage_unavailable";
    default:
      // The client library's own: the connection could not be made, or was lost.
      return failure >= CR_MIN_ERROR && failure <= CR_MAX_ERROR ? "storage_unavailable"
                                                                : "storage_failed";
  }
}

}  // namespace

void MysqlDriver::Close::operator()(st_mysql_stmt* statement) const {
  mysql_stmt_close(statement);
}

MysqlDriver::MysqlDriver(const Settings& settings) {
  COTERIE_CHECK(may_block());
  handle_ = mysql_init(nullptr);
  COTERIE_CHECK(handle_ != nullptr);
  set_options(settings);
  try {
    if (!mysql_real_connect(handle_, settings.host.c_str(), settings.user.c_str(),
                            settings.password.c_str(), settings.database.c_str(), settings.port,
                            nullptr, 0)) {
      fail(mysql_errno(handle_), mysql_error(handle_));
    }
    using Mode = DatabaseTls::Mode;
    const bool is_required =
        settings.tls.mode == Mode::require || settings.tls.mode == Mode::verify;
    if (is_required && !mysql_get_ssl_cipher(handle_)) {
      fail(CR_SSL_CONNECTION_ERROR, "SSL is required, and the server does not offer it");
    }
    command(session);
    command(session_isolation);
  } catch (...) {
    mysql_close(handle_);
    throw;
  }
}

void MysqlDriver::set_options(const Settings& settings) {
  const auto seconds = [](std::chrono::seconds time) {
    return static_cast<unsigned>(time.count());
  };
  const unsigned connect = seconds(std::min(connect_timeout, settings.answer_timeout));
  const unsigned answer = seconds(settings.answer_timeout);
  mysql_options(handle_, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  mysql_options(handle_, MYSQL_OPT_READ_TIMEOUT, &answer);
  mysql_options(handle_, MYSQL_OPT_WRITE_TIMEOUT, &answer);
  mysql_options(handle_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  const unsigned tcp = MYSQL_PROTOCOL_TCP;  // "localhost" would mean a Unix socket.
  mysql_options(handle_, MYSQL_OPT_PROTOCOL, &tcp);

  using Mode = DatabaseTls::Mode;
  if (settings.tls.mode == Mode::off) return;
  // Its name promises more than it does: TLS is used where it is offered.
  const my_bool is_wanted = 1;
  const my_bool is_verified = settings.tls.mode == Mode::verify;
  mysql_options(handle_, MYSQL_OPT_SSL_ENFORCE, &is_wanted);
  mysql_options(handle_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &is_verified);
  if (is_verified) {
    mysql_options(handle_, MYSQL_OPT_SSL_CA, settings.tls.authority_file().c_str());
  }
}

MysqlDriver::~MysqlDriver() {
  statements_.clear();
  mysql_close(handle_);
}

void MysqlDriver::execute(std::string_view sql, std::span<const Value> values,
                          const OnRow& on_row) {
  MYSQL_STMT* statement = run_prepared(sql, values);
  if (mysql_stmt_field_count(statement) == 0) return;
  const Release release(statement);
  if (mysql_stmt_store_result(statement) != 0) {
    fail(mysql_stmt_errno(statement), mysql_stmt_error(statement));
  }
  const MysqlRow row(statement);
  for (;;) {
    const int outcome = mysql_stmt_fetch(statement);
    if (outcome == MYSQL_NO_DATA) return;
    if (outcome == 1) fail(mysql_stmt_errno(statement), mysql_stmt_error(statement));
    if (on_row) on_row(row);
  }
}

std::int64_t MysqlDriver::insert(std::string_view sql, std::span<const Value> values) {
  return static_cast<std::int64_t>(mysql_stmt_insert_id(run_prepared(sql, values)));
}

st_mysql_stmt* MysqlDriver::run_prepared(std::string_view sql, std::span<const Value> values) {
  COTERIE_CHECK(may_block());
  MYSQL_STMT* statement = prepare(sql);
  COTERIE_CHECK(mysql_stmt_param_count(statement) == values.size());
  Bound bound(values);
  if ((!values.empty() && mysql_stmt_bind_param(statement, bound.get()) != 0) ||
      mysql_stmt_execute(statement) != 0) {
    fail(mysql_stmt_errno(statement), mysql_stmt_error(statement));
  }
  return statement;
}

st_mysql_stmt* MysqlDriver::prepare(std::string_view sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second.get();
  Statement statement(mysql_stmt_init(handle_));
  COTERIE_CHECK(statement != nullptr);
  if (mysql_stmt_prepare(statement.get(), sql.data(), sql.size()) != 0) {
    fail(mysql_stmt_errno(statement.get()), mysql_stmt_error(statement.get()));
  }
  return statements_.emplace(std::string(sql), std::move(statement)).first->second.get();
}

void MysqlDriver::command(const char* sql) {
  if (mysql_real_query(handle_, sql, std::strlen(sql)) != 0) {
    fail(mysql_errno(handle_), mysql_error(handle_));
  }
}

void MysqlDriver::begin_snapshot() {
  command("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");  // Of the next one alone.
  command("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
}

void MysqlDriver::rollback() noexcept {
  // Where the connection has broken, the server has rolled back by itself.
  if (mysql_real_query(handle_, "ROLLBACK", 8) != 0) is_broken_ = true;
}

void MysqlDriver::fail(unsigned code, const std::string& reason) {
  const std::string_view name = code_of(code);
  if (name == "storage_unavailable") is_broken_ = true;
  throw DriverFailure(Error(name, reason));
}

}  // namespace coterie::storage
