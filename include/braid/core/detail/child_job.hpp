#pragma once
// The job behind `task_group::submit`: a child of a group with a handle.

#include <braid/core/detail/group_child.hpp>
#include <braid/core/job.hpp>

#include <memory>
#include <utility>

namespace braid::detail {

template <class R>
class child_job final : public root_job<R>, public child_watch {
public:
    child_job(std::shared_ptr<home> where, cancel_scope& of_group) noexcept
        : root_job<R>(std::move(where)), child_watch(of_group) {
        this->attach(scope);
    }

    /// Gets the result out of the task, into the job.
    static std::exception_ptr take(std::coroutine_handle<> ended, child_watch* watch) noexcept {
        return task_access::promise<R>(ended).move_to(static_cast<child_job*>(watch)->result());
    }

    void ended(std::exception_ptr&) noexcept override { this->root_ended(); }
};

}  // namespace braid::detail
