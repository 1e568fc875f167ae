// The little XML that S3 speaks: elements picked out of its answers, and the list of parts we send.
//
// Answers are flat lists of records (<Contents><Key>…</Key>…</Contents>), so an element is found by
// its tags and nothing is made of the rest. No attributes, no comments, no CDATA: S3 sends none in
// what is read here (Amazon S3 API Reference). What is not there is empty.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coterie::storage {

// What stands between each <name> and the next </name>, as it stands there.
std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name);
// The text of the first <name>, its entities resolved; empty when there is none.
std::string xml_text(std::string_view xml, std::string_view name);

// The body of CompleteMultipartUpload: the entity tags of parts 1, 2, 3, …
std::string xml_of_parts(const std::vector<std::string>& tags);
// The body of CreateBucket outside of us-east-1.
std::string xml_of_location(std::string_view region);

}  // namespace coterie::storage
