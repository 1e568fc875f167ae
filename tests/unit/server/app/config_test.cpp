// SPDX-License-Identifier: MIT
#include "app/config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "support/temp_folder.hpp"
#include "support/together.hpp"

namespace coterie::tests {
namespace {

using app::Config;
using app::Texts;

class ConfigTest : public testing::Test {
 protected:
  std::string file(std::string_view text) {
    write_file(folder / "settings.toml", text);
    return folder / "settings.toml";
  }
  // Reads what must be right.
  Config load(const Texts& flags, const Texts& environment = {}, const std::string& path = "") {
    const auto config = app::load_config(flags, with_data(environment), path);
    EXPECT_TRUE(config) << config.error().detail;
    return config ? *config : Config();
  }
  // What is said about that which is wrong.
  std::string complaint(const Texts& flags, const Texts& environment = {},
                        const std::string& path = "") {
    const auto config = app::load_config(flags, with_data(environment), path);
    EXPECT_FALSE(config);
    EXPECT_EQ(code_of(config), "bad_setting");
    return config ? std::string() : config.error().detail;
  }
  // A folder without settings, so that the file of whoever runs the tests does not matter.
  Texts with_data(Texts environment) const {
    environment.emplace("COTERIE_DATA", folder.string());
    return environment;
  }
  static std::string source(const Config& config, std::string_view key) {
    for (const auto& each : app::describe(config)) {
      if (each.key == key) return each.source;
    }
    return "(no such setting)";
  }

