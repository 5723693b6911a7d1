// What the headers of the C++ library call, in place of the library itself: guestd has no
// exceptions, so each of these ends the process (and so, for PID 1, the guest).
#include <cstdlib>
#include <new>

#include <unistd.h>

namespace {

[[noreturn]] void die(const char* what)
{
    std::size_t length = 0;
    while (what[length] != '\0')
        ++length;
    [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, "guestd: fatal: ", 15);
    written = ::write(STDERR_FILENO, what, length);
    written = ::write(STDERR_FILENO, "\n", 1);
    std::abort();
}

} // namespace

void* operator new(std::size_t size)
{
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr)
        die("out of memory");
    return memory;
}

void* operator new[](std::size_t size)
{
    return operator new(size);
}

void operator delete(void* memory) noexcept
{
    std::free(memory);
}

void operator delete[](void* memory) noexcept
{
    std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept
{
    std::free(memory);
}

void operator delete[](void* memory, std::size_t) noexcept
{
    std::free(memory);
}

extern "C" [[noreturn]] void __cxa_pure_virtual()
{
    die("pure virtual call");
}

namespace std {

void __throw_length_error(const char* what)
{
    die(what);
}
void __throw_logic_error(const char* what)
{
    die(what);
}
void __throw_out_of_range(const char* what)
{
    die(what);
}
void __throw_out_of_range_fmt(const char* what, ...)
{
    die(what);
}
void __throw_bad_alloc()
{
    die("bad allocation");
}
void __throw_bad_array_new_length()
{
    die("bad array length");
}
void __throw_bad_function_call()
{
    die("empty function");
}

} // namespace std
