// TLS to MariaDB and PostgreSQL with a certificate of the test's own authority, and what a server says
// at once of a database that does not let it in.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startMariadb } from "../support/backends/mariadb.mjs";
import { startPostgres } from "../support/backends/postgres.mjs";
import { Certificates } from "../support/certificates.mjs";
import { run, temporaryFolder } from "../support/coterie.mjs";

const certificates = new Certificates();
const others = new Certificates();

// How to ask who is connected, and whether through TLS.
const engines = {
  MariaDB: {
    start: () => startMariadb({ certificates }),
    startPlain: () => startMariadb(),
    force: (database) => database.sql("ALTER USER chat@localhost REQUIRE SSL"),
    wrongPassword: /MySQL at 127\.0\.0\.1: Access denied for user 'chat'/,
    wrongDatabase: /MySQL at 127\.0\.0\.1: Unknown database 'nothing'/,
    noneWithout: /Access denied for user 'chat'/,
    noTls: /MySQL at 127\.0\.0\.1: .*SSL/,
    badCertificate: /MySQL at 127\.0\.0\.1: .*(TLS|SSL|certificate)/i,
  },
  PostgreSQL: {
    start: () => startPostgres(certificates),
    startPlain: () => startPostgres(),
    force: (database) => database.allow("hostssl"),
    wrongPassword: /PostgreSQL at 127\.0\.0\.1: .*28P01: password authentication failed/,
    wrongDatabase: /PostgreSQL at 127\.0\.0\.1: .*3D000: database "nothing" does not exist/,
    noneWithout: /28000: no pg_hba.conf entry .* no encryption/,
    noTls: /PostgreSQL at 127\.0\.0\.1: .*SSL/,
    badCertificate: /PostgreSQL at 127\.0\.0\.1: .*certificate verify failed/,
  },
};

// What `coterie migrate` says: {code, log, stdout}; it opens the database as a server does.
const migrate = (settings, more) =>
  run(["migrate", "--data", temporaryFolder()], { env: { ...settings, ...more } });

for (const [name, engine] of Object.entries(engines)) {
  describe(name, { timeout: 120_000 }, () => {
    let database, settings;
    before(async () => {
      database = await engine.start();
      database.sql("CREATE DATABASE chat");
      settings = database.settings("chat");
    });
    after(() => database?.remove());

    const comesIn = async (more) => {
      const { code, log } = await migrate(settings, more);
      assert.equal(code, 0, `${JSON.stringify(more)}\n${log}`);
    };
    const isRefused = async (more, why) => {
      const begin = Date.now();
      const { code, log } = await migrate(settings, more);
      assert.equal(code, 1, log);
      assert.match(log, why);
      assert.ok(!log.includes("waiting for"), log);
      assert.ok(Date.now() - begin < 20_000, "it waited");
    };

    test("TLS is used where it is offered, and not when it is off", async () => {
      await comesIn({ DB_TLS: "off" });
      engine.force(database); // From here on nobody comes in without.
      await comesIn({});
      await comesIn({ DB_TLS: "require" });
      await isRefused({ DB_TLS: "off" }, engine.noneWithout);
    });

    test("with verify the certificate must be of a known authority, and for that host", async () => {
      await comesIn({ DB_TLS: "verify", DB_CA: certificates.authority });
      await isRefused({ DB_TLS: "verify", DB_CA: others.authority }, engine.badCertificate);
      await isRefused({ DB_TLS: "verify" }, engine.badCertificate);
      // The certificate is for localhost and 127.0.0.1.
      await comesIn({ DB_TLS: "verify", DB_CA: certificates.authority, DB_HOST: "localhost" });
      await comesIn({ DB_TLS: "require", DB_HOST: "127.0.0.2" });
      await isRefused({ DB_TLS: "verify", DB_CA: certificates.authority, DB_HOST: "127.0.0.2" },
                      /at 127\.0\.0\.2: .*(certificate|TLS|SSL)/i);
    });

    test("a wrong password and an unknown database are said at once", async () => {
      await isRefused({ DB_PASSWORD: "wrong" }, engine.wrongPassword);
      await isRefused({ DB_DATABASE: "nothing" }, engine.wrongDatabase);
    });

    test("a server without TLS is refused where that is required, and taken where not", async () => {
      const plain = await engine.startPlain();
      try {
        plain.sql("CREATE DATABASE chat");
        const place = plain.settings("chat");
        await comesIn(place);
        for (const DB_TLS of ["require", "verify"]) await isRefused({ ...place, DB_TLS }, engine.noTls);
      } finally {
        await plain.remove();
      }
    });
  });
}
