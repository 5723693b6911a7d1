#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/thread_pool.hpp>

#include "engine/base/paths.h"
#include "engine/base/result.h"
#include "engine/image/guest_image.h"
#include "engine/jail/jail.h"
#include "engine/vm/accelerator.h"
#include "engine/vm/hypervisor.h"

namespace sallyport::sandbox
{

// What every sandbox needs once: the jail, its libvirt, the choice of accelerator. It is brought up when the first sandbox
// starts, proved by the jail's self-test before any guest runs, and brought up anew after the jail's death.
// All members: the engine's network thread; the handlers are called there too.
class Platform
{
public:
    struct Options
    {
        Paths paths;
        std::filesystem::path jailBinary;
        std::string acceleratorOverride; // "kvm", "tcg" or empty
    };

    Platform(boost::asio::io_context& network, boost::asio::thread_pool& workers, Options options);
    ~Platform();

    // Called for each domain that started, stopped or crashed.
    void setDomainHandler(std::function<void(const vm::DomainEvent&)> handler) { m_onDomain = std::move(handler); }
    // Called when the jail has died, and with it every guest.
    void setJailDeathHandler(std::function<void()> handler) { m_onJailDeath = std::move(handler); }

    // Finds a jail that an earlier engine left running, and the domains in it; none when there is none. A jail whose
    // libvirtd does not answer is ended, with what runs in it.
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<std::string>>> adopt();
    // Brings everything up unless it is. One caller at a time does the work; the others wait for it.
    [[nodiscard]] boost::asio::awaitable<Status> ensure(const image::GuestImage& guestImage);
    // Ends the jail, and with it whatever runs in it.
    [[nodiscard]] boost::asio::awaitable<Status> quit();

    // Null until ensure() or adopt() succeeded, and after the jail's death. Users keep a copy over a blocking call.
    [[nodiscard]] std::shared_ptr<jail::Jail> jail() const { return m_jail; }
    [[nodiscard]] std::shared_ptr<vm::Hypervisor> hypervisor() const { return m_hypervisor; }
    [[nodiscard]] const std::optional<vm::AcceleratorChoice>& accelerator() const { return m_accelerator; }
    [[nodiscard]] const Paths& paths() const { return m_options.paths; }
    [[nodiscard]] const std::filesystem::path& jailBinary() const { return m_options.jailBinary; }
    [[nodiscard]] boost::asio::thread_pool& workers() { return m_workers; }
    [[nodiscard]] boost::asio::io_context& network() { return m_network; }

private:
    [[nodiscard]] boost::asio::awaitable<Result<std::vector<std::string>>> adoptJail();
    [[nodiscard]] boost::asio::awaitable<Status> bringUp(const image::GuestImage& guestImage);
    [[nodiscard]] boost::asio::awaitable<Status> connectHypervisor();
    [[nodiscard]] boost::asio::awaitable<Status> chooseAccelerator(const image::GuestImage& guestImage);
    [[nodiscard]] jail::JailOptions jailOptions() const;
    void watchJail();
    [[nodiscard]] boost::asio::awaitable<void> watchLibvirtd(std::shared_ptr<jail::Jail> jail);
    void jailDied();

    boost::asio::io_context& m_network;
    boost::asio::thread_pool& m_workers;
    Options m_options;
    std::function<void(const vm::DomainEvent&)> m_onDomain;
    std::function<void()> m_onJailDeath;
    std::shared_ptr<jail::Jail> m_jail;
    std::shared_ptr<vm::Hypervisor> m_hypervisor;
    std::optional<vm::AcceleratorChoice> m_accelerator;
    std::unique_ptr<boost::asio::posix::stream_descriptor> m_death;
    boost::asio::thread_pool m_watchers{2}; // a question that hangs holds one of them
    bool m_proved = false;
    bool m_isBusy = false;
    // Outlives this in callbacks that other threads have posted: they do nothing once it is false.
    std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

} // namespace sallyport::sandbox
