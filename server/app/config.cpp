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

// Who names an authority means to have it asked.
Result<void> check_database_tls(const Config& config) {
  if (config.db_ca.empty() || config.db_tls == "verify") return {};
  return bad_setting("db_ca", config.sources.find("db_ca")->second,
                     "wanted together with db_tls verify");
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
    if (host.empty() || host.ends_with(':') ||
        host.find_first_of("/?#@ ") != std::string_view::npos) {
      return bad_setting(name, from, fmt::format("wanted a host, not '{}'", url));
    }
  }
  return {};
}

// "http://host:port": small letters, and no port where it is the usual one, as clients write it in
// the Host header, which is signed.
std::string origin_of(std::string_view scheme, std::string_view rest, std::uint16_t port) {
  while (rest.ends_with('/')) rest.remove_suffix(1);
  std::string origin = fmt::format("{}{}", scheme, rest);
  const bool has_port = rest.find(':', rest.rfind(']') + 1) != std::string_view::npos;
  if (!has_port && port != 0) origin += fmt::format(":{}", port);
  std::ranges::transform(origin, origin.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::string_view usual = scheme == "https://" ? ":443" : ":80";
  if (origin.ends_with(usual)) origin.resize(origin.size() - usual.size());
  return origin;
}

std::string origin_of(std::string_view text, bool is_secure, std::uint16_t port) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) {
    return origin_of(is_secure ? "https://" : "http://", text, port);
  }
  return origin_of(text.substr(0, colon + 3), text.substr(colon + 3), port);
}

// Who is named needs a password; and there are not two ways to one place.
Result<void> check_redis(const Config& config) {
  const auto refuse = [&](const char* setting, const char* other) {
    return bad_setting(setting, config.sources.find(setting)->second,
                       fmt::format("not together with {}: it says where Redis is", other));
  };
  if (!config.redis_host.empty()) {
    if (!config.redis_sentinels.empty()) return refuse("redis_sentinels", "redis_host");
    if (!config.redis_cluster.empty()) return refuse("redis_cluster", "redis_host");
  }
  if (!config.redis_cluster.empty()) {
    if (!config.redis_sentinels.empty()) return refuse("redis_cluster", "redis_sentinels");
    if (config.redis_db != 0) {
      return bad_setting("redis_db", config.sources.find("redis_db")->second,
                         "0: a Redis Cluster has no other");
    }
  }
  if (!config.redis_ca.empty() && !config.redis_tls) {
    return bad_setting("redis_ca", config.sources.find("redis_ca")->second,
                       "wanted together with redis_tls");
  }
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

storage::DatabaseTls Config::database_tls() const {
  using Mode = storage::DatabaseTls::Mode;
  const Mode mode = db_tls == "off"       ? Mode::off
                    : db_tls == "prefer"  ? Mode::prefer
                    : db_tls == "require" ? Mode::require
                                          : Mode::verify;
  return {mode, db_ca};
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
  if (redis_host.empty() && redis_sentinels.empty() && redis_cluster.empty()) return std::nullopt;
  redis::Options options;
  redis::Address& address = options.address;
  address.host = redis_host;
  address.port = redis_port;
  if (!redis_sentinels.empty()) {
    address.host = redis_master;
    address.sentinels = {redis::parse_places(redis_sentinels, redis::usual_sentinel_port).value(),
                         redis_sentinel_password};
  }
  if (!redis_cluster.empty()) {
    address.cluster_nodes = redis::parse_places(redis_cluster, redis::usual_port).value();
  }
  address.username = redis_username;
  address.password = redis_password;
  address.tls = {redis_tls, redis_ca};
  options.database = redis_db;
  return options;
}

std::string Config::channel_prefix() const {
  if (!redis_channel_prefix.empty()) return redis_channel_prefix;
  return redis_db == 0 ? "socket.io" : fmt::format("socket.io-{}", redis_db);
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
  if (auto done = check_database_tls(config); !done) return done.error();
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
