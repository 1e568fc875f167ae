// SPDX-License-Identifier: MIT
// The table of settings: a row for each. What is done with them is in config.cpp.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "app/config.hpp"
#include "net/networks.hpp"

namespace coterie::app {

namespace {

using C = Config;
using Text = std::string_view;
using Variables = std::vector<Text>;
using Complaint = std::optional<std::string>;

// -- kinds of settings ----------------------------------------------------------------------------

// `take` stores a value in the field, or says what was wanted.
template <class T, class Take>
Setting row(Text key, Variables variables, Text help, T C::* field, Take take) {
  return {key,
          false,
          std::move(variables),
          help,
          false,
          [=](C& config, Text value) -> Complaint { return take(config.*field, value); },
          [=](const C& config) { return fmt::format("{}", config.*field); }};
}

template <class T>
Setting number(Text key, Variables variables, Text help, T C::* field, long low, long high) {
  return row(key, std::move(variables), help, field, [=](T& to, Text value) -> Complaint {
    long found = 0;
    const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), found);
    if (problem != std::errc() || end != value.data() + value.size() || found < low ||
        found > high) {
      return fmt::format("a whole number from {} to {}", low, high);
    }
    to = static_cast<T>(found);
    return std::nullopt;
  });
}

Setting boolean(Text key, Variables variables, Text help, bool C::* field) {
  return row(key, std::move(variables), help, field, [](bool& to, Text value) -> Complaint {
    const bool is_true = value == "true" || value == "1" || value == "yes";
    if (!is_true && value != "false" && value != "0" && value != "no") return "true or false";
    to = is_true;
    return std::nullopt;
  });
}

// A text that `is_right`, else `wanted` is said.
template <class IsRight>
Setting checked(Text key, Variables variables, Text help, std::string C::* field, IsRight is_right,
                std::string wanted) {
  return row(key, std::move(variables), help, field, [=](std::string& to, Text value) -> Complaint {
    if (!is_right(value)) return wanted;
    to = value;
    return std::nullopt;
  });
}

Setting text(Text key, Variables variables, Text help, std::string C::* field) {
  return checked(key, std::move(variables), help, field, [](Text) { return true; }, "a text");
}

Setting some_text(Text key, Variables variables, Text help, std::string C::* field) {
  return checked(
      key, std::move(variables), help, field, [](Text value) { return !value.empty(); },
      "a text that is not empty");
}

Setting one_of(Text key, Variables variables, Text help, std::string C::* field,
               const std::vector<Text>& choices) {
  return checked(
      key, std::move(variables), help, field,
      [=](Text value) { return std::ranges::find(choices, value) != choices.end(); },
      fmt::format("one of {}", fmt::join(choices, ", ")));
}

Setting places(Text key, Variables variables, Text help, std::string C::* field) {
  return checked(
      key, std::move(variables), help, field,
      [](Text value) { return static_cast<bool>(redis::parse_places(value, redis::usual_port)); },
      "host:port,host:port");
}

Setting networks(Text key, Variables variables, Text help, std::string C::* field) {
  return checked(
      key, std::move(variables), help, field,
      [](Text value) { return static_cast<bool>(net::Networks::parse(value)); },
      "addresses or networks such as 10.0.0.0/8, by commas");
}

Setting url(Text key, Variables variables, Text help, std::string C::* field) {
  return row(key, std::move(variables), help, field, [](std::string& to, Text value) -> Complaint {
    if (!value.starts_with("http://") && !value.starts_with("https://")) {
      return "a URL that begins with http:// or https://";
    }
    while (value.ends_with('/')) value.remove_suffix(1);
    to = value;
    return std::nullopt;
  });
}

Setting flag(Setting setting) {
  setting.has_flag = true;
  return setting;
}
Setting secret(Setting setting) {
  setting.is_secret = true;
  return setting;
}
Setting shown_as(Setting setting, std::function<std::string(const C&)> show) {
  setting.show = std::move(show);
  return setting;
}

// -- the table ------------------------------------------------------------------------------------

std::vector<Setting> database_settings() {
  return {
      shown_as(one_of("db_type", {"DB_TYPE"},
                      "sqlite, mysql (MariaDB, too) or postgres; mysql when db_host is set",
                      &C::db_type, {"sqlite", "mysql", "mariadb", "postgres"}),
               [](const C& config) {
                 if (!config.db_type.empty()) return config.db_type;
                 return std::string(config.db_host.empty() ? "sqlite" : "mysql");
               }),
      text("db_host", {"DB_HOST"}, "where the database server is", &C::db_host),
      number("db_port", {"DB_PORT"}, "its port; 0 is the usual one of its kind", &C::db_port, 0,
             65535),
      text("db_username", {"DB_USERNAME", "DB_USER"}, "who we are there", &C::db_username),
      secret(text("db_password", {"DB_PASSWORD"}, "and the proof", &C::db_password)),
      some_text("db_database", {"DB_DATABASE", "DB_NAME"}, "name of the database there",
                &C::db_database),
      number("db_connections", {"DB_CONNECTIONS"}, "connections to it at the most",
             &C::db_connections, 2, 1000),
  };
}

