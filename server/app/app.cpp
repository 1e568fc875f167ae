// SPDX-License-Identifier: MIT
#include "app/app.hpp"

#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <functional>

#include "api/account_routes.hpp"
#include "api/admin_routes.hpp"
#include "api/conversation_routes.hpp"
#include "api/file_download.hpp"
#include "api/file_routes.hpp"
#include "api/group_routes.hpp"
#include "api/openapi.hpp"
#include "api/realtime.hpp"
#include "api/site.hpp"
#include "app/recent_trouble.hpp"
#include "app/secret.hpp"
#include "base/blocking.hpp"
#include "base/log.hpp"
#include "chat/conversations.hpp"
#include "chat/file_sweep.hpp"
#include "chat/groups.hpp"
#include "net/shards.hpp"
#include "net/workers.hpp"
#include "socketio/server.hpp"
#include "storage/ffmpeg.hpp"
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

constexpr auto sweep_interval = std::chrono::seconds(30);
constexpr auto first_file_sweep = std::chrono::seconds(10);
constexpr auto file_sweep_interval = std::chrono::hours(1);
// How long each step of stopping may take: the three together less than the ten seconds after which
// those who start and stop servers lose theirs.
constexpr auto patience = std::chrono::seconds(3);

storage::Database::Connect sqlite(const fs::path& path, SqliteDriver::Durability durability) {
  return [path = path.string(), durability] {
    return std::make_unique<SqliteDriver>(path, durability);
  };
}

std::unique_ptr<storage::Mailer> make_mailer(const Config& config) {
  if (config.email_host.empty()) return std::make_unique<storage::LogMailer>();
  return std::make_unique<storage::SmtpMailer>(
      storage::SmtpMailer::Settings{.host = config.email_host,
                                    .port = config.email_port,
                                    .is_secure = config.email_secure,
                                    .wants_starttls = config.email_starttls,
                                    .user = config.email_user,
                                    .password = config.email_password,
                                    .from = config.email_from,
                                    .authority = config.email_ca,
                                    .patience = std::chrono::seconds(config.email_timeout)});
}

chat::Passwords::Cost cost_of(const Config& config) {
  return config.password_cost == "light" ? chat::Passwords::Cost::light
                                         : chat::Passwords::Cost::standard;
}

std::optional<api::Asset> find_asset(std::string_view path) {
  const web::Asset* asset = web::find(path);
  if (!asset) return std::nullopt;
  return api::Asset{asset->type, asset->bytes, asset->gzip, asset->etag, asset->immutable};
}

void sweep_files(chat::FileSweep& sweep) {
  const auto swept = sweep.run();
  if (!swept && swept.error().code == "stopped") return;
  if (!swept) return log::warn("could not sweep files: {}", swept.error().detail);
  if (swept->rows + swept->blobs > 0) {
    log::info("swept {} files that nothing used, and {} without a row", swept->rows, swept->blobs);
  }
}

// Calls `work` on a worker again and again.
class Sweeper {
 public:
  Sweeper(net::Shard& shard, net::Workers& workers, std::chrono::seconds interval,
          std::function<void()> work)
      : shard_(shard), workers_(workers), interval_(interval), work_(std::move(work)) {}

  void start(std::chrono::seconds first) {
    shard_.post([this, first] { arm(first); });
  }

 private:
  void arm(std::chrono::seconds after) {
    shard_.timers().arm<&Sweeper::sweep>(timer_, shard_.now() + after, this);
  }
  void sweep() {
    if (!workers_.run(work_)) log::warn("too busy to forget what has expired");
    arm(interval_);
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
        ttl(sessions, system_clock()),
        blobs({(folder / "files").string(), config.link_base(), secret}, system_clock()),
        mailer(make_mailer(config)),
        ffmpeg(config.ffmpeg),
        passwords(cost_of(config)),
        tokens(secret, system_clock(), system_random()),
        files(
            database, blobs,
            [this](std::string_view path, std::string_view expires, std::string_view signature) {
              return blobs.allows(path, expires, signature);
            },
            system_clock(), system_random(), ffmpeg),
        file_sweep(database, blobs, system_clock(), std::chrono::hours(config.orphan_hours)),
        memberships(database) {}

  const fs::path folder;
  storage::Database database;
  storage::Database sessions;
  storage::SqliteTtlStore ttl;
  storage::LocalBlobStore blobs;
  const std::unique_ptr<storage::Mailer> mailer;
  storage::Ffmpeg ffmpeg;
  std::unique_ptr<chat::Captcha> captcha;  // Only where someone may log in.
  chat::Passwords passwords;
  const chat::Tokens tokens;
  chat::Announcements announcements;
  chat::Files files;
  chat::FileSweep file_sweep;
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
chat::FileSweep& Core::file_sweep() {
  return parts_->file_sweep;
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
  for (const auto& [database, migrations] :
       {std::pair(&parts->database, &storage::chat_migrations()),
        std::pair(&parts->sessions, &storage::ttl_migrations())}) {
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
        admin(core.database),
        rest(workers, file_workers, *core.accounts),
        sweeper(shards[0], workers, sweep_interval,
                [accounts = core.accounts.get()] {
                  if (const auto swept = accounts->sweep(); !swept) {
                    log::warn("could not forget what has expired: {}", swept.error().detail);
                  }
                }),
        file_sweeper(shards[0], file_workers, file_sweep_interval,
                     [sweep = &core.file_sweep] { sweep_files(*sweep); }) {}

  std::vector<api::Endpoint> endpoints(chat::Accounts& accounts) {
    std::vector<api::Endpoint> all = api::account_endpoints(accounts);
    for (auto& each : api::group_endpoints(groups)) all.push_back(std::move(each));
    for (auto& each : api::conversation_endpoints(conversations)) all.push_back(std::move(each));
    const api::AdminParts for_operators{admin, realtime, recent_trouble};
    for (auto& each : api::admin_endpoints(for_operators)) all.push_back(std::move(each));
    return all;
  }

  Json describe_api(Core::Parts& core) {
    return api::openapi(endpoints(*core.accounts),
                        api::upload_endpoints(*core.accounts, conversations));
  }

  net::Router router(Core::Parts& core) {
    net::Router router;
    router.add(server.routes());
    for (const auto& endpoint : endpoints(*core.accounts)) router.add(rest.route(endpoint));
    for (const auto& upload : api::upload_endpoints(*core.accounts, conversations)) {
      router.add(api::upload_route(upload, rest, core.files));
    }
    router.add(api::file_route(core.files, file_workers));
    const std::string document = to_text(describe_api(core));
    for (const char* place : {"/doc/openapi.json", "/doc-json"}) {
      router.add(api::document_route(place, document));
    }
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
  chat::Admin admin;
  api::Rest rest;
  Sweeper sweeper;
  Sweeper file_sweeper;
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
  log::info("Coterie is serving {} (data in {}; mail codes go to {})", local_url, config.data,
            config.email_host.empty() ? "this log" : config.email_host);
  doors.sweeper.start(sweep_interval);
  doors.file_sweeper.start(first_file_sweep);
  const auto leave = [&] {
    core.ffmpeg.stop();
    core.file_sweep.stop();
    doors.leave();
  };
  doors.shards.run_until_signal(leave, patience);
  doors.file_workers.stop(patience);  // Only now: until here they read what is being downloaded.
  return {};
}

Json App::describe_api(const Config& config) {
  Core::Parts core(config, "not used: nothing is signed");
  core.make_accounts();
  Doors doors(core, config);
  return doors.describe_api(core);
}

}  // namespace coterie::app
