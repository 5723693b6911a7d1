#pragma once

#include <algorithm>
#include <chrono>

namespace sallyport::egress {

// Allows a burst and then a rate (a token bucket).
class FloodMeter
{
public:
    using Clock = std::chrono::steady_clock;

    FloodMeter(double burst, double perSecond)
        : m_burst(burst)
        , m_perSecond(perSecond)
        , m_left(burst)
    {
    }

    // False when it is too much.
    [[nodiscard]] bool allows(Clock::time_point now)
    {
        if (m_last != Clock::time_point{})
            m_left += std::chrono::duration<double>(now - m_last).count() * m_perSecond;
        m_last = now;
        m_left = std::min(m_burst, m_left);
        if (m_left < 1)
            return false;
        m_left -= 1;
        return true;
    }

private:
    double m_burst;
    double m_perSecond;
    double m_left;
    Clock::time_point m_last{};
};

} // namespace sallyport::egress
