// A PostgreSQL of a test's own, on a free port of 127.0.0.1 and in a folder that goes with it.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "../coterie.mjs";
import { Child, startListening, untilListening } from "../process.mjs";

const programs = "/usr/lib/postgresql/15/bin";
// The server refuses to be root; its package has made this user.
const isRoot = process.getuid() === 0;
const asOwner = (command, ...words) =>
  isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", command, ...words]
         : [command, ...words];

export async function startPostgres() {
  const postgres = new Postgres();
  const { child, ports } = await startListening(1, ([port]) => postgres.serve(port));
  return Object.assign(postgres, { child, port: ports[0] });
}

class Postgres {
  constructor() {
    this.folder = temporaryFolder();
    this.data = join(this.folder, "data");
    chmodSync(this.folder, 0o755);
    mkdirSync(this.data);
    if (isRoot) execFileSync("chown", ["postgres", this.folder, this.data]);
    const [command, ...words] = asOwner(`${programs}/initdb`, "-D", this.data, "-A", "trust", "-U",
                                        "chat", "-E", "UTF8", "--no-locale", "--no-sync");
    execFileSync(command, words, { stdio: "ignore", cwd: this.folder });
  }

  serve(port) {
    const [command, ...words] = asOwner(`${programs}/postgres`, "-D", this.data, "-p", `${port}`,
                                        "-c", "listen_addresses=127.0.0.1",
                                        // Killed processes lose nothing by it, only machines would.
                                        "-c", "fsync=off",
                                        "-c", `unix_socket_directories=${this.folder}`);
    return new Child(command, words);
  }

  // What Coterie has to be told.
  settings(database) {
    return { DB_TYPE: "postgres", DB_HOST: "127.0.0.1", DB_PORT: `${this.port}`, DB_USERNAME: "chat",
             DB_PASSWORD: "secret", DB_DATABASE: database };
  }

  // A table's name in its SQL.
  quote(name) {
    return `"${name}"`;
  }

  // Runs statements; what they print, "|" between columns.
  sql(statements, database = "postgres") {
    return execFileSync("psql", ["-h", "127.0.0.1", "-p", `${this.port}`, "-U", "chat", "-At", database],
                        { input: statements, encoding: "utf8", maxBuffer: 1 << 28 });
  }

  // "Immediate": all its processes end where they are, and it recovers at the next start.
  async kill() {
    await this.child.stop("SIGQUIT");
  }

  async start() {
    this.child = this.serve(this.port);
    await untilListening(this.child, [this.port]);
  }

  async remove() {
    if (this.child.isRunning) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
