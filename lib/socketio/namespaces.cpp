// SPDX-License-Identifier: MIT
#include "socketio/namespaces.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "socketio/adapter.hpp"
#include "socketio/hub.hpp"

namespace coterie::socketio {

std::vector<std::shared_ptr<Namespace>> ParentNamespace::children() const {
  return registry_.children_.with([this](const Namespaces::Children& children) {
    std::vector<std::shared_ptr<Namespace>> mine;
    for (const auto& [name, child] : children) {
      if (child.parent == this) mine.push_back(child.space);
    }
    return mine;
  });
}

Namespace& Namespaces::of(std::string_view name) {
  std::string full(name);
  if (full.empty() || full.front() != '/') full.insert(0, "/");
  auto found = named_.find(full);
  if (found == named_.end()) {
    auto space = std::make_shared<Namespace>(full, surroundings_);
    found = named_.emplace(std::move(full), std::move(space)).first;
  }
  return *found->second;
}

ParentNamespace& Namespaces::of_matching(NamespaceMatch match) {
  parents_.push_back(std::make_unique<ParentNamespace>(*this, std::move(match)));
  return *parents_.back();
}

std::shared_ptr<Namespace> Namespaces::visit(std::string_view name, const Json& auth) {
  if (const auto found = named_.find(name); found != named_.end()) return found->second;
  const auto parent =
      std::ranges::find_if(parents_, [&](const auto& each) { return each->match_(name, auth); });
  if (parent == parents_.end()) return nullptr;
  auto space = children_.with([&](Children& children) -> std::shared_ptr<Namespace> {
    auto found = children.find(name);
    if (found == children.end()) {
      if (children.size() >= children_max_) return nullptr;
      auto made = make_child(name, **parent);
      found = children.emplace(std::string(name), Child{std::move(made), parent->get()}).first;
    }
    ++found->second.space->visitors_;
    return found->second.space;
  });
  if (!space) log::warn("a client is refused: there are {} dynamic namespaces", children_max_);
  // Clients on other shards wait for it: what it registers is there when the first is let in.
  if (space) std::call_once(space->introduced_, [&] { introduce(space); });
  return space;
}

std::shared_ptr<Namespace> Namespaces::make_child(std::string_view name,
                                                  const ParentNamespace& parent) {
  auto child = std::make_shared<Namespace>(std::string(name), surroundings_, this);
  static_cast<Listeners&>(*child) = parent;
  return child;
}

void Namespaces::introduce(const std::shared_ptr<Namespace>& child) const {
  if (on_new_) on_new_(*child);
  surroundings_.adapter.open(child);
}

void Namespaces::open_named() const {
  for (const auto& [name, space] : named_) surroundings_.adapter.open(space);
}

void Namespaces::on_socket_destroyed(Namespace& space) {
  // It ends with this function, outside the lock. Sockets that have left count until they are
  // destroyed, behind the turns of their shards: so there is none that could still turn to it.
  const auto last = children_.with([&](Children& children) -> std::shared_ptr<Namespace> {
    if (--space.visitors_ > 0 || !cleanup_empty_) return nullptr;
    // Under the lock: a successor of that name is opened behind it.
    surroundings_.adapter.close(space.name());
    return std::move(children.extract(space.name()).mapped().space);
  });
}

std::vector<std::shared_ptr<Namespace>> Namespaces::all() const {
  std::vector<std::shared_ptr<Namespace>> spaces;
  for (const auto& [name, space] : named_) spaces.push_back(space);
  children_.with([&spaces](const Children& children) {
    for (const auto& [name, child] : children) spaces.push_back(child.space);
  });
  return spaces;
}

}  // namespace coterie::socketio
