// The namespaces of a server by name: those named at the start, and children of those that match.
//
// A parent stands for every name that its function accepts; a child is made when the first client
// asks for it, with all that was registered for the parent, and once, however many ask at the same
// time on different shards. Children stay, or go with their last socket (cleanup_empty).
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.hpp"
#include "socketio/namespace.hpp"

namespace coterie::socketio {

// Is there a namespace of that name for a client with that auth? On the client's shard; must not
// block: what takes time to find out belongs into a middleware of the child.
using NamespaceMatch = std::function<bool(std::string_view name, const Json& auth)>;

class ParentNamespace : public Listeners {
 public:
  ParentNamespace(Namespaces& registry, NamespaceMatch match)
      : registry_(registry), match_(std::move(match)) {}

  // To every socket of every child.
  template <class... Values>
  void emit(std::string_view event, const Values&... values) {
    for (const auto& child : children()) child->emit(event, values...);
  }
  // Those there are now. Any thread.
  std::vector<std::shared_ptr<Namespace>> children() const;

 private:
  friend class Namespaces;
  Namespaces& registry_;
  const NamespaceMatch match_;
};

class Namespaces {
 public:
  Namespaces(Surroundings surroundings, bool cleanup_empty, std::size_t children_max)
      : surroundings_(surroundings), cleanup_empty_(cleanup_empty), children_max_(children_max) {}

  // Before the shards run.
  Namespace& of(std::string_view name);
  ParentNamespace& of_matching(NamespaceMatch match);
  void on_new(std::function<void(Namespace&)> handler) { on_new_ = std::move(handler); }

  // For a client that wants in: null when there is none. What is returned stays until
  // on_socket_destroyed() was called for it. Any thread.
  std::shared_ptr<Namespace> visit(std::string_view name, const Json& auth);
  void on_socket_destroyed(Namespace& space);

  // Every namespace there is now. Any thread.
  std::vector<std::shared_ptr<Namespace>> all() const;
  // Tells the adapter of those named at the start, once all is registered.
  void open_named() const;

 private:
  friend class ParentNamespace;
  struct Child {
    std::shared_ptr<Namespace> space;
    const ParentNamespace* parent;
  };
  using Children = std::map<std::string, Child, std::less<>>;
  void introduce(const std::shared_ptr<Namespace>& child) const;
  std::shared_ptr<Namespace> make_child(std::string_view name, const ParentNamespace& parent);

  const Surroundings surroundings_;  // Fixed after construction
  const bool cleanup_empty_;
  const std::size_t children_max_;

  std::map<std::string, std::shared_ptr<Namespace>, std::less<>> named_;  // Fixed once shards run
  std::vector<std::unique_ptr<ParentNamespace>> parents_;
  std::function<void(Namespace&)> on_new_;

  Guarded<Children> children_;  // And the visitors_ of each.
};

}  // namespace coterie::socketio
