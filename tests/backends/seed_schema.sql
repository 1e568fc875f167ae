-- The tables of a deployment of the system that came before us (MySQL or MariaDB), as its ORM made
-- them. Adoption is tested on databases that begin like this.

CREATE TABLE `user` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `createAt` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  `updateAt` datetime(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
  `username` varchar(32) NOT NULL,
  `email` varchar(50) NOT NULL,
  `password` varchar(255) NOT NULL,
  `nickname` varchar(32) DEFAULT NULL,
  `avatarId` int(11) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `IDX_78a916df40e02a9deb1c4b75ed` (`username`),
  UNIQUE KEY `IDX_e12875dfb3b1d92d7d7c5377e2` (`email`),
  UNIQUE KEY `REL_58f5c71eaab331645112cf8cfa` (`avatarId`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `file` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `createAt` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  `updateAt` datetime(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
  `path` varchar(50) NOT NULL,
  `type` enum('avatar','cover','image','video') NOT NULL,
  `url` varchar(2083) NOT NULL,
  `createById` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `IDX_068984316f2b10a398fcdef59c` (`path`),
  KEY `FK_1eb43b243542bd159d0aed7cdf4` (`createById`),
  CONSTRAINT `FK_1eb43b243542bd159d0aed7cdf4` FOREIGN KEY (`createById`) REFERENCES `user` (`id`)
    ON DELETE NO ACTION ON UPDATE NO ACTION
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

ALTER TABLE `user`
  ADD CONSTRAINT `FK_58f5c71eaab331645112cf8cfa5` FOREIGN KEY (`avatarId`) REFERENCES `file` (`id`)
    ON DELETE NO ACTION ON UPDATE NO ACTION;

CREATE TABLE `group` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `createAt` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  `updateAt` datetime(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
  `name` varchar(32) NOT NULL,
  `description` varchar(100) DEFAULT NULL,
  `inviteCode` varchar(32) NOT NULL,
  `coverId` int(11) NOT NULL,
  `createById` int(11) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `IDX_4f349bf7a69113fc48c2ac5271` (`inviteCode`),
  UNIQUE KEY `REL_0c591649c2c4982359ac57467c` (`coverId`),
  KEY `FK_1f00a1c2dc53a4efd759ec4fc5d` (`createById`),
  CONSTRAINT `FK_0c591649c2c4982359ac57467c4` FOREIGN KEY (`coverId`) REFERENCES `file` (`id`)
    ON DELETE NO ACTION ON UPDATE NO ACTION,
  CONSTRAINT `FK_1f00a1c2dc53a4efd759ec4fc5d` FOREIGN KEY (`createById`) REFERENCES `user` (`id`)
    ON DELETE NO ACTION ON UPDATE NO ACTION
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `group_conversation` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `createAt` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  `updateAt` datetime(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
  `userRole` enum('0','1') NOT NULL COMMENT '0 Owner; 1 Member;',
  `lastMsgId` int(11) DEFAULT NULL,
  `userId` int(11) NOT NULL,
  `groupId` int(11) NOT NULL,
  PRIMARY KEY (`id`,`userId`,`groupId`),
  KEY `FK_10cbebda6ecfaf0912f3b45aac6` (`userId`),
  KEY `FK_c00c27396a6cbd9485fd31ef076` (`groupId`),
  CONSTRAINT `FK_10cbebda6ecfaf0912f3b45aac6` FOREIGN KEY (`userId`) REFERENCES `user` (`id`)
    ON DELETE NO ACTION ON UPDATE NO ACTION,
  CONSTRAINT `FK_c00c27396a6cbd9485fd31ef076` FOREIGN KEY (`groupId`) REFERENCES `group` (`id`)
    ON DELETE NO ACTION ON UPDATE NO ACTION
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE `group_message` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `createAt` datetime(6) NOT NULL DEFAULT current_timestamp(6),
  `updateAt` datetime(6) NOT NULL DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),
  `type` enum('0','1','2') NOT NULL COMMENT '0 Text; 1 Image; 2 Video',
  `content` text DEFAULT NULL,
  `userId` int(11) NOT NULL,
  `groupId` int(11) NOT NULL,
  `coverId` int(11) DEFAULT NULL,
  `fileId` int(11) DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `REL_2702915d92bb9bad8e58461e1c` (`coverId`),
  UNIQUE KEY `REL_98f84075184c427aa00e29cffa` (`fileId`),
  KEY `FK_2b363dbe35f2abc4a88148c759d` (`userId`),
  CONSTRAINT `FK_2702915d92bb9bad8e58461e1c3` FOREIGN KEY (`coverId`) REFERENCES `file` (`id`)
    ON DELETE NO ACTION ON UPDATE NO ACTION,
  CONSTRAINT `FK_2b363dbe35f2abc4a88148c759d` FOREIGN KEY (`userId`) REFERENCES `user` (`id`)
    ON DELETE NO ACTION ON UPDATE NO ACTION,
  CONSTRAINT `FK_98f84075184c427aa00e29cffa3` FOREIGN KEY (`fileId`) REFERENCES `file` (`id`)
    ON DELETE NO ACTION ON UPDATE NO ACTION
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
