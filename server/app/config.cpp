// SPDX-License-Identifier: MIT
#include "app/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <sstream>

namespace coterie::app {

namespace {

using Apply = std::function<std::optional<std::string>(Config&, std::string_view)>;
using Show = std::function<std::string(const Config&)>;

template <class T>
Apply number(T Config::* field, long low, long high) {
  return [=](Config& config, std::string_view text) -> std::optional<std::string> {
    long value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || end != text.data() + text.size() || value < low || value > high) {
      return fmt::format("a whole number from {} to {}", low, high);
    }
    config.*field = static_cast<T>(value);
    return std::nullopt;
  };
}

Apply text(std::string Config::* field) {
  return [=](Config& config, std::string_view value) -> std::optional<std::string> {
    config.*field = value;
    return std::nullopt;
  };
}

Apply some_text(std::string Config::* field) {
  return [=](Config& config, std::string_view value) -> std::optional<std::string> {
    if (value.empty()) return "a text that is not empty";
    config.*field = value;
    return std::nullopt;
  };
}

Apply one_of(std::string Config::* field, std::vector<std::string_view> choices) {
  return [=](Config& config, std::string_view value) -> std::optional<std::string> {
    if (std::ranges::find(choices, value) == choices.end()) {
      return fmt::format("one of {}", fmt::join(choices, ", "));
    }
    config.*field = value;
    return std::nullopt;
  };
}

Apply url(std::string Config::* field) {
  return [=](Config& config, std::string_view value) -> std::optional<std::string> {
    if (!value.starts_with("http://") && !value.starts_with("https://")) {
      return "a URL that begins with http:// or https://";
    }
    while (value.ends_with('/')) value.remove_suffix(1);
    config.*field = value;
    return std::nullopt;
  };
}

Apply boolean(bool Config::* field) {
  return [=](Config& config, std::string_view value) -> std::optional<std::string> {
    const bool is_true = value == "true" || value == "1" || value == "yes";
    if (!is_true && value != "false" && value != "0" && value != "no") return "true or false";
    config.*field = is_true;
    return std::nullopt;
  };
}

template <class T>
Show show(T Config::* field) {
  return [=](const Config& config) { return fmt::format("{}", config.*field); };
}

std::vector<Setting> database_settings() {
  using C = Config;
  return {
      {"db_type",
       false,
       {"DB_TYPE"},
       "sqlite, mysql (MariaDB, too) or postgres; mysql when db_host is set",
       false,
       one_of(&C::db_type, {"sqlite", "mysql", "mariadb", "postgres"}),
       [](const C& config) {
         if (!config.db_type.empty()) return config.db_type;
         return std::string(config.db_host.empty() ? "sqlite" : "mysql");
       }},
      {"db_host",
       false,
       {"DB_HOST"},
       "where the database server is",
       false,
       text(&C::db_host),
       show(&C::db_host)},
      {"db_port",
       false,
       {"DB_PORT"},
       "its port; 0 is the usual one of its kind",
       false,
       number(&C::db_port, 0, 65535),
       show(&C::db_port)},
      {"db_username",
       false,
       {"DB_USERNAME", "DB_USER"},
       "who we are there",
       false,
       text(&C::db_username),
       show(&C::db_username)},
      {"db_password",
       false,
       {"DB_PASSWORD"},
       "and the proof",
       true,
       text(&C::db_password),
       show(&C::db_password)},
      {"db_database",
       false,
       {"DB_DATABASE", "DB_NAME"},
       "name of the database there",
       false,
       some_text(&C::db_database),
       show(&C::db_database)},
      {"db_connections",
       false,
       {"DB_CONNECTIONS"},
       "connections to it at the most",
       false,
       number(&C::db_connections, 2, 1000),
       show(&C::db_connections)},
  };
}

std::vector<Setting> server_settings() {
  using C = Config;
  return {
      {"port",
       true,
       {"SERVER_PORT"},
       "TCP port to listen on; 0 takes any free one",
       false,
       number(&C::port, 0, 65535),
       show(&C::port)},
      {"host",
       true,
       {"COTERIE_HOST"},
       "address to listen on",
       false,
       some_text(&C::host),
       show(&C::host)},
      {"data",
       true,
       {"COTERIE_DATA"},
       "folder of the database, files and secret",
       false,
       some_text(&C::data),
       show(&C::data)},
      {"public_url",
       true,
       {"PUBLIC_URL"},
       "how clients reach this server; links to files begin with it",
       false,
       url(&C::public_url),
       [](const C& config) { return config.link_base(); }},
      {"jwt_secret",
       false,
       {"SERVER_JWT_SECRET"},
       "signs log-ins; made on first start and kept in the data folder when not set",
       true,
       some_text(&C::jwt_secret),
       show(&C::jwt_secret)},
      {"shards",
       true,
       {"COTERIE_SHARDS"},
       "event loops; 0 is one for each core",
       false,
       number(&C::shards, 0, 256),
       show(&C::shards)},
      {"db_workers",
       true,
       {"COTERIE_DB_WORKERS"},
       "threads that may wait for the database",
       false,
       number(&C::db_workers, 1, 256),
       show(&C::db_workers)},
      {"log_level",
       true,
       {"COTERIE_LOG_LEVEL"},
       "debug, info, warn or error",
       false,
       one_of(&C::log_level, {"debug", "info", "warn", "error"}),
       show(&C::log_level)},
      {"password_cost",
       true,
       {"COTERIE_PASSWORD_COST"},
       "light (8 MiB a hash) or standard (64 MiB)",
       false,
       one_of(&C::password_cost, {"light", "standard"}),
       show(&C::password_cost)},
  };
}

std::vector<Setting> tls_settings() {
  using C = Config;
  return {
      {"tls_certificate",
       true,
       {"SERVER_TLS_CERTIFICATE"},
       "PEM file of the certificate and who signed it: serves https; SIGHUP reads it anew",
       false,
       some_text(&C::tls_certificate),
       show(&C::tls_certificate)},
      {"tls_key",
       true,
       {"SERVER_TLS_KEY"},
       "PEM file of its private key",
       false,
       some_text(&C::tls_key),
       show(&C::tls_key)},
  };
}

std::vector<Setting> file_settings() {
  using C = Config;
  return {
      {"ffmpeg",
       true,
       {"COTERIE_FFMPEG"},
       "program that makes covers of videos and thumbnails, when it is installed; empty is none",
       false,
       text(&C::ffmpeg),
       show(&C::ffmpeg)},
      {"orphan_hours",
       true,
       {"COTERIE_ORPHAN_HOURS"},
       "files that nothing uses are removed when they are as old as that; 0 keeps them",
       false,
       number(&C::orphan_hours, 0, 24 * 365),
       show(&C::orphan_hours)},
  };
}

std::vector<Setting> mail_settings() {
  using C = Config;
  return {
      {"email_host",
       false,
       {"EMAIL_HOST", "EMAIl_HOST"},
       "SMTP server; without one, mail codes are written to the log",
       false,
       text(&C::email_host),
       show(&C::email_host)},
      {"email_port",
       false,
       {"EMAIL_PORT"},
       "its port",
       false,
       number(&C::email_port, 1, 65535),
       show(&C::email_port)},
      {"email_secure",
       false,
       {"EMAIL_SECURE"},
       "TLS from the first byte; otherwise STARTTLS where the server offers it",
       false,
       boolean(&C::email_secure),
       show(&C::email_secure)},
      {"email_user",
       false,
       {"EMAIL_USER"},
       "user to log in there as",
       false,
       text(&C::email_user),
       show(&C::email_user)},
      {"email_password",
       false,
       {"EMAIL_PASS", "EMAIL_PASSWORD"},
       "and the password",
       true,
       text(&C::email_password),
       show(&C::email_password)},
      {"email_from",
       false,
       {"EMAIL_FROM"},
       "sender of mails; the user when not set",
       false,
       text(&C::email_from),
       show(&C::email_from)},
  };
}

std::vector<Setting> s3_settings() {
  using C = Config;
  return {
      {"s3_endpoint",
       false,
       {"S3_ENDPOINT", "MINIO_ENDPOINT", "MINIO_HOST"},
       "S3 server for files, as a URL or a host; without one they are in the data folder",
       false,
       text(&C::s3_endpoint),
       show(&C::s3_endpoint)},
      {"s3_port",
       false,
       {"S3_PORT", "MINIO_PORT"},
       "its port, when the endpoint names none",
       false,
       number(&C::s3_port, 1, 65535),
       show(&C::s3_port)},
      {"s3_secure",
       false,
       {"S3_SECURE", "MINIO_USE_SSL"},
       "https, when the endpoint is a host without http:// or https://",
       false,
       boolean(&C::s3_secure),
       show(&C::s3_secure)},
      {"s3_public_url",
       false,
       {"S3_PUBLIC_URL"},
       "how clients reach it, when by another name; links to files begin with it",
       false,
       url(&C::s3_public_url),
       show(&C::s3_public_url)},
      {"s3_bucket",
       false,
       {"S3_BUCKET", "MINIO_BUCKET"},
       "bucket of this server alone: made when it is not there",
       false,
       some_text(&C::s3_bucket),
       show(&C::s3_bucket)},
      {"s3_region",
       false,
       {"S3_REGION", "MINIO_REGION"},
       "its region",
       false,
       some_text(&C::s3_region),
       show(&C::s3_region)},
      {"s3_access_key",
       false,
       {"S3_ACCESS_KEY", "MINIO_ACCESS_KEY"},
       "who we are there",
       false,
       text(&C::s3_access_key),
       show(&C::s3_access_key)},
      {"s3_secret_key",
       false,
       {"S3_SECRET_KEY", "MINIO_SECRET_KEY"},
       "and the proof",
       true,
       text(&C::s3_secret_key),
       show(&C::s3_secret_key)},
      {"s3_path_style",
       false,
       {"S3_PATH_STYLE"},
       "the bucket is in the path of URLs; otherwise in front of the host",
       false,
       boolean(&C::s3_path_style),
       show(&C::s3_path_style)},
  };
}

std::vector<Setting> session_settings() {
  using C = Config;
  return {
      {"redis_host",
       false,
       {"REDIS_HOST"},
       "Redis for log-ins, codes and counters; without one, they are kept in the data folder",
       false,
       text(&C::redis_host),
       show(&C::redis_host)},
      {"redis_port",
       false,
       {"REDIS_PORT"},
       "its port",
       false,
       number(&C::redis_port, 1, 65535),
       show(&C::redis_port)},
      {"redis_username",
       false,
       {"REDIS_USERNAME"},
       "user to log in there as; its default user when not set",
       false,
       text(&C::redis_username),
       show(&C::redis_username)},
      {"redis_password",
       false,
       {"REDIS_PASSWORD"},
       "and the password",
       true,
       text(&C::redis_password),
       show(&C::redis_password)},
      {"redis_db",
       false,
       {"REDIS_DB"},
       "number of the database there",
       false,
       number(&C::redis_db, 0, 65535),
       show(&C::redis_db)},
      {"sweep_seconds",
       false,
       {"COTERIE_SWEEP_SECONDS"},
       "how often it is seen to that sockets of log-ins that are over are closed",
       false,
       number(&C::sweep_seconds, 1, 3600),
       show(&C::sweep_seconds)},
  };
}

Error bad_setting(std::string_view name, std::string_view source, std::string_view wanted) {
  return Error("bad_setting", fmt::format("{} ({}): {}", name, source, wanted));
}

const Setting* find_setting(std::string_view key) {
  const auto found = std::ranges::find(settings(), key, &Setting::key);
  return found == settings().end() ? nullptr : &*found;
}

Result<void> set(Config& config, const Setting& setting, std::string_view name,
                 std::string_view value, const std::string& source) {
  if (const auto wanted = setting.apply(config, value)) {
    const std::string got = setting.is_secret ? "" : fmt::format(", not '{}'", value);
    return bad_setting(name, source, "wanted " + *wanted + got);
  }
  config.sources[std::string(setting.key)] = source;
  return {};
}

std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_integer()) return std::to_string(value->get());
  if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
  return std::nullopt;
}

