// Log-ins: JSON Web Tokens that Redis knows.
// SPDX-License-Identifier: MIT
import {
  Body, CanActivate, Controller, ExecutionContext, HttpException, Injectable, Post, SetMetadata,
  UnauthorizedException, createParamDecorator,
} from "@nestjs/common";
import { Reflector } from "@nestjs/core";
import { InjectRepository } from "@nestjs/typeorm";
import { IsNotEmpty, Matches, MinLength } from "class-validator";
import { createHash } from "node:crypto";
import Redis from "ioredis";
import * as jwt from "jsonwebtoken";
import { Repository } from "typeorm";

import { User } from "./entities";

const secret = process.env.SERVER_JWT_SECRET ?? "";
const seconds = 86_400;

@Injectable()
export class Store extends Redis {
  constructor() {
    super(Number(process.env.REDIS_PORT), "127.0.0.1");
  }
}

@Injectable()
export class Sessions {
  constructor(private readonly store: Store) {}

  async userOf(token: string | undefined): Promise<number | null> {
    try {
      const { id } = jwt.verify(token ?? "", secret) as { id: number };
      return (await this.store.get(token ?? "")) === `${id}` ? id : null;
    } catch {
      return null;
    }
  }

  async open(id: number) {
    const token = jwt.sign({ id }, secret);
    await this.store.set(token, id, "EX", seconds);
    return token;
  }
}

export const Public = () => SetMetadata("isPublic", true);
export const UserId = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest().userId);

@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly reflector: Reflector, private readonly sessions: Sessions) {}

  async canActivate(context: ExecutionContext) {
    if (context.getType() !== "http") return true;
    if (this.reflector.get("isPublic", context.getHandler())) return true;
    const request = context.switchToHttp().getRequest();
    const token = request.headers.authorization?.split("Bearer ")[1];
    request.userId = await this.sessions.userOf(token);
    if (!request.userId) throw new UnauthorizedException("unauthorized");
    return true;
  }
}

class LoginBody {
  @IsNotEmpty() loginName: string;
  @Matches(/^(?=.*[0-9])(?=.*[A-Z])(?=.*[a-z])(?=.*[!@#$%^&*;',.])/) @IsNotEmpty() password: string;
  @MinLength(4) @IsNotEmpty() code: string;
  @IsNotEmpty() uid: string;
}

@Controller("auth")
export class AuthController {
  constructor(@InjectRepository(User) private readonly users: Repository<User>,
              private readonly store: Store, private readonly sessions: Sessions) {}

  @Public()
  @Post("login")
  async login(@Body() { loginName, password, code, uid }: LoginBody) {
    const captcha = await this.store.get(`login-code:${uid}`);
    if (captcha?.toLowerCase() !== code.toLowerCase()) {
      throw new HttpException("captcha error", 406);
    }
    const found = await this.users.createQueryBuilder("user").addSelect("user.password")
      .where("user.username = :loginName OR user.email = :loginName", { loginName }).getOne();
    if (!found) throw new HttpException("account does not exist", 406);
    const { password: hash, ...user } = found;
    if (hash !== createHash("sha1").update(password).digest("hex")) {
      throw new HttpException("wrong password", 406);
    }
    return { user, token: await this.sessions.open(user.id) };
  }
}
