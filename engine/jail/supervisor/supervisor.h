#pragma once

// The life of sallyport-jail, inside its namespaces: one thread, one poll(2) loop. Owns the taps,
// the rules, the listening sockets, the secrets and libvirtd, and answers the engine.

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/unique_fd.h"
#include "engine/jail/protocol.h"
#include "engine/jail/supervisor/daemon.h"
#include "engine/jail/supervisor/listeners.h"
#include "engine/jail/supervisor/network.h"
#include "engine/jail/supervisor/ruleset.h"
#include "engine/jail/supervisor/secret_box.h"

namespace sallyport::jail {

struct SupervisorPlaces
{
    std::filesystem::path run; // inside and outside
    std::filesystem::path images;
    std::filesystem::path disks;
};

class Supervisor
{
public:
    // Sets up the network and starts libvirtd, waiting until it answers. Run as pid 1 of the jail,
    // all signals blocked. `control` is bound, and listens from the end of this call on; `log` is
    // the file behind standard error.
    [[nodiscard]] static Result<std::unique_ptr<Supervisor>>
    create(SupervisorPlaces places, UniqueFd control, UniqueFd log);

    // Serves until told to quit.
    void run();

private:
    struct TapState
    {
        Tap tap;
        Listeners listeners;
        std::optional<SecretBox> secret;
        std::set<std::uint16_t> udpPorts = {};
    };
    // What a request is answered with. Bytes are borrowed from a secret.
    struct Answer
    {
        nlohmann::json body = nlohmann::json::object();
        std::string_view bytes;
        std::vector<UniqueFd> given; // sent, then closed here
        std::vector<int> lent;       // sent, and kept
    };

    Supervisor(SupervisorPlaces places,
               UniqueFd control,
               UniqueFd log,
               UniqueFd signals,
               Network network,
               Ruleset ruleset,
               SecretBox buffer);

    [[nodiscard]] Status startDaemon();
    [[nodiscard]] int pollTimeout() const;
    void readSignals();
    void reapChildren();
    void acceptClient();
    // False when the client is to be dropped.
    [[nodiscard]] bool serveClient(int client);
    void boundLog() const;

    [[nodiscard]] Result<Answer> handle(const Request& request);
    [[nodiscard]] Result<Answer> hello();
    [[nodiscard]] Result<Answer> addTap(unsigned number);
    [[nodiscard]] Result<Answer> removeTap(unsigned number);
    [[nodiscard]] Result<Answer> keepSecret(TapState& tap, std::string_view secret) const;
    [[nodiscard]] Result<Answer> connectTo(const TapState& tap, std::uint16_t port) const;
    [[nodiscard]] Result<Answer> openUdp(TapState& tap, std::uint16_t port);
    [[nodiscard]] Result<Answer> closeUdp(TapState& tap, std::uint16_t port);
    [[nodiscard]] Result<Answer>
    refuseUdp(const TapState& tap, std::uint16_t port, std::string_view about) const;
    [[nodiscard]] Result<Answer> selfTest();
    [[nodiscard]] Result<Answer> counters(const TapState& tap);
    [[nodiscard]] Result<Answer> domainProcess(const std::string& domain) const;
    [[nodiscard]] Result<Answer> handleForTap(const Request& request, TapState& tap);

    SupervisorPlaces m_places;
    UniqueFd m_control;
    UniqueFd m_log;
    UniqueFd m_signals;
    Network m_network;
    Ruleset m_ruleset;
    SecretBox m_buffer; // requests are received here: they can hold a secret
    LibvirtPlaces m_libvirt;
    Daemon m_daemon;
    std::vector<UniqueFd> m_clients;
    std::map<unsigned, TapState> m_taps;
    bool m_isQuitting = false;
};

} // namespace sallyport::jail
