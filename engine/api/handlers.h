#pragma once

// More of handlers than types.h has: what a module's class says besides its handlers, and
// trying a module out. In a header of its own, since few need it.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/api/types.h"

namespace sallyport::api {

// What the class of the module in force says of its sandbox; unset: nothing. docs/handlers.md says
// what each does on the ladder.
struct ModuleSettings
{
    std::optional<std::vector<std::string>> allowedHosts;
    std::vector<std::string> deniedHosts;
    std::optional<bool> enableInternet;
    std::optional<bool> interceptHttps;
    int sleepAfterSeconds = 0;      // 0: never
    std::vector<std::string> hooks; // "onStart", "onStop", where the class has them
};

// A request that somebody makes up to see what a handler does with it.
struct TrialRequest
{
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

// What a handler did in a trial besides answering.
struct TrialStep
{
    std::string kind; // "fetch", "ask", or the name of what it would have called
    std::string text; // "GET https://api.example.com/", the reason for the question, the arguments
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;    // of the request, at most 64 KiB; bytes that are no UTF-8 are replaced
    bool isSent = false; // it went out
    int status = 0;      // of the answer; 0: none came
};

struct TrialResult
{
    std::string verdict; // "answered", "allowed", "denied", "asked", "failed"
    std::string handler; // who decided: a handler's name, else empty
    Step step = Step::Handler;
    std::string reason;
    int status = 0; // of the answer for the guest; 0: none
    std::string statusText;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body; // at most 64 KiB; bytes that are no UTF-8 are replaced
    std::int64_t bodyBytes = 0;
    std::vector<TrialStep> steps;
    std::vector<HandlerLine> lines;
    std::vector<ModuleProblem> problems; // of a draft that could not be run
    double startMs = 0;                  // until the module was loaded
    double callMs = 0;                   // from the call to the whole answer
};

} // namespace sallyport::api
