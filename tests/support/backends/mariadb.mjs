// A MariaDB of a test's own, on a free port of 127.0.0.1 and in a folder that goes with it.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "../coterie.mjs";
import { Child, startListening, untilListening } from "../process.mjs";

// The server refuses to be root; its package has made this user.
const isRoot = process.getuid() === 0;
const own = isRoot ? ["--user=mysql"] : [];
// Killed processes lose nothing by it, only machines would.
const quick = ["--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=2"];

// With `certificates` (see Certificates) it offers TLS, on every address of this machine.
export async function startMariadb({ certificates, flags = quick } = {}) {
  const mariadb = new Mariadb(certificates, flags);
  const { child, ports } = await startListening(1, ([port]) => mariadb.serve(port));
  Object.assign(mariadb, { child, port: ports[0] });
  mariadb.sql("CREATE USER chat@localhost IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO chat@localhost");
  return mariadb;
}

class Mariadb {
  constructor(certificates, flags) {
    this.flags = flags;
    this.folder = temporaryFolder();
    this.data = join(this.folder, "data");
    chmodSync(this.folder, 0o755);
    mkdirSync(this.data);
    this.words = ["--bind-address=127.0.0.1"];
    if (certificates) {
      const { certificate, key } = certificates.copiedTo(this.folder);
      this.words = ["--bind-address=127.0.0.1,127.0.0.2", `--ssl-cert=${certificate}`, `--ssl-key=${key}`];
    }
    if (isRoot) execFileSync("chown", ["-R", "mysql", this.folder]);
    execFileSync("mariadb-install-db", ["--no-defaults", ...own, ...quick, `--datadir=${this.data}`,
                                        "--auth-root-authentication-method=normal", "--skip-test-db"],
                 { stdio: "pipe" });  // What it says is in the error.
  }

  serve(port) {
    return new Child("mariadbd", ["--no-defaults", ...own, ...this.flags,
                                  `--datadir=${this.data}`, `--port=${port}`, ...this.words,
                                  `--socket=${this.socket}`]);
  }

  get socket() {
    return join(this.folder, "socket");
  }

  // What Coterie has to be told.
  settings(database) {
    return { DB_TYPE: "mysql", DB_HOST: "127.0.0.1", DB_PORT: `${this.port}`, DB_USERNAME: "chat",
             DB_PASSWORD: "secret", DB_DATABASE: database };
  }

  // A table's name in its SQL.
  quote(name) {
    return `\`${name}\``;
  }

  // Runs statements; what they print, tab by tab.
  sql(statements, database = "") {
    const words = ["--no-defaults", "-uroot", `-S${this.socket}`, "-N", "--default-character-set=utf8mb4"];
    return execFileSync("mariadb", [...words, ...(database ? [database] : [])],
                        { input: statements, encoding: "utf8", maxBuffer: 1 << 28 });
  }

  // All that is in a database, as statements.
  dump(database) {
    const words = ["--no-defaults", "-uroot", `-S${this.socket}`, "--skip-dump-date", database];
    return execFileSync("mariadb-dump", words, { encoding: "utf8", maxBuffer: 1 << 28 });
  }

  async kill() {
    await this.child.stop("SIGKILL");
  }

  async remove() {
    if (this.child.isRunning) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async start() {
    this.child = this.serve(this.port);
    await untilListening(this.child, [this.port]);
  }
}
