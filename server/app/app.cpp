// SPDX-License-Identifier: MIT
#include "app/app.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <functional>

#include "api/account_routes.hpp"
#include "api/conversation_routes.hpp"
#include "api/file_routes.hpp"
#include "api/group_routes.hpp"
#include "api/openapi.hpp"
#include "api/realtime.hpp"
#include "api/site.hpp"
#include "app/redis_stores.hpp"
#include "app/secret.hpp"
#include "base/blocking.hpp"
#include "base/log.hpp"
#include "chat/conversations.hpp"
#include "chat/groups.hpp"
#include "net/shards.hpp"
#include "net/workers.hpp"
#include "socketio/server.hpp"
#include "storage/local_blob_store.hpp"
#include "storage/log_mailer.hpp"
#include "storage/migrations.hpp"
#include "storage/smtp_mailer.hpp"
#include "storage/sqlite_driver.hpp"
#include "storage/sqlite_ttl_store.hpp"
#include "web/embedded.hpp"

namespace coterie::app {

namespace {

namespace fs = std::filesystem;
using storage::SqliteDriver;

storage::Database::Connect sqlite(const fs::path& path, SqliteDriver::Durability durability) {
  return [path = path.string(), durability] {
    return std::make_unique<SqliteDriver>(path, durability);
  };
}

std::unique_ptr<storage::Mailer> make_mailer(const Config& config) {
  if (config.email_host.empty()) return std::make_unique<storage::LogMailer>();
  return std::make_unique<storage::SmtpMailer>(
      storage::SmtpMailer::Settings{config.email_host, config.email_port, config.email_secure,
                                    config.email_user, config.email_password, config.email_from});
}

chat::Passwords::Cost cost_of(const Config& config) {
  return config.password_cost == "light" ? chat::Passwords::Cost::light
                                         : chat::Passwords::Cost::standard;
}

std::optional<api::Asset> find_asset(std::string_view path) {
  const web::Asset* asset = web::find(path);
  if (!asset) return std::nullopt;
  return api::Asset{asset->type, asset->bytes, asset->etag, asset->immutable};
}

// Where log-ins and codes rest: Redis, when it is set, else a database of their own.
std::unique_ptr<RedisStores> make_redis(const Config& config, storage::Database& database) {
  const auto options = config.redis();
  return options ? std::make_unique<RedisStores>(*options, database) : nullptr;
}

// Calls `work` on a worker now and then.
class Sweeper {
 public:
  Sweeper(net::Shard& shard, net::Workers& workers, std::chrono::seconds interval,
          std::function<void()> work)
      : shard_(shard), workers_(workers), interval_(interval), work_(std::move(work)) {}

  void start() {
    shard_.post([this] { arm(); });
  }

 private:
  void arm() { shard_.timers().arm<&Sweeper::sweep>(timer_, shard_.now() + interval_, this); }
  void sweep() {
    if (!workers_.run(work_)) log::warn("too busy to forget what has expired");
    arm();
  }

  net::Shard& shard_;
  net::Workers& workers_;
  const std::chrono::seconds interval_;
  const std::function<void()> work_;
  Timer timer_;
};

}  // namespace

// Everything below HTTP, in the order in which it is built.
struct Core::Parts {
  Parts(const Config& config, const std::string& secret)
      : folder(config.data),
        database(sqlite(folder / "coterie.db", SqliteDriver::Durability::full)),
        sessions(sqlite(folder / "sessions.db", SqliteDriver::Durability::normal)),
        redis(make_redis(config, database)),
        embedded_ttl(sessions, system_clock()),
        blobs({(folder / "files").string(), config.link_base(), secret}, system_clock()),
        mailer(make_mailer(config)),
        passwords(cost_of(config)),
        tokens(secret, system_clock(), system_random()),
        files(
            database, blobs,
            [this](std::string_view path, std::string_view expires, std::string_view signature) {
              return blobs.allows(path, expires, signature);
            },
            system_clock(), system_random()),
        memberships(database) {}

  const fs::path folder;
  storage::Database database;
  storage::Database sessions;
  const std::unique_ptr<RedisStores> redis;  // Null: its part is done by what follows.
  storage::SqliteTtlStore embedded_ttl;
  storage::LocalBlobStore blobs;
  const std::unique_ptr<storage::Mailer> mailer;
  std::unique_ptr<chat::Captcha> captcha;  // Only where someone may log in.
  chat::Passwords passwords;
  const chat::Tokens tokens;
  chat::Announcements announcements;
  chat::Files files;
  chat::Memberships memberships;
  std::unique_ptr<chat::Accounts> accounts;
  std::vector<std::string> migrated;