Result<void> read_file(Config& config, const std::string& path) {
  const auto parsed = [&]() -> Result<toml::table> {
    try {
      return toml::parse_file(path);
    } catch (const toml::parse_error& problem) {
      std::ostringstream where;
      where << problem.source().begin;
      return bad_setting(path, "file", fmt::format("{} at {}", problem.description(), where.str()));
    }
  }();
  if (!parsed) return parsed.error();
  for (const auto& [key, node] : *parsed) {
    const Setting* setting = find_setting(key.str());
    if (!setting) return bad_setting(key.str(), path, "there is no such setting");
    const auto value = text_of(node);
    if (!value) return bad_setting(key.str(), path, "wanted a text, a number or true/false");
    if (auto done = set(config, *setting, key.str(), *value, path); !done) return done;
  }
  return {};
}

Result<void> read_environment(Config& config, const Texts& environment) {
  for (const auto& [name, value] : environment) {
    const bool is_known =
        name == "COTERIE_CONFIG" ||
        std::ranges::any_of(settings(), [&name](const Setting& setting) {
          return std::ranges::find(setting.environment, name) != setting.environment.end();
        });
    // Those of the test scripts begin alike but are no settings of the server.
    const bool is_ours =
        (name.starts_with("COTERIE_") && name != "COTERIE_BIN" && name != "COTERIE_EXAMPLES") ||
        (name.starts_with("S3_") || name.starts_with("MINIO_"));
    if (is_ours && !is_known) return bad_setting(name, "environment", "there is no such setting");
  }
  for (const Setting& setting : settings()) {
    for (const std::string_view name : setting.environment) {
      const auto found = environment.find(name);
      if (found == environment.end() || found->second.empty()) continue;
      if (auto done = set(config, setting, name, found->second, "environment"); !done) return done;
      break;
    }
  }
  return {};
}

