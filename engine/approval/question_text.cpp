#include "engine/approval/question_text.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/policy/path_glob.h"

namespace sallyport::approval {
namespace {

constexpr std::size_t MostMethodBytes = 32;
constexpr std::size_t MostPathBytes = 2048;
constexpr std::size_t MostContentTypeBytes = 200;
constexpr std::size_t MostWhyBytes = 500;
constexpr std::size_t MostProcessBytes = 256;
constexpr std::size_t MostReasonBytes = 500;

std::string shown(std::string_view text, std::size_t most)
{
    // Escapes make it longer, so the second cut is the one that counts.
    return text::elide(text::escapeControls(text.substr(0, most + 8)), most);
}

} // namespace

api::Question questionFor(const Asked& asked, UnixMillis now)
{
    const policy::Request& request = asked.request;
    api::Question question;
    question.sandbox = asked.sandbox;
    question.sandboxName = asked.sandboxName;
    question.method = shown(request.method, MostMethodBytes);
    question.scheme = request.scheme;
    question.host = request.host.text();
    question.port = request.port;
    question.path = shown(request.path, MostPathBytes);
    question.contentType = shown(request.contentType, MostContentTypeBytes);
    question.bodyBytes = request.bodyBytes;
    question.why = shown(asked.why, MostWhyBytes);
    question.claimedProcess = shown(request.claimedProcess, MostProcessBytes);
    question.askedAt = now;
    question.firstSeen = asked.firstSeen;
    question.credentials = asked.credentials;
    return question;
}

std::optional<Asked> askedFrom(const SavedQuestion& saved)
{
    const api::Question& question = saved.question;
    Result<policy::Host> host = policy::parseHost(question.host);
    if (!host)
        return std::nullopt;
    Asked asked;
    asked.sandbox = question.sandbox;
    asked.sandboxName = question.sandboxName;
    asked.why = question.why;
    asked.firstSeen = question.firstSeen;
    asked.credentials = question.credentials;
    asked.request.scheme = question.scheme;
    asked.request.method = saved.method.empty() ? question.method : saved.method;
    asked.request.host = std::move(*host);
    asked.request.port = question.port;
    asked.request.path = saved.target.empty() ? question.path : saved.target;
    asked.request.contentType = question.contentType;
    asked.request.bodyBytes = question.bodyBytes;
    asked.request.claimedProcess = question.claimedProcess;
    return asked;
}

std::string denialText(const api::Answer& answer)
{
    return answer.reason.empty() ? std::string("denied by the person who watches this sandbox")
                                 : text::elide(answer.reason, MostReasonBytes);
}

bool covers(const api::Answer& answer, const policy::Request& shown, const policy::Request& other)
{
    switch (answer.reach) {
    case api::Reach::Host:
    case api::Reach::Domain:
        return true;
    case api::Reach::MethodAndHost:
        return other.method == shown.method;
    case api::Reach::ThisRequest:
        return other.method == shown.method && other.path == shown.path;
    case api::Reach::MethodAndPath:
        break;
    }
    if (other.method != shown.method)
        return false;
    const std::vector<std::string> patterns = policy::patternsForPrefix(shown.path);
    const policy::RequestPath path(other.path);
    return other.path == shown.path ||
           std::any_of(patterns.begin(), patterns.end(), [&path](const std::string& pattern) {
               const Result<policy::PathGlob> glob = policy::PathGlob::parse(pattern);
               return glob && glob->matchesEvery(path);
           });
}

} // namespace sallyport::approval
