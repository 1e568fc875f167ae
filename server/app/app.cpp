// SPDX-License-Identifier: MIT
#include "app/app.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>
#include <tuple>

#include "api/account_routes.hpp"
#include "api/admin_routes.hpp"
#include "api/conversation_routes.hpp"
#include "api/file_download.hpp"
#include "api/file_routes.hpp"
#include "api/group_routes.hpp"
#include "api/health.hpp"
#include "api/nodes.hpp"
#include "api/openapi.hpp"
#include "api/realtime.hpp"
#include "api/site.hpp"
#include "app/cluster.hpp"
#include "app/curfew.hpp"
#include "app/needs.hpp"
#include "app/recent_trouble.hpp"
#include "app/redis_stores.hpp"
#include "app/stores.hpp"
#include "base/log.hpp"
#include "base/shrink.hpp"
#include "chat/conversations.hpp"
#include "chat/file_sweep.hpp"
#include "chat/groups.hpp"
#include "chat/limits.hpp"
#include "net/networks.hpp"
#include "net/shards.hpp"
#include "net/supervisor.hpp"
#include "net/workers.hpp"
#include "socketio/server.hpp"
#include "storage/archive_import.hpp"
#include "storage/ffmpeg.hpp"
#include "storage/migrations.hpp"
#include "storage/probe.hpp"
#include "storage/sequence.hpp"
#include "storage/sqlite_driver.hpp"
#include "storage/sqlite_ttl_store.hpp"
#include "web/embedded.hpp"

