#pragma once

#include <functional>
#include <memory>

#include "engine/egress/upstream_proxy.h"
#include "engine/service/settings_book.h"

namespace sallyport::service
{

// A variable of the engine's environment; null where it is not set.
using Environment = std::function<const char*(const char* name)>;
// The value of a credential by its name, "USER:PASSWORD" or a password.
using CredentialValue = std::function<Result<std::string>(const std::string& name)>;

// What the settings, and where they say so the environment, make of proxies. Never fails: a proxy that can't be used is
// a plan by which nothing passes. Null: no proxy.
[[nodiscard]] std::shared_ptr<const egress::ProxyPlan>
proxyPlan(const SettingsBook& settings, const Environment& environment, const CredentialValue& credential);

// For SettingsBook::setCheck.
[[nodiscard]] Status checkProxyUrl(const api::Json& value);
[[nodiscard]] Status checkDirectHosts(const api::Json& value);

} // namespace sallyport::service
