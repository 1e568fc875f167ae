// SPDX-License-Identifier: MIT
#include "app/app.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>
#include <tuple>

#include "api/account_routes.hpp"
#include "api/conversation_routes.hpp"
#include "api/file_routes.hpp"
#include "api/group_routes.hpp"
#include "api/openapi.hpp"
#include "api/realtime.hpp"
#include "api/site.hpp"
#include "app/secret.hpp"
#include "base/blocking.hpp"
#include "base/log.hpp"
#include "chat/conversations.hpp"
#include "chat/groups.hpp"
#include "net/shards.hpp"
#include "net/workers.hpp"
#include "socketio/server.hpp"
#include "storage/archive_import.hpp"
#include "storage/local_blob_store.hpp"
#include "storage/log_mailer.hpp"
#include "storage/migrations.hpp"
#include "storage/mysql_driver.hpp"
#include "storage/postgres_driver.hpp"
#include "storage/smtp_mailer.hpp"
#include "storage/sqlite_driver.hpp"
#include "storage/sqlite_ttl_store.hpp"
#include "web/embedded.hpp"

namespace coterie::app {

namespace {

namespace fs = std::filesystem;
using storage::SqliteDriver;

constexpr auto sweep_interval = std::chrono::seconds(30);
constexpr auto start_patience = std::chrono::seconds(30);
// How long each step of stopping may take: the three together less than the ten seconds after which
// those who start and stop servers lose theirs.
constexpr auto patience = std::chrono::seconds(3);

storage::Database::Connect sqlite(const fs::path& path, SqliteDriver::Durability durability) {
  return [path = path.string(), durability] {
    return std::make_unique<SqliteDriver>(path, durability);
  };
}

// The chat's own database. What migrates or moves it may take longer than a question of the chat
// ever may.
enum class Patience { usual, of_migrations };

storage::Database::Connect chat_database(const Config& config, Patience waiting) {
  using std::chrono_literals::operator""h;
  using std::chrono_literals::operator""s;
  const std::chrono::seconds timeout = waiting == Patience::usual ? 30s : std::chrono::seconds(24h);
  const auto port = [&config](std::uint16_t usual) {
    return config.db_port ? config.db_port : usual;
  };
  switch (config.dialect()) {
    case storage::Dialect::sqlite:
      return sqlite(fs::path(config.data) / "coterie.db", SqliteDriver::Durability::full);
    case storage::Dialect::mysql:
      return [settings =
                  storage::MysqlDriver::Settings{config.db_host, port(3306), config.db_username,
                                                 config.db_password, config.db_database, timeout}] {
        return std::make_unique<storage::MysqlDriver>(settings);
      };
    case storage::Dialect::postgres:
      break;
  }
  return [settings =
              storage::PostgresDriver::Settings{config.db_host, port(5432), config.db_username,
                                                config.db_password, config.db_database, timeout}] {
    return std::make_unique<storage::PostgresDriver>(settings);
  };
}

storage::Database::Options options_of(const Config& config) {
  storage::Database::Options options;
  options.dialect = config.dialect();
  if (options.dialect != storage::Dialect::sqlite) options.connections_max = config.db_connections;
  return options;
}

// A database that is being started together with us may come later than we do.
Result<void> await(storage::Database& database, const Config& config) {
  const Clock& clock = system_clock();
  const TimePoint deadline = clock.now() + start_patience;
  for (bool is_told = false;; is_told = true) {
    const auto answer = database.read([](storage::Driver& db) -> Result<void> {
      db.run("SELECT 1");
      return {};
    });
    if (answer || answer.error().code != "storage_unavailable") return answer;
    if (clock.now() >= deadline) {
      return Error("storage_unavailable", fmt::format("{} at {}: {}", name_of(config.dialect()),
                                                      config.db_host, answer.error().detail));
    }
    if (!is_told) {
      log::warn("waiting for {} at {}", name_of(config.dialect()), config.db_host);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
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

// Calls `work` on a worker every half minute.
class Sweeper {
 public:
  Sweeper(net::Shard& shard, net::Workers& workers, std::function<void()> work)
      : shard_(shard), workers_(workers), work_(std::move(work)) {}

  void start() {
    shard_.post([this] { arm(); });
  }

 private:
  void arm() { shard_.timers().arm<&Sweeper::sweep>(timer_, shard_.now() + sweep_interval, this); }
  void sweep() {
    if (!workers_.run(work_)) log::warn("too busy to forget what has expired");
    arm();
  }

  net::Shard& shard_;
  net::Workers& workers_;
  const std::function<void()> work_;
  Timer timer_;
};

}  // namespace

// Everything below HTTP, in the order in which it is built.
struct Core::Parts {
  Parts(const Config& config, const std::string& secret, Patience waiting = Patience::usual)
      : folder(config.data),
        database(chat_database(config, waiting), options_of(config)),
        sessions(sqlite(folder / "sessions.db", SqliteDriver::Durability::normal)),
        ttl(sessions, system_clock()),
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
  storage::SqliteTtlStore ttl;
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

  void make_accounts() {
    accounts = std::make_unique<chat::Accounts>(
        chat::Accounts::Parts{database, ttl, *mailer, captcha.get(), passwords, tokens, files,
                              announcements, system_clock(), system_random()});
  }
};

Core::Core(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Core::~Core() = default;

chat::Accounts& Core::accounts() {
  return *parts_->accounts;
}
storage::Database& Core::database() {
  return parts_->database;
}
storage::BlobStore& Core::blobs() {
  return parts_->blobs;
}
const std::vector<std::string>& Core::migrated() const {
  return parts_->migrated;
}

Result<std::unique_ptr<Core>> Core::open(const Config& config, Purpose purpose) {
  std::error_code problem;
  fs::create_directories(config.data, problem);
  if (problem) return Error("bad_setting", "data (" + config.data + "): " + problem.message());
  std::string secret = config.jwt_secret;
  if (secret.empty()) {
    auto loaded = load_or_make_secret((fs::path(config.data) / "secret").string());
    if (!loaded) return loaded.error();
    secret = std::move(*loaded);
  }
  auto parts = std::make_unique<Parts>(
      config, secret, purpose == Purpose::any ? Patience::usual : Patience::of_migrations);
  const WallTime now = system_clock().wall();
  storage::Database migrated(chat_database(config, Patience::of_migrations), options_of(config));
  if (auto there = await(migrated, config); !there) return there.error();
  for (const auto& [database, migrations] :
       {std::pair(&migrated, &storage::chat_migrations(config.dialect())),
        std::pair(&parts->sessions, &storage::ttl_migrations())}) {
    auto names = storage::migrate(*database, *migrations, now);
    if (!names) return names.error();
    parts->migrated.insert(parts->migrated.end(), names->begin(), names->end());
  }
  const auto ready = purpose == Purpose::import ? parts->blobs.open_folder()
                                                : storage::check_no_import(parts->database);
  if (!ready) return ready.error();
  parts->make_accounts();
  return std::unique_ptr<Core>(new Core(std::move(parts)));
}

Result<std::vector<std::string>> Core::plan(const Config& config) {
  Parts parts(config, "not used: nothing is signed", Patience::of_migrations);
  std::vector<std::string> all;
  for (const auto& [database, file, migrations] :
       {std::tuple(&parts.database, "coterie.db", &storage::chat_migrations(config.dialect())),
        std::tuple(&parts.sessions, "sessions.db", &storage::ttl_migrations())}) {
    // To look into a database of SQLite that is not there would make it.
    storage::Database none(sqlite(":memory:", SqliteDriver::Durability::normal));
    const bool is_there =
        database->dialect() != storage::Dialect::sqlite || fs::exists(parts.folder / file);
    const auto names = storage::plan_migration(is_there ? *database : none, *migrations);
    if (!names) return names.error();
    all.insert(all.end(), names->begin(), names->end());
  }
  return all;
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
        sweeper(shards[0], workers, [accounts = core.accounts.get()] {
          if (const auto swept = accounts->sweep(); !swept) {
            log::warn("could not forget what has expired: {}", swept.error().detail);
          }
        }) {}

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
    api::add_site(router, find_asset, [this] { return !is_stopping; });
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
  std::atomic<bool> is_stopping = false;

  // What was taken on is finished, and those who stay are told to come back elsewhere. Calls that
  // come meanwhile on connections that are open already are answered 503.
  void leave() {
    log::info("stopping");
    is_stopping = true;
    shards.stop_listening();
    workers.stop(patience);
    server.close();
  }
};

Result<void> App::run(const Config& config) {
  net::block_stop_signals();
  auto opened = Core::open(config);
  if (!opened) return opened.error();
  Core::Parts& core = *(*opened)->parts_;
  for (const std::string& name : core.migrated) log::info("migrated: {}", name);
  if (auto ready = core.blobs.open_folder(); !ready) return ready;
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
  };
  core.announcements.revoked = [&](const std::string& token) { doors.realtime.on_revoked(token); };

  const std::string host =
      config.host.find(':') == std::string::npos ? config.host : "[" + config.host + "]";
  const auto port = doors.shards.listen(host + ":" + std::to_string(config.port),
                                        doors.router(core), config.tls());
  if (!port) return port.error();
  const std::string local_url = config.local_url(*port);
  if (config.public_url.empty()) core.blobs.set_public_url(local_url);
  log::info("Coterie is serving {} (data in {}; mail codes go to {})", local_url,
            config.db_host.empty() ? config.data : config.data + " and at " + config.db_host,
            config.email_host.empty() ? "this log" : config.email_host);
  doors.sweeper.start();
  doors.shards.run_until_signal([&] { doors.leave(); }, patience);
  doors.file_workers.stop(patience);  // Only now: until here they read what is being downloaded.
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