// A certificate is of no use without its key, nor the other way round.
Result<void> check_tls(const Config& config) {
  const auto lacks = [&](std::string_view missing, std::string_view given) -> Result<void> {
    return bad_setting(
        missing, "not set",
        fmt::format("wanted together with {} ({})", given, config.sources.find(given)->second));
  };
  if (config.tls_certificate.empty() == config.tls_key.empty()) return {};
  return config.tls_key.empty() ? lacks("tls_key", "tls_certificate")
                                : lacks("tls_certificate", "tls_key");
}

// A server wants a name; without one only SQLite can be meant.
Result<void> check_database(const Config& config) {
  const bool is_embedded = config.dialect() == storage::Dialect::sqlite;
  if (is_embedded == config.db_host.empty()) return {};
  const std::string_view name = is_embedded ? "db_host" : "db_type";
  return bad_setting(name, config.sources.find(name)->second,
                     is_embedded ? "not with db_type sqlite, which is in the data folder"
                                 : "wanted together with db_host");
}

Result<void> check_s3(const Config& config) {
  if (config.s3_endpoint.empty()) return {};
  const std::string& from = config.sources.find("s3_endpoint")->second;
  if (config.s3_access_key.empty() || config.s3_secret_key.empty()) {
    return bad_setting(config.s3_access_key.empty() ? "s3_access_key" : "s3_secret_key", "not set",
                       fmt::format("wanted together with s3_endpoint ({})", from));
  }
  // What is signed is a host and the path behind it.
  for (const auto& [name, url] : {std::pair("s3_endpoint", config.s3()->endpoint),
                                  std::pair("s3_public_url", config.s3()->public_url)}) {
    const std::string_view host = std::string_view(url).substr(url.find("://") + 3);
    if (host.empty() || host.find_first_of("/?#@ ") != std::string_view::npos) {
      return bad_setting(name, from, fmt::format("wanted a host, not '{}'", url));
    }
  }
  return {};
}

