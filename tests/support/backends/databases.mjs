// A database for each data folder, on the server that COTERIE_TEST_SETTINGS names.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { basename } from "node:path";

const made = new Set();

// What a Coterie with that folder has to be told beyond `settings`; the database is made at first.
export function databaseOf(settings, folder) {
  const DB_DATABASE = basename(folder);
  if (!made.has(DB_DATABASE)) create(settings, DB_DATABASE);
  made.add(DB_DATABASE);
  return { DB_DATABASE };
}

function create({ DB_TYPE, DB_HOST, DB_PORT, DB_USERNAME, DB_PASSWORD }, name) {
  const place = ["-h", DB_HOST];
  const [command, words] = DB_TYPE === "postgres"
    ? ["psql", [...place, "-p", DB_PORT, "-U", DB_USERNAME, "-qc", `CREATE DATABASE "${name}"`,
                "postgres"]]
    : ["mariadb", ["--no-defaults", ...place, "-P", DB_PORT, "-u", DB_USERNAME,
                   "-e", `CREATE DATABASE \`${name}\``]];
  const env = { ...process.env, PGPASSWORD: DB_PASSWORD, MYSQL_PWD: DB_PASSWORD };
  execFileSync(command, words, { env });
}
