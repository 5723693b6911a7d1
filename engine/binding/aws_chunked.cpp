#include "engine/binding/aws_chunked.h"

#include <algorithm>
#include <charconv>

namespace sallyport::binding {

namespace {

constexpr std::size_t MostLineBytes = 1024;
constexpr std::size_t MostTrailerBytes = 8192;
constexpr std::uint64_t MostChunkBytes = std::uint64_t{1} << 40U;

} // namespace

bool AwsChunked::takeLine(std::string_view& input)
{
    const std::size_t end = input.find('\n');
    m_line.append(input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    if (m_line.size() > MostLineBytes) {
        m_place = Place::Bad;
        return false;
    }
    if (end == std::string_view::npos)
        return false;
    if (!m_line.empty() && m_line.back() == '\r')
        m_line.pop_back();
    return true;
}

void AwsChunked::readSize()
{
    const char* const first = m_line.data();
    const char* const last = first + std::min(m_line.find(';'), m_line.size());
    const auto [end, error] = std::from_chars(first, last, m_left, 16);
    m_place = Place::Bad;
    if (error == std::errc{} && end == last && m_left <= MostChunkBytes)
        m_place = m_left == 0 ? Place::Trailer : Place::Data;
    m_line.clear();
}

AwsChunked::State AwsChunked::next(std::string_view& input, std::string_view& data)
{
    for (;;) {
        if (m_place == Place::End)
            return State::End;
        if (m_place == Place::Bad)
            return State::Bad;
        if (input.empty())
            return State::NeedMore;
        if (m_place == Place::Data) {
            data = input.substr(0, m_left);
            input.remove_prefix(data.size());
            m_left -= data.size();
            if (m_left == 0)
                m_place = Place::AfterData;
            return State::Data;
        }
        if (!takeLine(input))
            continue;
        if (m_place == Place::Size) {
            readSize();
            continue;
        }
        m_trailerBytes += m_line.size();
        if (m_place == Place::AfterData)
            m_place = m_line.empty() ? Place::Size : Place::Bad;
        else if (m_line.empty())
            m_place = Place::End;
        else if (m_trailerBytes > MostTrailerBytes)
            m_place = Place::Bad;
        m_line.clear();
    }
}

} // namespace sallyport::binding
