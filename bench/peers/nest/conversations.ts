// Conversations: their list, their history, and sending a text.
// SPDX-License-Identifier: MIT
import { Body, Controller, Get, HttpException, Injectable, Post, Query } from "@nestjs/common";
import { InjectRepository } from "@nestjs/typeorm";
import { IsNotEmpty, IsOptional, MaxLength } from "class-validator";
import { LessThan, Repository } from "typeorm";

import { GroupConversation, GroupMessage } from "./entities";
import { Gateway } from "./gateway";
import { UserId } from "./sessions";

class TextBody {
  @IsNotEmpty() groupId: number;
  @MaxLength(5000) @IsNotEmpty() content: string;
}

class PageQuery {
  @IsNotEmpty() groupId: string;
  @IsOptional() cursorId?: string;
  @IsOptional() size?: string;
}

const shown = { user: { avatar: true }, file: true, cover: true };

@Injectable()
export class ConversationService {
  constructor(
    @InjectRepository(GroupConversation)
    private readonly conversations: Repository<GroupConversation>,
    @InjectRepository(GroupMessage) private readonly messages: Repository<GroupMessage>,
    private readonly gateway: Gateway) {}

  list(userId: number) {
    return this.conversations.find({
      where: { userId }, order: { updateAt: "DESC" }, relations: { group: { cover: true } },
    });
  }

  async page(userId: number, { groupId, cursorId, size }: PageQuery) {
    await this.insistOnMembership(userId, Number(groupId));
    return this.messages.find({
      where: { groupId: Number(groupId), ...(cursorId ? { id: LessThan(Number(cursorId)) } : {}) },
      order: { id: "DESC" }, take: Number(size ?? 10), relations: shown,
    });
  }

  async text(userId: number, { groupId, content }: TextBody) {
    await this.insistOnMembership(userId, groupId);
    const message = await this.messages.save({
      userId, groupId, content, type: "0", coverId: null, fileId: null,
    });
    void this.push(message.id);
    return message;
  }

  // Loads the whole conversation, and so what its subscriber loads, to learn that there is one.
  private async insistOnMembership(userId: number, groupId: number) {
    const found = await this.conversations.findOneBy({ userId, groupId });
    if (!found) throw new HttpException("you are not in the group!", 406);
  }

  private async push(id: number) {
    const message = await this.messages.findOne({ where: { id }, relations: shown });
    if (message) await this.gateway.tell(message);
  }
}

@Controller("conversation")
export class ConversationController {
  constructor(private readonly service: ConversationService) {}

  @Get("list")
  list(@UserId() userId: number) {
    return this.service.list(userId);
  }

  @Get("group/message/list")
  page(@UserId() userId: number, @Query() query: PageQuery) {
    return this.service.page(userId, query);
  }

  @Post("group/message/text")
  text(@UserId() userId: number, @Body() body: TextBody) {
    return this.service.text(userId, body);
  }
}
