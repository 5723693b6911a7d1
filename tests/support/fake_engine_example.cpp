// What the pictures of the window show.
#include "tests/support/fake_engine.h"

namespace sallyport::test {

namespace {

constexpr std::int64_t Mebibyte = 1024 * 1024;

api::Sandbox sandbox(api::SandboxId id, const char* name, api::SandboxState state)
{
    api::Sandbox box;
    box.id = id;
    box.name = name;
    box.state = state;
    box.createdAt = nowUnixMillis() - 86'400'000;
    if (state == api::SandboxState::Running) {
        box.startedAt = nowUnixMillis() - 4'365'000;
        box.accelerator = "kvm";
        box.stats = {23.4, 412 * Mebibyte, 1312 * Mebibyte};
    }
    return box;
}

api::Row row(api::RowId id, const char* method, const char* host, const char* path)
{
    api::Row r;
    r.id = id;
    r.time = nowUnixMillis() - (40 - id) * 2300;
    r.sandbox = 1;
    r.sandboxName = "agent-1";
    r.protocol = "h2";
    r.method = method;
    r.scheme = "https";
    r.host = host;
    r.port = 443;
    r.path = path;
    r.state = api::RowState::Done;
    r.verdict = api::Action::Allow;
    r.step = api::Step::Rule;
    r.rule = 1;
    r.reason = "Allowed by a rule that you made.";
    r.status = 200;
    r.responseBytes = 1200 + id * 3571;
    r.durationMs = 38 + (id * 97) % 400;
    r.upstreamAddress = "203.0.113.10:443";
    return r;
}

} // namespace

void FakeEngine::fillWithExample()
{
    using api::SandboxState;
    sandboxes = {sandbox(1, "agent-1", SandboxState::Running),
                 sandbox(2, "docs-builder", SandboxState::Running),
                 sandbox(3, "unknown-repo", SandboxState::Stopped),
                 sandbox(4, "agent-2", SandboxState::Crashed)};
    sandboxes[0].openQuestions = 2;
    sandboxes[0].size = api::SizeName::Standard;
    sandboxes[1].stats = {4.1, 180 * Mebibyte, 640 * Mebibyte};
    sandboxes[1].defaultAction = api::DefaultAction::Allow;
    sandboxes[3].stateReason = "The microVM ended without shutting down: its kernel panicked. The "
                               "disk is whole; start it again.";

    const char* hosts[] = {"deb.example.org", "api.example.com", "registry.example.net",
                           "git.example.com"};
    const char* paths[] = {"/debian/dists/bookworm/InRelease", "/v1/models?limit=20",
                           "/left-pad/-/left-pad-1.3.0.tgz", "/team/project.git/info/refs"};
    for (api::RowId id = 1; id <= 40; ++id)
        rows.push_back(row(id, id % 7 == 0 ? "POST" : "GET", hosts[id % 4], paths[id % 4]));
    for (const std::size_t at : {5U, 13U, 22U, 33U}) {
        rows[at].host = "telemetry.example.net";
        rows[at].path = "/collect";
        rows[at].method = "POST";
        rows[at].state = api::RowState::Denied;
        rows[at].verdict = api::Action::Deny;
        rows[at].status = 403;
        rows[at].responseBytes = 96;
        rows[at].reason = "You denied this host.";
    }
    rows[36].host = "169.254.169.254";
    rows[36].scheme = "http";
    rows[36].port = 80;
    rows[36].path = "/latest/meta-data/";
    rows[36].state = api::RowState::Denied;
    rows[36].verdict = api::Action::Deny;
    rows[36].step = api::Step::Floor;
    rows[36].rule.reset();
    rows[36].status = 403;
    rows[36].reason = "Cloud metadata is never reachable.";
    rows[39].host = "api.example.com";
    rows[39].method = "POST";
    rows[39].path = "/v1/messages";
    rows[39].state = api::RowState::Held;
    rows[39].verdict.reset();
    rows[39].step = api::Step::Default;
    rows[39].rule.reset();
    rows[39].status = 0;
    rows[39].responseBytes = 0;

    api::Rule rule;
    rule.id = 1;
    rule.sandbox = 1;
    rule.action = api::Action::Allow;
    rule.match.host = "*.example.com";
    rule.origin = api::RuleOrigin::Answer;
    rule.hits = 27;
    rule.lastHitAt = nowUnixMillis() - 9000;
    rule.createdAt = nowUnixMillis() - 3'600'000;
    rules.push_back(rule);
    api::Rule denied = rule;
    denied.id = 2;
    denied.action = api::Action::Deny;
    denied.match.host = "telemetry.example.net";
    denied.reason = "No telemetry from here.";
    denied.hits = 4;
    rules.push_back(denied);

    ladders[1] = {
        {api::Step::Floor, "Floor", "Private networks, this machine and cloud metadata.", {}, {}},
        {api::Step::Denied, "Denied", "Hosts that nothing below can allow.", {denied}, {}},
        {api::Step::Gate, "Gate", "Not set: every host may go on.", {}, {}},
        {api::Step::Rule, "Rules", "The most specific match wins.", {rule}, {}},
        {api::Step::Default, "Default", "You are asked.", {}, {}},
    };

    for (api::QuestionId id = 1; id <= 2; ++id) {
        api::Question question;
        question.id = id;
        question.sandbox = 1;
        question.sandboxName = "agent-1";
        question.method = id == 1 ? "POST" : "GET";
        question.scheme = "https";
        question.host = id == 1 ? "api.example.com" : "files.example.org";
        question.port = 443;
        question.path = id == 1 ? "/v1/messages" : "/archive.tar.gz";
        question.why = "Nothing above decided, and the default of agent-1 is to ask.";
        question.askedAt = nowUnixMillis() - 3000;
        question.heldUntil = nowUnixMillis() + 22'000;
        question.waiting = 1;
        questions.push_back(question);
    }
    info.openQuestions = 2;
    info.rows = static_cast<std::int64_t>(rows.size());
    m_lastId = 100;
}

} // namespace sallyport::test
