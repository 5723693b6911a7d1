#pragma once

// A body of the content coding "aws-chunked": chunks with a length and mostly a signature each, and
// perhaps trailers (a checksum). Signatures say nothing here: the door knows whose request it is.
// Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace sallyport::binding {

class AwsChunked
{
public:
    enum class State
    {
        Data,     // `data` is part of the input
        NeedMore, // the input is used up
        End,
        Bad, // not the coding
    };
    // Takes bytes off the front of `input`.
    [[nodiscard]] State next(std::string_view& input, std::string_view& data);

private:
    enum class Place
    {
        Size,
        Data,
        AfterData,
        Trailer,
        End,
        Bad,
    };
    // A whole line without its end, or nothing yet.
    [[nodiscard]] bool takeLine(std::string_view& input);
    void readSize();

    Place m_place = Place::Size;
    std::string m_line;
    std::uint64_t m_left = 0; // of the chunk
    std::size_t m_trailerBytes = 0;
};

} // namespace sallyport::binding
