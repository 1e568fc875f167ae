// Pictures: held in memory, then written to a folder, which is kinder than the object store was.
// SPDX-License-Identifier: MIT
import {
  BadRequestException, Controller, Post, UploadedFile, UseInterceptors,
} from "@nestjs/common";
import { FileInterceptor } from "@nestjs/platform-express";
import { InjectRepository } from "@nestjs/typeorm";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Repository } from "typeorm";

import { File } from "./entities";
import { UserId } from "./sessions";

const folder = process.env.UPLOADS ?? ".";

@Controller("group")
export class UploadController {
  constructor(@InjectRepository(File) private readonly files: Repository<File>) {}

  @Post("cover")
  @UseInterceptors(FileInterceptor("file"))
  async cover(@UserId() createById: number, @UploadedFile() file: Express.Multer.File) {
    if (!file) throw new BadRequestException("File is required");
    if (file.size >= 5 << 20) throw new BadRequestException("size must less than 5MB");
    const key = randomBytes(16).toString("base64url").slice(0, 21);
    await writeFile(join(folder, key), file.buffer);
    const url = `http://s3/${key}`;
    return this.files.save({ path: `cover/${key}`, type: "cover", url, createById });
  }
}
