#pragma once
// An intrusive, circular, doubly linked list: joining and leaving cost four stores and no memory.

namespace braid::detail {

/// What an element derives from. It leaves its list when it is destroyed.
class list_node {
public:
    list_node() = default;
    list_node(const list_node&) = delete;
    list_node& operator=(const list_node&) = delete;
    ~list_node() {
        if (linked()) unlink();
    }

    [[nodiscard]] bool linked() const noexcept { return next_ != this; }

    void unlink() noexcept {
        previous_->next_ = next_;
        next_->previous_ = previous_;
        previous_ = next_ = this;
    }

    /// Before `unlink`, which writes to them.
    void prefetch_neighbours() const noexcept {
        __builtin_prefetch(previous_, 1);
        __builtin_prefetch(next_, 1);
    }

private:
    template <class>
    friend class list;
    list_node* previous_ = this;
    list_node* next_ = this;
};

/// A queue of `T`, which derives from `list_node`. It owns nothing.
template <class T>
class list {
public:
    [[nodiscard]] bool empty() const noexcept { return !head_.linked(); }
    [[nodiscard]] T& front() noexcept { return static_cast<T&>(*head_.next_); }
    [[nodiscard]] T& back() noexcept { return static_cast<T&>(*head_.previous_); }

    void push_back(T& element) noexcept {
        list_node& node = element;
        node.previous_ = head_.previous_;
        node.next_ = &head_;
        head_.previous_->next_ = &node;
        head_.previous_ = &node;
    }

    void push_front(T& element) noexcept {
        list_node& node = element;
        node.next_ = head_.next_;
        node.previous_ = &head_;
        head_.next_->previous_ = &node;
        head_.next_ = &node;
    }

    /// `visit` must not change the list.
    template <class Visit>
    void for_each(Visit visit) noexcept {
        for (list_node* node = head_.next_; node != &head_; node = node->next_) visit(static_cast<T&>(*node));
    }

    T* pop_front() noexcept {
        if (empty()) return nullptr;
        T& first = front();
        static_cast<list_node&>(first).unlink();
        return &first;
    }

private:
    list_node head_;
};

}  // namespace braid::detail
