// SPDX-License-Identifier: MIT
#include "app/commands.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <map>
#include <string>

#include "api/indented.hpp"
#include "app/app.hpp"
#include "app/config.hpp"
#include "app/moving.hpp"
#include "app/recent_trouble.hpp"
#include "base/blocking.hpp"
#include "chat/errors.hpp"

namespace coterie::app {

namespace {

// The flags of settings, as given, by key; and --config.
struct Flags {
  Texts values;
  std::string config_file;
};

using Run = std::function<Result<void>(const Config&)>;

void add_flag(CLI::App& command, Flags& flags, const Setting& setting) {
  command
      .add_option_function<std::string>(
          "--" + flag_of(setting),
          [&flags, key = std::string(setting.key)](const std::string& value) {
            flags.values[key] = value;
          },
          std::string(setting.help))
      ->type_name(setting.key == "data" ? "DIR" : "VALUE");
}

void add_flags(CLI::App& command, Flags& flags, bool all) {
  for (const Setting& setting : settings()) {
    if (setting.has_flag && (all || setting.key == "data")) add_flag(command, flags, setting);
  }
  command
      .add_option("--config", flags.config_file,
                  "settings file (TOML) instead of <data>/coterie.toml")
      ->type_name("FILE");
}

void start_log(const Config& config) {
  auto logger = spdlog::stderr_color_mt("coterie");
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  logger->set_level(spdlog::level::from_str(config.log_level));
  spdlog::set_default_logger(std::move(logger));
  remember_trouble();
}

// A command's own words for what the rules refuse.
Error explain(const Error& error) {
  const std::string message = chat::message_of(error);
  return Error(error.code, error.detail.empty() ? message : error.detail);
}

Result<void> with_accounts(const Config& config,
                           const std::function<Result<void>(chat::Accounts&)>& use) {
  const auto core = Core::open(config);
  if (!core) return core.error();
  const auto done = use((*core)->accounts());
  if (!done) return explain(done.error());
  return {};
}

Result<void> show_config(const Config& config) {
  for (const auto& [key, value, source] : describe(config)) {
    fmt::print("{:<15} = {:<28} # {}\n", key, value, source);
  }
  return {};
}

Result<void> sweep(const Config& config) {
  const auto core = Core::open(config);
  if (!core) return core.error();
  const auto swept = (*core)->file_sweep().run();
  if (!swept) return explain(swept.error());
  fmt::print("{} files that nothing used, {} without a row\n", swept->rows, swept->blobs);
  return {};
}

struct UserArguments {
  std::string name;
  std::string password;
  std::string email;
  bool is_admin = false;
};

Result<void> add_user(const Config& config, const UserArguments& user) {
  if (user.name.empty() || user.name.size() > 32) {
    return Error("bad_argument", "NAME: wanted 1 to 32 characters");
  }
  if (user.password.empty()) return Error("bad_argument", "--password: must not be empty");
  return with_accounts(config, [&](chat::Accounts& accounts) -> Result<void> {
    const auto added = accounts.add_user({user.name, user.password, user.email, user.is_admin});
    if (!added) return added.error();
    fmt::print("{}\n", added->id);
    return {};
  });
}

Result<void> list_users(const Config& config) {
  return with_accounts(config, [](chat::Accounts& accounts) -> Result<void> {
    const auto users = accounts.list_users();
    if (!users) return users.error();
    for (const auto& user : *users) {
      fmt::print("{}\t{}\t{}{}\n", user.id, user.username, user.email,
                 user.is_admin ? "\tadmin" : "");
    }
    return {};
  });
}

Result<void> issue_token(const Config& config, const std::string& name) {
  return with_accounts(config, [&](chat::Accounts& accounts) -> Result<void> {
    const auto token = accounts.issue_token(name);
    if (!token) return token.error();
    fmt::print("{}\n", *token);
    return {};
  });
}

// The tree of commands; `chosen` becomes the one that was asked for.
class CommandLine {
 public:
  CommandLine() {
    root_.set_version_flag("--version", COTERIE_VERSION);
    root_.require_subcommand(0, 1);
    add_flags(root_, flags_, true);
    chosen_ = App::run;
    auto* serve = add(root_, "serve", "serve the chat (the default)", App::run);
    add_flags(*serve, flags_, true);
    add_user_commands();
    auto* token = add(root_, "token", "print a token of a new log-in, for scripts",
                      [this](const Config& config) { return issue_token(config, user_.name); });
    token->add_option("NAME", user_.name, "user name or mail address")->required();
    add_flags(*token, flags_, false);
    add_moving_commands();
    add_flags(
        *add(root_, "sweep", "remove old files that nothing uses; a server does it hourly", sweep),
        flags_, true);
    add_flags(*add(root_, "config", "show every setting and where it came from", show_config),
              flags_, true);
    add_flags(*add(root_, "openapi", "print the REST interface as OpenAPI 3.1",
                   [](const Config& config) -> Result<void> {
                     fmt::print("{}\n", api::indented(App::describe_api(config)));
                     return {};
                   }),
              flags_, false);
  }