// "http://host:port": small letters, and no port where it is the usual one, as clients write it in
// the Host header, which is signed.
std::string origin_of(std::string_view scheme, std::string_view rest, std::uint16_t port) {
  std::string origin = fmt::format("{}{}", scheme, rest);
  const bool has_port = rest.find(':', rest.rfind(']') + 1) != std::string_view::npos;
  if (!has_port && port != 0) origin += fmt::format(":{}", port);
  std::ranges::transform(origin, origin.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::string_view usual = scheme == "https://" ? ":443" : ":80";
  if (origin.ends_with(usual)) origin.resize(origin.size() - usual.size());
  return origin;
}

std::string origin_of(std::string_view text, bool is_secure, std::uint16_t port) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return origin_of(is_secure ? "https://" : "http://", text, port);
  }
  return origin_of(text.substr(0, colon + 3), text.substr(colon + 3), port);
}

// Who is named needs a password.
Result<void> check_redis(const Config& config) {
  if (config.redis_username.empty() || !config.redis_password.empty()) return {};
  return bad_setting("redis_password", "not set",
                     fmt::format("wanted together with redis_username ({})",
                                 config.sources.find("redis_username")->second));
}

}  // namespace

storage::Dialect Config::dialect() const {
  if (db_type == "postgres") return storage::Dialect::postgres;
  if (db_type == "sqlite" || (db_type.empty() && db_host.empty())) return storage::Dialect::sqlite;
  return storage::Dialect::mysql;
}