  const TempFolder folder;
};

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(ConfigTest, has_defaults_that_need_nothing) {
  const Config config = load({});
  EXPECT_EQ(config.port, 3000);
  EXPECT_EQ(config.host, "0.0.0.0");
  EXPECT_EQ(config.db_workers, 32U);
  EXPECT_EQ(config.email_host, "");
  EXPECT_EQ(config.link_base(), "http://localhost:3000");
  EXPECT_EQ(source(config, "port"), "default");
}

TEST_F(ConfigTest, is_ruled_by_flags_then_the_environment_then_the_file_then_defaults) {
  const std::string path = file("port = 1001\nhost = \"192.0.2.1\"\nshards = 3\n");
  const Texts environment{{"SERVER_PORT", "1002"}, {"COTERIE_SHARDS", "4"}};
  const Config config = load({{"port", "1003"}}, environment, path);
  EXPECT_EQ(config.port, 1003);
  EXPECT_EQ(config.shards, 4U);
  EXPECT_EQ(config.host, "192.0.2.1");
  EXPECT_EQ(config.db_workers, 32U);
  EXPECT_EQ(source(config, "port"), "flag");
  EXPECT_EQ(source(config, "shards"), "environment");
  EXPECT_EQ(source(config, "host"), path);
  EXPECT_EQ(source(config, "db_workers"), "default");
}

TEST_F(ConfigTest, takes_an_empty_variable_as_not_set) {
  const std::string path = file("port = 1001\n");
  EXPECT_EQ(load({}, {{"SERVER_PORT", ""}}, path).port, 1001);
}

TEST_F(ConfigTest, reads_the_usual_file_of_the_data_folder) {
  write_file(folder / "coterie.toml", "port = 1004\n");
  EXPECT_EQ(load({}).port, 1004);
  EXPECT_EQ(load({}, {}, file("port = 1005\n")).port, 1005);
  EXPECT_EQ(load({}, {{"COTERIE_CONFIG", file("port = 1006\n")}}).port, 1006);
  const TempFolder other;
  write_file(other / "coterie.toml", "port = 1007\n");
  EXPECT_EQ(load({{"data", other.string()}}).port, 1007);
}

TEST_F(ConfigTest, names_the_setting_and_where_it_came_from_when_it_is_wrong) {
  const auto flag = complaint({{"port", "many"}});
  EXPECT_TRUE(says(flag, "--port (flag)")) << flag;
  EXPECT_TRUE(says(flag, "a whole number from 0 to 65535, not 'many'")) << flag;

  const auto variable = complaint({}, {{"COTERIE_LOG_LEVEL", "loud"}});
  EXPECT_TRUE(says(variable, "COTERIE_LOG_LEVEL (environment)")) << variable;
  EXPECT_TRUE(says(variable, "debug, info, warn, error")) << variable;

  const std::string path = file("public_url = \"localhost\"\n");
  const auto in_file = complaint({}, {}, path);
  EXPECT_TRUE(says(in_file, "public_url (" + path + ")")) << in_file;
  EXPECT_TRUE(says(in_file, "http://")) << in_file;
}

TEST_F(ConfigTest, refuses_values_out_of_range_and_of_the_wrong_kind) {
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, std::string>>{{"port", "65536"},
                                                        {"port", "-1"},
                                                        {"port", "1.5"},
                                                        {"port", ""},
                                                        {"port", "80 "},
                                                        {"shards", "257"},
                                                        {"db_workers", "0"},
                                                        {"db_workers", "257"},
                                                        {"host", ""},
                                                        {"data", ""},
                                                        {"log_level", "INFO"},
                                                        {"jwt_secret", ""},
                                                        {"email_port", "0"},
                                                        {"email_secure", "maybe"},
                                                        {"password_cost", "free"},
                                                        {"public_url", "ftp://x"}}) {
    const auto words = complaint({{key, value}});
    EXPECT_TRUE(says(words, "wanted ")) << key << "=" << value << ": " << words;
  }
}

TEST_F(ConfigTest, refuses_what_it_does_not_know) {
  EXPECT_TRUE(says(complaint({}, {}, file("prot = 3000\n")), "prot"));
  EXPECT_TRUE(says(complaint({}, {}, file("[port]\nnumber = 1\n")), "port"));
  EXPECT_TRUE(says(complaint({}, {}, file("port = 1.5\n")), "port"));
  EXPECT_TRUE(says(complaint({}, {{"COTERIE_PROT", "3000"}}), "COTERIE_PROT (environment)"));
  EXPECT_TRUE(says(complaint({{"prot", "3000"}}), "--prot (flag)"));
}

TEST_F(ConfigTest, leaves_the_variables_of_others_alone) {
  load({}, {{"PATH", "/bin"}, {"HOME", "/root"}, {"SERVER_NAME", "x"}, {"DB_NAME", "x"}});
}

TEST_F(ConfigTest, says_where_a_file_is_no_toml) {
  const std::string path = file("port = 3000\nhost = \n");
  const auto words = complaint({}, {}, path);
  EXPECT_TRUE(says(words, path)) << words;
  EXPECT_TRUE(says(words, "line 2")) << words;
}

TEST_F(ConfigTest, says_which_file_is_not_there) {
  EXPECT_TRUE(says(complaint({}, {}, folder / "missing.toml"), "missing.toml"));
}

TEST_F(ConfigTest, tells_the_database_by_its_type_or_else_by_its_host) {
  using storage::Dialect;
  EXPECT_EQ(load({}, {}).dialect(), Dialect::sqlite);
  EXPECT_EQ(load({}, {{"DB_HOST", "db.example.org"}}).dialect(), Dialect::mysql);
  EXPECT_EQ(load({}, {{"DB_HOST", "db.example.org"}, {"DB_TYPE", "mariadb"}}).dialect(),
            Dialect::mysql);
  EXPECT_EQ(load({}, {{"DB_HOST", "db.example.org"}, {"DB_TYPE", "postgres"}}).dialect(),
            Dialect::postgres);
  EXPECT_TRUE(says(complaint({}, {{"DB_TYPE", "postgres"}}), "db_host"));
  EXPECT_TRUE(says(complaint({}, {{"DB_HOST", "x"}, {"DB_TYPE", "sqlite"}}), "data folder"));
  EXPECT_TRUE(says(complaint({}, {{"DB_TYPE", "oracle"}}), "one of"));
}

TEST_F(ConfigTest, takes_the_variables_of_the_seed_system_spelling_included) {
  const Config config = load({}, {{"SERVER_PORT", "1001"},
                                  {"SERVER_JWT_SECRET", "a very long secret"},
                                  {"EMAIl_HOST", "mail.example.org"},
                                  {"EMAIL_PORT", "587"},
                                  {"EMAIL_USER", "chat@example.org"},
                                  {"EMAIL_PASS", "hidden"}});
  EXPECT_EQ(config.email_host, "mail.example.org");
  EXPECT_EQ(config.email_from, "chat@example.org");
  EXPECT_EQ(config.jwt_secret, "a very long secret");
  const Config both = load({}, {{"EMAIL_HOST", "right"}, {"EMAIl_HOST", "wrong"}});
  EXPECT_EQ(both.email_host, "right");
}

TEST_F(ConfigTest, knows_where_the_bucket_is_from_the_names_of_the_seed_system_and_its_own) {
  EXPECT_FALSE(load({}).s3());
  const Texts seed{{"MINIO_HOST", "Minio.local"},
                   {"MINIO_PORT", "9000"},
                   {"MINIO_ACCESS_KEY", "with:colon"},
                   {"MINIO_SECRET_KEY", "hidden"}};
  auto place = load({}, seed).s3();
  ASSERT_TRUE(place);
  EXPECT_EQ(place->endpoint, "http://minio.local:9000");
  EXPECT_EQ(place->public_url, "http://minio.local:9000");
  EXPECT_EQ(place->bucket, "ying-chat");
  EXPECT_EQ(place->key.access_key, "with:colon");
  EXPECT_EQ(place->key.region, "us-east-1");
  EXPECT_TRUE(place->has_path_style);
  place = load({}, {{"S3_ENDPOINT", "https://s3.example.org:443/"},
                    {"S3_PUBLIC_URL", "https://files.example.org/"},
                    {"S3_ACCESS_KEY", "a"},
                    {"S3_SECRET_KEY", "b"},
                    {"S3_BUCKET", "chat"},
                    {"S3_PATH_STYLE", "false"}})
              .s3();
  ASSERT_TRUE(place);
  EXPECT_EQ(place->endpoint, "https://s3.example.org");
  EXPECT_EQ(place->public_url, "https://files.example.org");
  EXPECT_FALSE(place->has_path_style);
}

TEST_F(ConfigTest, reads_the_address_of_the_bucket_however_it_is_written) {
  const auto endpoint = [&](Texts environment) {
    environment.insert({{"S3_ACCESS_KEY", "a"}, {"S3_SECRET_KEY", "b"}});
    return load({}, environment).s3()->endpoint;
  };
  EXPECT_EQ(endpoint({{"S3_ENDPOINT", "host"}}), "http://host");
  EXPECT_EQ(endpoint({{"S3_ENDPOINT", "host:80"}}), "http://host");
  EXPECT_EQ(endpoint({{"S3_ENDPOINT", "host"}, {"S3_SECURE", "true"}}), "https://host");
  EXPECT_EQ(endpoint({{"S3_ENDPOINT", "host:1"}, {"S3_PORT", "2"}}), "http://host:1");
  EXPECT_EQ(endpoint({{"S3_ENDPOINT", "[::1]"}, {"S3_PORT", "2"}}), "http://[::1]:2");
  EXPECT_EQ(endpoint({{"S3_ENDPOINT", "https://host"}, {"S3_PORT", "443"}}), "https://host");
}

TEST_F(ConfigTest, refuses_a_bucket_that_cannot_be_reached) {
  const Texts whole{{"S3_ENDPOINT", "host"}, {"S3_ACCESS_KEY", "a"}, {"S3_SECRET_KEY", "b"}};
  for (const char* missing : {"S3_ACCESS_KEY", "S3_SECRET_KEY"}) {
    Texts environment = whole;
    environment.erase(missing);
    const auto words = complaint({}, environment);
    EXPECT_TRUE(says(words, "wanted together with s3_endpoint")) << words;
  }
  for (const char* bad : {"http://", "host/path", "http://user@host", "a host"}) {
    Texts environment = whole;
    environment["S3_ENDPOINT"] = bad;
    EXPECT_TRUE(says(complaint({}, environment), "wanted a host")) << bad;
    environment["S3_ENDPOINT"] = "host";
    environment["S3_PUBLIC_URL"] = std::string("https://") + bad;
    EXPECT_FALSE(complaint({}, environment).empty()) << bad;
  }
  for (const char* name : {"S3_BUKET", "MINIO_NAME"}) {
    EXPECT_TRUE(says(complaint({}, {{name, "x"}}), name));
  }
}

TEST_F(ConfigTest, knows_from_the_port_whether_mail_begins_with_tls) {
  EXPECT_TRUE(load({}).email_secure);
  EXPECT_FALSE(load({}, {{"EMAIL_PORT", "587"}}).email_secure);
  EXPECT_TRUE(load({}, {{"EMAIL_PORT", "587"}, {"EMAIL_SECURE", "true"}}).email_secure);
  EXPECT_FALSE(load({}, {{"EMAIL_SECURE", "no"}}).email_secure);
}

TEST_F(ConfigTest, takes_a_public_address_without_its_last_slash) {
  EXPECT_EQ(load({{"public_url", "https://chat.example.org/"}}).link_base(),
            "https://chat.example.org");
  EXPECT_EQ(load({{"port", "80"}}).link_base(), "http://localhost:80");
}

TEST_F(ConfigTest, serves_tls_when_it_has_both_files) {
  EXPECT_FALSE(load({}).tls());
  const Config config = load({{"tls_certificate", "chain.pem"}}, {{"SERVER_TLS_KEY", "key.pem"}});
  ASSERT_TRUE(config.tls());
  EXPECT_EQ(config.tls()->certificate, "chain.pem");
  EXPECT_EQ(config.tls()->key, "key.pem");
  EXPECT_EQ(config.link_base(), "https://localhost:3000");
}

TEST_F(ConfigTest, names_the_half_of_a_certificate_that_is_missing) {
  const auto key = complaint({}, {{"SERVER_TLS_CERTIFICATE", "chain.pem"}});
  EXPECT_TRUE(says(key, "tls_key (not set)")) << key;
  EXPECT_TRUE(says(key, "tls_certificate (environment)")) << key;
  const auto certificate = complaint({{"tls_key", "key.pem"}});
  EXPECT_TRUE(says(certificate, "tls_certificate (not set)")) << certificate;
  EXPECT_TRUE(says(certificate, "tls_key (flag)")) << certificate;
}

TEST_F(ConfigTest, keeps_log_ins_in_redis_when_it_is_told_where) {
  EXPECT_FALSE(load({}).redis_options());
  EXPECT_FALSE(load({}, {{"REDIS_PORT", "6380"}}).redis_options());
  const auto plain = load({}, {{"REDIS_HOST", "redis.example.org"}}).redis_options();
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->address.host, "redis.example.org");
  EXPECT_EQ(plain->address.port, 6379);
  const auto all = load({}, {{"REDIS_HOST", "::1"},
                             {"REDIS_PORT", "6380"},
                             {"REDIS_USERNAME", "chat"},
                             {"REDIS_PASSWORD", "hidden"},
                             {"REDIS_DB", "3"}})
                       .redis_options();
  ASSERT_TRUE(all);
  EXPECT_EQ(all->address.port, 6380);
  EXPECT_EQ(all->address.username, "chat");
  EXPECT_EQ(all->address.password, "hidden");
  EXPECT_EQ(all->database, 3);
}