  int run(int argc, char** argv) {
    try {
      root_.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
      return root_.exit(problem) == 0 ? 0 : 2;
    }
    const auto config = load_config(flags_.values, environment_of_process(), flags_.config_file);
    if (!config) return report(config.error());
    start_log(*config);
    const auto done = chosen_(*config);
    return done ? 0 : report(done.error());
  }

 private:
  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& help, Run run) {
    CLI::App* command = parent.add_subcommand(name, help);
    command->callback([this, run = std::move(run)] { chosen_ = run; });
    return command;
  }

  void add_user_commands() {
    CLI::App* user = root_.add_subcommand("user", "make, list and change users");
    user->require_subcommand(1);
    auto* add_command = add(*user, "add", "make a user; prints the id",
                            [this](const Config& config) { return add_user(config, user_); });
    add_command->add_option("NAME", user_.name, "user name")->required();
    add_command->add_option("--password", user_.password, "password")->required();
    add_command->add_option("--email", user_.email, "mail address; NAME@localhost when not given");
    add_command->add_flag("--admin", user_.is_admin, "may administrate");
    auto* list = add(*user, "list", "list all users: id, name, mail address", list_users);
    auto* change = add(*user, "passwd", "set a user's password", [this](const Config& config) {
      return with_accounts(config, [this](chat::Accounts& accounts) {
        return accounts.change_password(user_.name, user_.password);
      });
    });
    change->add_option("NAME", user_.name, "user name")->required();
    change->add_option("--password", user_.password, "the new password")->required();
    for (CLI::App* command : {add_command, list, change}) add_flags(*command, flags_, false);
  }

  void add_moving_commands() {
    auto* out = add(root_, "export", "write the whole chat into a folder, to keep or to move",
                    [this](const Config& config) { return export_chat(config, folder_); });
    out->add_option("DIR", folder_, "an empty folder, or one to be made")->required();
    auto* in = add(root_, "import", "read a chat from such a folder into an empty database",
                   [this](const Config& config) { return import_chat(config, folder_, import_); });
    in->add_option("DIR", folder_, "what `coterie export` wrote")->required();
    in->add_flag("--replace", import_.replace, "first remove all that is in the database");
    in->add_flag("--skip-orphans", import_.skip_orphans,
                 "leave out rows that refer to what is not there");
    auto* update = add(root_, "migrate", "bring the database up to date",
                       [this](const Config& config) { return migrate(config, is_dry_run_); });
    update->add_flag("--dry-run", is_dry_run_, "say what would be done, and change nothing");
    for (CLI::App* command : {out, in, update}) add_flags(*command, flags_, false);
  }

  static int report(const Error& error) {
    fmt::print(stderr, "coterie: {}\n",
               error.detail.empty() ? std::string(error.code) : error.detail);
    return 1;
  }

  CLI::App root_{"Coterie: a self-hosted group chat that speaks Socket.IO", "coterie"};
  Flags flags_;
  UserArguments user_;
  std::string folder_;
  storage::ImportOptions import_;
  bool is_dry_run_ = false;
  Run chosen_;
};

}  // namespace

int run_command(int argc, char** argv) {
  const AllowBlocking allowed;
  return CommandLine().run(argc, argv);
}

}  // namespace coterie::app