  storage::TtlStore& ttl() {
    if (redis) return redis->ttl;
    return embedded_ttl;
  }
  void make_accounts() {
    accounts = std::make_unique<chat::Accounts>(
        chat::Accounts::Parts{database, ttl(), *mailer, captcha.get(), passwords, tokens, files,
                              announcements, system_clock(), system_random()});
  }
};

Core::Core(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Core::~Core() = default;

chat::Accounts& Core::accounts() {
  return *parts_->accounts;
}
const std::vector<std::string>& Core::migrated() const {
  return parts_->migrated;
}

Result<std::unique_ptr<Core>> Core::open(const Config& config) {
  std::error_code problem;
  fs::create_directories(config.data, problem);
  if (problem) return Error("bad_setting", "data (" + config.data + "): " + problem.message());
  std::string secret = config.jwt_secret;
  if (secret.empty()) {
    auto loaded = load_or_make_secret((fs::path(config.data) / "secret").string());
    if (!loaded) return loaded.error();
    secret = std::move(*loaded);
  }
  auto parts = std::make_unique<Parts>(config, secret);
  const WallTime now = system_clock().wall();
  std::vector<std::pair<storage::Database*, const std::vector<storage::Migration>*>> schemas{
      {&parts->database, &storage::chat_migrations()}};
  if (!parts->redis) schemas.emplace_back(&parts->sessions, &storage::ttl_migrations());
  for (const auto& [database, migrations] : schemas) {
    auto migrated = storage::migrate(*database, *migrations, now);
    if (!migrated) return migrated.error();
    parts->migrated.insert(parts->migrated.end(), migrated->begin(), migrated->end());
  }
  parts->make_accounts();
  return std::unique_ptr<Core>(new Core(std::move(parts)));
}

// What only a server has: the rules that need no command line, and the doors to the outside.
struct App::Doors {
  Doors(Core::Parts& core, const Config& config)
      : workers({.name = "db", .threads = config.db_workers}),
        file_workers({.name = "files", .threads = 8}),
        shards({.count = config.shards, .files = &file_workers}),
        server(shards),
        realtime(server, workers),
        groups({core.database, core.files, core.memberships, core.announcements, system_clock(),
                system_random()}),
        conversations(
            {core.database, core.files, core.memberships, core.announcements, system_clock()}),
        rest(workers, file_workers, *core.accounts),
        sweeper(shards[0], workers, std::chrono::seconds(config.sweep_seconds),
                [this, &core] { sweep(core); }) {}

  void sweep(Core::Parts& core) {
    if (const auto swept = core.accounts->sweep(realtime.live_tokens()); !swept) {
      return log::warn("could not look for log-ins that are over: {}", swept.error().detail);
    }
    if (!core.redis) return;
    if (const auto checked = core.redis->group_users.check(); !checked) {
      log::warn("could not check group_users in Redis: {}", checked.error().detail);
    }
  }

  std::vector<api::Endpoint> endpoints(chat::Accounts& accounts) {
    std::vector<api::Endpoint> all = api::account_endpoints(accounts);
    for (auto& each : api::group_endpoints(groups)) all.push_back(std::move(each));
    for (auto& each : api::conversation_endpoints(conversations)) all.push_back(std::move(each));
    return all;
  }

  net::Router router(Core::Parts& core) {
    net::Router router;
    router.add(server.routes());
    for (const auto& endpoint : endpoints(*core.accounts)) router.add(rest.route(endpoint));
    for (const auto& upload : api::upload_endpoints(*core.accounts, conversations)) {
      router.add(api::upload_route(upload, rest, core.files));
    }
    router.add(api::file_route(core.files, file_workers));
    api::add_site(router, find_asset);
    return router;
  }

  net::Workers workers;
  net::Workers file_workers;
  net::Shards shards;
  socketio::Server server;
  api::Realtime realtime;
  chat::Groups groups;
  chat::Conversations conversations;
  api::Rest rest;
  Sweeper sweeper;
};

Result<void> App::run(const Config& config) {
  net::block_stop_signals();
  auto opened = Core::open(config);
  if (!opened) return opened.error();
  Core::Parts& core = *(*opened)->parts_;
  if (auto ready = core.blobs.open_folder(); !ready) return ready;
  if (core.redis) {
    if (auto started = core.redis->start(); !started) return started;
  }
  auto captcha = chat::Captcha::open(system_random());
  if (!captcha) return captcha.error();
  core.captcha = std::move(*captcha);
  core.make_accounts();

  Doors doors(core, config);
  doors.realtime.set_up(*core.accounts, doors.conversations);
  core.announcements.message = [&](const chat::Message& message) {
    doors.realtime.announce(message);
  };
  core.announcements.joined = [&](std::int64_t user_id, std::int64_t group_id) {
    doors.realtime.on_joined(user_id, group_id);
    if (core.redis) core.redis->group_users.add(user_id, group_id);
  };
  core.announcements.revoked = [&](const std::string& token) { doors.realtime.on_revoked(token); };

  const std::string host =
      config.host.find(':') == std::string::npos ? config.host : "[" + config.host + "]";
  const auto port = doors.shards.listen(host + ":" + std::to_string(config.port),
                                        doors.router(core), config.tls());
  if (!port) return port.error();
  const std::string local_url = config.local_url(*port);
  if (config.public_url.empty()) core.blobs.set_public_url(local_url);
  log::info("Coterie is serving {} (data in {}; mail codes go to {})", local_url, config.data,
            config.email_host.empty() ? "this log" : config.email_host);
  doors.sweeper.start();
  doors.shards.run_until_signal([&] {
    log::info("stopping");
    doors.shards.stop_listening();
    doors.workers.stop();
    doors.file_workers.stop();
    doors.server.close();
  });
  return {};
}

Json App::describe_api(const Config& config) {
  Core::Parts core(config, "not used: nothing is signed");
  core.make_accounts();
  Doors doors(core, config);
  return api::openapi(doors.endpoints(*core.accounts),
                      api::upload_endpoints(*core.accounts, doors.conversations));
}

}  // namespace coterie::app