TEST_F(ConfigTest, is_one_of_several_servers_with_a_redis_and_a_database_server) {
  const Texts redis{{"REDIS_HOST", "redis.example.org"}};
  Texts both = redis;
  both["DB_HOST"] = "db.example.org";
  EXPECT_TRUE(load({}, both).is_clustered());
  EXPECT_FALSE(load({}, {{"DB_HOST", "db.example.org"}}).is_clustered());
  EXPECT_FALSE(load({}, redis).is_clustered());
  // Emitters may be there, whatever the database is.
  Texts named = redis;
  named["REDIS_CHANNEL_PREFIX"] = "mine";
  EXPECT_TRUE(load({}, named).is_clustered());
}

TEST_F(ConfigTest, has_channels_of_its_own_for_each_database_of_redis) {
  EXPECT_EQ(load({}).channel_prefix(), "socket.io");
  EXPECT_EQ(load({}, {{"REDIS_DB", "3"}}).channel_prefix(), "socket.io-3");
  EXPECT_EQ(load({}, {{"REDIS_DB", "3"}, {"REDIS_CHANNEL_PREFIX", "mine"}}).channel_prefix(),
            "mine");
}

TEST_F(ConfigTest, misses_the_password_of_a_user_of_redis) {
  const auto words = complaint({}, {{"REDIS_HOST", "x"}, {"REDIS_USERNAME", "chat"}});
  EXPECT_TRUE(says(words, "redis_password (not set)")) << words;
  EXPECT_TRUE(says(words, "redis_username (environment)")) << words;
}

