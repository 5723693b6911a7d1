#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <sys/types.h>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/handler/protocol.h"

namespace sallyport::handler {

struct ProcessOptions
{
    std::string program; // path of sallyport-handlerd
    int callMilliseconds = 50; // 0: no limit, for compiling
    // The engine of the language may make machine code: about twice as fast, and more to attack.
    bool isFast = false;
};

// One sallyport-handlerd: started with a socket, a shared page and nothing else. Killed with this
// object.
class Process
{
public:
    [[nodiscard]] static Result<std::unique_ptr<Process>> start(const ProcessOptions& options);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] UniqueFd takeSocket() { return std::move(m_socket); }
    // As the process wrote it; not to be trusted.
    [[nodiscard]] SharedPage page() const;
    // Memory of its own, without what it shares with files.
    [[nodiscard]] std::size_t memoryBytes() const;
    // Processor time of all its threads.
    [[nodiscard]] std::chrono::nanoseconds processorTime() const;
    [[nodiscard]] pid_t id() const { return m_id; }
    void kill();

private:
    Process(pid_t id, UniqueFd socket, volatile SharedPage* page);

    pid_t m_id;
    UniqueFd m_socket;
    volatile SharedPage* m_page;
};

} // namespace sallyport::handler
