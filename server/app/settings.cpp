// SPDX-License-Identifier: MIT
// The table of settings: a row for each. What is done with them is in config.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "app/config.hpp"
#include "net/networks.hpp"

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

Apply networks(std::string Config::* field) {
  return [=](Config& config, std::string_view value) -> std::optional<std::string> {
    if (!net::Networks::parse(value)) return "addresses or networks such as 10.0.0.0/8, by commas";
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

std::vector<Setting> database_tls_settings() {
  using C = Config;
  return {
      {"db_tls",
       false,
       {"DB_TLS"},
       "TLS to it: off, prefer (where it offers that), require, or verify (its certificate, too)",
       false,
       one_of(&C::db_tls, {"off", "prefer", "require", "verify"}),
       show(&C::db_tls)},
      {"db_ca",
       false,
       {"DB_CA"},
       "PEM file of who signs its certificate, for verify; else whom this machine trusts",
       false,
       some_text(&C::db_ca),
       show(&C::db_ca)},
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
      {"email_starttls",
       false,
       {"EMAIL_STARTTLS"},
       "without TLS from the first byte: send nothing where STARTTLS is not offered",
       false,
       boolean(&C::email_starttls),
       show(&C::email_starttls)},
      {"email_ca",
       false,
       {"EMAIL_CA"},
       "PEM file of who signs its certificate; who this machine trusts when not set",
       false,
       text(&C::email_ca),
       show(&C::email_ca)},
      {"email_timeout",
       false,
       {"EMAIL_TIMEOUT"},
       "seconds that a letter may take",
       false,
       number(&C::email_timeout, 1, 300),
       show(&C::email_timeout)},
      {"email_user",
       false,
       {"EMAIL_USER"},
       "user to log in there as",
       false,
       text(&C::email_user),
       show(&C::email_user)},
      {"email_password",
       false,
       {"EMAIL_PASS", "EMAIL_PASSWORD", "EMAIL_AUTH_CODE"},
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

std::vector<Setting> sentinel_settings() {
  using C = Config;
  return {
      {"redis_sentinels",
       false,
       {"REDIS_SENTINELS"},
       "Sentinels that know where Redis is, instead of redis_host: host:port,host:port",
       false,
       [](Config& config, std::string_view value) -> std::optional<std::string> {
         if (!redis::parse_places(value, redis::usual_sentinel_port)) return "host:port,host:port";
         config.redis_sentinels = value;
         return std::nullopt;
       },
       show(&C::redis_sentinels)},
      {"redis_cluster",
       false,
       {"REDIS_CLUSTER"},
       "nodes of a Redis Cluster, one of which is there, instead of redis_host: "
       "host:port,host:port",
       false,
       [](Config& config, std::string_view value) -> std::optional<std::string> {
         if (!redis::parse_places(value, redis::usual_port)) return "host:port,host:port";
         config.redis_cluster = value;
         return std::nullopt;
       },
       show(&C::redis_cluster)},
      {"redis_master",
       false,
       {"REDIS_MASTER"},
       "the name that they know it by",
       false,
       some_text(&C::redis_master),
       show(&C::redis_master)},
      {"redis_sentinel_password",
       false,
       {"REDIS_SENTINEL_PASSWORD"},
       "their own password, where they have one",
       true,
       text(&C::redis_sentinel_password),
       show(&C::redis_sentinel_password)},
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
      {"redis_tls",
       false,
       {"REDIS_TLS"},
       "TLS to Redis, and to the Sentinels",
       false,
       boolean(&C::redis_tls),
       show(&C::redis_tls)},
      {"redis_ca",
       false,
       {"REDIS_CA"},
       "PEM file of who signs its certificate; else whom this machine trusts",
       false,
       some_text(&C::redis_ca),
       show(&C::redis_ca)},
      {"sweep_seconds",
       false,
       {"COTERIE_SWEEP_SECONDS"},
       "how often it is seen to that sockets of log-ins that are over are closed",
       false,
       number(&C::sweep_seconds, 1, 3600),
       show(&C::sweep_seconds)},
  };
}

// Of a server that may be one of several.
std::vector<Setting> node_settings() {
  using C = Config;
  return {
      {"redis_channel_prefix",
       false,
       {"REDIS_CHANNEL_PREFIX"},
       "what channels in Redis begin with: servers with the same one are one chat",
       false,
       some_text(&C::redis_channel_prefix),
       [](const C& config) { return config.channel_prefix(); }},
      {"node_name",
       true,
       {"COTERIE_NODE_NAME"},
       "what this server is called among several; its machine and port when not set",
       false,
       some_text(&C::node_name),
       show(&C::node_name)},
      {"recovery_seconds",
       true,
       {"COTERIE_RECOVERY_SECONDS"},
       "clients whose connection was lost so briefly are sent what they missed; 0 is none",
       false,
       number(&C::recovery_seconds, 0, 3600),
       show(&C::recovery_seconds)},
  };
}

std::vector<Setting> limit_settings() {
  using C = Config;
  const auto limit = [](std::string_view key, std::string_view environment, std::string_view help,
                        unsigned C::* field) {
    return Setting{key,        false, {environment}, help, false, number(field, 0, 1'000'000),
                   show(field)};
  };
  return {
      {"trusted_proxies",
       false,
       {"COTERIE_TRUSTED_PROXIES"},
       "networks of proxies whose X-Forwarded-For or Forwarded is believed, as 10.0.0.0/8, ::1",
       false,
       networks(&C::trusted_proxies),
       show(&C::trusted_proxies)},
      {"presence_grace_seconds",
       false,
       {"COTERIE_PRESENCE_GRACE_SECONDS"},
       "how long somebody who is gone is still said to be online",
       false,
       number(&C::presence_grace_seconds, 0, 3600),
       show(&C::presence_grace_seconds)},
      limit("limit_user_connections", "COTERIE_LIMIT_USER_CONNECTIONS",
            "sockets of one user at once; 0 is no limit", &C::limit_user_connections),
      limit("limit_address_connections", "COTERIE_LIMIT_ADDRESS_CONNECTIONS",
            "sockets of one public address at once; 0 is no limit", &C::limit_address_connections),
      limit("limit_events", "COTERIE_LIMIT_EVENTS",
            "events of one socket in a second; 0 is no limit", &C::limit_events),
      limit("limit_sends", "COTERIE_LIMIT_SENDS", "messages of one user in a second; 0 is no limit",
            &C::limit_sends),
      limit("limit_joins", "COTERIE_LIMIT_JOINS",
            "groups that one user may join in a minute; 0 is no limit", &C::limit_joins),
      limit("limit_groups", "COTERIE_LIMIT_GROUPS",
            "groups that one user may make in a minute; 0 is no limit", &C::limit_groups),
  };
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> table = [] {
    std::vector<Setting> all = server_settings();
    for (const auto& more : {database_settings(), database_tls_settings(), tls_settings(),
                             file_settings(), mail_settings(), s3_settings(), sentinel_settings(),
                             session_settings(), node_settings(), limit_settings()}) {
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

}  // namespace coterie::app