TEST_F(ConfigTest, asks_an_authority_only_where_certificates_are_looked_at) {
  using Mode = storage::DatabaseTls::Mode;
  EXPECT_EQ(load({}).database_tls().mode, Mode::prefer);
  const Config config = load({}, {{"DB_TLS", "verify"}, {"DB_CA", "/etc/ca.pem"}});
  EXPECT_EQ(config.database_tls().mode, Mode::verify);
  EXPECT_EQ(config.database_tls().authority_file(), "/etc/ca.pem");
  EXPECT_EQ(load({}, {{"DB_TLS", "off"}}).database_tls().mode, Mode::off);
  EXPECT_EQ(load({}, {{"DB_TLS", "require"}}).database_tls().mode, Mode::require);
  EXPECT_TRUE(says(complaint({{"db_ca", "/etc/ca.pem"}}), "db_tls verify"));
  EXPECT_TRUE(says(complaint({{"db_tls", "maybe"}}), "prefer"));
}

TEST_F(ConfigTest, finds_redis_at_an_address_by_sentinels_or_as_a_cluster) {
  EXPECT_FALSE(load({}).redis_options());
  EXPECT_EQ(load({}, {{"REDIS_HOST", "10.0.0.1"}}).redis_options()->address.host, "10.0.0.1");
  const auto found = load({}, {{"REDIS_SENTINELS", "a:1, b"}, {"REDIS_MASTER", "chat"}});
  const auto options = found.redis_options();
  EXPECT_EQ(options->address.host, "chat");
  EXPECT_EQ(options->address.sentinels.places, (std::vector<redis::Place>{{"a", 1}, {"b", 26379}}));
  const auto cluster = load({}, {{"REDIS_CLUSTER", "a:1, b"}}).redis_options();
  EXPECT_EQ(cluster->address.cluster_nodes, (std::vector<redis::Place>{{"a", 1}, {"b", 6379}}));
  EXPECT_TRUE(says(complaint({{"redis_sentinels", "a"}, {"redis_host", "b"}}), "redis_host"));
  EXPECT_TRUE(says(complaint({{"redis_cluster", "a"}, {"redis_host", "b"}}), "redis_host"));
  EXPECT_TRUE(says(complaint({{"redis_cluster", "a"}, {"redis_sentinels", "b"}}), "redis_sent"));
  EXPECT_TRUE(says(complaint({{"redis_cluster", "a"}, {"redis_db", "1"}}), "redis_db"));
  EXPECT_TRUE(says(complaint({{"redis_cluster", "a:x"}}), "host:port"));
  EXPECT_TRUE(says(complaint({{"redis_sentinels", "a:x"}}), "host:port"));
}