namespace coterie::app {

namespace {

namespace fs = std::filesystem;
using storage::SqliteDriver;

constexpr auto first_file_sweep = std::chrono::seconds(10);
constexpr auto file_sweep_interval = std::chrono::hours(1);
// Who stops a server waits ten seconds for it. What sockets have asked for is waited for until they
// are closed, what was asked over HTTP for longer; then there is still a second to clean up.
constexpr auto last_words = std::chrono::milliseconds(200);
constexpr auto calls_patience = std::chrono::seconds(3);
constexpr auto answers_end = std::chrono::seconds(8);
constexpr auto stop_time = std::chrono::seconds(9);

// Bursts: of messages ten seconds' worth and of events five, as when a client sends what it has
// kept while it was away; of the others a minute's.
chat::Limits::Rates rates_of(const Config& config) {
  using std::chrono_literals::operator""s;
  return {{config.limit_sends, 1s, config.limit_sends * 10},
          {config.limit_joins, 60s, config.limit_joins},
          {config.limit_groups, 60s, config.limit_groups}};
}

api::Realtime::Options realtime_of(const Config& config) {
  using std::chrono_literals::operator""s;
  api::Realtime::Options options;
  options.sockets_per_user = config.limit_user_connections;
  options.sockets_per_address = config.limit_address_connections;
  options.events = {config.limit_events, 1s, config.limit_events * 5};
  options.log_ins_at_once = std::max(config.db_workers / 4, 1u);  // The others serve REST.
  options.grace = std::chrono::seconds(config.presence_grace_seconds);
  return options;
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

void store_links(chat::Files& files) {
  if (const auto stored = files.links().store(); !stored) {
    log::warn("could not store renewed links: {}", stored.error().detail);
  }
}

void sweep_files(chat::FileSweep& sweep) {
  const auto swept = sweep.run();
  if (!swept && swept.error().code == "stopped") return;
  if (!swept) return log::warn("could not sweep files: {}", swept.error().detail);
  if (swept->rows + swept->blobs > 0) {
    log::info("swept {} files that nothing used, and {} without a row", swept->rows, swept->blobs);
  }
}

// After the migration that makes room for numbers, and after another system has used the database.
Result<void> number_messages(storage::Database& database) {
  const auto numbered = storage::number_messages(
      database, [](std::int64_t count) { log::info("numbering messages: {} so far", count); });
  if (!numbered) return numbered.error();
  if (*numbered > 0) log::info("{} messages were numbered in their groups", *numbered);
  return {};
}

// Says whose migrations these are: both have a "0001_initial". Only the chat can be adopted.
void append(std::vector<std::string>& all, std::string_view whose,
            const std::vector<std::string>& names) {
  for (const auto& name : names) {
    all.push_back(name.starts_with("adoption") ? name : fmt::format("{} {}", whose, name));
  }
}

// A connection is a descriptor: all that we may have, not the few that a shell begins with.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
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
  Parts(const Config& config, const std::string& secret, Patience waiting = Patience::usual)
      : folder(config.data),
        database(chat_database(config, waiting), options_of(config)),
        sessions(sqlite(folder / "sessions.db", SqliteDriver::Durability::normal)),
        redis(make_redis(config, database)),
        embedded_ttl(sessions, system_clock()),
        blobs(make_blobs(config, secret)),
        mailer(make_mailer(config)),
        ffmpeg(config.ffmpeg),
        passwords(cost_of(config)),
        tokens(secret, system_clock(), system_random()),
        files(
            database, *blobs.store,
            [this](std::string_view path, std::string_view expires, std::string_view signature) {
              return blobs.local && blobs.local->allows(path, expires, signature);
            },
            system_clock(), system_random(), ffmpeg),
        file_sweep(database, *blobs.store, system_clock(), std::chrono::hours(config.orphan_hours)),
        memberships(database),
        authors(system_clock()) {}

  const fs::path folder;
  storage::Database database;
  storage::Database sessions;
  const std::unique_ptr<RedisStores> redis;  // Null: its part is done by what follows.
  storage::SqliteTtlStore embedded_ttl;
  const Blobs blobs;
  const std::unique_ptr<storage::Mailer> mailer;
  storage::Ffmpeg ffmpeg;
  std::unique_ptr<chat::Captcha> captcha;  // Only where someone may log in.
  chat::Passwords passwords;
  const chat::Tokens tokens;
  chat::Announcements announcements;
  chat::Files files;
  chat::FileSweep file_sweep;
  chat::Memberships memberships;
  chat::Authors authors;
  std::unique_ptr<chat::Accounts> accounts;
  std::vector<std::string> migrated;

  storage::TtlStore& ttl() {
    if (redis) return redis->ttl;
    return embedded_ttl;
  }
  void make_accounts() {
    accounts = std::make_unique<chat::Accounts>(
        chat::Accounts::Parts{database, ttl(), *mailer, captcha.get(), passwords, tokens, files,
                              authors, announcements, system_clock(), system_random()});
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
  return *parts_->blobs.store;
}
chat::FileSweep& Core::file_sweep() {
  return parts_->file_sweep;
}
const std::vector<std::string>& Core::migrated() const {
  return parts_->migrated;
}

Result<std::unique_ptr<Core>> Core::open(const Config& config, Purpose purpose) {
  std::error_code problem;
  fs::create_directories(config.data, problem);
  if (problem) return Error("bad_setting", "data (" + config.data + "): " + problem.message());
  const auto secret = find_secret(config, purpose == Purpose::serving);
  if (!secret) return secret.error();
  auto parts = std::make_unique<Parts>(
      config, *secret, purpose == Purpose::import ? Patience::of_migrations : Patience::usual);
  const WallTime now = system_clock().wall();
  if (auto there = await_database(config); !there) return there.error();
  storage::Database migrated(chat_database(config, Patience::of_migrations), options_of(config));
  const auto run = [&](storage::Database& database, std::string_view whose,
                       const std::vector<storage::Migration>& migrations) -> Result<void> {
    const auto names = storage::migrate(database, migrations, now);
    if (!names) return names.error();
    append(parts->migrated, whose, *names);
    return {};
  };
  auto done = run(migrated, "chat", storage::chat_migrations(config.dialect()));
  if (done && !parts->redis) done = run(parts->sessions, "sessions", storage::ttl_migrations());
  if (!done) return done.error();
  if (purpose != Purpose::import) {
    if (auto whole = storage::check_no_import(parts->database); !whole) return whole.error();
    if (auto numbered = number_messages(migrated); !numbered) return numbered.error();
  }
  parts->make_accounts();
  return std::unique_ptr<Core>(new Core(std::move(parts)));
}

Result<std::vector<std::string>> Core::plan(const Config& config) {
  Parts parts(config, "not used: nothing is signed", Patience::of_migrations);
  std::vector<std::string> all;
  for (const auto& [database, whose, file, migrations] :
       {std::tuple(&parts.database, "chat", "coterie.db",
                   &storage::chat_migrations(config.dialect())),
        std::tuple(&parts.sessions, "sessions", "sessions.db", &storage::ttl_migrations())}) {
    if (parts.redis && database == &parts.sessions) continue;
    // To look into a database of SQLite that is not there would make it.
    storage::Database none(sqlite(":memory:", SqliteDriver::Durability::normal));
    const bool is_there =
        database->dialect() != storage::Dialect::sqlite || fs::exists(parts.folder / file);
    const auto names = storage::plan_migration(is_there ? *database : none, *migrations);
    if (!names) return names.error();
    append(all, whose, *names);
  }
  return all;
}

// What only a server has: the rules that need no command line, and the doors to the outside.
struct App::Doors {
  Doors(Core::Parts& core, const Config& config)
      : workers({.name = "db", .threads = config.db_workers}),
        file_workers({.name = "files", .threads = 8}),
        shards({.count = config.shards,
                .files = &file_workers,
                .trusted_proxies = *net::Networks::parse(config.trusted_proxies)}),
        adapter(
            make_adapter(config, [this](bool may_have_lost) { nodes.on_hearing(may_have_lost); })),
        server(shards, socket_options(config, adapter)),
        realtime(server, workers, realtime_of(config)),
        nodes(server, realtime),
        limits(rates_of(config), system_clock()),
        groups({core.database, core.files, core.memberships, core.announcements, system_clock(),
                system_random(), limits}),
        conversations({core.database, core.files, core.memberships, core.authors,
                       core.announcements, system_clock(), limits}),
        admin(core.database),
        rest(workers, file_workers, *core.accounts),
        readiness(
            shards[0], [this](Task task) { return probes.run(std::move(task)); },
            needs_of(chat_database(config, Patience::of_probes),
                     core.redis ? &core.redis->client : nullptr, *core.blobs.store)),
        sweeper(shards[0], workers, std::chrono::seconds(config.sweep_seconds),
                [this, &core] { sweep(core); }),
        file_sweeper(shards[0], file_workers, file_sweep_interval,
                     [sweep = &core.file_sweep] { sweep_files(*sweep); }) {
    core.files.links().set_on_renewed([this, files = &core.files] {
      // Where the workers are too busy, the sweeper does it.
      [[maybe_unused]] const bool is_taken = workers.run([files] { store_links(*files); });
    });
  }

  ~Doors() { join(); }

  void sweep(Core::Parts& core) {
    if (core.database.close_unneeded() + core.sessions.close_unneeded() > 0) trim_heap();
    store_links(core.files);
    if (const auto forgotten = conversations.forget_sent(); !forgotten) {
      log::warn("could not forget what was sent long ago: {}", forgotten.error().detail);
    }
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
    const api::AdminParts for_operators{admin, nodes, recent_trouble};
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
    router.add(api::alive_route());
    router.add(readiness.route());
    api::add_site(router, find_asset);
    return router;
  }

  // On sockets that a supervisor hands over, else where the settings say. Returns the first port.
  Result<unsigned short> listen(Core::Parts& core, const Config& config) {
    std::vector<std::string> addresses = net::inherited_listeners();
    if (addresses.empty()) {
      const bool is_v6 = config.host.find(':') != std::string::npos;
      const std::string host = is_v6 ? "[" + config.host + "]" : config.host;
      addresses.push_back(fmt::format("{}:{}", host, config.port));
    }
    unsigned short first = 0;
    for (const std::string& address : addresses) {
      const auto port = shards.listen(address, router(core), config.tls());
      if (!port) return port.error();
      if (first == 0) first = *port;
    }
    return first;
  }

  net::Workers workers;
  net::Workers file_workers;
  net::Shards shards;
  const std::shared_ptr<socketio::Adapter> adapter;  // Null: we are alone.
  socketio::Server server;
  api::Realtime realtime;
  api::Nodes nodes;
  chat::Limits limits;
  chat::Groups groups;
  chat::Conversations conversations;
  chat::Admin admin;
  api::Rest rest;
  api::Readiness readiness;
  Sweeper sweeper;
  Sweeper file_sweeper;
  net::Workers probes{{.name = "probes", .threads = 3}};  // One for each need.

  // What was taken on is finished, and those who stay are told to come back elsewhere. Calls that
  // come meanwhile on connections that are open already are answered 503; so are, in the end, those
  // that wait for somebody who is silent.
  void leave() {
    const TimePoint last = system_clock().now() + answers_end;
    log::info("stopping");
    readiness.stop();
    shards.stop_listening();
    // Who has just been let in has something to say.
    std::this_thread::sleep_for(last_words);
    const TimePoint sockets_end = system_clock().now() + calls_patience;
    workers.drain(calls_patience);
    conversations.finish_sending(sockets_end);
    server.close();
    shards.stop(std::chrono::floor<std::chrono::milliseconds>(last - system_clock().now()));
  }

  // Nobody hears the calls any more that still go on: waits for them all the same, because they use
  // what is destroyed next.
  void join() {
    if (adapter) adapter->stop();
    for (net::Workers* pool : pools()) pool->stop(std::chrono::milliseconds(0));
  }

  std::array<net::Workers*, 3> pools() { return {&workers, &file_workers, &probes}; }

  // What join() waits for.
  std::string left() {
    std::string text;
    for (net::Workers* pool : pools()) {
      if (const unsigned busy = pool->busy(); busy > 0) {
        text += fmt::format("{}{} in {}", text.empty() ? "calls that wait, " : ", ", busy,
                            pool->name());
      }
    }
    return text.empty() ? "threads of the server's own" : text;
  }
};

Result<void> App::run(const Config& config) {
  net::block_stop_signals();
  raise_descriptor_limit();
  std::optional<Curfew> curfew;  // Here, so that it watches over the end of all that follows.
  auto opened = Core::open(config, Core::Purpose::serving);
  if (!opened) return opened.error();
  Core::Parts& core = *(*opened)->parts_;
  for (const std::string& name : core.migrated) log::info("migrated: {}", name);
  if (auto ready = core.blobs.store->prepare(); !ready) return ready;
  if (core.redis) {
    if (auto started = core.redis->start(); !started) return started;
  }
  auto captcha = chat::Captcha::open(system_random());
  if (!captcha) return captcha.error();
  core.captcha = std::move(*captcha);
  core.make_accounts();

  Doors doors(core, config);
  doors.realtime.set_up(*core.accounts, doors.conversations, doors.shards[0]);
  core.announcements.messages = [&](std::span<const chat::Message* const> messages) {
    doors.realtime.announce(messages);
  };
  core.announcements.joined = [&](std::int64_t user_id, std::int64_t group_id) {
    doors.realtime.on_joined(user_id, group_id);
    if (core.redis) core.redis->group_users.add(user_id, group_id);
  };
  core.announcements.revoked = [&](const std::string& token) { doors.realtime.on_revoked(token); };

  const auto port = doors.listen(core, config);
  if (!port) return port.error();
  const std::string local_url = config.local_url(*port);
  if (config.public_url.empty() && core.blobs.local) core.blobs.local->set_public_url(local_url);
  doors.nodes.set_up(node_name(config, *port), [&core](std::string_view name) {
    note_other(name, core.blobs.local != nullptr);
  });
  log::info("Coterie is serving {} (data in {}; mail codes go to {})", local_url,
            config.db_host.empty() ? config.data : config.data + " and at " + config.db_host,
            config.email_host.empty() ? "this log" : config.email_host);
  doors.sweeper.start(std::chrono::seconds(config.sweep_seconds));
  doors.file_sweeper.start(first_file_sweep);
  doors.shards.run_until_signal([&] {
    curfew.emplace(stop_time, [&doors] { return doors.left(); });
    core.ffmpeg.stop();
    core.file_sweep.stop();
    doors.leave();
  });
  core.blobs.store->stop();
  doors.file_workers.drain(calls_patience);  // Until here they read what was being downloaded.
  doors.join();
  curfew->forget_left();
  return {};
}

Json App::describe_api(const Config& config) {
  Core::Parts core(config, "not used: nothing is signed");
  core.make_accounts();
  Config alone = config;
  alone.redis_host.clear();
  alone.redis_sentinels.clear();
  alone.redis_cluster.clear();
  Doors doors(core, alone);
  return doors.describe_api(core);
}

}  // namespace coterie::app
