#include "app/sallyctl/secret_input.h"

#include <array>
#include <cerrno>
#include <cstdio>

#include <termios.h>
#include <unistd.h>

namespace sallyport::ctl {
namespace {

constexpr std::size_t MostBytes = 64 * 1024;

// While it lives the terminal shows nothing of what is typed.
class Silence
{
public:
    explicit Silence(int fd)
        : m_fd(fd)
        , m_isTerminal(::tcgetattr(fd, &m_before) == 0)
    {
        termios silent = m_before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        if (m_isTerminal)
            ::tcsetattr(m_fd, TCSAFLUSH, &silent);
    }
    ~Silence()
    {
        if (m_isTerminal)
            ::tcsetattr(m_fd, TCSAFLUSH, &m_before);
    }
    Silence(const Silence&) = delete;
    Silence& operator=(const Silence&) = delete;
    [[nodiscard]] bool isTerminal() const { return m_isTerminal; }

private:
    int m_fd;
    termios m_before{};
    bool m_isTerminal;
};

} // namespace

Result<std::string> readSecret(const std::string& question)
{
    const Silence silence(STDIN_FILENO);
    if (silence.isTerminal())
        std::fprintf(stderr, "%s: ", question.c_str());
    std::string secret;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t count = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return failErrno("read standard input", errno);
        secret.append(piece.data(), static_cast<std::size_t>(count));
        if (secret.size() > MostBytes)
            return fail(Error::Code::TooLarge, "that is more than a secret");
        if (count == 0 || (silence.isTerminal() && secret.back() == '\n'))
            break;
    }
    if (silence.isTerminal())
        std::fputc('\n', stderr);
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r'))
        secret.pop_back();
    if (secret.empty())
        return fail(Error::Code::Invalid, "nothing was entered");
    return secret;
}

} // namespace sallyport::ctl