TEST_F(ConfigTest, shows_secrets_as_stars) {
  const Config config = load({}, {{"SERVER_JWT_SECRET", "do not show this"},
                                  {"EMAIL_PASS", "nor this"},
                                  {"REDIS_PASSWORD", "and not this"},
                                  {"REDIS_SENTINEL_PASSWORD", "nor do this"}});
  std::set<std::string> starred;
  for (const auto& each : app::describe(config)) {
    EXPECT_FALSE(says(each.value, "this")) << each.key;
    if (each.value == "********") starred.insert(each.key);
  }
  EXPECT_EQ(starred, (std::set<std::string>{"email_password", "jwt_secret", "redis_password",
                                            "redis_sentinel_password"}));
  EXPECT_EQ(app::describe(load({})).size(), app::settings().size());
}

TEST_F(ConfigTest, never_repeats_a_secret_that_is_wrong) {
  const auto words = complaint({{"jwt_secret", ""}});
  EXPECT_FALSE(says(words, "not '")) << words;
}

TEST_F(ConfigTest, has_settings_with_keys_flags_and_variables_of_their_own) {
  std::set<std::string_view> keys;
  std::set<std::string_view> variables;
  for (const auto& setting : app::settings()) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    EXPECT_FALSE(setting.help.empty()) << setting.key;
    EXPECT_EQ(app::flag_of(setting).find('_'), std::string::npos);
    for (const auto& name : setting.environment) {
      EXPECT_TRUE(variables.insert(name).second) << name;
    }
    // A secret among the arguments of a process can be read by everyone on the machine.
    EXPECT_FALSE(setting.is_secret && setting.has_flag) << setting.key;
  }
}

TEST_F(ConfigTest, takes_networks_for_proxies_and_numbers_for_limits) {
  const Config config =
      load({}, {{"COTERIE_TRUSTED_PROXIES", "10.0.0.0/8, ::1"}, {"COTERIE_LIMIT_SENDS", "0"}});
  EXPECT_EQ(config.trusted_proxies, "10.0.0.0/8, ::1");
  EXPECT_EQ(config.limit_sends, 0u);
  EXPECT_TRUE(says(complaint({}, {{"COTERIE_TRUSTED_PROXIES", "10.0.0.0/33"}}), "10.0.0.0/33"));
  EXPECT_TRUE(says(complaint({}, {{"COTERIE_TRUSTED_PROXIES", "my-proxy"}}), "networks"));
  EXPECT_TRUE(says(complaint({}, {{"COTERIE_LIMIT_SENDS", "-1"}}), "a whole number"));
}

}  // namespace
}  // namespace coterie::tests
