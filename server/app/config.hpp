// Settings: one struct, one table row for each; default < file < environment < flag.
//
// What is unknown or malformed is an error that names the setting, where it came from, and what was
// wanted, before anything starts. The file is TOML: --config FILE, else <data>/coterie.toml.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/tls.hpp"
#include "redis/connection.hpp"
#include "storage/database_tls.hpp"
#include "storage/dialect.hpp"
#include "storage/s3_wire.hpp"

namespace coterie::app {

struct Config {
  std::uint16_t port = 3000;
  std::string host = "0.0.0.0";
  std::string data = "./data";
  std::string public_url;       // Empty: "http://localhost:<port>", or "https://…".
  std::string tls_certificate;  // Empty, as is the key: plain HTTP.
  std::string tls_key;
  std::string jwt_secret;  // Empty: made on first start and kept in the data folder.
  unsigned shards = 0;     // 0: one for each core.
  unsigned db_workers = 32;
  std::string db_type;        // sqlite, mysql or postgres; empty: mysql when db_host is set.
  std::string db_host;        // Empty, with SQLite.
  std::uint16_t db_port = 0;  // 0: the engine's usual one.
  std::string db_username;
  std::string db_password;
  std::string db_database = "ying-chat";
  unsigned db_connections = 10;
  std::string db_tls = "prefer";  // off, prefer, require or verify.
  std::string db_ca;              // Of who signs, with verify; empty: whom this machine trusts.
  std::string log_level = "info";
  std::string password_cost = "standard";
  std::string ffmpeg = "ffmpeg";  // A name on PATH or a path; empty: none.
  unsigned orphan_hours = 24;
  std::string email_host;  // Empty: mail codes are written to the log.
  std::uint16_t email_port = 465;
  std::string email_user;
  std::string email_password;
  std::string email_from;    // Empty: email_user.
  bool email_secure = true;  // TLS from the first byte; else STARTTLS where it is offered.
  bool email_starttls = false;
  std::string email_ca;  // Empty: the authorities that this machine trusts.
  unsigned email_timeout = 15;
  std::string s3_endpoint;  // Empty: files are in the data folder. Else "http://host:port".
  std::uint16_t s3_port = 0;
  bool s3_secure = false;
  std::string s3_public_url;  // Empty: s3_endpoint.
  std::string s3_bucket = "ying-chat";
  std::string s3_region = "us-east-1";
  std::string s3_access_key;
  std::string s3_secret_key;
  bool s3_path_style = true;

  std::string redis_host;  // Empty: log-ins and codes are kept in SQLite.
  std::uint16_t redis_port = 6379;
  std::string redis_username;
  std::string redis_password;
  std::uint16_t redis_db = 0;
  std::string redis_channel_prefix;        // Empty: of its own for each database there.
  std::string cluster_adapter = "pubsub";  // Or streams.
  std::string node_name;                   // Empty: the machine's name and the port.
  std::string redis_sentinels;             // "host:port,host:port"; empty: Redis is at redis_host.
  std::string redis_cluster;               // The same of nodes of a Redis Cluster.
  std::string redis_master = "mymaster";
  std::string redis_sentinel_password;
  bool redis_tls = false;
  std::string redis_ca;  // Empty: whom this machine trusts.
  unsigned sweep_seconds = 30;
  unsigned recovery_seconds = 120;  // 0: who was away begins anew.

  std::string trusted_proxies;  // Networks; empty: nobody is believed.
  unsigned presence_grace_seconds = 10;
  // Of everything 0 is: no limit.
  unsigned limit_user_connections = 1000;
  unsigned limit_address_connections = 10'000;
  unsigned limit_events = 200;  // A second, of one socket,
  unsigned limit_sends = 200;   // and of one user.
  unsigned limit_joins = 600;   // A minute, of one user.
  unsigned limit_groups = 600;

  std::map<std::string, std::string, std::less<>> sources;  // By key: where the value came from.

  std::optional<net::TlsFiles> tls() const {
    if (tls_certificate.empty()) return std::nullopt;
    return net::TlsFiles{tls_certificate, tls_key};
  }
  std::optional<redis::Options> redis_options() const;
  // May there be other servers of this chat? A database in a folder is one server's, so chats that
  // are such may share a Redis; a prefix says that others shall be heard all the same.
  bool is_clustered() const {
    const bool is_embedded = dialect() == storage::Dialect::sqlite;
    return redis_options() && (!is_embedded || !redis_channel_prefix.empty());
  }
  // What all channels in Redis begin with. They are outside of databases there: chats that share a
  // Redis by databases of their own must not hear each other.
  std::string channel_prefix() const;
  std::string local_url(std::uint16_t bound_port) const {
    return (tls() ? "https://localhost:" : "http://localhost:") + std::to_string(bound_port);
  }
  storage::Dialect dialect() const;
  storage::DatabaseTls database_tls() const;
  // Where the bucket is; nullopt: files are in the data folder.
  std::optional<storage::S3Place> s3() const;
  std::string link_base() const { return public_url.empty() ? local_url(port) : public_url; }
};

struct Setting {
  std::string_view key;  // In the file; "--" + key with dashes is the flag.
  bool has_flag;
  std::vector<std::string_view> environment;  // The first that is set counts.
  std::string_view help;
  bool is_secret;
  // Takes a value; says what was wanted when it is none.
  std::function<std::optional<std::string>(Config&, std::string_view)> apply;
  std::function<std::string(const Config&)> show;
};

const std::vector<Setting>& settings();
std::string flag_of(const Setting& setting);  // "public-url" for public_url.

using Texts = std::map<std::string, std::string, std::less<>>;

// `flags` by key, `config_file` as given by --config (may be empty). Error "bad_setting".
Result<Config> load_config(const Texts& flags, const Texts& environment,
                           const std::string& config_file);
Texts environment_of_process();

// For `coterie config`: every effective value and its source, secrets starred.
struct Described {
  std::string key;
  std::string value;
  std::string source;
};
std::vector<Described> describe(const Config& config);

}  // namespace coterie::app