std::optional<storage::S3Place> Config::s3() const {
  if (s3_endpoint.empty()) return std::nullopt;
  const std::string endpoint = origin_of(s3_endpoint, s3_secure, s3_port);
  return storage::S3Place{endpoint,
                          s3_public_url.empty() ? endpoint : origin_of(s3_public_url, false, 0),
                          s3_bucket,
                          {s3_access_key, s3_secret_key, s3_region},
                          s3_path_style};
}

std::optional<redis::Options> Config::redis_options() const {
  if (redis_host.empty()) return std::nullopt;
  redis::Options options;
  options.host = redis_host;
  options.port = redis_port;
  options.username = redis_username;
  options.password = redis_password;
  options.database = redis_db;
  return options;
}

const std::vector<Setting>& settings() {
  static const std::vector<Setting> table = [] {
    std::vector<Setting> all = server_settings();
    for (const auto& more : {database_settings(), tls_settings(), file_settings(), mail_settings(),
                             s3_settings(), session_settings()}) {
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }();
  return table;
}

std::string flag_of(const Setting& setting) {
  std::string flag(setting.key);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

Result<Config> load_config(const Texts& flags, const Texts& environment,
                           const std::string& config_file) {
  // The folder decides which file is read, so its own flag and variable are looked at first.
  Config config;
  const auto from = [&](std::string_view flag, std::string_view variable) -> std::string {
    if (const auto found = flags.find(flag); found != flags.end()) return found->second;
    const auto found = environment.find(variable);
    return found == environment.end() ? std::string() : found->second;
  };
  const std::string data = from("data", "COTERIE_DATA");
  std::string file = config_file;
  if (file.empty()) file = from("", "COTERIE_CONFIG");
  if (file.empty()) {
    const auto usual = std::filesystem::path(data.empty() ? config.data : data) / "coterie.toml";
    if (std::filesystem::exists(usual)) file = usual.string();
  }
  if (!file.empty()) {
    if (auto done = read_file(config, file); !done) return done.error();
  }
  if (auto done = read_environment(config, environment); !done) return done.error();
  for (const auto& [key, value] : flags) {
    const Setting* setting = find_setting(key);
    if (!setting) return bad_setting("--" + key, "flag", "there is no such setting");
    const std::string name = "--" + flag_of(*setting);
    if (auto done = set(config, *setting, name, value, "flag"); !done) return done.error();
  }
  if (auto done = check_tls(config); !done) return done.error();
  if (auto done = check_database(config); !done) return done.error();
  if (auto done = check_s3(config); !done) return done.error();
  if (auto done = check_redis(config); !done) return done.error();
  if (!config.sources.contains("email_secure")) config.email_secure = config.email_port == 465;
  if (config.email_from.empty()) config.email_from = config.email_user;
  return config;
}

Texts environment_of_process() {
  Texts texts;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view pair = *entry;
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    texts.emplace(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return texts;
}

std::vector<Described> describe(const Config& config) {
  std::vector<Described> list;
  for (const Setting& setting : settings()) {
    const auto source = config.sources.find(setting.key);
    std::string value = setting.show(config);
    if (setting.is_secret && !value.empty()) value = "********";
    list.push_back({std::string(setting.key), std::move(value),
                    source == config.sources.end() ? "default" : source->second});
  }
  return list;
}

}  // namespace coterie::app
