// The engines that a chat can rest on, each with an empty database of its own.
// SPDX-License-Identifier: MIT
import { startMariadb } from "../support/backends/mariadb.mjs";
import { startPostgres } from "../support/backends/postgres.mjs";

const servers = { mariadb: startMariadb, postgres: startPostgres };

// Calls use({env}) with what Coterie has to be told to use that engine.
export async function withEngine(name, use) {
  if (name === "sqlite") return use({ env: {} });
  const server = await servers[name]();
  try {
    server.sql(`CREATE DATABASE chat${name === "mariadb" ? " CHARACTER SET utf8mb4" : ""}`);
    return await use({ env: server.settings("chat"), server });
  } finally {
    await server.remove();
  }
}
