// The chat's tables as data, for what treats all of them alike: moving a chat, adopting a database.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>
#include <vector>

namespace coterie::storage {

struct Column {
  enum class Kind { integer, text, time };

  std::string_view name;
  Kind kind;
  bool is_nullable = false;
  std::string_view references = {};            // The table whose "id" it holds; empty: none.
  std::vector<std::string_view> choices = {};  // All that it may hold; empty: anything.
};

struct Table {
  std::string_view name;
  std::string_view noun;        // What a person calls its rows: "users".
  std::vector<Column> columns;  // All of them; the first is "id".
  // The columns that name a file in the store, and what an archive knows of each: its size and sum.
  std::vector<std::string_view> files = {};
  std::vector<Column> file_facts = {};
};

// Each behind those it refers to; only a user's avatar is found further down.
const std::vector<Table>& chat_tables();

}  // namespace coterie::storage