std::vector<Setting> database_tls_settings() {
  return {
      one_of("db_tls", {"DB_TLS"},
             "TLS to it: off, prefer (where it offers that), require, or verify (its certificate, "
             "too)",
             &C::db_tls, {"off", "prefer", "require", "verify"}),
      some_text("db_ca", {"DB_CA"},
                "PEM file of who signs its certificate, for verify; else whom this machine trusts",
                &C::db_ca),
  };
}

std::vector<Setting> server_settings() {
  return {
      flag(number("port", {"SERVER_PORT"}, "TCP port to listen on; 0 takes any free one", &C::port,
                  0, 65535)),
      flag(some_text("host", {"COTERIE_HOST"}, "address to listen on", &C::host)),
      flag(some_text("data", {"COTERIE_DATA"}, "folder of the database, files and secret",
                     &C::data)),
      flag(shown_as(
          url("public_url", {"PUBLIC_URL"},
              "how clients reach this server; links to files begin with it", &C::public_url),
          [](const C& config) { return config.link_base(); })),
      secret(
          some_text("jwt_secret", {"SERVER_JWT_SECRET"},
                    "signs log-ins; made on first start and kept in the data folder when not set",
                    &C::jwt_secret)),
      flag(number("shards", {"COTERIE_SHARDS"}, "event loops; 0 is one for each core", &C::shards,
                  0, 256)),
      flag(number("db_workers", {"COTERIE_DB_WORKERS"}, "threads that may wait for the database",
                  &C::db_workers, 1, 256)),
      flag(one_of("log_level", {"COTERIE_LOG_LEVEL"}, "debug, info, warn or error", &C::log_level,
                  {"debug", "info", "warn", "error"})),
      flag(one_of("password_cost", {"COTERIE_PASSWORD_COST"},
                  "light (8 MiB a hash) or standard (64 MiB)", &C::password_cost,
                  {"light", "standard"})),
  };
}

std::vector<Setting> tls_settings() {
  return {
      flag(some_text(
          "tls_certificate", {"SERVER_TLS_CERTIFICATE"},
          "PEM file of the certificate and who signed it: serves https; SIGHUP reads it anew",
          &C::tls_certificate)),
      flag(some_text("tls_key", {"SERVER_TLS_KEY"}, "PEM file of its private key", &C::tls_key)),
  };
}

std::vector<Setting> file_settings() {
  return {
      flag(text(
          "ffmpeg", {"COTERIE_FFMPEG"},
          "program that makes covers of videos and thumbnails, when it is installed; empty is none",
          &C::ffmpeg)),
      flag(number("orphan_hours", {"COTERIE_ORPHAN_HOURS"},
                  "files that nothing uses are removed when they are as old as that; 0 keeps them",
                  &C::orphan_hours, 0, 24 * 365)),
  };
}

std::vector<Setting> mail_settings() {
  return {
      text("email_host", {"EMAIL_HOST", "EMAIl_HOST"},
           "SMTP server; without one, mail codes are written to the log", &C::email_host),
      number("email_port", {"EMAIL_PORT"}, "its port", &C::email_port, 1, 65535),
      boolean("email_secure", {"EMAIL_SECURE"},
              "TLS from the first byte; otherwise STARTTLS where the server offers it",
              &C::email_secure),
      boolean("email_starttls", {"EMAIL_STARTTLS"},
              "without TLS from the first byte: send nothing where STARTTLS is not offered",
              &C::email_starttls),
      text("email_ca", {"EMAIL_CA"},
           "PEM file of who signs its certificate; who this machine trusts when not set",
           &C::email_ca),
      number("email_timeout", {"EMAIL_TIMEOUT"}, "seconds that a letter may take",
             &C::email_timeout, 1, 300),
      text("email_user", {"EMAIL_USER"}, "user to log in there as", &C::email_user),
      secret(text("email_password", {"EMAIL_PASS", "EMAIL_PASSWORD", "EMAIL_AUTH_CODE"},
                  "and the password", &C::email_password)),
      text("email_from", {"EMAIL_FROM"}, "sender of mails; the user when not set", &C::email_from),
  };
}

