// Certificates for 127.0.0.1, made with the openssl program when a test needs them.
// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";

import { temporaryFolder } from "./coterie.mjs";

export class Certificates {
  #folder = temporaryFolder();

  constructor(name = "first") {
    const subject = ["-subj", "/CN=authority of a test", "-days", "2"];
    this.#openssl("req", "-x509", ...newKey, "-keyout", "ca-key.pem", "-out", "ca.pem", ...subject);
    this.authority = join(this.#folder, "ca.pem");
    this.ca = readFileSync(this.authority);
    this.certificate = join(this.#folder, "chain.pem");
    this.key = join(this.#folder, "key.pem");
    this.renew(name);
  }

  // Writes another certificate and its key over those that are there.
  renew(name) {
    writeFileSync(join(this.#folder, "names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
    this.#openssl("req", ...newKey, "-keyout", "key.pem", "-out", "request.pem",
                  "-subj", `/CN=${name}`);
    const issuer = ["-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"];
    this.#openssl("x509", "-req", "-in", "request.pem", ...issuer, "-days", "1",
                  "-extfile", "names", "-out", "chain.pem");
  }

  get flags() {
    return ["--tls-certificate", this.certificate, "--tls-key", this.key];
  }

  // Its certificate and key in another folder, which may be given to another user.
  copiedTo(folder) {
    const names = { certificate: join(folder, "server.pem"), key: join(folder, "server.key") };
    copyFileSync(this.certificate, names.certificate);
    copyFileSync(this.key, names.key);
    chmodSync(names.key, 0o600);
    return names;
  }

  #openssl(...words) {
    execFileSync("openssl", words, { cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"] });
  }
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

// A TLS connection whose handshake is done, or an error.
export function connectTls(server, options = {}) {
  return new Promise((resolve, reject) => {
    const { port, certificates: { ca } } = server;
    const socket = connect({ port, host: "127.0.0.1", ca, ...options });
    socket.once("secureConnect", () => resolve(socket));
    socket.once("error", reject);
  });
}

// The first bytes of a client of today.
export async function greeting() {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const client = connect({ port: listener.address().port, host: "127.0.0.1" });
  client.on("error", () => {});
  const [socket] = await once(listener, "connection");
  const [bytes] = await once(socket, "data");
  client.destroy();
  listener.close();
  return bytes;
}
