// The tables of the system before us (tests/backends/seed_schema.sql) as TypeORM sees them.
// SPDX-License-Identifier: MIT
import {
  Column, CreateDateColumn, Entity, EntitySubscriberInterface, EventSubscriber, JoinColumn,
  LoadEvent, ManyToOne, OneToOne, PrimaryColumn, PrimaryGeneratedColumn, UpdateDateColumn,
} from "typeorm";

class Row {
  @PrimaryGeneratedColumn() id: number;
  @CreateDateColumn() createAt: Date;
  @UpdateDateColumn() updateAt: Date;
}

@Entity("file")
export class File extends Row {
  @Column() path: string;
  @Column({ type: "enum", enum: ["avatar", "cover", "image", "video"] }) type: string;
  @Column({ length: 2083 }) url: string;
  @Column() createById: number;
}

@Entity("user")
export class User extends Row {
  @Column() username: string;
  @Column() email: string;
  @Column({ select: false }) password: string;
  @Column({ type: "varchar", nullable: true }) nickname: string | null;
  @Column({ type: "int", nullable: true }) avatarId: number | null;
  @OneToOne(() => File) @JoinColumn({ name: "avatarId" }) avatar: File | null;
}

@Entity("group")
export class Group extends Row {
  @Column() name: string;
  @Column({ type: "varchar", nullable: true }) description: string | null;
  @Column() inviteCode: string;
  @Column() coverId: number;
  @Column() createById: number;
  @OneToOne(() => File) @JoinColumn({ name: "coverId" }) cover: File;
}

@Entity("group_message")
export class GroupMessage extends Row {
  @Column({ type: "enum", enum: ["0", "1", "2"] }) type: string;
  @Column({ type: "text", nullable: true }) content: string | null;
  @Column() userId: number;
  @Column() groupId: number;
  @Column({ type: "int", nullable: true }) coverId: number | null;
  @Column({ type: "int", nullable: true }) fileId: number | null;
  @ManyToOne(() => User) @JoinColumn({ name: "userId" }) user: User;
  @OneToOne(() => File) @JoinColumn({ name: "fileId" }) file: File | null;
  @OneToOne(() => File) @JoinColumn({ name: "coverId" }) cover: File | null;
}

@Entity("group_conversation")
export class GroupConversation {
  @PrimaryGeneratedColumn() id: number;
  @CreateDateColumn() createAt: Date;
  @UpdateDateColumn() updateAt: Date;
  @Column({ type: "enum", enum: ["0", "1"] }) userRole: string;
  @Column({ type: "int", nullable: true }) lastMsgId: number | null;
  @PrimaryColumn() userId: number;
  @PrimaryColumn() groupId: number;
  @ManyToOne(() => Group) @JoinColumn({ name: "groupId" }) group: Group;
  recentMsg: GroupMessage | null;
  unreadNum?: number;
}

// Whoever loads a conversation loads its newest message and counts what is unread, each with
// queries, and a connection, of its own.
@EventSubscriber()
export class ConversationSubscriber implements EntitySubscriberInterface<GroupConversation> {
  listenTo() {
    return GroupConversation;
  }

  async afterLoad(conversation: GroupConversation, event: LoadEvent<GroupConversation>) {
    const messages = event.connection.getRepository(GroupMessage);
    const { groupId, lastMsgId } = conversation;
    conversation.recentMsg = await messages.findOne({
      where: { groupId }, order: { id: "DESC" }, relations: { user: true },
    });
    if (!lastMsgId) return;
    conversation.unreadNum = await messages.createQueryBuilder("m")
      .where("m.groupId = :groupId AND m.id > :lastMsgId", { groupId, lastMsgId }).getCount();
  }
}
