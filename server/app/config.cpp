// SPDX-License-Identifier: MIT
#include "app/config.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

// Settings of stores that this version does not have: better refused than silently ignored.
constexpr std::array unsupported{"DB_HOST", "DB_TYPE"};
constexpr std::array unsupported_prefixes{"MINIO_", "S3_"};

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
    const bool is_unsupported =
        std::ranges::find(unsupported, name) != unsupported.end() ||
        std::ranges::any_of(unsupported_prefixes,
                            [&name](const char* prefix) { return name.starts_with(prefix); });
    if (is_unsupported && !value.empty()) {
      return bad_setting(name, "environment",
                         "MySQL, PostgreSQL and S3 are not supported by this version: unset "
                         "it to use SQLite and local files");
    }
    const bool is_known =
        name == "COTERIE_CONFIG" ||
        std::ranges::any_of(settings(), [&name](const Setting& setting) {
          return std::ranges::find(setting.environment, name) != setting.environment.end();
        });
    // Those of the test scripts begin alike but are no settings of the server.
    const bool is_ours =
        name.starts_with("COTERIE_") && name != "COTERIE_BIN" && name != "COTERIE_EXAMPLES";
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

// Who is named needs a password.
Result<void> check_redis(const Config& config) {
  if (config.redis_username.empty() || !config.redis_password.empty()) return {};
  return bad_setting("redis_password", "not set",
                     fmt::format("wanted together with redis_username ({})",
                                 config.sources.find("redis_username")->second));
}

}  // namespace

std::optional<redis::Options> Config::redis() const {
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
    for (const auto& more : {tls_settings(), mail_settings(), session_settings()}) {
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
