// The chat as NestJS servers of its kind are written: what the system before us did for a send, a
// page of history, a list of conversations, a log-in and an upload, on its own tables. main.js PORT
//
// Settings as Coterie's: DB_PORT, DB_USERNAME, DB_PASSWORD, DB_DATABASE, REDIS_PORT,
// SERVER_JWT_SECRET. DB_CONNECTIONS is the size of the pool. With the usual 10 the original stands
// still for good as soon as 10 requests hold a connection each and wait for a second one; it is
// measured with a pool in which that does not happen.
// SPDX-License-Identifier: MIT
import "reflect-metadata";

import {
  CallHandler, ExecutionContext, Injectable, Module, NestInterceptor, ValidationPipe,
} from "@nestjs/common";
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE, NestFactory } from "@nestjs/core";
import { TypeOrmModule } from "@nestjs/typeorm";
import { map } from "rxjs";
import { DataSource } from "typeorm";

import { ConversationController, ConversationService } from "./conversations";
import {
  ConversationSubscriber, File, Group, GroupConversation, GroupMessage, User,
} from "./entities";
import { Gateway } from "./gateway";
import { AuthController, AuthGuard, Sessions, Store } from "./sessions";
import { UploadController } from "./uploads";

const entities = [File, User, Group, GroupMessage, GroupConversation];
const { env } = process;

@Injectable()
class Envelope implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((data) => ({ status: 0, data, message: "success" })));
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: "mysql", host: "127.0.0.1", port: Number(env.DB_PORT), username: env.DB_USERNAME,
      password: env.DB_PASSWORD, database: env.DB_DATABASE,
      poolSize: Number(env.DB_CONNECTIONS),
      entities, subscribers: [ConversationSubscriber],
    }),
    TypeOrmModule.forFeature(entities),
  ],
  controllers: [AuthController, ConversationController, UploadController],
  providers: [
    Store, Sessions, Gateway, ConversationService,
    { provide: APP_GUARD, useClass: AuthGuard },
    { provide: APP_INTERCEPTOR, useClass: Envelope },
    { provide: APP_PIPE,
      useValue: new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }) },
  ],
})
class Chat {}

async function serve(port: number) {
  const app = await NestFactory.create(Chat, { logger: ["error", "warn"] });
  app.setGlobalPrefix("api");
  // Who is in which group, for Redis to answer.
  const store = app.get(Store);
  for (const { userId, groupId } of await app.get(DataSource).createQueryBuilder()
    .select(["userId", "groupId"]).from("group_conversation", "c").getRawMany()) {
    await store.sadd(`group_users:${groupId}`, userId);
  }
  await app.listen(port, "127.0.0.1");
}

void serve(Number(process.argv[2]));
