// A PostgreSQL of a test's own, on a free port of 127.0.0.1 and in a folder that goes with it.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { temporaryFolder } from "../coterie.mjs";
import { Child, startListening, until, untilListening } from "../process.mjs";

const programs = "/usr/lib/postgresql/15/bin";
// The server refuses to be root; its package has made this user.
const isRoot = process.getuid() === 0;
const asOwner = (command, ...words) =>
  isRoot ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", command, ...words]
         : [command, ...words];

// With `certificates` (see Certificates) it offers TLS, on every address of this machine, and wants
// its password.
export async function startPostgres(certificates) {
  const postgres = new Postgres(certificates);
  const { child, ports } = await startListening(1, ([port]) => postgres.serve(port));
  Object.assign(postgres, { child, port: ports[0] });
  await postgres.untilReady();
  return postgres;
}

class Postgres {
  constructor(certificates) {
    this.folder = temporaryFolder();
    this.data = join(this.folder, "data");
    chmodSync(this.folder, 0o755);
    mkdirSync(this.data);
    writeFileSync(join(this.folder, "password"), "secret");
    this.words = ["-c", "listen_addresses=127.0.0.1"];
    if (certificates) {
      const { certificate, key } = certificates.copiedTo(this.folder);
      this.words = ["-c", "listen_addresses=127.0.0.1,127.0.0.2", "-c", "ssl=on",
                    "-c", `ssl_cert_file=${certificate}`, "-c", `ssl_key_file=${key}`];
    }
    if (isRoot) execFileSync("chown", ["-R", "postgres", this.folder]);
    const [command, ...words] = asOwner(`${programs}/initdb`, "-D", this.data, "-A",
                                        certificates ? "scram-sha-256" : "trust", "-U", "chat",
                                        `--pwfile=${join(this.folder, "password")}`,
                                        "-E", "UTF8", "--no-locale", "--no-sync");
    execFileSync(command, words, { stdio: "ignore", cwd: this.folder });
  }

  serve(port) {
    const [command, ...words] = asOwner(`${programs}/postgres`, "-D", this.data, "-p", `${port}`,
                                        ...this.words,
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

  // Who may come in from now on, in the words of pg_hba.conf: "host" is anyone with the password,
  // "hostssl" only through TLS.
  allow(kind) {
    const file = join(this.data, "pg_hba.conf");
    writeFileSync(file, `local all all trust\n${kind} all all all scram-sha-256\n`);
    this.sql("SELECT pg_reload_conf()");
  }

  // A table's name in its SQL.
  quote(name) {
    return `"${name}"`;
  }

  // Runs statements; what they print, "|" between columns.
  sql(statements, database = "postgres") {
    return execFileSync("psql", ["-h", "127.0.0.1", "-p", `${this.port}`, "-U", "chat", "-At", database],
                        { input: statements, encoding: "utf8", maxBuffer: 1 << 28,
                          stdio: ["pipe", "pipe", "pipe"],
                          env: { ...process.env, PGPASSWORD: "secret" } });
  }

  // It listens before it lets anybody in.
  untilReady() {
    return until(() => {
      try {
        return this.sql("SELECT 1");
      } catch {
        return false;
      }
    }, () => this.child.log, 60_000);
  }

  // "Immediate": all its processes end where they are, and it recovers at the next start.
  async kill() {
    await this.child.stop("SIGQUIT");
  }

  // To all its processes: "SIGSTOP" makes it silent, until "SIGCONT".
  signal(name) {
    const { pid } = this.child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    for (const each of [pid, ...children.map(Number)]) process.kill(each, name);
  }

  async start() {
    this.child = this.serve(this.port);
    await untilListening(this.child, [this.port]);
    await this.untilReady();
  }

  async remove() {
    if (this.child.isRunning) await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