std::vector<Setting> s3_settings() {
  return {
      text("s3_endpoint", {"S3_ENDPOINT", "MINIO_ENDPOINT", "MINIO_HOST"},
           "S3 server for files, as a URL or a host; without one they are in the data folder",
           &C::s3_endpoint),
      number("s3_port", {"S3_PORT", "MINIO_PORT"}, "its port, when the endpoint names none",
             &C::s3_port, 1, 65535),
      boolean("s3_secure", {"S3_SECURE", "MINIO_USE_SSL"},
              "https, when the endpoint is a host without http:// or https://", &C::s3_secure),
      url("s3_public_url", {"S3_PUBLIC_URL"},
          "how clients reach it, when by another name; links to files begin with it",
          &C::s3_public_url),
      some_text("s3_bucket", {"S3_BUCKET", "MINIO_BUCKET"},
                "bucket of this server alone: made when it is not there", &C::s3_bucket),
      some_text("s3_region", {"S3_REGION", "MINIO_REGION"}, "its region", &C::s3_region),
      text("s3_access_key", {"S3_ACCESS_KEY", "MINIO_ACCESS_KEY"}, "who we are there",
           &C::s3_access_key),
      secret(text("s3_secret_key", {"S3_SECRET_KEY", "MINIO_SECRET_KEY"}, "and the proof",
                  &C::s3_secret_key)),
      boolean("s3_path_style", {"S3_PATH_STYLE"},
              "the bucket is in the path of URLs; otherwise in front of the host",
              &C::s3_path_style),
  };
}

std::vector<Setting> sentinel_settings() {
  return {
      places("redis_sentinels", {"REDIS_SENTINELS"},
             "Sentinels that know where Redis is, instead of redis_host: host:port,host:port",
             &C::redis_sentinels),
      places("redis_cluster", {"REDIS_CLUSTER"},
             "nodes of a Redis Cluster, one of them there, instead of redis_host: "
             "host:port,host:port",
             &C::redis_cluster),
      some_text("redis_master", {"REDIS_MASTER"}, "the name that they know it by",
                &C::redis_master),
      secret(text("redis_sentinel_password", {"REDIS_SENTINEL_PASSWORD"},
                  "their own password, where they have one", &C::redis_sentinel_password)),
  };
}

std::vector<Setting> session_settings() {
  return {
      text("redis_host", {"REDIS_HOST"},
           "Redis for log-ins, codes and counters; without one, they are kept in the data folder",
           &C::redis_host),
      number("redis_port", {"REDIS_PORT"}, "its port", &C::redis_port, 1, 65535),
      text("redis_username", {"REDIS_USERNAME"},
           "user to log in there as; its default user when not set", &C::redis_username),
      secret(text("redis_password", {"REDIS_PASSWORD"}, "and the password", &C::redis_password)),
      number("redis_db", {"REDIS_DB"}, "number of the database there", &C::redis_db, 0, 65535),
      boolean("redis_tls", {"REDIS_TLS"}, "TLS to Redis, and to the Sentinels", &C::redis_tls),
      some_text("redis_ca", {"REDIS_CA"},
                "PEM file of who signs its certificate; else whom this machine trusts",
                &C::redis_ca),
      number("sweep_seconds", {"COTERIE_SWEEP_SECONDS"},
             "how often it is seen to that sockets of log-ins that are over are closed",
             &C::sweep_seconds, 1, 3600),
  };
}

// Of a server that may be one of several.
std::vector<Setting> node_settings() {
  return {
      shown_as(
          some_text("redis_channel_prefix", {"REDIS_CHANNEL_PREFIX"},
                    "what channels in Redis begin with: servers with the same one are one chat",
                    &C::redis_channel_prefix),
          [](const C& config) { return config.channel_prefix(); }),
      one_of(
          "cluster_adapter", {"COTERIE_CLUSTER_ADAPTER"},
          "how servers of one chat hear each other: pubsub, or streams, by which clients recover "
          "on any of them; the same on all",
          &C::cluster_adapter, {"pubsub", "streams"}),
      flag(some_text("node_name", {"COTERIE_NODE_NAME"},
                     "what this server is called among several; its machine and port when not set",
                     &C::node_name)),
      flag(number(
          "recovery_seconds", {"COTERIE_RECOVERY_SECONDS"},
          "clients whose connection was lost so briefly are sent what they missed; 0 is none",
          &C::recovery_seconds, 0, 3600)),
  };
}

std::vector<Setting> limit_settings() {
  const auto limit = [](std::string_view key, std::string_view variable, std::string_view help,
                        unsigned C::* field) {
    return number(key, {variable}, help, field, 0, 1'000'000);
  };
  return {
      networks(
          "trusted_proxies", {"COTERIE_TRUSTED_PROXIES"},
          "networks of proxies whose X-Forwarded-For or Forwarded is believed, as 10.0.0.0/8, ::1",
          &C::trusted_proxies),
      number("presence_grace_seconds", {"COTERIE_PRESENCE_GRACE_SECONDS"},
             "how long somebody who is gone is still said to be online", &C::presence_grace_seconds,
             0, 3600),
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
